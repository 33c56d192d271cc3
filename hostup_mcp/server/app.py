"""`build_server()`: one server for stdio, streamable HTTP and SSE alike."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files

import httpx
from mcp.server import MCPServer
from mcp.server.apps import Apps, ResourceCsp
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity
from mcp.server.subscriptions import SubscriptionBus
from mcp.types import CallToolResult, Icon

from hostup_mcp import __version__
from hostup_mcp.config import Misconfigured, Settings
from hostup_mcp.server.completion import add_completion
from hostup_mcp.server.instructions import instructions
from hostup_mcp.server.late import LateParts
from hostup_mcp.server.panel import PANEL_URI, html
from hostup_mcp.server.protocol import (
    StrictServer,
    hide_panel,
    name_every_revision,
    refuse_cursors,
)
from hostup_mcp.server.registry import GROUPS, names
from hostup_mcp.server.services import Services
from hostup_mcp.server.subscriptions import drop_foreign_subscriptions


def build_server(
    configuration: Settings | Misconfigured,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> StrictServer:
    """Build the server for `configuration`; if it is invalid, each tool says why.

    `transport` and `now` stand in for the network and the clock.
    """
    return serve_with(Services(configuration, transport, now))


def panel() -> Apps:
    """Return the panel for hosts with MCP Apps. It needs no permissions and loads nothing."""
    apps = Apps()
    apps.add_html_resource(
        PANEL_URI,
        html(),
        name="recovery",
        title="Recovery panel",
        description="One server's backups, what they allow, and a plan to confirm by hand.",
        csp=ResourceCsp(connect_domains=[], resource_domains=[]),
        prefers_border=True,
    )
    return apps


def icon() -> Icon:
    """Return this server's icon. From 2026-07-28 on each response carries it, so it is tiny."""
    data = b64encode(files(__package__).joinpath("icon.png").read_bytes()).decode()
    return Icon(src=f"data:image/png;base64,{data}", mime_type="image/png", sizes=["64x64"])


def serve_with(
    services: Services,
    *,
    subscriptions: SubscriptionBus | None = None,
    token_verifier: TokenVerifier | None = None,
    auth: AuthSettings | None = None,
    is_late: bool = False,
) -> StrictServer:
    """Build the server that uses `services`; the rest is for serving over a network.

    Where it `is_late`, its tools, prompts and resources are built when they are first used.
    """

    @asynccontextmanager
    async def lifespan(_: MCPServer[Services]) -> AsyncIterator[Services]:
        async with services.used():
            yield services

    def is_open(name: str) -> bool:
        group = GROUPS.get(name)
        return group is None or group in services.allowed()

    def locked(name: str) -> CallToolResult | None:
        group = GROUPS.get(name)
        if group is None or is_open(name):
            return None
        from hostup_mcp.server.locked import refuse_locked

        return refuse_locked(services, name, group)

    def with_guidance(server: MCPServer[Services]) -> None:
        from hostup_mcp.server.guidance import add_guidance

        add_guidance(server, services)

    def all_tools() -> list[Tool]:
        from hostup_mcp.server.catalog import build_tools

        return build_tools(services.unlockable)

    server = StrictServer(
        is_listed=is_open,
        refuse_locked=locked,
        metrics=services.metrics,
        name="hostup-mcp",
        title="HostUp backups",
        description="HostUp servers, their backups, and whether a restore is possible and why.",
        version=__version__,
        instructions=instructions(services.unlockable),
        website_url="https://github.com/hostup-mcp/hostup-mcp",
        icons=[icon()],
        tools=None if is_late else all_tools(),
        late=LateParts(names(services.unlockable), with_guidance) if is_late else None,
        lifespan=lifespan,
        middleware=[
            refuse_cursors,
            hide_panel,
            name_every_revision,
            drop_foreign_subscriptions,
        ],
        extensions=[panel()],
        request_state_security=RequestStateSecurity(keys=services.keys),
        subscriptions=subscriptions,
        token_verifier=token_verifier,
        auth=auth,
        log_level="WARNING",
    )
    add_completion(server, services)
    if not is_late:
        with_guidance(server)
    return server
