"""Which hosts this server answers for, and which web pages may call it.

A browser sends the name that a page used to reach this server (`Host`) and where the page comes
from (`Origin`). Any other name may be one that an attacker points at this machine (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hostup_mcp.config import Remote
from hostup_mcp.hostup.address import Host, host_of_origin, read_host, read_origin
from hostup_mcp.hostup.text import quoted_briefly
from hostup_mcp.remote.bounded_log import LineBound
from hostup_mcp.remote.paths import HEALTH_PATHS
from hostup_mcp.remote.rejections import RejectionLog

PUBLIC_PATHS = (*HEALTH_PATHS, "/.well-known/")
"""Paths that probes and clients request by any name; they say nothing that is not public."""

READABLE_HEADERS = ("Mcp-Session-Id", "MCP-Protocol-Version", "WWW-Authenticate", "Retry-After")
"""Headers of responses that a web page may read."""

PREFLIGHT_SECONDS = 600
"""How long a browser remembers that it may send a request."""

MOST_LINES = 20
"""Refusals logged in a minute: anybody can send any number of different names."""


def origin_middleware(remote: Remote, host: str) -> list[Middleware]:
    """Return the middleware for a server that listens on `host`, outermost first.

    Preflight requests of browsers have no credentials, so it comes before authentication.
    """
    checks = [Middleware(OriginGuard, refusal=refusal_for(remote, host))]
    if remote.allowed_origins:
        checks.append(
            Middleware(
                CORSMiddleware,
                allow_origins=remote.allowed_origins,
                allow_methods=("GET", "POST", "DELETE"),
                # Those that a page asks for: `Mcp-Param-*` has no fixed names.
                allow_headers=("*",),
                expose_headers=READABLE_HEADERS,
                max_age=PREFLIGHT_SECONDS,
            )
        )
    return checks


def refusal_for(remote: Remote, host: str) -> Callable[[str, str | None], Response | None]:
    """Return a function that refuses a `Host` or an `Origin`; it returns None if both are fine."""
    # Its own: strangers must not take the place of lines about callers.
    rejections = RejectionLog(LineBound(most_lines=MOST_LINES))
    names = {_bracketed(host), "127.0.0.1", "localhost", "[::1]", socket.gethostname()}
    local = {Host(name.lower(), "*") for name in names} | set(remote.allowed_hosts)
    hosts, origins = set(local), set(remote.allowed_origins)
    if remote.public_url:
        public = urlsplit(remote.public_url)
        hosts |= {known for known in [read_host(public.netloc)] if known}
        origins |= {known for known in [read_origin(f"{public.scheme}://{public.netloc}")] if known}

    def is_allowed(origin: str) -> bool:
        known = read_origin(origin)
        return known is not None and (known in origins or _is_in(local, host_of_origin(known)))

    def refused(status: int, message: str) -> Response:
        rejections.note(message)
        return PlainTextResponse(f"{message}\n", status)

    def refuse(host: str, origin: str | None) -> Response | None:
        if not _is_in(hosts, read_host(host)):
            return refused(
                421,
                f"The host {quoted_briefly(host, 100)} is not one of this server's. If it is a "
                "name of this server, add it to HOSTUP_MCP_ALLOWED_HOSTS.",
            )
        if origin and not is_allowed(origin):
            return refused(
                403,
                f"Web pages of {quoted_briefly(origin, 100)} may not call this server. To allow "
                "them, add this origin to HOSTUP_MCP_ALLOWED_ORIGINS.",
            )
        return None

    return refuse


class OriginGuard:
    """ASGI middleware that refuses requests by their `Host` and `Origin`, and says why."""

    def __init__(self, app: ASGIApp, refusal: Callable[[str, str | None], Response | None]) -> None:
        self._app = app
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = None
        if scope["type"] == "http" and not scope["path"].startswith(PUBLIC_PATHS):
            headers = Headers(scope=scope)
            refused = self._refusal(headers.get("host", ""), headers.get("origin"))
        await (refused or self._app)(scope, receive, send)


def _is_in(allowed: set[Host], host: Host | None) -> bool:
    return (
        host is not None
        and host.port != "*"
        and not allowed.isdisjoint((host, Host(host.name, "*")))
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
