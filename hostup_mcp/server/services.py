"""What a call works with: the configuration, the connections to HostUp, the clock, the state."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias

import httpx
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import principal_components
from mcp.server.mcpserver import Context

from hostup_mcp.config import Group, Misconfigured, Settings
from hostup_mcp.hostup.http import Http, Observer, Throttle
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.errors.failure import RefusalError, not_configured
from hostup_mcp.server.writes.audit_log import AuditLog
from hostup_mcp.server.writes.in_flight import WritesInFlight
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateStore, StateUnavailableError

LOCAL = "local"
"""The one caller of a server that only this machine can reach."""


@dataclass(frozen=True)
class Account:
    """The HostUp account that a caller works on, and what they may change there."""

    api_key: str = field(repr=False)
    allow: frozenset[Group] = frozenset()


class MetricsObserver:
    """No-op metrics observer; subclass it to record events."""

    def tool_called(self, tool: str, outcome: str, seconds: float) -> None:
        """A tool returned a result."""

    def hostup_requested(self, method: str, outcome: str, seconds: float) -> None:
        """A request to HostUp ended."""


@dataclass
class Services:
    """Everything that one server works with. Connections are opened when first used.

    `account_of` returns a caller's account (that of the settings if it is not given); it raises a
    `RefusalError` for a caller without one.
    """

    configuration: Settings | Misconfigured
    transport: httpx.AsyncBaseTransport | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    state: StateStore = field(default_factory=InMemoryState)
    account_of: Callable[[str | None], Account] | None = None
    unlockable: frozenset[Group] | None = None
    metrics: MetricsObserver = field(default_factory=MetricsObserver)
    in_flight: WritesInFlight = field(default_factory=WritesInFlight)
    _connections: dict[str, Http] = field(default_factory=dict, repr=False)
    _users: int = 0

    def __post_init__(self) -> None:
        known = self.configuration if isinstance(self.configuration, Settings) else None
        # A question is good no longer than the state that it is stored in; nor may its seal be.
        given = known.secrets if known is not None and known.remote.state else ()
        self.keys: tuple[str | bytes, ...] = given or (os.urandom(32),)
        self.audit_log = AuditLog(known.audit_log if known is not None else None)
        if self.unlockable is None:
            self.unlockable = known.allow if known is not None else frozenset()

    @property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            RefusalError: the server cannot work with it.
        """
        if isinstance(self.configuration, Misconfigured):
            raise RefusalError(not_configured(self.configuration))
        return self.configuration

    @property
    def account(self) -> Account:
        """The account of the current caller.

        Raises:
            RefusalError: they have none, or the server cannot work with its configuration.
        """
        if self.account_of is not None:
            return self.account_of(principal())
        return Account(self.settings.api_key, self.settings.allow)

    def allowed(self) -> frozenset[Group]:
        """The groups of writing tools that are unlocked for the current caller."""
        try:
            return self.account.allow
        except RefusalError:
            return frozenset()

    @property
    def base_url(self) -> str:
        """The HostUp whose servers these are; locks are per base URL and server."""
        return "sandbox" if self.settings.sandbox else self.settings.base_url

    @property
    def hostup(self) -> ReadingClient:
        """HostUp as the account of the current caller sees it, for reading.

        Raises:
            RefusalError: they have none, or the server cannot work with its configuration.
        """
        return ReadingClient(self._connection())

    def _connection(self) -> Http:
        """The connection of the current caller's account.

        Raises:
            RefusalError: they have none, or the server cannot work with its configuration.
        """
        key = self.account.api_key
        if key not in self._connections:
            self._connections[key] = self._connect(key)
        return self._connections[key]

    def _connect(self, api_key: str) -> Http:
        settings = replace(self.settings, api_key=api_key)
        name = f"limited/{hashlib.sha256(api_key.encode()).hexdigest()[:16]}"

        async def pause() -> float:
            with suppress(StateUnavailableError):
                return await self.state.seconds_locked(name)
            return 0.0

        async def limited(seconds: float) -> None:
            with suppress(StateUnavailableError):
                await self.state.acquire(name, seconds)

        throttle = Throttle(pause, limited)
        return connect(settings, self.transport, self.now, throttle, self.metrics.hostup_requested)

    async def remember(self, ids: Mapping[str, str]) -> None:
        """Record that the current caller was given `ids`; a result does not fail for that."""
        with suppress(StateUnavailableError):
            await self.state.remember_ids(caller(), ids)

    @asynccontextmanager
    async def used(self) -> AsyncIterator[Services]:
        """Hold the connections open. A server over SSE has a user per connection, others one."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            if self._users == 0:
                connections, self._connections = self._connections, {}
                for connection in connections.values():
                    await connection.close()


Ctx: TypeAlias = Context[Services]


def services(ctx: Ctx) -> Services:
    """The services of the server that this call came to."""
    return ctx.request_context.lifespan_context


def caller() -> str:
    """The current caller: what is stored for one caller is of no use to another."""
    token = get_access_token()
    if token is None:
        return LOCAL
    client, issuer, subject = principal_components(token)
    return client if subject is None else json.dumps([subject, client, issuer])


def principal() -> str | None:
    """The name that an account is looked up by: of the token, or the subject of the JWT."""
    token = get_access_token()
    return None if token is None else token.subject or token.client_id


def connect(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    throttle: Throttle | None = None,
    observe: Observer | None = None,
    budget: float = 20.0,
) -> Http:
    """A connection to the account of `settings`: at HostUp, or in the sandbox.

    `budget` is in seconds, for one request with all its retries.
    """
    base_url, api_key = settings.base_url, settings.api_key
    if settings.sandbox:
        from hostup_mcp.sandbox import FAST_DURATIONS, SANDBOX_API_KEY, Sandbox

        base_url, api_key = "http://localhost", SANDBOX_API_KEY
        transport = transport or Sandbox(durations=FAST_DURATIONS).transport()
    return Http(
        base_url,
        api_key,
        transport=transport,
        budget=budget,
        now=now,
        throttle=throttle,
        observe=observe,
    )
