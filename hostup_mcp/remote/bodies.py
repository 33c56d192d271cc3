"""Request bodies: how much of one is kept, for how long it is awaited, and how it is passed on."""

from __future__ import annotations

from codecs import BOM_UTF8
from contextlib import suppress
from math import inf

import anyio
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

BODY_SECONDS = 20.0
"""How long a caller may take to send a request body."""

MAX_BODY_BYTES = 64 * 1024
"""The largest body. The largest that a call needs, with a reply to a question, has about 1 KiB.

The rest is for what a client says of itself in each request, which may include icons.
"""

LINGER_SECONDS = 2.0
"""How long the rest of an unread body is discarded, before its response and after it."""

MAX_AWAITED_BYTES = 1024 * 1024
"""The largest body whose end a response waits for."""

LINGER_PAUSE = 0.01
"""Seconds between two parts that are discarded, so that a fast sender does not occupy the loop."""

MAX_LINGERING = 16
"""How many connections linger at once; others with an unread body are closed at once."""

MAX_IGNORED_BYTES = 256 * 1024
"""How much of an unread body is ignored while a response is sent; beyond that, it is cut off."""


class BodyTooLargeError(Exception):
    """The body is longer than `MAX_BODY_BYTES`."""


class BodyTimeoutError(Exception):
    """The body did not arrive within `BODY_SECONDS`."""


class DisconnectedError(Exception):
    """The client closed the connection before its body was complete."""


class RequestBody:
    """The body of one request, and whether all of it was received."""

    _lingering = 0

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        self._declared = int(length) if length.isascii() and length.isdigit() else None
        self._receive = receive
        self._complete = not self._declared and "transfer-encoding" not in headers
        # One that is held back until we ask for it never ends.
        self._ends_soon = "expect" not in headers and (self._declared or inf) <= MAX_AWAITED_BYTES

    @property
    def most_bytes(self) -> int:
        """The most bytes that `read` can return."""
        if self._complete:
            return 0
        declared = MAX_BODY_BYTES if self._declared is None else self._declared
        return min(declared, MAX_BODY_BYTES)

    async def read(self) -> bytes:
        """Return the whole body, without a byte order mark at its start.

        Raises:
            BodyTooLargeError, BodyTimeoutError, DisconnectedError: it does not arrive.
        """
        if self._declared is not None and self._declared > MAX_BODY_BYTES:
            raise BodyTooLargeError
        # One buffer: a list of parts would take a hundred times what a client that sends
        # single bytes has sent.
        body = bytearray()
        with anyio.move_on_after(BODY_SECONDS) as time_limit:
            while not self._complete:
                body += await self._next_part()
                if len(body) > MAX_BODY_BYTES:
                    raise BodyTooLargeError
        if time_limit.cancelled_caught:
            raise BodyTimeoutError
        return bytes(body.removeprefix(BOM_UTF8))

    def passed_on(self, body: bytes) -> Receive:
        """Return a `receive` that gives `body`, and after it nothing but the end of the connection.

        What was not read of the body is neither awaited nor kept; too much of it counts as the end.
        """
        given, discarded = False, 0

        async def receive() -> Message:
            nonlocal given, discarded
            if not given:
                given = True
                return {"type": "http.request", "body": body, "more_body": False}
            while discarded <= MAX_IGNORED_BYTES:
                message = await self._receive()
                if message["type"] != "http.request":
                    return message
                discarded += len(message.get("body", b""))
            return {"type": "http.disconnect"}

        return receive

    def discarding(self, send: Send) -> Send:
        """Return a `send` that discards what was not read of the body.

        A client that still sends would see a reset instead of the response, and a proxy an error
        of its own. So a response waits for the end of a body that is not much too long. Any other
        body is discarded while its connection is closed.
        """
        closes = False

        async def send_and_discard(message: Message) -> None:
            nonlocal closes
            if message["type"] == "http.response.start" and not self._complete:
                if self._ends_soon:
                    await self._discard()
                if not self._complete:
                    closes = True
                    headers = [(k, v) for k, v in message["headers"] if k.lower() != b"connection"]
                    message = {**message, "headers": [*headers, (b"connection", b"close")]}
            elif closes and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await self._discard()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        return send_and_discard

    async def _next_part(self) -> bytes:
        message = await self._receive()
        if message["type"] != "http.request":
            raise DisconnectedError
        self._complete = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part

    async def _discard(self) -> None:
        if RequestBody._lingering >= MAX_LINGERING:
            return
        RequestBody._lingering += 1
        try:
            with anyio.move_on_after(LINGER_SECONDS), suppress(DisconnectedError):
                await self._next_part()
                while not self._complete:
                    await anyio.sleep(LINGER_PAUSE)
                    await self._next_part()
        finally:
            RequestBody._lingering -= 1
