"""The audit log: one JSON line for each step of a write. It never holds a secret.

In a file, each line carries an HMAC over itself and the line before it. `audit_verify` checks them.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hostup_mcp.hostup.text import Json
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.writes.audit_chain import (
    MAX_LINE,
    AuditKey,
    Begins,
    Chain,
    SignedLine,
    digest,
    parse,
    sign,
    to_bytes,
)
from hostup_mcp.server.writes.audit_keys import PROCESS_KEY
from hostup_mcp.state.folders import sync_folder

log = logging.getLogger("hostup_mcp.audit")

BUSY_SECONDS = 5.0
"""How long to wait for other processes that write to the file."""

_NEAR = 16 * 1024
"""How many bytes of the end of the file are read to find the last line."""

_FAR = 2 * MAX_LINE
"""How many are read if the last line is not among them."""

# Without O_BINARY, Windows would write \r\n.
_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class AuditLog:
    """Appends to the program's log and, if `path` is given, to that file.

    `key` returns the key that signs the lines of the file.
    """

    def __init__(
        self,
        path: Path | None = None,
        key: Callable[[], AuditKey] = lambda: PROCESS_KEY,
    ) -> None:
        self._path = path
        self._key = key
        self._last: SignedLine | None = None
        """The last line that this process wrote to the file."""

    def append(self, now: datetime, entry: Mapping[str, Json]) -> None:
        """Write one line; it is on disk when this returns.

        Raises:
            RefusalError: the file cannot be written, so nothing may be sent.
        """
        entry = {"time": now.isoformat(timespec="milliseconds"), **entry}
        if self._path is None:
            log.info(json.dumps(entry))
            return
        try:
            self._last = self._append(self._path, entry)
        except OSError as error:
            log.info(json.dumps(entry))
            log.error("the audit log cannot be written: %s", error)
            raise refuse(write_texts.AUDIT_LOG_UNAVAILABLE) from None
        log.info(to_bytes(self._last).decode())

    def _append(self, path: Path, entry: Mapping[str, Json]) -> SignedLine:
        key = self._key()
        with _locked(path):
            is_new = not path.exists()
            file = os.open(path, _FLAGS | os.O_CREAT, 0o600)
            try:
                tail = _read_tail(file)
                line = sign(entry, self._place(tail, key), key)
                data = tail.line_end + to_bytes(line) + b"\n"
                if os.write(file, data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            finally:
                os.close(file)
            if is_new:
                sync_folder(path.parent)
        return line

    def _place(self, tail: _Tail, key: AuditKey) -> Chain:
        """Return the place in the chain of the line that comes after `tail`."""
        own, last = self._last, tail.last
        begins = self._begins(tail)
        if last is None or begins is not None:
            place = Chain(secrets.token_hex(8), 1, None, key.id, begins)
        else:
            place = Chain(last.chain.id, last.chain.seq + 1, last.hmac, key.id)
        earlier = own.hmac if own is not None and own.chain.id != place.id else None
        skipped = digest(tail.skipped) if tail.skipped else None
        return replace(place, earlier=earlier, skipped=skipped)

    def _begins(self, tail: _Tail) -> Begins | None:
        """Return why a chain begins after `tail`; None if one goes on."""
        own, last = self._last, tail.last
        if last is None:
            return tail.begins
        if own is None or own.chain.id != last.chain.id or own.chain.seq < last.chain.seq:
            return None
        if own.hmac == last.hmac:
            return None
        log.error("lines were removed from the audit log %s", self._path)
        return Begins.LINES_REMOVED


def try_to_open(path: Path) -> None:
    """Do what precedes the writing of a line, and write none.

    Raises:
        OSError: a line could not be written now.
    """
    with _locked(path):
        if path.exists():
            os.close(os.open(path, _FLAGS))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let no other process write to the log at `path` meanwhile."""
    # Loaded at the first write: a session must start fast, and most of them only read.
    from filelock import FileLock

    if not path.parent.is_dir():
        # The lock would make it, even in the place of a volume that is not mounted now.
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    # A file of its own is locked: the log itself may be renamed at any time.
    lock = FileLock(f"{path}.lock", mode=0o600)
    with lock.acquire(timeout=BUSY_SECONDS, poll_interval=0.01):
        yield


@dataclass(frozen=True, slots=True)
class _Tail:
    """The end of the file."""

    last: SignedLine | None
    """The last line that carries an HMAC."""
    begins: Begins | None
    """Why a chain begins after it; None if there is `last`."""
    line_end: bytes
    """What has to be written before a new line, so that it does not continue another one."""
    skipped: bytes
    """What stands between `last` and a new line: half a line, or lines that carry no HMAC.

    Without `last` it is the whole file, or nothing if that is too long.
    """


def _read_tail(file: int) -> _Tail:
    tail = _tail(*_read_end(file, _NEAR))
    return tail if tail.last is not None else _tail(*_read_end(file, _FAR))


def _tail(data: bytes, is_whole: bool) -> _Tail:
    """Return the tail of a file that is, or ends with, `data`."""
    line_end = b"" if not data or data.endswith(b"\n") else b"\n"
    lines = (data + line_end).split(b"\n")[:-1]
    # The first line may have begun before the data; its end says what is needed.
    for number in reversed(range(len(lines))):
        if (last := parse(lines[number])) is not None:
            skipped = b"".join(line + b"\n" for line in lines[number + 1 :])
            return _Tail(last, None, line_end, skipped)
    if is_whole and not data:
        return _Tail(None, Begins.NEW_FILE, line_end, b"")
    return _Tail(None, Begins.UNSIGNED_LINES, line_end, data + line_end if is_whole else b"")


def _read_end(file: int, length: int) -> tuple[bytes, bool]:
    """Return the last `length` bytes of the file, and whether they are all of it."""
    size = os.fstat(file).st_size
    start = max(0, size - length)
    os.lseek(file, start, os.SEEK_SET)
    parts, left = [], size - start
    while left and (part := os.read(file, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts), start == 0
