"""What a call needs: the account, the HostUp clients, the clock, the state, the audit log."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import httpx
from mcp.server.mcpserver import Context

from hostup_mcp.config import Group, Misconfigured, Settings
from hostup_mcp.hostup.http import Http, MakeTransport
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.caller import Account, caller, principal
from hostup_mcp.server.connections import Connections, connect, shared_throttle
from hostup_mcp.server.errors.failure import RefusalError, not_configured
from hostup_mcp.server.metrics import MetricsObserver
from hostup_mcp.server.refusals import Refusals
from hostup_mcp.server.writes.in_flight import WritesInFlight
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateStore, StateUnavailableError
from hostup_mcp.wording.viewer import Language, Viewer

if TYPE_CHECKING:  # each is loaded when it is first used
    from hostup_mcp.server.probe import Probe
    from hostup_mcp.server.writes.audit_log import AuditLog


class Services:
    """Everything that the tools of one server share.

    `account_of` returns a caller's account (by default that of the settings); it raises a
    `RefusalError` for a caller without one. `unlockable` are the groups of writing tools that are
    unlocked for any caller (by default those of the settings). `default_zone` and
    `default_language` return the time zone and the language of users for whom none was chosen.
    `reads` makes the transport for reads over the network, if it is not that of httpx.
    """

    def __init__(
        self,
        configuration: Settings | Misconfigured,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        state: StateStore | None = None,
        account_of: Callable[[str | None], Account] | None = None,
        unlockable: frozenset[Group] | None = None,
        metrics: MetricsObserver | None = None,
        default_zone: Callable[[], tzinfo] = lambda: UTC,
        default_language: Callable[[], Language] = lambda: Language.ENGLISH,
        reads: MakeTransport | None = None,
    ) -> None:
        settings = configuration if isinstance(configuration, Settings) else None
        self.configuration = configuration
        self.now = now
        self.state = InMemoryState() if state is None else state
        self.metrics = MetricsObserver() if metrics is None else metrics
        self.in_flight = WritesInFlight()
        self.refusals = Refusals()
        self.rehearsal_looks: dict[str, datetime] = {}
        self.unlockable = configuration.allow if unlockable is None else unlockable
        # A sealed question must not outlive the state that it is stored in.
        shared = settings.secrets if settings and settings.remote.state else ()
        self.keys: tuple[str | bytes, ...] = shared or (os.urandom(32),)
        self._account_of = account_of
        self._default_zone = default_zone
        self._default_language = default_language
        self._transport = transport
        self._reads = reads
        self._connections = Connections(self._connect)

    @cached_property
    def audit_log(self) -> AuditLog:
        """The audit log, which records writes."""
        from hostup_mcp.server.writes.audit_keys import signing_key
        from hostup_mcp.server.writes.audit_log import AuditLog

        settings = self.configuration
        if not isinstance(settings, Settings) or settings.audit_log is None:
            return AuditLog()
        return AuditLog(settings.audit_log, lambda: signing_key(settings))

    @cached_property
    def probe(self) -> Probe:
        """Tries ports of a restored server."""
        from hostup_mcp.server.probe import Probe

        settings = self.configuration
        return Probe(settings if isinstance(settings, Settings) else Settings(api_key=""))

    @property
    def unlocks_per_caller(self) -> bool:
        """Whether each caller has groups of their own, in the credentials file."""
        return self._account_of is not None

    @property
    def settings(self) -> Settings:
        """The configuration.

        Raises:
            RefusalError: the configuration is wrong.
        """
        if isinstance(self.configuration, Misconfigured):
            raise RefusalError(not_configured(self.configuration))
        return self.configuration

    @property
    def account(self) -> Account:
        """The current caller's account.

        Raises:
            RefusalError: they have none, or the configuration is wrong.
        """
        if self._account_of is not None:
            return self._account_of(principal())
        settings = self.settings
        return Account(settings.api_key, settings.allow, settings.zone, settings.language)

    def allowed(self) -> frozenset[Group]:
        """The groups of writing tools that are unlocked for the current caller."""
        try:
            return self.account.allow
        except RefusalError:
            return frozenset()

    @property
    def viewer(self) -> Viewer:
        """The current caller's user.

        Raises:
            RefusalError: they have no account, or the configuration is wrong.
        """
        account = self.account
        chosen = account.language
        return Viewer(
            account.zone or self._default_zone(),
            self._default_language() if chosen is None else Language(chosen),
            is_language_chosen=chosen is not None,
        )

    @property
    def base_url(self) -> str:
        """The HostUp whose servers these are; locks are per base URL and server."""
        return "sandbox" if self.settings.sandbox else self.settings.base_url

    def recovery_index(self, caller: str) -> str:
        """The subject under which the state keeps which restores `caller` has sent."""
        # The space keeps it apart from every server: no id has one.
        return f"{self.base_url} {caller}"

    @property
    def hostup(self) -> ReadingClient:
        """The reading client for the account of the current caller.

        Raises:
            RefusalError: they have none, or the configuration is wrong.
        """
        return ReadingClient(self._connection())

    def _connection(self) -> Http:
        """The connection of the current caller's account; only `writes/` may use it directly.

        Raises:
            RefusalError: they have none, or the configuration is wrong.
        """
        return self._connections.get(self.account.api_key)

    def _connect(self, api_key: str) -> Http:
        return connect(
            replace(self.settings, api_key=api_key),
            self._transport,
            self.now,
            shared_throttle(self.state, api_key),
            self.metrics.hostup_requested,
            reads=self._reads,
        )

    async def remember(self, ids: Mapping[str, str]) -> None:
        """Record that `ids` were returned to the current caller; does nothing without state."""
        with suppress(StateUnavailableError):
            await self.state.remember_ids(caller(), ids)

    @asynccontextmanager
    async def used(self) -> AsyncIterator[Services]:
        """Keep connections open; the last user closes them."""
        async with self._connections.used():
            yield self


Ctx: TypeAlias = Context[Services]


def services(ctx: Ctx) -> Services:
    """Return the services of the server that received this call."""
    return ctx.request_context.lifespan_context
