"""Ends the open streams of a caller whose token is revoked or has expired."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import anyio
from mcp.server.auth.provider import TokenVerifier
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hostup_mcp.remote.limits import is_subscription

CHECK_SECONDS = 5.0
"""How often the token of an open stream is checked again, besides before each message on it."""


class StreamsEndWithToken:
    """ASGI middleware; what opens no stream is left to its end.

    To the application it is as if the client had closed the connection.
    """

    def __init__(self, app: ASGIApp, verifier: TokenVerifier) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["type"] == "http" and (scope["method"] == "GET" or is_subscription(scope))
        scheme, _, token = (
            (Headers(scope=scope) if is_stream else {}).get("authorization", "").partition(" ")
        )
        if scheme.lower() != "bearer":
            await self._app(scope, receive, send)
            return
        stream = _Stream(receive, send, lambda: self._is_valid(token))
        watch = asyncio.create_task(stream.end_with_token())
        try:
            await self._app(scope, stream.receive, stream.send)
        finally:
            watch.cancel()
        await stream.finish()

    async def _is_valid(self, token: str) -> bool:
        access = await self._verifier.verify_token(token)
        return access is not None and (
            access.expires_at is None or access.expires_at >= int(time.time())
        )


class _Stream:
    """The two directions of one request, which can be ended from this side."""

    def __init__(
        self, receive: Receive, send: Send, is_valid: Callable[[], Awaitable[bool]]
    ) -> None:
        self._receive = receive
        self._send = send
        self._is_valid = is_valid
        self._waiting: set[anyio.CancelScope] = set()
        self._has_ended = False
        self._is_open = False
        self._has_events = False

    async def end_with_token(self) -> None:
        await anyio.sleep(CHECK_SECONDS)
        while await self._is_valid():  # noqa: ASYNC110 - the token file changes on disk
            await anyio.sleep(CHECK_SECONDS)
        self._end()

    def _end(self) -> None:
        self._has_ended = True
        for scope in self._waiting:
            scope.cancel()

    async def receive(self) -> Message:
        with anyio.CancelScope() as waiting:
            self._waiting.add(waiting)
            try:
                if not self._has_ended:
                    return await self._receive()
            finally:
                self._waiting.discard(waiting)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            # Another response, such as a 401, says nothing of the account.
            kind = Headers(raw=message["headers"]).get("content-type", "")
            self._has_events = kind.startswith("text/event-stream")
        elif self._has_events and not (await self._is_valid()):
            self._end()
            return
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        self._is_open = not is_last
        await self._send(message)

    async def finish(self) -> None:
        """Complete the response that the application left open."""
        if self._has_ended and self._is_open:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
