"""A session that only reads knows the restores of other sessions, and leaves their file alone."""

# What blocks here takes no time, and nothing else runs in the loop of a test.
# ruff: noqa: ASYNC240

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hostup_mcp.state import sqlite_file
from hostup_mcp.state.read_only import ReadOnlyState
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import StateUnavailableError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder, with %20 and ?" / "state.db"


@pytest.fixture
def state(path: Path) -> ReadOnlyState:
    return ReadOnlyState(lambda: path)


async def test_records_of_the_file_are_shown(path: Path, state: ReadOnlyState) -> None:
    writing = SqliteState(path)
    await writing.put_recovery("vps", "rec_1", "first")
    await writing.put_recovery("other", "rec_2", "elsewhere")
    await writing.put_recovery("vps", "rec_0", "second")
    changed = path.stat().st_mtime_ns
    assert list((await state.recoveries("vps")).items()) == [
        ("rec_1", "first"),
        ("rec_0", "second"),
    ]
    assert path.stat().st_mtime_ns == changed
    await writing.delete_recovery("vps", "rec_1")
    assert await state.recoveries("vps") == {"rec_0": "second"}, "it is read again each time"


async def test_its_own_changes_stay_with_it(path: Path, state: ReadOnlyState) -> None:
    writing = SqliteState(path)
    for id_ in ("rec_1", "rec_2"):
        await writing.put_recovery("vps", id_, "recorded")
    await state.put_recovery("vps", "rec_1", "changed")
    changed = [("rec_1", "changed"), ("rec_2", "recorded")]
    assert list((await state.recoveries("vps")).items()) == changed
    assert (await writing.recoveries("vps"))["rec_1"] == "recorded"
    assert (await ReadOnlyState(lambda: path).recoveries("vps"))["rec_1"] == "recorded"


async def test_no_file_is_made(path: Path, state: ReadOnlyState) -> None:
    assert await state.recoveries("vps") == {}
    assert not path.parent.exists()


async def test_nothing_is_looked_for_before_it_is_needed() -> None:
    def find() -> Path:
        raise AssertionError

    state = ReadOnlyState(find)
    await state.remember_ids("ann", {"vps": ""})
    assert await state.is_available()


async def test_a_file_without_tables(path: Path, state: ReadOnlyState) -> None:
    path.parent.mkdir()
    path.touch()
    assert await state.recoveries("vps") == {}
    assert path.stat().st_size == 0


def odd(path: Path, busy_seconds: float) -> None:
    """What the library may raise for a path."""
    raise ValueError(path, busy_seconds)


TROUBLES = {
    "no database": "the state file is unavailable: SQLITE_NOTADB",
    "newer": "the state file was made by a newer version of hostup-mcp",
    "a folder": "the state file is unavailable: SQLITE_",  # which one depends on the version
    "odd": "the state file is unavailable: ValueError",
    "taken": "the state file is unavailable: SQLITE_BUSY",
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_file_that_cannot_be_read(
    path: Path,
    state: ReadOnlyState,
    trouble: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await SqliteState(path).put_recovery("vps", "rec_1", "first")
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        if trouble == "no database":
            path.write_bytes(b"no database" * 100)
        elif trouble == "newer":
            sql.execute("PRAGMA user_version = 99")
        elif trouble == "a folder":
            path.unlink()
            path.mkdir()
        elif trouble == "odd":
            monkeypatch.setattr(sqlite_file, "read", odd)
        else:
            sql.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateUnavailableError):
            await state.recoveries("vps")
    (message,) = caplog.messages
    assert message.startswith(TROUBLES[trouble])
