"""Limits for each caller: calls per minute, calls at once, open streams, size and time of a body.

A caller over a limit gets 429 with `Retry-After`; other callers are not affected. With shared
state, calls per minute are counted across all replicas.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Callable

import anyio
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

BODY_SECONDS = 15.0
"""How long a caller may take to send a request body."""

MAX_STREAMS = 50
"""Open streams (sessions and subscriptions) per caller and replica."""

MAX_BODY_BYTES = 4 * 1024 * 1024
"""The SDK's own limit; it responds with 413. No more than this is buffered here."""


class CallerLimits:
    """ASGI middleware that enforces the limits.

    `caller_of` names the caller of the current request; None means that authentication will
    reject it, so it is not counted. `on_refused` is called with the name of the limit.
    """

    def __init__(
        self,
        app: ASGIApp,
        caller_of: Callable[[], str | None],
        per_minute: int,
        at_once: int,
        shared: Storage | None = None,
        on_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._caller_of = caller_of
        self._rate = RateLimitItemPerMinute(per_minute)
        self._at_once = at_once
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(shared) if shared is not None else None
        self._running: Counter[tuple[str, str]] = Counter()
        self._on_refused = on_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = self._caller_of() if scope["type"] == "http" else None
        if caller is None or scope["method"] not in ("GET", "POST"):
            await self._app(scope, receive, send)
            return
        is_call = scope["method"] == "POST"
        # A stream stays open as long as its client; it must not take the slot of a call.
        limit = "calls_at_once" if is_call and not is_subscription(scope) else "streams"
        maximum = self._at_once if limit == "calls_at_once" else MAX_STREAMS
        wait = await self._seconds_to_wait(caller) if is_call else None
        if wait is not None:
            self._on_refused("calls_per_minute")
            await _send_429(send, wait, "too many calls in a minute")
            return
        slot = (limit, caller)
        if self._running[slot] >= maximum:
            self._on_refused(limit)
            what = "calls at once" if limit == "calls_at_once" else "open streams"
            await _send_429(send, 1, f"too many {what}")
            return
        self._running[slot] += 1
        try:
            if not is_call:
                await self._app(scope, receive, send)
                return
            body = await _receive_body(receive)
            if body is None:
                self._on_refused("body_timeout")
                await _send_408(send)
                return
            await self._app(scope, _replay(body, receive), send)
        finally:
            self._running[slot] -= 1
            if not self._running[slot]:
                del self._running[slot]

    async def _seconds_to_wait(self, caller: str) -> int | None:
        """Count a call; return the seconds to wait if the caller is over the rate limit."""
        for limiter in (self._shared, self._own):
            if limiter is None:
                continue
            try:
                if await limiter.hit(self._rate, caller):
                    return None
                stats = await limiter.get_window_stats(self._rate, caller)
                return max(1, math.ceil(stats.reset_time - time.time()))
            except Exception as error:
                log.warning(
                    "shared state is unavailable; this replica counts calls per minute alone: %s",
                    type(error).__name__,
                )
        return None


def is_subscription(scope: Scope) -> bool:
    """Return whether the request opens a stream of change notifications.

    The SDK rejects a header that contradicts the body. A client of an older revision, which has no
    such header, gains no more by sending it than the slots of streams.
    """
    return (b"mcp-method", b"subscriptions/listen") in scope["headers"]


async def _receive_body(receive: Receive) -> list[Message] | None:
    """Return the messages of a body, up to `MAX_BODY_BYTES`; None if it does not arrive in time."""
    messages: list[Message] = []
    size = 0
    with anyio.move_on_after(BODY_SECONDS):
        while size <= MAX_BODY_BYTES:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                break
        return messages
    return None


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that starts with `messages`. The SDK rejects a body that is too large."""
    remaining = iter(messages)

    async def receive_next() -> Message:
        return next(remaining, None) or await receive()

    return receive_next


async def _send_408(send: Send) -> None:
    # Closes the connection, so that the rest of the body does not keep it open.
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _send_429(send: Send, seconds: int, description: str) -> None:
    body = {"error": "too_many_requests", "error_description": description}
    headers = [(b"content-type", b"application/json"), (b"retry-after", str(seconds).encode())]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})
