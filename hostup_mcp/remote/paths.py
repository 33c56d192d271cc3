"""Where the SDK's routes are stricter than clients are, or give no response at all."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEALTH_PATHS = ("/healthz", "/readyz")
"""Requested by probes, by any name of this server and without authentication."""

MESSAGES_PATH = "/messages"
"""Where clients over SSE send their requests; the SDK's own address ends in a slash."""


class SlashOptional:
    """ASGI middleware that treats `/mcp/` as `/mcp`.

    A redirect would name a scheme and a host as they are behind the proxy.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            path = scope["path"].rstrip("/")
            if path and not path.startswith(MESSAGES_PATH):
                scope = {**scope, "path": path}
        await self._app(scope, receive, send)


class NoResumption:
    """ASGI middleware that refuses to resume a stream, to which the SDK gives no response.

    No event has an id here, so there is none to go on from. As the specification has it for a
    server that cannot open a stream, the status is 405.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_responded = False

        async def watch(message: Message) -> None:
            nonlocal has_responded
            has_responded = True
            await send(message)

        await self._app(scope, receive, watch)
        if _resumes(scope) and not has_responded:
            error = {
                "code": -32600,
                "message": "Method Not Allowed: streams cannot be resumed here; "
                "send the request without Last-Event-ID",
            }
            response = JSONResponse(
                {"jsonrpc": "2.0", "id": None, "error": error}, 405, {"Allow": "POST, DELETE"}
            )
            await response(scope, receive, send)


class NoHead:
    """ASGI middleware that refuses HEAD at `path`: a stream that never ends would be opened."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("HEAD", self._path):
            await Response(status_code=405, headers={"Allow": "GET"})(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _resumes(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and any(name == b"last-event-id" for name, _ in scope["headers"])
    )
