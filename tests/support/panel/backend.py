"""The real server on a sandbox account, as the host page reaches it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp import Client
from mcp.client.extension import advertise
from mcp.types import TextResourceContents

from hostup_mcp.config import Group, Settings
from hostup_mcp.sandbox import Account, Durations, Sandbox
from hostup_mcp.server.app import build_server

QUICK = Durations(backup=2.0, restore=3.0, snapshot=1.0, boot=0.5)
ALL = frozenset(Group)


class Backend:
    """A server, its account, and a client such as a host has: no elicitation, but MCP Apps."""

    def __init__(
        self,
        *,
        allow: frozenset[Group] = ALL,
        durations: Durations = QUICK,
        account: Account | None = None,
        language: str | None = None,
    ) -> None:
        self.sandbox = Sandbox(account, durations=durations)
        self.ahead = timedelta()
        """How far the server's clock runs ahead of the browser's."""
        self.server = build_server(
            Settings("k", sandbox=True, allow=allow, language=language),
            transport=self.sandbox.transport(),
            now=lambda: datetime.now(UTC) + self.ahead,
        )
        self.changed: dict[str, dict[str, Any]] = {}
        """Answers to give instead of the server's, by tool."""
        self._client: Client | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Backend]:
        """Connected, and the servers listed as an assistant would do first."""
        apps = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=mcp-app"]})
        async with Client(self.server, extensions=[apps]) as self._client:
            await self.call("list_vps", {"limit": 100})
            yield self

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """A tool's result as it goes over the wire."""
        if name in self.changed:
            return self.changed[name]
        assert self._client is not None
        result = await self._client.call_tool(name, arguments)
        wire = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        data = result.structured_content
        # Nulls in the data are facts; only the envelope is written without them.
        return wire if data is None else {**wire, "structuredContent": data}

    async def panel(self) -> str:
        """The panel, as a host reads it from the server."""
        assert self._client is not None
        (content,) = (await self._client.read_resource("ui://hostup/recovery")).contents
        assert isinstance(content, TextResourceContents)
        assert content.mime_type == "text/html;profile=mcp-app"
        return content.text

    def vps_id(self, name: str) -> str:
        """The id of the server with this name."""
        return self.sandbox.state.by_name(name).id

    @property
    def writes(self) -> list[str]:
        """The paths of all writing requests so far."""
        return [request.path for request in self.sandbox.writes]
