"""The engine and the issuer, each once for a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.redis_server import RedisServer

from .wiring import Issuer, rsa_key

SOCKET = "redis.sock"
"""What the engine listens on in its folder, besides its port."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "redis: needs a redis-server (or valkey-server) to start")


@pytest.fixture(scope="session")
def engine_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder = tmp_path_factory.mktemp("engine")
    engine = RedisServer(folder, "--unixsocket", str(folder / SOCKET))
    yield engine
    engine.kill()


@pytest.fixture
def engine(engine_of_worker: RedisServer) -> RedisServer:
    """An engine that holds nothing."""
    engine_of_worker.do("FLUSHALL")
    return engine_of_worker


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[RedisServer]:
    """An engine that the test may stop, and that asks for a password."""
    engine = RedisServer(tmp_path, password="a-password")
    yield engine
    engine.kill()


@pytest.fixture(scope="session")
def issuer_of_worker() -> Iterator[Issuer]:
    issuer = Issuer([rsa_key("first")])
    yield issuer
    issuer.close()
