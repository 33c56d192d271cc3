"""What replicas share: the promises of `Memory` kept in a real engine, and what only it has."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as search
from mcp.server.subscriptions import ResourceUpdated, ToolsListChanged
from redis import Redis as BlockingRedis
from server import test_memory as suite

from hostup_mcp.remote.state import ID_SECONDS, InRedis, News, connect
from hostup_mcp.server.memory import MemoryAway

from .wiring import PATIENCE, SOON, EngineServer, free_port, until

pytestmark = pytest.mark.redis

NOT_HERE = {
    # Callers are bounded by time here: what is theirs expires.
    "test_there_is_a_bounded_number_of_callers",
    # It is about the memory of one process.
    "test_a_process_full_of_claims_says_no_until_some_have_lapsed",
    # The engine starts anew there, not the process.
    "test_a_memory_that_starts_anew_is_in_another_era",
    # Played below, with clients that are closed again.
    "test_whatever_happens_nothing_is_invented_and_no_name_has_two_holders",
}

# One suite for every implementation: its tests run here with the fixtures of this file.
globals().update(
    {
        name: test
        for name, test in vars(suite).items()
        if name.startswith("test_") and isinstance(test, FunctionType) and name not in NOT_HERE
    }
)


class Hand:
    """A clock moved by hand that lets the time of the engine pass too."""

    def __init__(self, engine: EngineServer) -> None:
        self._time = 1_000.0
        self._engine = BlockingRedis.from_url(engine.url, decode_responses=True)

    @property
    def time(self) -> float:
        return self._time

    @time.setter
    def time(self, time: float) -> None:
        passed, self._time = int((time - self._time) * 1_000), time
        for key in self._engine.scan_iter("hostup-mcp/claims/*"):
            # What had a second left has ended when a second is over, however fast this ran.
            self._engine.pexpire(key, max(0, self._engine.pttl(key) - passed))

    def __call__(self) -> float:
        return self._time

    def close(self) -> None:
        self._engine.close()


@asynccontextmanager
async def memory_in(engine: EngineServer, most_ids: int = 4) -> AsyncIterator[InRedis]:
    redis = connect(engine.url)
    try:
        yield InRedis(redis, most_ids)
    finally:
        await redis.aclose()


@pytest.fixture
def clock(engine: EngineServer) -> Iterator[Hand]:
    hand = Hand(engine)
    yield hand
    hand.close()


@pytest.fixture
async def memory(engine: EngineServer) -> AsyncIterator[InRedis]:
    async with memory_in(engine) as one:
        yield one


@pytest.fixture
async def other(engine: EngineServer) -> AsyncIterator[InRedis]:
    """The memory of another replica."""
    async with memory_in(engine) as one:
        yield one


@search(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=suite._STEPS)
def test_whatever_happens_nothing_is_invented_and_no_name_has_two_holders_here_either(
    engine: EngineServer, monkeypatch: pytest.MonkeyPatch, steps: Any
) -> None:
    async def play() -> None:
        async with memory_in(engine) as memory:
            await suite._play(lambda *_: memory, steps)

    engine.do("FLUSHALL")
    hand = Hand(engine)
    monkeypatch.setattr(suite, "Hand", lambda: hand)
    try:
        anyio.run(play)
    finally:
        hand.close()


# Between replicas ---------------------------------------------------------------------------------


async def test_what_one_replica_gave_out_the_other_knows(memory: InRedis, other: InRedis) -> None:
    await memory.remember("web-team", {"vps": "note"})
    assert await other.recall("web-team", "vps") == "note"
    assert await other.given_to("web-team") == ["vps"]
    assert await other.recall("ops-team", "vps") is None


async def test_a_name_that_one_replica_holds_only_that_one_can_give_back(
    memory: InRedis, other: InRedis
) -> None:
    assert await memory.claim("x", 10)
    assert not await other.claim("x", 10)
    await other.release("x")
    assert await other.held("x")
    await memory.release("x")
    assert await other.claim("x", 10)


async def test_a_claim_that_ran_out_is_not_given_back_once_another_has_it(
    memory: InRedis, other: InRedis, clock: Hand
) -> None:
    await memory.claim("x", 10)
    clock.time += 10
    assert await other.claim("x", 10)
    await memory.release("x")
    assert await other.held("x")


async def test_of_many_replicas_that_claim_at_once_one_gets_it(
    memory: InRedis, other: InRedis
) -> None:
    got: list[str] = []

    async def claim(who: InRedis, name: str) -> None:
        if await who.claim("x", 10):
            got.append(name)

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for _ in range(25):
                tasks.start_soon(claim, memory, "one")
                tasks.start_soon(claim, other, "other")
    assert len(got) == 1


async def test_the_era_is_the_same_for_all_until_the_engine_loses_what_it_held(
    engine: EngineServer, memory: InRedis, other: InRedis
) -> None:
    era = await memory.era()
    assert await other.era() == era
    engine.do("FLUSHALL")
    assert await other.era() != era
    assert await memory.era() == await other.era()


async def test_hundreds_of_calls_at_once_all_reach_the_engine(memory: InRedis) -> None:
    """More than there are connections to it: the rest wait their turn."""
    taken: list[bool] = []

    async def claim(name: str) -> None:
        taken.append(await memory.claim(name, 10))

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for number in range(300):
                tasks.start_soon(claim, f"x{number}")
    assert taken == [True] * 300


async def test_how_long_a_claim_is_still_held_is_told_to_all(
    memory: InRedis, other: InRedis
) -> None:
    await memory.claim("x", 10)
    assert 9 < await other.held("x") <= 10
    assert await other.held("y") == 0


# In the engine ------------------------------------------------------------------------------------


async def test_everything_that_is_kept_expires(engine: EngineServer, memory: InRedis) -> None:
    await memory.remember("web-team", {"vps": "", "vps/bkp": ""})
    await memory.recall("web-team", "vps")
    await memory.claim("x", 10)
    await memory.era()
    keys = engine.keys("*")
    assert keys
    assert all(key.startswith("hostup-mcp/") for key in keys)
    for key in keys:
        assert 0 < engine.do("TTL", key) <= ID_SECONDS, key


async def test_ids_stay_known_as_long_as_their_caller_keeps_calling(
    engine: EngineServer, memory: InRedis
) -> None:
    await memory.remember("web-team", {"job/1": "note"})
    for key in engine.keys("hostup-mcp/ids/*"):
        engine.do("EXPIRE", key, 60)
    assert await memory.recall("web-team", "job/1") == "note"
    for key in engine.keys("hostup-mcp/ids/*"):
        assert engine.do("TTL", key) > ID_SECONDS - 60, "using it renews it"


async def test_names_of_callers_are_not_readable_in_the_engine(
    engine: EngineServer, memory: InRedis
) -> None:
    await memory.remember("somebody@example.com", {"vps": ""})
    assert not any("somebody" in key for key in engine.keys("*"))


async def test_a_caller_cannot_choose_a_name_that_is_another_place_in_the_engine(
    memory: InRedis,
) -> None:
    for name in ("a}/notes", "a/notes", "{a}", "*", "a\nb", "", "é"):
        await memory.remember(name, {"vps": name})
    for name in ("a}/notes", "a/notes", "{a}", "*", "a\nb", "", "é"):
        assert await memory.recall(name, "vps") == name
    assert await memory.recall("a", "vps") is None


# Away ---------------------------------------------------------------------------------------------


async def everything(memory: InRedis) -> None:
    """Each kind of call, which must not hang, and says that the engine is away."""
    for call in (
        memory.remember("web-team", {"vps": ""}),
        memory.recall("web-team", "never"),
        memory.given_to("web-team"),
        memory.claim("x", 10),
        memory.held("x"),
        memory.era(),
    ):
        began = time.monotonic()
        with pytest.raises(MemoryAway):
            await call
        assert time.monotonic() - began < SOON
    assert not await memory.is_there()


async def test_an_engine_that_was_never_there_is_said_to_be_away() -> None:
    redis = connect(f"redis://:a-password@127.0.0.1:{free_port()}/0")
    with anyio.fail_after(PATIENCE):
        await everything(InRedis(redis))
    await redis.aclose()


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[EngineServer]:
    """An engine that a test may stop."""
    engine = EngineServer(tmp_path, password="a-password")
    yield engine
    engine.stop()


async def test_an_engine_that_goes_away_and_comes_back(
    own_engine: EngineServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with memory_in(own_engine) as memory:
        await memory.remember("web-team", {"own": "note"})
        assert await memory.is_there()
        own_engine.stop()
        with anyio.fail_after(PATIENCE):
            await everything(memory)
            assert await memory.recall("web-team", "own") == "note", "it gave that out itself"
            own_engine.start()
            assert await memory.is_there()
            await memory.remember("web-team", {"new": ""})
            assert await memory.recall("web-team", "new") == ""
            assert await memory.claim("x", 1)
    assert "away" in caplog.text
    assert "a-password" not in caplog.text


async def test_an_engine_that_says_nothing_does_not_make_calls_hang(
    own_engine: EngineServer,
) -> None:
    async with memory_in(own_engine) as memory:
        assert await memory.is_there()
        own_engine.freeze()
        with anyio.fail_after(PATIENCE):
            await everything(memory)
            own_engine.thaw()
            assert await memory.is_there()
            assert await memory.held("y") == 0, "a late answer is not taken for another's"


async def test_an_engine_that_is_full_throws_nothing_out_and_counts_as_away(
    own_engine: EngineServer,
) -> None:
    async with memory_in(own_engine) as memory:
        assert await memory.claim("plan/used", 600)
        own_engine.do("CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction")
        assert not await memory.is_there()
        with pytest.raises(MemoryAway):
            await memory.claim("plan/other", 600)
        assert await memory.held("plan/used")


async def test_a_wrong_password_is_an_engine_that_is_away(own_engine: EngineServer) -> None:
    redis = connect(f"redis://:wrong@127.0.0.1:{own_engine.port}/0")
    assert not await InRedis(redis).is_there()
    await redis.aclose()


# News ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def news_in(engine: EngineServer) -> AsyncIterator[tuple[News, list[Any]]]:
    redis = connect(engine.url)
    news, heard = News(redis), []
    news.subscribe(heard.append)
    try:
        async with news.heard():
            yield news, heard
    finally:
        await redis.aclose()


def listeners(engine: EngineServer) -> int:
    return int(engine.do("PUBSUB", "NUMSUB", "hostup-mcp/news")[1])


URI = "hostup://vps/vps_1/backups"


async def test_news_of_one_replica_reaches_the_listeners_of_all_once(engine: EngineServer) -> None:
    with anyio.fail_after(PATIENCE):
        async with news_in(engine) as (one, heard), news_in(engine) as (_, heard_there):
            await until(lambda: listeners(engine) == 2)
            await one.publish(ResourceUpdated(uri=URI))
            await until(lambda: heard and heard_there)
            await anyio.sleep(0.1)
    assert heard == heard_there == [ResourceUpdated(uri=URI)]


async def test_other_kinds_of_news_stay_here(engine: EngineServer) -> None:
    with anyio.fail_after(PATIENCE):
        async with news_in(engine) as (one, heard), news_in(engine) as (_, heard_there):
            await until(lambda: listeners(engine) == 2)
            await one.publish(ToolsListChanged())
            await anyio.sleep(0.1)
    assert heard == [ToolsListChanged()]
    assert heard_there == []


async def test_news_is_told_here_while_the_engine_is_away_and_everywhere_when_it_is_back(
    own_engine: EngineServer,
) -> None:
    with anyio.fail_after(PATIENCE):
        async with news_in(own_engine) as (one, heard), news_in(own_engine) as (_, heard_there):
            await until(lambda: listeners(own_engine) == 2)
            own_engine.stop()
            began = time.monotonic()
            await one.publish(ResourceUpdated(uri=URI))
            assert time.monotonic() - began < SOON
            assert heard == [ResourceUpdated(uri=URI)]
            own_engine.start()
            await until(lambda: listeners(own_engine) == 2)
            await one.publish(ResourceUpdated(uri=URI))
            await until(lambda: heard_there)


@pytest.mark.parametrize("text", ["not json", "{}"])
async def test_news_that_cannot_be_read_is_skipped_and_the_next_is_heard(
    engine: EngineServer, text: str
) -> None:
    """Another version of this product may tell other things in the same place."""
    try:
        with anyio.fail_after(PATIENCE):
            async with news_in(engine) as (one, heard):
                await until(lambda: listeners(engine) == 1)
                engine.do("PUBLISH", "hostup-mcp/news", text)
                await anyio.sleep(0.1)
                await one.publish(ResourceUpdated(uri=URI))
                await until(lambda: ResourceUpdated(uri=URI) in heard)
    except ExceptionGroup:
        pytest.fail("the listener ended, and would have taken the whole server with it")
