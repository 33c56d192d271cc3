"""The far end of the wire, as these tests need it: answers that are canned, cut short or endless.

The documents are written out here instead of being taken from the product, so that a mistake in
a model shows.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import respx

from hostup_mcp.hostup.http import Http

KEY = "hu_live_5ecre7KeyOfTheTests"
BASE = "https://cloud.hostup.se"
NOW = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)
VPS_ID = "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"
BACKUPS = f"/api/v2/vps/{VPS_ID}/backups"

LISTING: dict[str, Any] = {
    "backups": [
        {
            "id": "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3",
            "displayId": "2026-04-27T10:00:00.000Z (vzdump-qemu-101.vma.zst)",
            "storageKey": "vzdump-qemu-101.vma.zst",
            "createdAt": "2026-04-27T10:00:00.000Z",
            "sizeGb": 12.4,
            "backupType": "manual",
            "note": "Before upgrade",
        }
    ],
    "quotaInfo": {"used": 1, "limit": 3, "remaining": 2},
    "actions": {
        "canCreateBackup": {"allowed": True, "reason": None},
        "canRestore": {"allowed": True, "reason": None},
    },
}

PROBLEM: dict[str, Any] = {
    "type": "https://developer.hostup.se/errors/invalid_request",
    "title": "Validation failed",
    "status": 400,
    "detail": "The request body failed validation.",
    "code": "invalid_request",
    "instance": "/api/v2/orders",
    "requestId": "req_01hxa3b4c5d6e7f8g9h0j1k2m3",
    "timestamp": "2026-04-27T12:34:56.000Z",
    "errors": [
        {
            "pointer": "/items/0/eppCode",
            "detail": "`eppCode` is required for this transfer.",
            "code": "missing_required",
        }
    ],
    "extensions": {},
}

PAGE = b"<!doctype html><html><body>Access denied</body></html>"

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Naps:
    """A `sleep` that only notes how long it was asked to."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        # Nothing here moves the clock, so that retries would go on for ever.
        assert len(self.taken) < 50, "retried without end"


class Stream(httpx.AsyncByteStream):
    """A body in parts that knows how far it was read, and may break off."""

    def __init__(self, *parts: bytes, breaks: Exception | None = None) -> None:
        self.parts = parts
        self.breaks = breaks
        self.taken = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.taken += 1
            yield part
        if self.breaks is not None:
            raise self.breaks

    async def aclose(self) -> None:
        self.closed = True


def router() -> respx.MockRouter:
    """Canned answers by route; a request to anywhere else fails the test."""
    return respx.MockRouter(assert_all_called=False)


@asynccontextmanager
async def connected(
    far_end: respx.MockRouter | Handler,
    *,
    budget: float = 20.0,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    base_url: str = BASE,
    key: str = KEY,
) -> AsyncIterator[Http]:
    handler = far_end.async_handler if isinstance(far_end, respx.MockRouter) else far_end
    http = Http(
        base_url,
        key,
        transport=httpx.MockTransport(handler),
        budget=budget,
        now=lambda: NOW,
        sleep=Naps() if sleep is None else sleep,
    )
    try:
        yield http
    finally:
        await http.close()


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()
