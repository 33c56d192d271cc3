"""What the tools work with: the account, the clock, and what is remembered between calls."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

import httpx
from mcp.server.mcpserver import Context

from hostup_mcp.config import Group, Misconfigured, Settings
from hostup_mcp.hostup.client import HostUpClient
from hostup_mcp.hostup.http import Http
from hostup_mcp.server import failures
from hostup_mcp.server.memory import InMemory, Memory
from hostup_mcp.server.plans import PlanSealer
from hostup_mcp.server.trail import Trail

LOCAL = "local"
"""The one caller of a server that only this machine can reach."""


@dataclass
class Services:
    """One server's means. Connections are opened at first use, and closed with the last user."""

    configuration: Settings | Misconfigured
    transport: httpx.AsyncBaseTransport | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    memory: Memory = field(default_factory=InMemory)
    keys: tuple[str | bytes, ...] = field(default_factory=lambda: (os.urandom(32),), repr=False)
    _client: HostUpClient | None = None
    _users: int = 0

    def __post_init__(self) -> None:
        known = self.configuration if isinstance(self.configuration, Settings) else None
        self.plans = PlanSealer(self.keys)
        self.trail = Trail(known.audit_log if known is not None else None)

    @property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            Refusal: it cannot be worked with.
        """
        if isinstance(self.configuration, Misconfigured):
            raise failures.Refusal(failures.not_configured(self.configuration))
        return self.configuration

    def allowed(self) -> frozenset[Group]:
        """The groups of writing tools that are unlocked."""
        known = self.configuration
        return known.allow if isinstance(known, Settings) else frozenset()

    @property
    def hostup(self) -> HostUpClient:
        """The account.

        Raises:
            Refusal: the configuration cannot be worked with.
        """
        if self._client is None:
            self._client = connect(self.settings, self.transport, self.now)
        return self._client

    @asynccontextmanager
    async def used(self) -> AsyncIterator[Services]:
        """Hold the connections open. A server on SSE has a user per connection, others just one."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            if self._users == 0 and self._client is not None:
                client, self._client = self._client, None
                await client.close()


Ctx: TypeAlias = Context[Services]


def services(ctx: Ctx) -> Services:
    """The services of the server that this call came to."""
    return ctx.request_context.lifespan_context


def caller() -> str:
    """Who calls: what is remembered for one caller is worth nothing to another."""
    return LOCAL


def connect(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> HostUpClient:
    """A client for the account of `settings`: HostUp's, or the embedded one."""
    if settings.sandbox:
        from hostup_mcp.sandbox import IN_A_HURRY, SANDBOX_API_KEY, Sandbox

        embedded = transport or Sandbox(durations=IN_A_HURRY).transport()
        return HostUpClient(Http("http://localhost", SANDBOX_API_KEY, transport=embedded, now=now))
    return HostUpClient(Http(settings.base_url, settings.api_key, transport=transport, now=now))
