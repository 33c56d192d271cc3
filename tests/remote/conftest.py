"""The account, the engine and the issuer, each once for a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .wiring import REDIS, EngineServer, Issuer, Upstream, fresh_account, rsa_key


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "redis: needs a redis-server (or valkey-server) to start")


@pytest.fixture(scope="session")
def upstream_of_worker() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def upstream(upstream_of_worker: Upstream) -> Upstream:
    """The account behind the address is as it is at the beginning."""
    upstream_of_worker.sandbox = fresh_account()
    return upstream_of_worker


@pytest.fixture(scope="session")
def engine_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineServer]:
    if REDIS is None:
        pytest.skip("there is no redis-server (Debian: apt install redis-server)")
    engine = EngineServer(tmp_path_factory.mktemp("engine"))
    yield engine
    engine.stop()


@pytest.fixture
def engine(engine_of_worker: EngineServer) -> EngineServer:
    """An engine that holds nothing."""
    engine_of_worker.do("FLUSHALL")
    return engine_of_worker


@pytest.fixture(scope="session")
def issuer_of_worker() -> Iterator[Issuer]:
    issuer = Issuer([rsa_key("first")])
    yield issuer
    issuer.close()
