"""Skips graders that are not installed, and gives each test its own home folder."""

from pathlib import Path

import pytest

from .tools import installed


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker, so that these tests can be chosen or left out."""
    config.addinivalue_line(
        "markers", "graders: needs the graders of MCP servers (packaging/setup)"
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, so that no test touches the files of the user."""
    if not installed():
        pytest.skip("the graders are not installed: run packaging/setup")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path
