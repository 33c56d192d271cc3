"""Faults on demand: what a network, an edge or a platform may do to a request.

Instead of the account (nothing changes):
    `status`       a problem document with any status and code
    `html`         an HTML page from the edge in front of the API
    `empty`        a status without a body
    `json`         `content` as JSON, whether the contract knows it or not
    `not_json`     text that is not JSON
    `redirect`     a redirect to another host
    `huge`         a JSON body of more than ten megabytes, streamed
    `drop_before`  the connection is dropped

After the account has handled the request (everything changes):
    `truncated`    the real response, its body cut in half
    `drop_after`   the connection is dropped
    `error_after`  a problem document with a 5xx status
    `garble_after` a success with an unreadable body
    `slow_after`   the real response, `seconds` late

Otherwise:
    `slow`         `seconds` pass, then the request is handled as usual
    `fail_job`     the request is handled as usual, but the job that it starts will fail

To drop a connection, the application starts a response that announces a body and then raises
`ConnectionDroppedError`. A server such as uvicorn then closes the socket, and the client sees
headers without the announced body. `httpx.ASGITransport` raises the exception itself; the
sandbox's own transport turns it into the error of a real socket.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from .responses import Json

FaultKind = Literal[
    "status",
    "html",
    "empty",
    "json",
    "not_json",
    "redirect",
    "huge",
    "drop_before",
    "truncated",
    "drop_after",
    "error_after",
    "garble_after",
    "slow_after",
    "slow",
    "fail_job",
]


class ConnectionDroppedError(ConnectionError):
    """A fault dropped the connection."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and the requests that it applies to.

    `path` is an exact path, a glob (`*` also crosses slashes) or a compiled pattern that must
    match in full. `skip` matching requests pass first; then it applies `times` times, or for ever
    with None. `status` and `code` default by kind. A 429 gets the documented headers unless
    `headers` are given.
    """

    kind: FaultKind
    method: str = "*"
    path: str | re.Pattern[str] = "*"
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    code: str | None = None
    detail: str = "Something went wrong on purpose."
    headers: Mapping[str, str] | None = None
    seconds: float = 0.0
    location: str = "https://login.example.net/"
    content: Json = None
    size: int = 11 * 1024 * 1024

    def matches(self, method: str, path: str) -> bool:
        """Return whether the fault applies to such a request."""
        if self.method not in {"*", method}:
            return False
        if isinstance(self.path, str):
            return self.path == path or fnmatchcase(path, self.path)
        return self.path.fullmatch(path) is not None


class Faults:
    """The faults that are switched on; the one added first applies first."""

    def __init__(self) -> None:
        self._pending: list[tuple[Fault, int, int | None]] = []

    def add(self, *faults: Fault) -> None:
        """Switch faults on."""
        self._pending += [(fault, fault.skip, fault.times) for fault in faults]

    def clear(self) -> None:
        """Switch all faults off."""
        self._pending.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        """The faults that have not yet applied as often as they should."""
        return tuple(fault for fault, _, _ in self._pending)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that applies to this request, counted; None if there is none."""
        for index, (fault, skip, times) in enumerate(self._pending):
            if not fault.matches(method, path):
                continue
            if skip > 0:
                self._pending[index] = (fault, skip - 1, times)
                continue
            left = None if times is None else times - 1
            if left == 0:
                del self._pending[index]
            else:
                self._pending[index] = (fault, 0, left)
            return fault
        return None
