"""Bearer tokens, kept in a file as one name and one SHA-256 each.

A token has 256 random bits, so a plain hash is safe against guessing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from pathlib import Path

from mcp.server.auth.provider import AccessToken

log = logging.getLogger(__name__)

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,63}")


class TokenFileError(Exception):
    """The token file is invalid; the message is one line that says why."""


def new_token(path: Path, name: str) -> str:
    """Create a token for `name`, add its hash to the file at `path`, and return the token.

    Raises:
        TokenFileError: the name is taken or invalid, or the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise TokenFileError("a token name may have letters, digits and _ . @ -, at most 64")
    hashes = read_hashes(path) if path.exists() else {}
    if name in hashes:
        raise TokenFileError(f"a token named {name} exists; remove its line to replace it")
    token = f"hmcp_{secrets.token_urlsafe(32)}"
    hashes[name] = _hash(token)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Keep the mode: the user of a container may have been granted read access.
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as out:
            json.dump({"tokens": hashes}, out, indent=2)
            out.write("\n")
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        raise TokenFileError(f"cannot write the token file: {error.strerror}") from None
    return token


def read_hashes(path: Path) -> dict[str, str]:
    """Return the hashes in the file at `path`, by name.

    Raises:
        TokenFileError: it cannot be read, or is not a token file.
    """
    try:
        hashes = json.loads(path.read_text())["tokens"]
        if not all(re.fullmatch("[0-9a-f]{64}", hashes[name]) for name in hashes):
            raise ValueError
        return dict(hashes)
    except OSError as error:
        raise TokenFileError(f"cannot read the token file: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TokenFileError("the token file was not made by `hostup-mcp token new`") from None


class HashedTokens:
    """Verifies tokens against the file; reloads it when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = _version(path)
        self._reported = self._version
        self._hashes = read_hashes(path)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token's name as the client, or None if the token is not in the file."""
        self._refresh()
        digest = _hash(token)
        found = None
        # Compare with every hash, so that timing does not reveal which one was close.
        for name, known in self._hashes.items():
            if hmac.compare_digest(digest, known):
                found = name
        return None if found is None else AccessToken(token="", client_id=found, scopes=[])

    def _refresh(self) -> None:
        current = _version(self._path)
        if current == self._version:
            return
        try:
            self._hashes, self._version = read_hashes(self._path), current
        except TokenFileError as error:
            # A missing or half-written file neither grants nor revokes access.
            if current != self._reported:
                self._reported = current
                log.warning("%s; the tokens loaded before remain valid", error)


def _version(path: Path) -> tuple[int, ...] | None:
    """Return a value that changes when the file is written or replaced; None if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
