"""Skips what is not installed, and gives each test a home of its own."""

from pathlib import Path

import pytest

from .tools import installed


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker, so that these tests can be chosen or left out."""
    config.addinivalue_line("markers", "graders: other people's judges of servers")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that nothing is read or written that a person has."""
    if not installed():
        pytest.skip("the graders are not installed: run packaging/setup")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path
