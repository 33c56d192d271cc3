"""The account that a key opens, and a place where a client is alone with the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.world import Upstream, fresh_account

from .real import Home


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker here too, so that this folder can be run by itself."""
    config.addinivalue_line("markers", "clients: needs real clients (packaging/setup)")


@pytest.fixture(scope="session")
def account_of_worker() -> Iterator[Upstream]:
    account = Upstream()
    yield account
    account.close()


@pytest.fixture
def account(account_of_worker: Upstream) -> Upstream:
    """A fresh account of HostUp on an address of this machine."""
    account_of_worker.sandbox = fresh_account()
    return account_of_worker


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home for one client."""
    return Home(tmp_path / "home")
