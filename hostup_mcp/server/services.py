"""What the tools work with: the account, the clock, and what is remembered between calls."""

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
from hostup_mcp.hostup.client import HostUpClient
from hostup_mcp.hostup.http import Http, Observer, Throttle
from hostup_mcp.server import failures
from hostup_mcp.server.memory import InMemory, Memory, MemoryAway
from hostup_mcp.server.plans import PlanSealer
from hostup_mcp.server.trail import Trail

LOCAL = "local"
"""The one caller of a server that only this machine can reach."""


@dataclass(frozen=True)
class Account:
    """Whose servers a caller works on, and what they may change there."""

    api_key: str = field(repr=False)
    allow: frozenset[Group] = frozenset()


class Watch:
    """Told what happens, for those who count it. Here it does nothing."""

    def called(self, tool: str, outcome: str, seconds: float) -> None:
        """A tool answered."""

    def asked_hostup(self, method: str, outcome: str, seconds: float) -> None:
        """HostUp answered, or did not."""


@dataclass
class Services:
    """One server's means. Connections are opened at first use, and closed with the last user.

    `account_of` tells a caller's account (the one of the settings where it is not given); it
    raises a `Refusal` for a caller without one.
    """

    configuration: Settings | Misconfigured
    transport: httpx.AsyncBaseTransport | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    memory: Memory = field(default_factory=InMemory)
    account_of: Callable[[str | None], Account] | None = None
    unlockable: frozenset[Group] | None = None
    watch: Watch = field(default_factory=Watch)
    _clients: dict[str, HostUpClient] = field(default_factory=dict, repr=False)
    _users: int = 0

    def __post_init__(self) -> None:
        known = self.configuration if isinstance(self.configuration, Settings) else None
        # What was used up is remembered no longer than the memory lasts; nor may seals be good.
        given = known.secrets if known is not None and self.memory.shared else ()
        self.keys: tuple[str | bytes, ...] = given or (os.urandom(32),)
        self.plans = PlanSealer(self.keys)
        self.trail = Trail(known.audit_log if known is not None else None)
        if self.unlockable is None:
            self.unlockable = known.allow if known is not None else frozenset()

    @property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            Refusal: it cannot be worked with.
        """
        if isinstance(self.configuration, Misconfigured):
            raise failures.Refusal(failures.not_configured(self.configuration))
        return self.configuration

    @property
    def account(self) -> Account:
        """The account of the one who calls.

        Raises:
            Refusal: they have none, or the configuration cannot be worked with.
        """
        if self.account_of is not None:
            return self.account_of(principal())
        return Account(self.settings.api_key, self.settings.allow)

    def allowed(self) -> frozenset[Group]:
        """The groups of writing tools that are unlocked for the one who calls."""
        try:
            return self.account.allow
        except failures.Refusal:
            return frozenset()

    @property
    def hostup(self) -> HostUpClient:
        """HostUp, as seen by the account of the one who calls.

        Raises:
            Refusal: they have none, or the configuration cannot be worked with.
        """
        key = self.account.api_key
        if key not in self._clients:
            self._clients[key] = self._connect(key)
        return self._clients[key]

    def _connect(self, api_key: str) -> HostUpClient:
        settings = replace(self.settings, api_key=api_key)
        name = f"limited/{hashlib.sha256(api_key.encode()).hexdigest()[:16]}"

        async def pause() -> float:
            with suppress(MemoryAway):
                return await self.memory.held(name)
            return 0.0

        async def limited(seconds: float) -> None:
            with suppress(MemoryAway):
                await self.memory.claim(name, seconds)

        return connect(
            settings, self.transport, self.now, Throttle(pause, limited), self.watch.asked_hostup
        )

    async def remember(self, ids: Mapping[str, str]) -> None:
        """Note that the one who calls was given `ids`; an answer does not fail for that."""
        with suppress(MemoryAway):
            await self.memory.remember(caller(), ids)

    @asynccontextmanager
    async def used(self) -> AsyncIterator[Services]:
        """Hold the connections open. A server on SSE has a user per connection, others just one."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            if self._users == 0:
                clients, self._clients = self._clients, {}
                for client in clients.values():
                    await client.close()


Ctx: TypeAlias = Context[Services]


def services(ctx: Ctx) -> Services:
    """The services of the server that this call came to."""
    return ctx.request_context.lifespan_context


def caller() -> str:
    """Who calls: what is remembered for one caller is worth nothing to another."""
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
) -> HostUpClient:
    """A client for the account of `settings`: HostUp's, or the embedded one.

    `budget` is in seconds, for one call with all its retries.
    """
    base_url, api_key = settings.base_url, settings.api_key
    if settings.sandbox:
        from hostup_mcp.sandbox import IN_A_HURRY, SANDBOX_API_KEY, Sandbox

        base_url, api_key = "http://localhost", SANDBOX_API_KEY
        transport = transport or Sandbox(durations=IN_A_HURRY).transport()
    return HostUpClient(
        Http(
            base_url,
            api_key,
            transport=transport,
            budget=budget,
            now=now,
            throttle=throttle,
            observe=observe,
        )
    )
