"""The folder of a user's own state, and what keeps a folder's new files on disk."""

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
