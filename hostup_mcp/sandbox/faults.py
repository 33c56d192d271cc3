"""Faults on demand: what an unkind network, edge or platform does to a request.

The kinds fall into three groups.

Instead of the account (nothing changes):
    `status`       a problem document with any status and code
    `html`         a page of the edge in front of the API
    `empty`        a status without a body
    `not_json`     text that is not JSON
    `redirect`     a Location that points away
    `huge`         a JSON body of more than ten megabytes, streamed
    `drop_before`  the connection is cut

After the account has done what was asked (everything changes):
    `truncated`    the true answer, its body cut in half
    `drop_after`   the connection is cut
    `error_after`  a problem document with a 5xx status
    `garble_after` a success whose body cannot be read
    `slow_after`   the true answer, `seconds` late

Otherwise:
    `slow`         `seconds` pass, then the request is handled as usual
    `fail_job`     the request is handled as usual, but the job that it starts will fail

How a cut looks: the application starts an answer that promises a body and then raises
`ConnectionDroppedError`. A server such as uvicorn closes the socket at that point, so the peer
sees headers without the promised body. Under `httpx.ASGITransport` the exception itself reaches
the caller; the sandbox's own transport turns it into the error that a real socket would give.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

FaultKind = Literal[
    "status",
    "html",
    "empty",
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
    """The sandbox cut the connection, as a fault asked it to."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and the requests that it befalls.

    `path` is an exact path, a glob (`*` also crosses slashes) or a compiled pattern that must
    match whole. `skip` lets that many matching requests pass first; `times` None is for ever.
    `status` and `code` default to what suits the kind. A 429 gets the documented headers unless
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
    size: int = 11 * 1024 * 1024

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault is meant for such a request."""
        if self.method not in {"*", method}:
            return False
        if isinstance(self.path, str):
            return self.path == path or fnmatchcase(path, self.path)
        return self.path.fullmatch(path) is not None


class Faults:
    """The faults that are switched on; the one added first strikes first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int, int | None]] = []

    def add(self, *faults: Fault) -> None:
        """Switch faults on."""
        self._waiting += [(fault, fault.skip, fault.times) for fault in faults]

    def clear(self) -> None:
        """Switch all faults off."""
        self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """The faults that have not yet struck as often as they should."""
        return tuple(fault for fault, _, _ in self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that befalls this request, counted off; None if it goes unharmed."""
        for index, (fault, skip, times) in enumerate(self._waiting):
            if not fault.matches(method, path):
                continue
            if skip > 0:
                self._waiting[index] = (fault, skip - 1, times)
                continue
            left = None if times is None else times - 1
            if left == 0:
                del self._waiting[index]
            else:
                self._waiting[index] = (fault, 0, left)
            return fault
        return None
