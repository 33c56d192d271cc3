"""A server that cannot be reached, is slow, full or strict, and replies that are lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from support.redis_server import RedisServer
from support.sockets import free_port

from hostup_mcp.state.redis import CALL_SECONDS, REPLY_SECONDS, RedisState, connect
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


async def test_a_server_that_was_never_there_is_unavailable() -> None:
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


async def test_a_frozen_server_makes_no_call_hang(own_server: RedisServer) -> None:
    async with redis_state(own_server.url) as state:
        assert await state.is_available()
        own_server.freeze()
        with anyio.fail_after(DEADLINE):
            await all_calls_fail_soon(state)
            own_server.thaw()
            assert await state.is_available()
            assert await state.seconds_locked("never taken") == 0, "a late reply was taken for this"


async def test_a_full_server_evicts_nothing_and_is_unavailable(own_server: RedisServer) -> None:
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


async def test_no_dropped_idle_connection_counts_as_a_lost_reply(own_server: RedisServer) -> None:
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
async def test_a_server_that_does_not_permit_what_is_needed_is_unavailable(
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


async def test_a_server_that_wants_a_password_is_unavailable(own_server: RedisServer) -> None:
    own_server.do("CONFIG", "SET", "requirepass", "a-password")
    async with redis_state(own_server.url_of("")) as state:
        assert not await state.is_available()


def test_an_address_that_cannot_be_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme"):
        connect("http://localhost")


# Lost replies -------------------------------------------------------------------------------------


async def test_a_lost_reply_to_acquire_leaves_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    proxy.replies_to_cut = 1
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert await direct.seconds_locked("vps") == 0
    assert await state.acquire("vps", 600) is not None


async def test_a_late_reply_to_acquire_leaves_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    proxy.reply_delay = REPLY_SECONDS * 1.5

    async def recover() -> None:
        await anyio.sleep(REPLY_SECONDS / 2)
        assert await direct.seconds_locked("vps") > 0
        proxy.reply_delay = 0

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(recover)
        with pytest.raises(StateReplyLostError):
            await state.acquire("vps", 600)
    assert await direct.seconds_locked("vps") == 0


async def test_a_late_request_to_acquire_takes_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    """It was given up, and arrives once its token was revoked."""
    proxy.requests_to_hold = 1
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert proxy.requests_to_hold == 0
    proxy.go_on.set()
    await anyio.sleep(0.2)
    assert await direct.seconds_locked("vps") == 0
    assert await direct.acquire("vps", 600) is not None


async def test_a_lock_that_cannot_be_revoked_is_logged_and_lapses(
    proxy: Proxy, state: RedisState, direct: RedisState, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.replies_to_cut = 100
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert "until it lapses" in caplog.text
    assert 0 < await direct.seconds_locked("vps") <= 600


async def test_a_lost_reply_to_consume_is_told_apart_from_a_refusal(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
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


async def test_every_call_with_a_lost_reply_says_that_the_state_is_unavailable(
    proxy: Proxy, state: RedisState
) -> None:
    for name, call in calls(state).items():
        assert await state.is_available(), name
        proxy.replies_to_cut = 1
        with pytest.raises(StateUnavailableError):
            await call()


# Cancelled callers --------------------------------------------------------------------------------


async def cancel_natively(state: RedisState) -> None:
    task = asyncio.create_task(state.acquire("vps", 600))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_again_and_again(state: RedisState) -> None:
    task = asyncio.create_task(state.acquire("vps", 600))
    for _ in range(100):
        await asyncio.sleep(0.01)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_with_a_scope(state: RedisState) -> None:
    with anyio.move_on_after(0.1) as scope:
        await state.acquire("vps", 600)
        pytest.fail("the cancellation was swallowed")
    assert scope.cancelled_caught


async def cancel_with_a_timeout(state: RedisState) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await state.acquire("vps", 600)


async def cancel_with_a_scope_and_natively(state: RedisState) -> None:
    async def acquire() -> None:
        with anyio.move_on_after(0.1):
            await state.acquire("vps", 600)
        pytest.fail("the cancellation of the task was swallowed")

    task = asyncio.create_task(acquire())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


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
    proxy: Proxy,
    state: RedisState,
    direct: RedisState,
    cancel: Callable[[RedisState], Awaitable[None]],
) -> None:
    proxy.reply_delay = 0.4
    with anyio.fail_after(DEADLINE):
        await cancel(state)
    assert await direct.seconds_locked("vps") == 0
    proxy.reply_delay = 0
    assert await state.acquire("vps", 600) is not None


async def test_a_cancelled_caller_does_not_release_the_lock_of_another(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    assert await direct.acquire("vps", 600) is not None
    proxy.reply_delay = 0.2
    await cancel_with_a_scope(state)
    assert await direct.seconds_locked("vps") > 0


async def test_a_cancelled_caller_with_a_lost_reply_leaves_no_lock(
    proxy: Proxy, state: RedisState, direct: RedisState
) -> None:
    proxy.reply_delay = 0.2
    proxy.replies_to_cut = 1
    await cancel_with_a_scope(state)
    assert await direct.seconds_locked("vps") == 0


async def test_a_release_in_a_cancelled_scope_reaches_the_server(
    state: RedisState, direct: RedisState
) -> None:
    lock = await state.acquire("vps", 600)
    assert lock is not None
    with anyio.CancelScope() as scope:
        scope.cancel()
        with suppress(TimeoutError):
            await state.release(lock)
    assert await direct.seconds_locked("vps") == 0
