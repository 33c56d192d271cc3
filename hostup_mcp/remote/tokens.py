"""Verifies bearer tokens against the token file."""

from __future__ import annotations

import hmac
import logging
from pathlib import Path

from mcp.server.auth.provider import AccessToken

from hostup_mcp.remote.rejections import RejectionLog
from hostup_mcp.remote.token_file import TokenFileError, hash_of, read_hashes

log = logging.getLogger(__name__)


class HashedTokens:
    """Verifies tokens against the file at `path`; reloads it when it changes.

    A file that cannot be read changes nothing: the tokens that were loaded before remain valid, and
    `problem` says so.
    """

    def __init__(self, path: Path, rejections: RejectionLog | None = None) -> None:
        self._path = path
        self._version = _version(path)
        self._reported = self._version
        self._problem: str | None = None
        self._hashes = read_hashes(path)
        self._revoked: dict[str, str] = {}
        self._rejections = rejections or RejectionLog()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the token's name as the client, or None if the token is not in the file."""
        self._refresh()
        digest = hash_of(token)
        found = None
        # Compare with every hash, so that timing does not reveal which one was close.
        for name, known in self._hashes.items():
            if hmac.compare_digest(digest, known):
                found = name
        if found is not None:
            return AccessToken(token="", client_id=found, scopes=[])
        if digest in self._revoked:
            self._rejections.note("its token was revoked", self._revoked[digest])
        else:
            self._rejections.note("the token is not in the token file")
        return None

    def problem(self) -> str | None:
        """Return what is wrong with the file now, or None."""
        self._refresh()
        return self._problem

    def _refresh(self) -> None:
        current = _version(self._path)
        if current == self._version:
            self._problem = None
            return
        try:
            hashes = read_hashes(self._path)
        except TokenFileError as error:
            # A missing or half-written file neither grants nor revokes access.
            self._problem = f"{error}; the tokens loaded before remain valid"
            if current != self._reported:
                self._reported = current
                log.warning(self._problem)
            return
        kept = set(hashes.values())
        self._revoked |= {old: name for name, old in self._hashes.items() if old not in kept}
        self._hashes, self._version, self._problem = hashes, current, None


def _version(path: Path) -> tuple[int, ...] | None:
    """Return a value that changes when the file is written or replaced; None if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
