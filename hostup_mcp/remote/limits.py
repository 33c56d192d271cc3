"""What one caller may take: calls a minute and at once, streams, a body and the time to send it.

A caller over a limit gets 429 with `Retry-After`; the others do not feel it. Calls a minute are
counted together on all replicas where they share an engine.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

BODY_SECONDS = 15.0
"""How long a caller may take to send a whole request body."""

STREAMS_AT_ONCE = 50
"""Streams that one caller may hold open on one replica: sessions and subscriptions."""

LARGEST_BODY = 4 * 1024 * 1024
"""The SDK's own limit, which answers 413; no more than this is held here."""


class CallerLimits:
    """ASGI middleware. `who` names the caller; one without a name is not let in anyway."""

    def __init__(
        self,
        app: ASGIApp,
        who: Callable[[], str | None],
        per_minute: int,
        at_once: int,
        shared: Storage | None = None,
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._who = who
        self._item = RateLimitItemPerMinute(per_minute)
        self._at_once = at_once
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(shared) if shared is not None else None
        self._running: Counter[tuple[str, str]] = Counter()
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._who() if scope["type"] == "http" else None
        if caller is None or scope["method"] not in ("GET", "POST"):
            await self._app(scope, receive, send)
            return
        is_call = scope["method"] == "POST"
        # A stream stays open while its client is there; it must not take the place of a call.
        kind = "at once" if is_call and not _subscribes(scope) else "streams"
        most = self._at_once if kind == "at once" else STREAMS_AT_ONCE
        wait = await self._seconds_over(caller) if is_call else None
        if wait is not None:
            self._refused("rate")
            await _too_many(send, wait, "too many calls in a minute")
            return
        place = (kind, caller)
        if self._running[place] >= most:
            self._refused(kind)
            what = "calls at once" if kind == "at once" else "open streams"
            await _too_many(send, 1, f"too many {what}")
            return
        self._running[place] += 1
        try:
            if not is_call:
                await self._app(scope, receive, send)
                return
            parts = await _in_time(receive)
            if parts is None:
                self._refused("slow body")
                await _too_slow(send)
                return
            await self._app(scope, _replayed(parts, receive), send)
        finally:
            self._running[place] -= 1
            if not self._running[place]:
                del self._running[place]

    async def _seconds_over(self, caller: str) -> int | None:
        """Seconds to wait for a caller over its rate; None for one below it."""
        for limiter in (self._shared, self._own):
            if limiter is None:
                continue
            try:
                if await limiter.hit(self._item, caller):
                    return None
                stats = await limiter.get_window_stats(self._item, caller)
                return max(1, math.ceil(stats.reset_time - time.time()))
            except Exception as error:
                # The shared engine is away: count here alone until it is back.
                log.warning("calls are counted by this replica alone: %s", type(error).__name__)
        return None


def _subscribes(scope: Scope) -> bool:
    """Whether it asks for a stream of changes.

    The SDK refuses a header that the body belies; of the older revisions, which have no such
    header, somebody gets no more by it than the places of streams.
    """
    return (b"mcp-method", b"subscriptions/listen") in scope["headers"]


async def _in_time(receive: Receive) -> list[Message] | None:
    """The parts of a body, as far as it may be long; None for one that does not arrive in time."""
    parts: list[Message] = []
    size = 0
    with anyio.move_on_after(BODY_SECONDS):
        while size <= LARGEST_BODY:
            message = await receive()
            parts.append(message)
            size += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                break
        return parts
    return None


def _replayed(parts: list[Message], receive: Receive) -> Receive:
    """`receive` that gives `parts` first. What is too long is refused by who reads it."""
    waiting = iter(parts)

    async def next_one() -> Message:
        return next(waiting, None) or await receive()

    return next_one


async def _too_slow(send: Send) -> None:
    # Closed, so that the rest of the body does not keep the connection.
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _too_many(send: Send, seconds: int, why: str) -> None:
    body: dict[str, Any] = {"error": "too_many_requests", "error_description": why}
    headers = [(b"content-type", b"application/json"), (b"retry-after", str(seconds).encode())]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
