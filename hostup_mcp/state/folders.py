"""The folder of a user's own state, and how files are put in their place and kept on disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def user_folder() -> Path:
    """Return the folder where this user's state is kept; it may not exist yet."""
    import platformdirs

    return platformdirs.user_state_path("hostup-mcp", appauthor=False)


def state_file() -> Path:
    """Return the path of this user's state file; it may not exist yet."""
    return user_folder() / "state.db"


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, whole or not at all, with the mode of the old one.

    A file that is new may be read by its user alone.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    import shutil
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names of new files in `folder` on disk, where the system can do that."""
    if os.name != "posix":
        return
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
