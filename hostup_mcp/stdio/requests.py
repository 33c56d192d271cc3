"""Which requests of a stdio client have no response yet, and which are refused because of that.

A client may send requests and never read the responses. What that costs is bounded here.
"""

from __future__ import annotations

import asyncio

from mcp_types import ErrorData, RequestId

from hostup_mcp.server.busy import BUSY_CODE
from hostup_mcp.stdio.opening import MAX_LINE

MAX_OPEN = 256
"""Requests without a response at once; well above what clients send in parallel."""

MAX_OPEN_BYTES = MAX_LINE
"""Bytes of these requests together. A request is never refused for its size alone."""

MAX_REFUSED = 10_000
"""Refused requests whose error is not sent yet; at this bound no further line is read."""

BUSY = ErrorData(
    code=BUSY_CODE,
    message=(
        "Busy: too many requests of this session have no response yet. This one has no effect. "
        "Read the responses, then send it again."
    ),
)


class OpenRequests:
    """Requests of the client without a response yet; `none_left` is set while there are none."""

    def __init__(self) -> None:
        # Nothing keeps a client from using an id twice.
        self._sizes: dict[RequestId, list[int]] = {}
        self._count = 0
        self._bytes = 0
        self.none_left = asyncio.Event()
        self.none_left.set()

    def accept(self, id_: RequestId, size: int) -> bool:
        """Note a request of `size` bytes and return True, or False if too many are open."""
        if self._count and (self._count >= MAX_OPEN or self._bytes + size > MAX_OPEN_BYTES):
            return False
        self._sizes.setdefault(id_, []).append(size)
        self._count += 1
        self._bytes += size
        self.none_left.clear()
        return True

    def settle(self, id_: RequestId | None) -> None:
        """Note that a request gets its response now, or was cancelled and gets none."""
        if id_ is None or (sizes := self._sizes.get(id_)) is None:
            return
        self._count -= 1
        self._bytes -= sizes.pop()
        if not sizes:
            del self._sizes[id_]
        if not self._count:
            self.none_left.set()
