"""A key in a file of the user: made once, and read by each process from then on."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from hostup_mcp.state.folders import sync_folder, user_folder

BUSY_SECONDS = 5.0
"""How long to wait for another process that is making the file."""


def audit_key_path() -> Path:
    """Return the path of the key that signs this user's audit logs."""
    return user_folder() / "audit.key"


def read_key(path: Path) -> bytes | None:
    """Return the key in the file at `path`; None if there is no such file.

    Raises:
        OSError: it cannot be read, or is not a key file.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    if not re.fullmatch(rb"[0-9a-f]{64}\n?", text):
        raise OSError(errno.EINVAL, "not a key file", str(path))
    return bytes.fromhex(text.decode())


def read_or_make_key(path: Path) -> bytes:
    """Return the key in the file at `path`, and make the file if there is none.

    Processes that do so at once get the same key. Only the owner may read the file.

    Raises:
        OSError: it cannot be read or made, or is not a key file.
    """
    if (key := read_key(path)) is not None:
        return key
    from filelock import FileLock

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(f"{path}.lock", mode=0o600).acquire(timeout=BUSY_SECONDS):
        if (key := read_key(path)) is not None:
            return key
        key = os.urandom(32)
        _write(path, f"{key.hex()}\n".encode())
        return key


def _write(path: Path, data: bytes) -> None:
    """Write the whole file or nothing: another process never reads half a key."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(file)
    temporary.replace(path)
    sync_folder(path.parent)
