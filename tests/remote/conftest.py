"""Redis and the issuer, started once per worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.redis_server import RedisServer

from .wiring import Issuer, rsa_key

SOCKET = "redis.sock"
"""Unix socket of the Redis server, in its folder."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "redis: needs a redis-server (or valkey-server) to start")


@pytest.fixture(scope="session")
def redis_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder = tmp_path_factory.mktemp("redis")
    redis_server = RedisServer(folder, "--unixsocket", str(folder / SOCKET))
    yield redis_server
    redis_server.kill()


@pytest.fixture
def redis_server(redis_of_worker: RedisServer) -> RedisServer:
    """An empty Redis server."""
    redis_of_worker.do("FLUSHALL")
    return redis_of_worker


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server that the test may stop; it requires a password."""
    redis_server = RedisServer(tmp_path, password="a-password")
    yield redis_server
    redis_server.kill()


@pytest.fixture(scope="session")
def issuer_of_worker() -> Iterator[Issuer]:
    issuer = Issuer([rsa_key("first")])
    yield issuer
    issuer.close()
