"""Requests with an invalid id, which the SDK would take for notifications, get an error."""

from __future__ import annotations

import json
import re

from pydantic_core import from_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hostup_mcp.server.protocol import INVALID_ID, has_invalid_id

_PERHAPS = re.compile(rb'"id"\s*:\s*(?:null|true|false|\[|\{|-?\d+[.eE])')
"""In every body with such an id, and in few others."""

_ERROR = json.dumps(
    {"jsonrpc": "2.0", "id": None, "error": INVALID_ID.model_dump(exclude_none=True)}
).encode()


class RejectInvalidIds:
    """ASGI middleware inside `CallerLimits`, which hands a body on in one piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        first = await receive()
        if _is_invalid(first.get("body", b"")):
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 400, "headers": headers})
            await send({"type": "http.response.body", "body": _ERROR})
            return
        given = False

        async def receive_again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return first

        await self._app(scope, receive_again, send)


def _is_invalid(body: bytes) -> bool:
    if _PERHAPS.search(body) is None:
        return False
    try:
        return has_invalid_id(from_json(body))
    except ValueError:
        return False  # the SDK says what is wrong
