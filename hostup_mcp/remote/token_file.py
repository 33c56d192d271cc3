"""The file of bearer tokens: one name and one SHA-256 each.

A token has 256 random bits, so a plain hash is safe against guessing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hostup_mcp.state.folders import replace_file

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")


class TokenFileError(Exception):
    """The token file is invalid; the message is one line that says why."""


def new_token(path: Path, name: str) -> str:
    """Create a token for `name`, add its hash to the file at `path`, and return the token.

    Raises:
        TokenFileError: the name is taken or invalid, or the file cannot be read or written.
    """
    if not _NAME.fullmatch(name):
        raise TokenFileError("a token name may have letters, digits and _ . @ -, at most 64")
    token = f"hmcp_{secrets.token_urlsafe(32)}"
    with _changed(path) as hashes:
        if name in hashes:
            raise TokenFileError(
                f"a token named {name} exists; revoke it first to replace it: "
                f"hostup-mcp token revoke {name} --tokens {path}"
            )
        hashes[name] = hash_of(token)
    return token


def revoke_token(path: Path, name: str) -> None:
    """Remove the token of `name` from the file at `path`.

    Raises:
        TokenFileError: there is none, or the file cannot be read or written.
    """
    read_hashes(path)  # a file that is missing would be made
    with _changed(path) as hashes:
        if name not in hashes:
            raise TokenFileError(
                f"there is no token of that name; see hostup-mcp token list --tokens {path}"
            )
        del hashes[name]


def read_hashes(path: Path) -> dict[str, str]:
    """Return the hashes in the file at `path`, by name.

    Raises:
        TokenFileError: it cannot be read, or is not a token file.
    """
    try:
        hashes = json.loads(path.read_text(encoding="utf-8"))["tokens"]
        if not all(re.fullmatch("[0-9a-f]{64}", hashes[name]) for name in hashes):
            raise ValueError
        return dict(hashes)
    except OSError as error:
        raise TokenFileError(f"cannot read the token file: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise TokenFileError(
            f"the token file is not valid JSON (line {error.lineno}); "
            "change it with `hostup-mcp token new` and `token revoke`, not by hand"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TokenFileError("the token file was not made by `hostup-mcp token new`") from None


def hash_of(token: str) -> str:
    """Return what the file holds of `token`."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _changed(path: Path) -> Iterator[dict[str, str]]:
    """Give the hashes to change, and replace the file by them at the end.

    Nobody reads a half-written file. Of two commands at once, the second fails: what it read would
    bring back a token that the first revoked.
    """
    lock = path.parent / f".{path.name}.new"  # `with_name` fails for a path without a name
    try:
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise TokenFileError(
            f"another command is changing the token file; if none is, delete {lock}"
        ) from None
    except OSError as error:
        raise TokenFileError(f"cannot write the token file: {error.strerror}") from None
    try:
        hashes = read_hashes(path) if path.exists() else {}
        yield hashes
        # The user of a container may have been granted read access, so the mode is kept.
        replace_file(path, f"{json.dumps({'tokens': hashes}, indent=2)}\n".encode())
    except OSError as error:
        raise TokenFileError(f"cannot write the token file: {error.strerror}") from None
    finally:
        lock.unlink(missing_ok=True)
