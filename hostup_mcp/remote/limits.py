"""Limits for each caller: requests per minute, requests at once, streams, sessions, bytes.

A caller over a limit gets 429 with `Retry-After`; other callers are not affected. With shared
state, requests per minute are counted across all replicas. A request without a valid token is
rejected by the authentication, and nothing of its body is kept.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hostup_mcp.remote import bodies
from hostup_mcp.remote.bodies import (
    BodyTimeoutError,
    BodyTooLargeError,
    DisconnectedError,
    RequestBody,
)
from hostup_mcp.remote.calls import SseCalls, read_sent, subtract
from hostup_mcp.remote.paths import HEALTH_PATHS
from hostup_mcp.remote.sessions import IDLE_SECONDS, MAX_SESSIONS, Sessions

log = logging.getLogger(__name__)

MAX_STREAMS = 50
"""Open streams (GET, and subscriptions) per caller and replica."""

SESSION_MESSAGES = 16
"""Requests of sessions beyond the calls at once: replies and notifications for these calls."""

MAX_BYTES = 1024 * 1024
"""Bytes per caller and replica: bodies of running requests, and those that opened sessions."""


class RefusedError(Exception):
    """A request is refused because of `limit`; the message tells the caller what to do."""

    def __init__(self, limit: str, status: int, message: str, seconds: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        self.status = status
        self.seconds = seconds
        """When to try again; None if that does not help."""


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
        has_sessions: bool = True,
        is_sse: bool = False,
        on_refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._caller_of = caller_of
        self._rate = RateLimitItemPerMinute(per_minute)
        self._at_once = at_once
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = SlidingWindowCounterRateLimiter(shared) if shared is not None else None
        self._running: Counter[tuple[str, str]] = Counter()
        self._bytes: Counter[str] = Counter()
        self._sessions = Sessions(has_sessions)
        self._sse = SseCalls() if is_sse else None
        self._on_refused = on_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = RequestBody(scope, receive)
        send = body.discarding(send)
        caller = self._caller_of()
        # Without authentication, all are one caller, and so is who checks the health.
        if caller is None or scope["path"] in HEALTH_PATHS:
            await self._app(scope, body.passed_on(b""), send)
            return
        try:
            await self._count(caller)
            with ExitStack() as held:
                held.enter_context(self._slot(caller, scope))
                await self._serve(caller, body, scope, _freeing(held, send), held)
        except RefusedError as refusal:
            self._on_refused(refusal.limit)
            await _send_refusal(send, refusal)
        except DisconnectedError:
            return

    async def _serve(
        self, caller: str, body: RequestBody, scope: Scope, send: Send, held: ExitStack
    ) -> None:
        opens = self._sessions.opens(scope)
        if opens and len(self._sessions.of(caller)) >= MAX_SESSIONS:
            raise RefusedError("sessions", 429, _TOO_MANY_SESSIONS, 60)
        with self._sessions.follow(scope, send, caller) as (session, following_send):
            content = b""
            # No other method needs a body.
            if scope["method"] == "POST":
                with self._reserve(caller, body.most_bytes):
                    content = await _read(body)
            if opens:
                session.size = len(content)
            receive = body.passed_on(content)
            held.enter_context(self._reserve(caller, 0 if opens else len(content)))
            if self._sse is None:
                await self._app(scope, receive, following_send)
            elif scope["method"] == "GET":
                with self._sse.stream(caller, send) as stream_send:
                    await self._app(scope, receive, stream_send)
            else:
                sent = read_sent(content)
                if sent and sent.is_call and len(self._sse.of(caller)) >= self._at_once:
                    raise RefusedError("calls_at_once", 429, _TOO_MANY_UNREAD, 1)
                await self._app(scope, receive, self._sse.follow(scope, send, sent))

    @contextmanager
    def _slot(self, caller: str, scope: Scope) -> Iterator[None]:
        """Take one of the caller's places while a request runs."""
        # A stream stays open as long as its client; it must not take the place of a call.
        is_stream = scope["method"] == "GET" or is_subscription(scope)
        limit = "streams" if is_stream else "calls_at_once"
        slot = (limit, caller)
        maximum = MAX_STREAMS if is_stream else self._at_once
        if MCP_SESSION_ID_HEADER in Headers(scope=scope):
            maximum += SESSION_MESSAGES  # the calls themselves are counted by `RunningCalls`
        if self._running[slot] >= maximum:
            what = "open streams" if is_stream else "requests at once"
            raise RefusedError(limit, 429, f"Too many {what}. Try again when one has ended.", 1)
        self._running[slot] += 1
        try:
            yield
        finally:
            subtract(self._running, slot, 1)

    @contextmanager
    def _reserve(self, caller: str, size: int) -> Iterator[None]:
        """Count bytes of the caller."""
        held = sum(session.size for session in self._sessions.of(caller))
        held += sum(self._sse.of(caller)) if self._sse else 0
        if size and self._bytes[caller] + held + size > MAX_BYTES:
            raise RefusedError("bytes", 429, _TOO_MANY_BYTES, 1)
        self._bytes[caller] += size
        try:
            yield
        finally:
            subtract(self._bytes, caller, size)

    async def _count(self, caller: str) -> None:
        """Count a request.

        Raises:
            RefusedError: the caller has sent too many in a minute.
        """
        for limiter in (self._shared, self._own):
            if limiter is None:
                continue
            try:
                if await limiter.hit(self._rate, caller):
                    return
                stats = await limiter.get_window_stats(self._rate, caller)
            except Exception as error:
                log.warning(
                    "shared state is unavailable; this replica counts calls per minute alone: %s",
                    type(error).__name__,
                )
                continue
            seconds = max(1, math.ceil(stats.reset_time - time.time()))
            message = "Too many requests in a minute. Wait for the seconds in Retry-After."
            raise RefusedError("calls_per_minute", 429, message, seconds)


_TOO_MANY_SESSIONS = (
    f"This caller has {MAX_SESSIONS} open sessions. End one with DELETE, or wait: a session ends "
    f"by itself {IDLE_SECONDS / 60:.0f} minutes after its last request."
)
_TOO_MANY_UNREAD = (
    "Too many calls of this caller have no response yet. Read the responses on the stream of the "
    "session, then send the request again."
)
_TOO_MANY_BYTES = (
    f"Requests and sessions of this caller hold {MAX_BYTES // 1024} KiB already. Send the request "
    "again when others have ended, or send smaller ones."
)


async def _read(body: RequestBody) -> bytes:
    try:
        return await body.read()
    except BodyTooLargeError:
        message = f"The request body is larger than {bodies.MAX_BODY_BYTES // 1024} KiB."
        raise RefusedError("body_size", 413, f"{message} It was not carried out.") from None
    except BodyTimeoutError:
        message = f"The request body did not arrive within {bodies.BODY_SECONDS:g} seconds."
        raise RefusedError("body_timeout", 408, f"{message} It was not carried out.") from None


def _freeing(held: ExitStack, send: Send) -> Send:
    """Return a `send` that frees what a request holds with the end of its response.

    The application runs a little longer, and its client may send the next request before that.
    """

    async def send_and_free(message: Message) -> None:
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            held.close()

    return send_and_free


def is_subscription(scope: Scope) -> bool:
    """Return whether the request opens a stream of change notifications.

    The SDK rejects a header that contradicts the body. A client of an older revision, which has no
    such header, gains no more by sending it than the slots of streams.
    """
    return (b"mcp-method", b"subscriptions/listen") in scope["headers"]


_ERRORS = {408: "request_timeout", 413: "content_too_large", 429: "too_many_requests"}


async def _send_refusal(send: Send, refusal: RefusedError) -> None:
    body = {"error": _ERRORS[refusal.status], "error_description": str(refusal)}
    content = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    if refusal.seconds is not None:
        headers.append((b"retry-after", str(refusal.seconds).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
