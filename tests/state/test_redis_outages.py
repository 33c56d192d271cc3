"""A server that is unreachable, slow, full or strict, and replies that are lost."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from redis.exceptions import RedisError
from support.redis_server import RedisServer
from support.sockets import free_port
from support.waiting import until

from hostup_mcp.state import redis
from hostup_mcp.state.redis import CALL_SECONDS, REPLY_SECONDS, RedisState, connect, log_unavailable
from hostup_mcp.state.store import (
    ConsumeResult,
    Consumption,
    Lock,
    RecordKey,
    RecordKind,
    StateReplyLostError,
    StateUnavailableError,
)

from .conftest import redis_state
from .servers import DEADLINE, Proxy, let_connections_close

pytestmark = pytest.mark.redis

PLAN = RecordKey(RecordKind.PLAN, "plan_1")
LOCK = Lock("vps", "token")
SOON = CALL_SECONDS + 2


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that a test may stop."""
    server = RedisServer(tmp_path)
    yield server
    server.kill()


@pytest.fixture
async def proxy(server: RedisServer) -> AsyncIterator[Proxy]:
    async with Proxy(server.port).running() as proxy:
        yield proxy


@pytest.fixture
async def direct(server: RedisServer) -> AsyncIterator[RedisState]:
    """The state, over a connection without the proxy."""
    async with redis_state(server.url) as state:
        yield state


@pytest.fixture
async def state(proxy: Proxy) -> AsyncIterator[RedisState]:
    """The state through the proxy, with a connection that is open."""
    async with redis_state(f"redis://127.0.0.1:{proxy.port}/0") as state:
        assert await state.is_available()
        yield state


def calls(state: RedisState) -> dict[str, Callable[[], Awaitable[object]]]:
    """Each call that needs the server."""
    return {
        "generation": lambda: state.generation(),
        "remember_ids": lambda: state.remember_ids("ann", {"vps": ""}),
        "recall_id": lambda: state.recall_id("ann", "never"),
        "recall_ids": lambda: state.recall_ids("ann", ["never"]),
        "known_ids": lambda: state.known_ids("ann"),
        "put_record": lambda: state.put_record("ann", PLAN, "", seconds=600, at_most=50),
        "get_record": lambda: state.get_record("ann", PLAN),
        "consume": lambda: state.consume("ann", [PLAN], LOCK),
        "acquire": lambda: state.acquire("vps", 600),
        "seconds_locked": lambda: state.seconds_locked("vps"),
        "release": lambda: state.release(LOCK),
        "put_recovery": lambda: state.put_recovery("vps", "job", ""),
        "recoveries": lambda: state.recoveries("vps"),
        "delete_recovery": lambda: state.delete_recovery("vps", "job"),
    }


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a test that waits for a reply in vain wait for less long."""
    monkeypatch.setattr(redis, "REPLY_SECONDS", 0.3)


async def all_calls_fail_soon(state: RedisState) -> None:
    async def fails(call: Callable[[], Awaitable[object]]) -> None:
        began = time.monotonic()
        with pytest.raises(StateUnavailableError):
            await call()
        assert time.monotonic() - began < SOON

    async with anyio.create_task_group() as tasks:
        for call in calls(state).values():
            tasks.start_soon(fails, call)
    assert not await state.is_available()


# Unavailable --------------------------------------------------------------------------------------


async def test_a_missing_server_is_unavailable() -> None:
    async with redis_state(f"redis://:a-password@127.0.0.1:{free_port()}/0") as state:
        with anyio.fail_after(DEADLINE):
            await all_calls_fail_soon(state)


async def test_a_server_that_goes_and_comes_back(
    own_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own_server.do("CONFIG", "SET", "requirepass", "a-password")
    async with redis_state(own_server.url_of(":a-password")) as state:
        await state.remember_ids("ann", {"own": "note"})
        assert await state.is_available()
        own_server.kill()
        with anyio.fail_after(DEADLINE):
            await all_calls_fail_soon(state)
            assert await state.recall_id("ann", "own") == "note", "this process handed it out"
            own_server.start()
            own_server.do("CONFIG", "SET", "requirepass", "a-password")
            assert await state.is_available()
            await state.remember_ids("ann", {"new": ""})
            assert await state.recall_id("ann", "new") == ""
            assert await state.acquire("vps", 600) is not None
    assert "unavailable" in caplog.text
    assert "a-password" not in caplog.text


@pytest.mark.usefixtures("impatient")
async def test_a_frozen_server_makes_no_call_hang(own_server: RedisServer) -> None:
    async with redis_state(own_server.url) as state:
        assert await state.is_available()
        own_server.freeze()
        with anyio.fail_after(DEADLINE):
            await all_calls_fail_soon(state)
            own_server.thaw()
            assert await state.is_available()
            assert await state.seconds_locked("never taken") == 0, "a late reply was taken for this"


async def test_a_full_server_is_unavailable(own_server: RedisServer) -> None:
    async with redis_state(own_server.url) as state:
        lock = await state.acquire("vps", 600)
        own_server.do("CONFIG", "SET", "maxmemory-policy", "noeviction")
        own_server.do("CONFIG", "SET", "maxmemory", "1")
        assert not await state.is_available()
        with pytest.raises(StateUnavailableError) as raised:
            await state.acquire("another vps", 600)
        assert raised.type is StateUnavailableError, "an error reply says that nothing was done"
        assert lock is not None
        assert await state.seconds_locked("vps") > 0


async def test_a_dropped_idle_connection(own_server: RedisServer) -> None:
    async with redis_state(own_server.url) as state:
        assert await state.is_available()
        own_server.kill()
        await let_connections_close()
        with pytest.raises(StateUnavailableError) as raised:
            await state.acquire("vps", 600)
        assert raised.type is StateUnavailableError
        own_server.start()
        assert await state.acquire("vps", 600) is not None
        own_server.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        await let_connections_close()
        assert await state.seconds_locked("vps") > 0


@pytest.mark.parametrize(
    ("rules", "user", "word"),
    [
        (("on", ">a-password", "~*", "&*", "+@all", "-info"), "app:a-password", "NOPERM"),
        (("on", ">a-password", "~*", "&*", "-@all", "+info"), "app:a-password", "NOPERM"),
        (("on", ">a-password", "~*", "&*", "+@all"), "app:wrong", "WRONGPASS"),
    ],
    ids=["INFO not permitted", "EVAL not permitted", "wrong password"],
)
async def test_a_strict_server_is_unavailable(
    own_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
    rules: tuple[str, ...],
    user: str,
    word: str,
) -> None:
    own_server.do("ACL", "SETUSER", "app", *rules)
    async with redis_state(own_server.url_of(user)) as state:
        assert not await state.is_available()
        for name in ("generation", "put_record", "get_record", "consume", "acquire"):
            with pytest.raises(StateUnavailableError) as raised:
                await calls(state)[name]()
            assert raised.type is StateUnavailableError, name
    messages = {record.getMessage() for record in caplog.records if "state" in record.name}
    assert messages <= {
        f"shared state is unavailable: {said}"
        for said in (word, "AuthenticationError", "NoPermissionError")
    }


REFUSING = {
    "no password given": (("requirepass", "a-password"), "", "NOAUTH"),
    "a password that is not needed": ((), ":a-password", "ERR"),
    "too few replicas": (("min-replicas-to-write", "1"), "", "NOREPLICAS"),
    "full": (("maxmemory", "1"), "", "OOM"),
    "a replica": (("replicaof", "127.0.0.1 1"), "", "READONLY"),
}


@pytest.mark.parametrize(("setting", "user", "word"), REFUSING.values(), ids=REFUSING)
async def test_the_word_of_a_refusal_is_logged(
    own_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
    setting: tuple[str, ...],
    user: str,
    word: str,
) -> None:
    if setting and setting[0] == "replicaof":
        own_server.do("REPLICAOF", *setting[1].split())
    elif setting:
        own_server.do("CONFIG", "SET", *setting)
    async with redis_state(own_server.url_of(user)) as state:
        assert not await state.is_available()
    assert caplog.messages == [f"shared state is unavailable: {word}"]


async def test_the_word_of_a_closed_door_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As Redis in protected mode does it: it refuses and closes before anything is sent."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"-DENIED Redis is running in protected mode\r\n")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as closed:
        port = closed.sockets[0].getsockname()[1]
        async with redis_state(f"redis://127.0.0.1:{port}/0") as state:
            assert not await state.is_available()
    assert caplog.messages == ["shared state is unavailable: DENIED"]


def test_an_invalid_url_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        connect("http://localhost")
    with pytest.raises(ValueError, match=r"^invalid options in the address$"):
        connect("redis://localhost/0?odd=1")


def test_each_wait_has_a_limit() -> None:
    """And nothing is sent again."""
    options = connect("redis://localhost").connection_pool.connection_kwargs
    assert options["socket_timeout"] == options["socket_connect_timeout"] == REPLY_SECONDS
    assert options["retry"].get_retries() == 0


async def test_each_call_has_a_limit(
    direct: RedisState, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many steps it takes, waiting for a connection included."""
    monkeypatch.setattr(redis, "CALL_SECONDS", 0)
    assert not await direct.is_available()
    assert caplog.messages == ["shared state is unavailable: TimeoutError"]


REASONS = {
    "a code": (RedisError("NOPERM this user"), "NOPERM"),
    "a code on its own": (RedisError("MISCONF"), "MISCONF"),
    "a code that the library took away": (RedisError("this user", status_code="NOPERM"), "NOPERM"),
    "a message": (RedisError("Error 111 connecting to a-host"), "RedisError"),
    "a word and a number": (RedisError("E1 of a-host"), "RedisError"),
    "no message": (RedisError(), "RedisError"),
    "another error": (OSError("NOPERM a-host"), "OSError"),
}


@pytest.mark.parametrize(("error", "reason"), REASONS.values(), ids=REASONS)
def test_why_it_is_unavailable_is_one_word(
    error: Exception, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    log_unavailable(error)
    assert caplog.messages == [f"shared state is unavailable: {reason}"]


# Requests that are sent together ------------------------------------------------------------------


async def test_calls_at_once_are_one_request(proxy: Proxy, state: RedisState) -> None:
    """Each gets its own reply."""
    assert await state.acquire("vps 7", 600) is not None
    before = proxy.requests
    left = await asyncio.gather(*(state.seconds_locked(f"vps {n}") for n in range(20)))
    assert [n for n, seconds in enumerate(left) if seconds > 0] == [7]
    assert proxy.requests == before + 1
    await asyncio.sleep(0)
    assert not state._sending, "nothing is kept of it"


async def test_a_refusal_is_of_one_call(own_server: RedisServer) -> None:
    async with redis_state(own_server.url) as state:
        assert await state.acquire("vps", 600) is not None
        own_server.do("CONFIG", "SET", "maxmemory-policy", "noeviction")
        own_server.do("CONFIG", "SET", "maxmemory", "1")
        before, refused, after = await asyncio.gather(
            state.seconds_locked("vps"),
            state.put_recovery("vps", "job", ""),
            state.seconds_locked("vps"),
            return_exceptions=True,
        )
    assert type(refused) is StateUnavailableError
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert min(before, after) > 0


async def test_lost_replies_of_calls_at_once(proxy: Proxy, state: RedisState) -> None:
    """Nothing is sent again for any of them."""
    before = proxy.requests
    proxy.replies_to_cut = 1
    found = await asyncio.gather(
        *(state.seconds_locked(str(number)) for number in range(3)), return_exceptions=True
    )
    assert [type(error) for error in found] == [StateReplyLostError] * 3
    assert proxy.requests == before + 1


async def test_a_cancelled_call_takes_none_along(proxy: Proxy, state: RedisState) -> None:
    proxy.replies_to_hold = 1
    cancelled, other = (asyncio.create_task(state.recoveries("vps")) for _ in range(2))
    await proxy.held.wait()
    cancelled.cancel()
    await asyncio.sleep(0)
    proxy.go_on.set()
    assert await other == {}
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_a_reply_that_cannot_be_read(own_server: RedisServer) -> None:
    """It is an outage for all that were sent with it, and cancels nobody."""
    async with redis_state(own_server.url) as state:
        await state.put_recovery("vps", "job", "")
        for key in own_server.do("KEYS", "*bodies*"):
            own_server.do("HSET", key, "job", b"\xff")
        found = await asyncio.gather(
            state.recoveries("vps"), state.seconds_locked("vps"), return_exceptions=True
        )
        assert [type(error) for error in found] == [StateReplyLostError] * 2
        assert await state.is_available()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_a_closing_loop_waits_for_no_reply(own_server: RedisServer, turns: int) -> None:
    """It cancels all tasks, wherever they are."""
    async with redis_state(own_server.url) as state:
        assert await state.is_available()
        own_server.freeze()
        others = asyncio.all_tasks()
        call = asyncio.create_task(state.seconds_locked("vps"))
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in asyncio.all_tasks() - others:
            task.cancel()
        await asyncio.wait({call}, timeout=DEADLINE)
        assert call.cancelled()


# Lost replies -------------------------------------------------------------------------------------


async def test_a_lost_reply_leaves_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    proxy.replies_to_cut = 1
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert await direct.seconds_locked("vps") == 0
    assert await state.acquire("vps", 600) is not None


@pytest.mark.usefixtures("impatient")
async def test_a_late_reply_leaves_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    proxy.replies_to_hold = 1
    acquiring = asyncio.create_task(state.acquire("vps", 600))
    await proxy.held.wait()
    assert await direct.seconds_locked("vps") > 0
    with pytest.raises(StateReplyLostError):
        await acquiring
    assert await direct.seconds_locked("vps") == 0


@pytest.mark.usefixtures("impatient")
async def test_a_late_request_takes_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    """The call has failed, and its request arrives once its token was revoked."""
    proxy.requests_to_hold = 1
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    answered = proxy.replies
    proxy.go_on.set()
    await until(lambda: proxy.replies > answered, "the server replied to the late request")
    assert await direct.seconds_locked("vps") == 0
    assert await direct.acquire("vps", 600) is not None


async def test_a_lock_that_cannot_be_revoked(
    proxy: Proxy, state: RedisState, direct: RedisState, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and expires."""
    proxy.replies_to_hold = 1
    acquiring = asyncio.create_task(state.acquire("vps", 600))
    await proxy.held.wait()
    proxy.target, proxy.replies_to_cut = free_port(), 1
    proxy.go_on.set()
    with pytest.raises(StateReplyLostError):
        await acquiring
    assert "a lock may stay taken until it expires in 600 s" in caplog.messages
    assert 0 < await direct.seconds_locked("vps") <= 600


async def test_a_lost_reply_to_consume(proxy: Proxy, state: RedisState, direct: RedisState) -> None:
    """It is no refusal: the records may have been consumed, as they were here."""
    await state.put_record("ann", PLAN, "", seconds=600, at_most=50)
    lock = await state.acquire("vps", 600)
    assert lock is not None
    proxy.replies_to_cut = 1
    with pytest.raises(StateReplyLostError):
        await state.consume("ann", [PLAN], lock)
    again = ConsumeResult(Consumption.ALREADY_CONSUMED, PLAN)
    assert await direct.consume("ann", [PLAN], lock) == again


async def test_no_request_is_sent_twice(proxy: Proxy, state: RedisState) -> None:
    before = proxy.requests
    proxy.replies_to_cut = 1
    with pytest.raises(StateReplyLostError):
        await state.consume("ann", [PLAN], LOCK)
    assert proxy.requests == before + 1


async def test_a_lost_reply_to_any_call(proxy: Proxy, state: RedisState) -> None:
    for name, call in calls(state).items():
        assert await state.is_available(), name
        proxy.replies_to_cut = 1
        with pytest.raises(StateUnavailableError):
            await call()


# Cancelled callers --------------------------------------------------------------------------------

Cancel = Callable[[RedisState, Proxy], Awaitable[None]]


async def cancel_natively(state: RedisState, proxy: Proxy, times: int = 1) -> None:
    task = asyncio.create_task(state.acquire("vps", 600))
    await proxy.held.wait()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    proxy.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_again_and_again(state: RedisState, proxy: Proxy) -> None:
    await cancel_natively(state, proxy, times=100)


async def cancel_with_a_scope(state: RedisState, proxy: Proxy) -> None:
    with anyio.CancelScope() as scope:
        cancelling = asyncio.create_task(cancel_once_held(proxy, scope.cancel))
        await state.acquire("vps", 600)
        pytest.fail("the cancellation was swallowed")
    assert scope.cancelled_caught
    await cancelling


async def cancel_with_a_timeout(state: RedisState, proxy: Proxy) -> None:
    now = asyncio.get_running_loop().time

    async def acquire() -> None:
        async with asyncio.timeout(None) as timeout:
            timeouts.append(timeout)
            await state.acquire("vps", 600)

    timeouts: list[asyncio.Timeout] = []
    expire = asyncio.create_task(cancel_once_held(proxy, lambda: timeouts[0].reschedule(now())))
    with pytest.raises(TimeoutError):
        await acquire()
    await expire


async def cancel_with_a_scope_and_natively(state: RedisState, proxy: Proxy) -> None:
    async def acquire() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await state.acquire("vps", 600)
        pytest.fail("the cancellation of the task was swallowed")

    scopes: list[anyio.CancelScope] = []
    task = asyncio.create_task(acquire())
    await proxy.held.wait()
    scopes[0].cancel()
    await asyncio.sleep(0)
    task.cancel()
    proxy.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_once_held(proxy: Proxy, cancel: Callable[[], object]) -> None:
    """Cancel a call whose reply is on its way, and then pass the reply on."""
    await proxy.held.wait()
    cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    proxy.go_on.set()


@pytest.mark.parametrize(
    "cancel",
    [
        cancel_natively,
        cancel_again_and_again,
        cancel_with_a_scope,
        cancel_with_a_timeout,
        cancel_with_a_scope_and_natively,
    ],
)
async def test_a_cancelled_caller_leaves_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState, cancel: Cancel
) -> None:
    proxy.replies_to_hold = 1
    with anyio.fail_after(DEADLINE):
        await cancel(state, proxy)
    assert await direct.seconds_locked("vps") == 0
    assert await state.acquire("vps", 600) is not None


async def test_a_cancelled_caller_frees_no_other(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    assert await direct.acquire("vps", 600) is not None
    proxy.replies_to_hold = 1
    await cancel_with_a_scope(state, proxy)
    assert await direct.seconds_locked("vps") > 0


async def test_cancelled_with_a_lost_reply(
    proxy: Proxy, state: RedisState, direct: RedisState, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.replies_to_hold = proxy.replies_to_cut = 1
    await cancel_with_a_scope(state, proxy)
    assert await direct.seconds_locked("vps") == 0
    gc.collect()
    assert "never retrieved" not in caplog.text, "a traceback in the log"


async def test_a_release_in_a_cancelled_scope(state: RedisState, direct: RedisState) -> None:
    lock = await state.acquire("vps", 600)
    assert lock is not None
    with anyio.CancelScope() as scope:
        scope.cancel()
        with suppress(TimeoutError):
            await state.release(lock)
    assert await direct.seconds_locked("vps") == 0
