"""The first moments of a stdio session, before anything heavy is imported.

A client of old and new protocol revisions sends `server/discover` as soon as it has started a
server, and takes silence for an old one. The SDK needs about a second until it can respond. So one
thread reads standard input from the start: it responds to a leading discover with a prepared
result, and stores every other line, in order, for the session.

Only light modules of the standard library may be imported here, and on the way here.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

from hostup_mcp.stdio.discover import discover_id, load

PREPARED = os.path.join(os.path.dirname(__file__), "discover.json")
"""The result of `server/discover`, as `python -m hostup_mcp.stdio.prepare` writes it."""

MAX_LINE = 4 * 1024 * 1024
"""The longest message in bytes; the limit of the HTTP transports too."""

EXIT_AFTER_SECONDS = 1.9
"""How long after the end of a session the process is ended, however busy it still is."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINES_AHEAD = 16
_CHUNK = 64 * 1024


class Opening:
    """Standard input and output, taken over at once, with the lines that were read so far."""

    def __init__(self, stdin: int, stdout: int, prepared: str | None, unlocked: str | None) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._versions, self._result = load(prepared, unlocked)
        self._lines: deque[bytes] = deque()
        self._room = threading.Semaphore(_LINES_AHEAD)
        self._wake: Callable[[], None] | None = None
        self._handover = threading.Lock()
        self._running = threading.Lock()
        self._running.acquire()
        self.ended = False
        """Whether no line follows those that are stored."""

    def start(self) -> None:
        """Begin to read. Once."""
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def listen(self, wake: Callable[[], None]) -> None:
        """From now on call `wake`, from any thread, for each new line and at the end.

        Until then the process may be ended at any time; afterwards the listener must end it within
        `EXIT_AFTER_SECONDS`.
        """
        threading.Thread(target=self._watch, name="exit", daemon=True).start()
        with self._handover:
            self._wake = wake
        wake()

    def take(self) -> bytes | None:
        """Return the next line, or None. A line longer than `MAX_LINE` is cut, but stays longer."""
        with suppress(IndexError):
            line = self._lines.popleft()
            self._room.release()
            return line
        return None

    def write(self, data: bytes) -> None:
        """Write all of `data` to the client.

        Raises:
            OSError: the client has closed its end.
        """
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._stdout, rest) :]

    def stop(self, *_: object) -> None:
        """End the session and drop unread lines. Safe in a signal handler: it takes no lock."""
        if self._wake is None:
            os._exit(0)
        self._lines.clear()
        self._end(self._wake)

    def _read(self) -> None:
        leading = True
        for number, line in enumerate(split_lines(self._chunk)):
            if number == 0:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if not line or line.isspace():
                continue
            # Nothing else writes before the first line is handed over, so nothing can interleave.
            if leading and (id_ := discover_id(line, self._versions)) is not None:
                self._respond(id_)
                continue
            leading = False
            self._room.acquire()
            self._lines.append(line)
            if self._wake is not None:
                self._wake()
        with self._handover:
            if self._wake is None and not self._lines:
                os._exit(0)
            self._end(self._wake)

    def _chunk(self) -> bytes:
        with suppress(OSError):
            return os.read(self._stdin, _CHUNK)
        return b""

    def _respond(self, id_: int | str) -> None:
        head = '{"jsonrpc":"2.0","id":' + json.dumps(id_, ensure_ascii=False) + ',"result":'
        try:
            self.write(head.encode() + self._result + b"}\n")
        except OSError:
            self.stop()

    def _end(self, wake: Callable[[], None] | None) -> None:
        self.ended = True
        with suppress(RuntimeError):  # released already: there are several ways to end
            self._running.release()
        if wake is not None:
            wake()

    def _watch(self) -> None:
        self._running.acquire()
        time.sleep(EXIT_AFTER_SECONDS)
        os._exit(0)


def open_stdio(prepared: str | None = PREPARED, unlocked: str | None = None) -> Opening:
    """Take over standard input and output, and respond from the file `prepared` if it exists.

    `unlocked` are the groups that are unlocked (see `discover.unlocked_groups`); None if that is in
    doubt, and the first request has to wait.

    Call it once, in the main thread, before any heavy import. From then on, what is printed goes to
    standard error, standard input is empty for all other code, and SIGINT and SIGTERM end the
    process with exit code 0.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:  # closed by the parent process; open() takes the lowest free number
            os.open(os.devnull, os.O_RDWR)
    stdin = _divert(0, lambda: os.open(os.devnull, os.O_RDONLY))
    stdout = _divert(1, lambda: os.dup(2))
    opening = Opening(stdin, stdout, prepared, unlocked)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, opening.stop)
    opening.start()
    return opening


def split_lines(read: Callable[[], bytes]) -> Iterator[bytes]:
    """Split what `read` returns into lines without newlines, until it returns nothing.

    A line over `MAX_LINE` is yielded as soon as it is that long, cut to one byte more than that.
    """
    held = bytearray()
    skipping = False
    while chunk := read():
        *parts, rest = chunk.split(b"\n")
        for part in parts:
            held += part
            if not skipping:
                yield bytes(held[: MAX_LINE + 1])
            held.clear()
            skipping = False
        if not skipping:
            held += rest
        if len(held) > MAX_LINE:
            yield bytes(held[: MAX_LINE + 1])
            held.clear()
            skipping = True
    if held:
        yield bytes(held)


def _divert(fd: int, elsewhere: Callable[[], int]) -> int:
    """Point `fd` elsewhere, and return a new, blocking descriptor of what it was."""
    wire = os.dup(fd)
    if sys.platform != "win32":
        os.set_blocking(wire, True)
    other = elsewhere()
    os.dup2(other, fd)
    os.close(other)
    return wire
