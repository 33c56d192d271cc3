"""Bearer tokens in a file of hashes: one name and one SHA-256 a token, never the token itself.

A token has 256 random bits, so a plain hash of it cannot be guessed back.
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
    """The token file cannot be used; the message is one line that says why."""


def new_token(path: Path, name: str) -> str:
    """Make a token for `name`, add its hash to the file at `path`, and return it.

    Raises:
        TokenFileError: the name is taken or not usable, or the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise TokenFileError("a token's name has letters, digits and _ . @ -, at most 64")
    hashes = read_hashes(path) if path.exists() else {}
    if name in hashes:
        raise TokenFileError(f"there is a token named {name}; take its line out to replace it")
    token = f"hmcp_{secrets.token_urlsafe(32)}"
    hashes[name] = _hash(token)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # A container's user may have been given leave to read it; that stays.
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as out:
            json.dump({"tokens": hashes}, out, indent=2)
            out.write("\n")
        beside.chmod(mode)
        beside.replace(path)
    except OSError as error:
        raise TokenFileError(f"the token file cannot be written: {error.strerror}") from None
    return token


def read_hashes(path: Path) -> dict[str, str]:
    """Name to hash, as the file at `path` has them.

    Raises:
        TokenFileError: it cannot be read, or is not such a file.
    """
    try:
        hashes = json.loads(path.read_text())["tokens"]
        if not all(re.fullmatch("[0-9a-f]{64}", hashes[name]) for name in hashes):
            raise ValueError
        return dict(hashes)
    except OSError as error:
        raise TokenFileError(f"the token file cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TokenFileError("the token file is not one that `hostup-mcp token new` made") from None


class HashedTokens:
    """Verifies tokens against the file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _version(path)
        self._told = self._seen
        self._hashes = read_hashes(path)

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token's name as client, or None for a token that is not in the file."""
        self._refresh()
        given = _hash(token)
        found = None
        # All are compared, so that the time taken tells nothing of which came close.
        for name, known in self._hashes.items():
            if hmac.compare_digest(given, known):
                found = name
        return None if found is None else AccessToken(token="", client_id=found, scopes=[])

    def _refresh(self) -> None:
        now = _version(self._path)
        if now == self._seen:
            return
        try:
            self._hashes, self._seen = read_hashes(self._path), now
        except TokenFileError as error:
            # A file that went away or is half-written takes nobody's access, and gives none.
            if now != self._told:
                self._told = now
                log.warning("%s; the tokens that were known before stay good", error)


def _version(path: Path) -> tuple[int, ...] | None:
    """What differs when the file at `path` is another one; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
