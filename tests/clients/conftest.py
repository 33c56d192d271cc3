"""A place where a client is alone with the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from .real import Home


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker here too, so that this folder can be run by itself."""
    config.addinivalue_line("markers", "clients: needs real clients (packaging/setup)")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home for one client."""
    return Home(tmp_path / "home")
