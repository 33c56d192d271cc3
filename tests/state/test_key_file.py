"""The key of a user's audit logs: made once, whoever comes first, and only the owner's."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock, Timeout

from hostup_mcp.state import key_file
from hostup_mcp.state.folders import sync_folder
from hostup_mcp.state.key_file import audit_key_path, read_key, read_or_make_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "folder" / "audit.key"


def test_it_is_in_the_users_state_folder() -> None:
    folder = platformdirs.user_state_path("hostup-mcp", appauthor=False)
    assert audit_key_path() == folder / "audit.key"


def test_it_is_made_once(path: Path) -> None:
    key = read_or_make_key(path)
    assert len(key) == 32
    assert path.read_text() == f"{key.hex()}\n"
    assert read_or_make_key(path) == read_key(path) == key
    assert not [*path.parent.glob("*.new")]


def test_reading_makes_nothing(path: Path) -> None:
    assert read_key(path) is None
    assert not path.parent.exists()


def test_two_users_have_two_keys(tmp_path: Path) -> None:
    assert read_or_make_key(tmp_path / "a") != read_or_make_key(tmp_path / "b")


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes")
def test_only_its_owner_may_read_it(path: Path) -> None:
    old = os.umask(0)
    try:
        read_or_make_key(path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_name("audit.key.lock").stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_processes_at_once_get_one_key(path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from hostup_mcp.state.key_file import read_or_make_key\n"
        "sys.stdin.read()\n"
        "print(read_or_make_key(Path(sys.argv[1])).hex())\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for child in children:  # all are ready, and start at once
        assert child.stdin is not None
        child.stdin.close()
    keys = {child.stdout.read() for child in children if child.stdout is not None}
    assert [child.wait(timeout=60) for child in children] == [0] * 4
    for child in children:
        assert child.stdout is not None
        child.stdout.close()
    assert keys == {path.read_text()}


def test_a_process_that_died_leaves_it_to_others(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.with_name("audit.key.new").write_text("half a k")
    assert read_or_make_key(path) == read_key(path)


@pytest.mark.parametrize("text", ["", "\n", "00" * 31, "00" * 33, "zz" * 32, "00" * 32 + "\n\n"])
def test_another_file_is_no_key(path: Path, text: str) -> None:
    """And is not overwritten: lines that it signed could not be verified any more."""
    path.parent.mkdir(parents=True)
    path.write_text(text)
    for read in (read_key, read_or_make_key):
        with pytest.raises(OSError, match="not a key file") as error:
            read(path)
        assert str(error.value) == f"[Errno {errno.EINVAL}] not a key file: {str(path)!r}"
    assert path.read_text() == text


def test_a_busy_file_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_file, "BUSY_SECONDS", 0)
    path.parent.mkdir(parents=True)
    with FileLock(f"{path}.lock"), pytest.raises(Timeout):
        read_or_make_key(path)


def test_it_is_on_disk_when_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that it signed could not be verified without it."""
    synced: list[str] = []

    def fsync(fd: int) -> None:
        there_are = (path.parent, *path.parent.iterdir())
        synced.extend(p.name for p in there_are if os.path.samestat(os.fstat(fd), p.stat()))

    monkeypatch.setattr(os, "fsync", fsync)
    read_or_make_key(path)
    assert synced == ["audit.key.new", *(["folder"] if os.name == "posix" else [])]


def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path: Path) -> None:
    sync_folder(tmp_path / "missing")
