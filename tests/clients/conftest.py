"""A home folder for one client."""

from __future__ import annotations

from pathlib import Path

import pytest

from .real import Home


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of these tests."""
    config.addinivalue_line("markers", "clients: needs real clients (packaging/setup)")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home for one client."""
    return Home(tmp_path / "home")
