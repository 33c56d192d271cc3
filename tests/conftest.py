"""Shared by all tests."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from support.account import Upstream, fresh_account

_numbers = count()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session")
def upstream_of_worker() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def upstream(upstream_of_worker: Upstream) -> Upstream:
    """HostUp's address, with a fresh account behind it."""
    upstream_of_worker.sandbox = fresh_account()
    return upstream_of_worker


@pytest.fixture(scope="session")
def _state_homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def _own_state_home(_state_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of one test share the state of one user; those of two tests do not."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_state_homes / str(next(_numbers))))
