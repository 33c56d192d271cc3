"""What only the store in Redis promises: its keys, and what holds after a server lost state."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from support.redis_server import RedisServer
from support.waiting import wait_until

from hostup_mcp.state.redis import ID_SECONDS, RedisState
from hostup_mcp.state.store import (
    ConsumeResult,
    Consumption,
    Lock,
    Record,
    RecordKey,
    RecordKind,
    StateUnavailableError,
)

from .conftest import redis_state
from .servers import DEADLINE, let_connections_close

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("patient")]

PLAN = RecordKey(RecordKind.PLAN, "plan_1")
YES = RecordKey(RecordKind.QUESTION, "question_1")
CONSUMED = ConsumeResult(Consumption.CONSUMED)
OTHER_GENERATION = ConsumeResult(Consumption.OTHER_GENERATION, PLAN)

RECORDS = "hostup-mcp/[lr]*"
"""Records and locks."""

Start = Callable[..., RedisServer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start servers of the test's own."""
    servers: list[RedisServer] = []

    def start_one(*flags: str) -> RedisServer:
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        servers.append(RedisServer(folder, *flags))
        return servers[-1]

    yield start_one
    for server in servers:
        server.kill()


async def planned(state: RedisState) -> Lock:
    """A plan with a yes, and the lock to carry it out under."""
    for key in (PLAN, YES):
        await state.put_record("ann", key, "body", seconds=600, at_most=50)
    lock = await state.acquire("vps", 600)
    assert lock is not None
    return lock


# Keys ---------------------------------------------------------------------------------------------


async def test_everything_but_recoveries_expires(server: RedisServer) -> None:
    async with redis_state(server.url) as state:
        await state.is_available()
        await state.remember_ids("ann", {"vps": "", "vps/bkp": ""})
        await state.recall_id("ann", "vps")
        await state.consume("ann", [PLAN], await planned(state))
        expiring = server.keys()
        await state.put_recovery("vps", "job", "body")
    assert len(expiring) >= 7
    for key in expiring:
        assert key.startswith("hostup-mcp/")
        assert 0 < server.do("PTTL", key) <= ID_SECONDS * 1000, key
    for key in set(server.keys()) - set(expiring):
        assert key.startswith("hostup-mcp/recoveries/")
        assert server.do("TTL", key) == -1


async def test_open_records_expire_with_the_longest(server: RedisServer) -> None:
    async with redis_state(server.url) as state:
        for number, seconds in enumerate((10, 600, 20)):
            key = RecordKey(RecordKind.PLAN, str(number))
            await state.put_record("ann", key, "", seconds=seconds, at_most=50)
    (key_,) = server.keys("hostup-mcp/open/*")
    assert 590 < server.do("TTL", key_) <= 600


async def test_using_an_id_renews_it(server: RedisServer) -> None:
    async with redis_state(server.url) as state:
        await state.remember_ids("ann", {"job/1": "note"})
        for key in server.keys("hostup-mcp/ids/*"):
            server.do("EXPIRE", key, 60)
        assert await state.recall_id("ann", "job/1") == "note"
    for key in server.keys("hostup-mcp/ids/*"):
        assert server.do("TTL", key) > ID_SECONDS - 60, "using it renews it"


async def test_keys_hold_no_names_of_callers(server: RedisServer) -> None:
    async with redis_state(server.url) as state:
        await state.remember_ids("ann@example.com", {"vps": ""})
        await state.put_record("ann@example.com", PLAN, "", seconds=600, at_most=50)
    keys = server.keys()
    assert len(keys) == 4
    assert all(re.fullmatch("hostup-mcp/[a-z]+/[0-9a-f]{32}/.+", key) for key in keys)


async def test_labels_are_known_to_all_replicas_until_they_end(server: RedisServer) -> None:
    async with redis_state(server.url) as one, redis_state(server.url) as other:
        assert await one.announce("first", 60) == ["first"]
        assert server.do("TTL", "hostup-mcp/labels") <= 60
        assert await other.announce("second", 600) == ["first", "second"]
        assert server.keys("*labels*") == ["hostup-mcp/labels"]
        assert 60 < server.do("TTL", "hostup-mcp/labels") <= 600
        server.do("ZADD", "hostup-mcp/labels", 1, "first")
        assert await one.announce("third", 600) == ["second", "third"]


async def test_calls_wait_for_a_free_connection(server: RedisServer) -> None:
    """There are more calls than connections."""
    locks: list[Lock | None] = []

    async def take(name: str) -> None:
        locks.append(await state.acquire(name, 600))

    with anyio.fail_after(DEADLINE):
        async with redis_state(server.url) as state, anyio.create_task_group() as tasks:
            for number in range(60):
                tasks.start_soon(take, str(number))
    assert len(locks) == 60
    assert None not in locks


# A server that loses what it held -----------------------------------------------------------------


async def refuses_the_yes_of_before(state: RedisState, lock: Lock | None = None) -> None:
    """The records are there as if they had never been consumed, and are consumed no more."""
    assert await state.get_record("ann", PLAN) == Record("body", False, is_current=False)
    lock = lock or await state.acquire("vps", 600)
    assert lock is not None
    assert await state.consume("ann", [PLAN, YES], lock) == OTHER_GENERATION
    assert await state.get_record("ann", PLAN) == Record("body", False, is_current=False)


async def goes_on(state: RedisState, lock: Lock) -> None:
    """What is planned now can be carried out, once."""
    await state.put_record("ann", PLAN, "new", seconds=600, at_most=50)
    await state.put_record("ann", YES, "new", seconds=600, at_most=50)
    assert await state.consume("ann", [PLAN, YES], lock) == CONSUMED
    again = ConsumeResult(Consumption.ALREADY_CONSUMED, PLAN)
    assert await state.consume("ann", [PLAN, YES], lock) == again


async def test_a_restart_from_an_older_snapshot(
    start: Start,
) -> None:
    server = start()
    async with redis_state(server.url) as state:
        before = await state.generation()
        lock = await planned(state)
        server.do("SAVE")
        assert await state.consume("ann", [PLAN, YES], lock) == CONSUMED
        server.kill()
        server.start()
        await let_connections_close()
        assert await state.generation() != before
        await refuses_the_yes_of_before(state, lock)
        await goes_on(state, lock)


async def test_a_restart_from_a_truncated_aof(start: Start) -> None:
    # With `everysec` a busy disk delays the writing itself, and there would be nothing to cut off.
    server = start("--appendonly", "yes", "--appendfsync", "always")
    async with redis_state(server.url) as state:
        await planned(state)
        aof = max(server.folder.rglob("*.aof"), key=lambda path: path.stat().st_size)
        size = aof.stat().st_size
        lock = await state.acquire("another vps", 600)
        assert lock is not None
        assert await state.consume("ann", [PLAN, YES], lock) == CONSUMED
        server.kill()
        assert aof.stat().st_size > size
        with aof.open("r+b") as file:
            file.truncate(size)
        server.start()
        await let_connections_close()
        assert await state.seconds_locked("another vps") == 0
        await refuses_the_yes_of_before(state, await state.acquire("another vps", 600))


async def test_a_restart_without_loss(start: Start) -> None:
    server = start("--appendonly", "yes", "--appendfsync", "always")
    async with redis_state(server.url) as state:
        lock = await planned(state)
        assert await state.consume("ann", [YES], lock) == CONSUMED
        await state.put_recovery("vps", "job", "carried out")
        server.kill()
        server.start()
        await let_connections_close()
        assert await state.get_record("ann", YES) == Record("body", True, is_current=False)
        consumed = ConsumeResult(Consumption.ALREADY_CONSUMED, YES)
        assert await state.consume("ann", [YES], lock) == consumed
        assert await state.seconds_locked("vps") > 0
        assert await state.recoveries("vps") == {"job": "carried out"}


def replicate(replica: RedisServer, primary: RedisServer) -> None:
    replica.do("REPLICAOF", "127.0.0.1", primary.port)
    wait_until(
        lambda: replica.info("replication", "master_link_status") == "up", "the replica is in sync"
    )


async def test_a_promoted_replica(start: Start) -> None:
    primary, replica = start(), start()
    replicate(replica, primary)
    async with redis_state(primary.url) as state, redis_state(replica.url) as promoted:
        lock = await planned(state)
        wait_until(lambda: replica.keys(RECORDS) == primary.keys(RECORDS), "it is replicated")
        replica.do("REPLICAOF", "NO", "ONE")
        assert await state.consume("ann", [PLAN, YES], lock) == CONSUMED
        primary.kill()
        await refuses_the_yes_of_before(promoted, lock)
        await goes_on(promoted, lock)


async def test_a_server_demoted_and_promoted(
    start: Start,
) -> None:
    """It never restarted, so its `run_id` is the one that it had; its data is the other's."""
    primary, replica = start(), start()
    replicate(replica, primary)
    async with redis_state(primary.url) as state:
        lock = await planned(state)
        wait_until(lambda: replica.keys(RECORDS) == primary.keys(RECORDS), "it is replicated")
        replica.do("REPLICAOF", "NO", "ONE")
        assert await state.consume("ann", [PLAN, YES], lock) == CONSUMED
        run_id = primary.info("server", "run_id")
        replicate(primary, replica)
        primary.do("REPLICAOF", "NO", "ONE")
        assert primary.info("server", "run_id") == run_id
        await refuses_the_yes_of_before(state, lock)
        await goes_on(state, lock)


async def test_a_replica_is_unavailable(start: Start) -> None:
    primary, replica = start(), start()
    replicate(replica, primary)
    async with redis_state(replica.url) as state:
        assert not await state.is_available()
        with pytest.raises(StateUnavailableError):
            await state.acquire("vps", 600)


async def test_an_emptied_server(server: RedisServer) -> None:
    async with redis_state(server.url) as state:
        lock = await planned(state)
        server.do("FLUSHALL")
        assert await state.get_record("ann", PLAN) is None
        assert (await state.consume("ann", [PLAN], lock)).outcome is Consumption.LOCK_LOST


async def test_a_dump_that_was_copied_back(start: Start) -> None:
    server = start()
    async with redis_state(server.url) as state:
        lock = await planned(state)
        server.do("SAVE")
        shutil.copy(server.folder / "dump.rdb", server.folder / "backup.rdb")
        assert await state.consume("ann", [PLAN, YES], lock) == CONSUMED
        server.do("SAVE")
        server.kill()
        shutil.copy(server.folder / "backup.rdb", server.folder / "dump.rdb")
        server.start()
        await let_connections_close()
        await refuses_the_yes_of_before(state, lock)
