"""A Redis server for each worker, and the stores that the contract is tested on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.redis_server import RedisServer

from hostup_mcp.state import redis
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.redis import RedisState, connect
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import StateStore

from .servers import DEADLINE

MAX_IDS = 4


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "redis: needs a redis-server (or valkey-server) to start")


class Clock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Stores:
    """Two stores with one state (in memory, one store twice), and a way to let time pass in it."""

    one: StateStore
    other: StateStore
    advance: Callable[[float], None]


@pytest.fixture(scope="session")
def redis_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def server(redis_of_worker: RedisServer) -> RedisServer:
    """An empty server."""
    redis_of_worker.do("FLUSHALL")
    return redis_of_worker


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits in time that a busy machine does not reach, for what does not test them."""
    for limit in ("REPLY_SECONDS", "CALL_SECONDS"):
        monkeypatch.setattr(redis, limit, DEADLINE)


@asynccontextmanager
async def redis_state(url: str, max_ids: int = MAX_IDS) -> AsyncIterator[RedisState]:
    state = RedisState(connect(url), max_ids)
    try:
        yield state
    finally:
        await state.close()


@pytest.fixture(
    params=["in memory", "sqlite", pytest.param("redis", marks=pytest.mark.redis)],
)
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    clock = Clock()
    if request.param == "in memory":
        state = InMemoryState(max_ids=MAX_IDS, clock=clock)
        yield Stores(state, state, clock.advance)
        await state.close()
    elif request.param == "sqlite":
        path = tmp_path / "folder" / "state.db"
        one, other = (SqliteState(path, MAX_IDS, clock) for _ in range(2))
        yield Stores(one, other, clock.advance)
        await one.close()
        await other.close()
    else:
        server: RedisServer = request.getfixturevalue("server")
        request.getfixturevalue("patient")
        async with redis_state(server.url) as first, redis_state(server.url) as second:
            yield Stores(first, second, server.pass_time)


@pytest.fixture
def store(stores: Stores) -> StateStore:
    return stores.one
