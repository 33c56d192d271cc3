"""A file is put in its place whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from hostup_mcp.state.folders import replace_file

OLD, NEW = b"old\n", b"new\r\n\xff"

on_posix = pytest.mark.skipif(os.name != "posix", reason="needs the modes of files")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder of its own."""
    path = tmp_path / "folder" / "tokens.json"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def test_it_replaces_the_content_and_leaves_nothing_else(path: Path) -> None:
    replace_file(path, NEW)
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == [path.name]


@on_posix
def test_an_old_file_keeps_its_mode_and_a_new_one_is_the_users_alone(path: Path) -> None:
    path.chmod(0o640)
    for file, mode in ((path, 0o640), (path.with_name("new.json"), 0o600)):
        replace_file(file, NEW)
        assert file.stat().st_mode & 0o777 == mode


def test_the_content_is_on_disk_before_it_takes_the_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written beside the old file, under a hidden name that says what it is for."""
    fsync, seen = os.fsync, list[tuple[str, bytes]]()

    def synced(handle: int) -> None:
        seen.extend((file.name, file.read_bytes()) for file in path.parent.iterdir())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", synced)
    # Elsewhere, it could be on another disk.
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent / "elsewhere"))
    replace_file(path, NEW)
    written = dict(seen[:2])
    assert written.pop(path.name) == OLD
    ((name, content),) = written.items()
    assert name.startswith(f".{path.name}.")
    assert content == NEW


@pytest.mark.parametrize("can_be_removed", [True, False])
def test_a_failure_leaves_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, can_be_removed: bool
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError

    def refuse(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(os, "replace", fail)
    if not can_be_removed:
        monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError):
        replace_file(path, NEW)
    assert path.read_bytes() == OLD
    assert len(os.listdir(path.parent)) == (1 if can_be_removed else 2)
