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
VPS = f"/api/v2/vps/{VPS_ID}"
BACKUPS = f"{VPS}/backups"
POLL = "/api/jobs/job_1"
QUEUED = {"operation": {"status": "queued", "jobId": "job_1", "pollUrl": POLL, "result": None}}

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

HOSTILE_IDS = [
    ("a/b", b"a%2Fb"),
    ("../../../me", b"..%2F..%2F..%2Fme"),
    ("x/../../vps", b"x%2F..%2F..%2Fvps"),
    ("..\\x", b"..%5Cx"),
    ("x?limit=1", b"x%3Flimit%3D1"),
    ("x#part", b"x%23part"),
    ("x;y=z", b"x%3By%3Dz"),
    ("%2e%2e", b"%252e%252e"),
    ("%2F", b"%252F"),
    ("..%2fx", b"..%252fx"),
    ("...", b"..."),
    ("a b", b"a%20b"),
    (" ", b"%20"),
    ("a+b&c=d", b"a%2Bb%26c%3Dd"),
    ("http://evil.example", b"http%3A%2F%2Fevil.example"),
    ("//evil.example", b"%2F%2Fevil.example"),
    ("@evil.example", b"%40evil.example"),
    ("a\r\nX-Header: b", b"a%0D%0AX-Header%3A%20b"),
    ("\x00", b"%00"),
    ("å", b"%C3%A5"),
    ("\u202e", b"%E2%80%AE"),
]

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


class FarEnd:
    """Gives one answer to whatever comes, and keeps what came."""

    def __init__(self, answer: httpx.Response | Callable[[], Any]) -> None:
        self.answer = answer
        self.seen: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        # An answer is read once; a second request must not fail for another reason.
        return self.answer if isinstance(self.answer, httpx.Response) else self.answer()


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
