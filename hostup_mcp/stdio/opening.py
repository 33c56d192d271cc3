"""The first moments of a stdio session, before anything heavy is imported.

A client of old and new protocol revisions sends `server/discover` as soon as it has started a
server, and takes silence for an old one. The SDK needs about half a second until it can respond. So
one thread reads standard input from the start: it sends what `early` can respond to the first
messages, and stores the lines that the SDK has to read, in order, for the session.

Only light modules of the standard library may be imported here, and on the way here.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue

from hostup_mcp.stdio.early import Early

PREPARED = os.path.join(os.path.dirname(__file__), "prepared.json")
"""The prepared responses, as `python -m hostup_mcp.stdio.prepare` writes them."""

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
        self._early = Early(prepared, unlocked, self._configuration)
        self._is_configured: bool | None = None
        self._configured = threading.Event()
        self._early_responses: SimpleQueue[bytes | None] = SimpleQueue()
        self._early_writer = threading.Thread(target=self._write_early, name="early", daemon=True)
        self._output = threading.Lock()
        self._lines: deque[bytes] = deque()
        self._room = threading.Semaphore(_LINES_AHEAD)
        self._wake: Callable[[], None] | None = None
        self._handover = threading.Lock()
        self._ends, self._ending = os.pipe()
        self.ended = False
        """Whether no line follows those that are stored."""

    def heed_signals(self) -> None:
        """Let SIGINT and SIGTERM end the session. In the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)
        if sys.platform != "win32":
            # A handler runs in the main thread, which may be on its way into a long wait. So the
            # number of a signal is also written where `_watch` reads. On Windows asyncio does that.
            os.set_blocking(self._ending, False)
            signal.set_wakeup_fd(self._ending, warn_on_full_buffer=False)

    def start(self) -> None:
        """Begin to read. Once."""
        self._early_writer.start()
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def configured(self, is_valid: bool) -> None:
        """Say whether the configuration is valid: some responses depend on it."""
        self._is_configured = is_valid
        self._configured.set()

    def was_answered(self, id_: int | str) -> bool:
        """Return whether the client already has the response to `id_`, once for each that it has.

        The session asks before it sends a result, and does not send it then.
        """
        for place, answered in enumerate(self._early.answered):
            if type(answered) is type(id_) and answered == id_:
                del self._early.answered[place]
                return True
        return False

    def listen(self, wake: Callable[[], None]) -> None:
        """From now on call `wake`, from any thread, for each new line and at the end.

        Until then the process may be ended at any time; afterwards the listener must end it within
        `EXIT_AFTER_SECONDS`.
        """
        self._configured.set()
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
        with self._output:
            while rest:
                rest = rest[os.write(self._stdout, rest) :]

    def stop(self, *_: object) -> None:
        """End the session and drop unread lines. Safe in a signal handler: it takes no lock."""
        if self._wake is None:
            os._exit(0)
        self._lines.clear()
        self._end(self._wake)

    def _read(self) -> None:
        for number, line in enumerate(split_lines(self._chunk)):
            if number == 0:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if not line or line.isspace():
                continue
            response, for_sdk = self._early.receive(line)
            if response:
                self._early_responses.put(response)
            for each in for_sdk:
                self._room.acquire()
                self._lines.append(each)
                if self._wake is not None:
                    self._wake()
        self._early_responses.put(None)
        self._early_writer.join(EXIT_AFTER_SECONDS)
        with self._handover:
            if self._wake is None and not (self._lines and self._early.in_doubt):
                os._exit(0)
            self._end(self._wake)

    def _configuration(self) -> bool | None:
        self._configured.wait()
        return self._is_configured

    def _chunk(self) -> bytes:
        with suppress(OSError):
            return os.read(self._stdin, _CHUNK)
        return b""

    def _write_early(self) -> None:
        # Not in the thread that reads: a client may write all of its requests before it reads.
        while (response := self._early_responses.get()) is not None:
            try:
                self.write(response)
            except OSError:
                self.stop()

    def _end(self, wake: Callable[[], None] | None) -> None:
        self.ended = True
        with suppress(OSError):  # full: there are several ways to end
            os.write(self._ending, b"\0")
        if wake is not None:
            wake()

    def _watch(self) -> None:
        if os.read(self._ends, 1) != b"\0":
            self.stop()
        time.sleep(EXIT_AFTER_SECONDS)
        os._exit(0)


def open_stdio(prepared: str | None = PREPARED, unlocked: str | None = None) -> Opening:
    """Take over standard input and output, and respond from the file `prepared` if it exists.

    `unlocked` are the groups that are unlocked (see `early.unlocked_groups`); None if that is in
    doubt, and the first message has to wait. Call `Opening.configured` as soon as possible.

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
    opening.heed_signals()
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
