"""The folder of a user's own state."""

from __future__ import annotations

from pathlib import Path


def user_folder() -> Path:
    """Return the folder where this user's state is kept; it may not exist yet."""
    import platformdirs

    return platformdirs.user_state_path("hostup-mcp", appauthor=False)
