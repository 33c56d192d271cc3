"""Connections to HostUp: one for each API key, opened when first used."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import httpx

from hostup_mcp.config import Settings
from hostup_mcp.hostup.http import Http, MakeTransport, Observer, Throttle
from hostup_mcp.state.store import StateStore, StateUnavailableError


class Connections:
    """The open connections of one server, by API key. `connect` opens one for a key."""

    def __init__(self, connect: Callable[[str], Http]) -> None:
        self._connect = connect
        self._open: dict[str, Http] = {}
        self._users = 0

    def get(self, api_key: str) -> Http:
        """Return the connection for `api_key`, opening one if there is none."""
        if api_key not in self._open:
            self._open[api_key] = self._connect(api_key)
        return self._open[api_key]

    @asynccontextmanager
    async def used(self) -> AsyncIterator[None]:
        """Keep connections open; the last user closes them.

        A server over SSE has one user for each client connection, any other server has one.
        """
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            if self._users == 0:
                connections, self._open = self._open, {}
                for connection in connections.values():
                    await connection.close()


def shared_throttle(state: StateStore, api_key: str) -> Throttle:
    """Return a throttle for `api_key` that all servers with the same `state` share.

    The state is given a hash of the key. While it is unavailable nothing is throttled.
    """
    name = f"limited/{hashlib.sha256(api_key.encode()).hexdigest()[:16]}"

    async def pause() -> float:
        with suppress(StateUnavailableError):
            return await state.seconds_locked(name)
        return 0.0

    async def limited(seconds: float) -> None:
        with suppress(StateUnavailableError):
            await state.acquire(name, seconds)

    return Throttle(pause, limited)


def connect(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    throttle: Throttle | None = None,
    observe: Observer | None = None,
    budget: float = 20.0,
    reads: MakeTransport | None = None,
) -> Http:
    """Open a connection to the account of `settings`: at HostUp, or in the sandbox.

    `budget` is in seconds, for one request with all its retries. `reads` makes the transport for
    reads over the network, if it is not that of httpx.
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
        reads=reads,
    )
