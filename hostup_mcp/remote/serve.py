"""Streamable HTTP and SSE on this machine, with Host and Origin checked."""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from typing import Literal

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette

from hostup_mcp.hostup.address import is_loopback

DRAIN_SECONDS = 3
"""How long open requests may take to finish after a signal to stop."""


@dataclass(frozen=True)
class Listen:
    """Where to listen; port 0 takes a free one."""

    transport: Literal["streamable-http", "sse"]
    host: str = "127.0.0.1"
    port: int = 8000


class CannotListen(Exception):
    """The address cannot be served; the message is one line that says why."""


def serve_http(server: MCPServer, listen: Listen) -> int:
    """Serve until a signal to stop; the exit code.

    Raises:
        CannotListen: not a loopback address, or it is taken.
    """
    if not is_loopback(listen.host):
        raise CannotListen(
            f"hostup-mcp serves HTTP to this machine only, and {listen.host} is not a loopback "
            "address. Use --host 127.0.0.1."
        )
    try:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        listener = socket.create_server((listen.host, listen.port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise CannotListen(
            f"cannot listen on {listen.host} port {listen.port}: {reason}."
        ) from None
    with listener:
        host = f"[{listen.host}]" if family == socket.AF_INET6 else listen.host
        path = "/mcp" if listen.transport == "streamable-http" else "/sse"
        address = f"http://{host}:{listener.getsockname()[1]}{path}"
        print(f"hostup-mcp serves {listen.transport} at {address}", file=sys.stderr, flush=True)  # noqa: T201
        config = uvicorn.Config(
            app(server, listen, host),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        anyio.run(uvicorn.Server(config).serve, [listener])
    return 0


def app(server: MCPServer, listen: Listen, host: str) -> Starlette:
    """The ASGI application for `listen`."""
    names = sorted({host, "127.0.0.1", "localhost", "[::1]"})
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[f"{name}:*" for name in names],
        allowed_origins=[f"http://{name}:*" for name in names],
    )
    if listen.transport == "sse":
        return server.sse_app(transport_security=security, host=listen.host)
    return server.streamable_http_app(transport_security=security, host=listen.host)
