"""State that replicas share: the store, notifications and rate limits.

Needs the extra `replicas`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from limits.aio.storage import RedisStorage

from hostup_mcp.state.store import StateUnavailableError

if TYPE_CHECKING:  # the extra may be missing
    from redis.asyncio import Redis

    from hostup_mcp.state.redis import RedisState

log = logging.getLogger(__name__)

ANNOUNCED_SECONDS = 60
"""How long after its last announcement a replica counts as running."""


class StateError(Exception):
    """The address of the shared state is invalid; the message is one line without secrets."""


class SharedState:
    """The state that replicas share at `url`. `secrets` is this replica's ring of keys."""

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        from hostup_mcp.remote.changes import SharedSubscriptionBus
        from hostup_mcp.state.redis import RedisState, connect

        try:
            self.redis = connect(url)
        except ValueError:
            # The reason may quote part of the password.
            raise StateError("HOSTUP_MCP_STATE is not a valid redis:// address") from None
        self.store = RedisState(self.redis)
        self.changes = SharedSubscriptionBus(self.redis)
        self.limits = _Limits(self.redis, self.store)
        self.problem: str | None = None
        """What `compare_secrets` found, if anything."""
        self._own = [fingerprint(secret) for secret in secrets]

    async def compare_secrets(self) -> None:
        """Announce the key that this replica encrypts with, and compare it with other replicas'.

        A question that was encrypted with a key that is not in the ring cannot be finished here.
        """
        with suppress(StateUnavailableError):
            running = await self.store.announce(self._own[0], ANNOUNCED_SECONDS)
            problem = None
            if not set(running) <= set(self._own):
                problem = (
                    "another replica uses a HOSTUP_MCP_SECRET that this one does not have, so "
                    "questions asked there cannot be answered here"
                )
            if problem is not None and self.problem is None:
                log.warning(problem)
            self.problem = problem


class _Limits(RedisStorage):
    """Counts requests with the scripts of the library, sent together with those of the store."""

    def __init__(self, redis: Redis, store: RedisState) -> None:
        super().__init__(
            "redis://",
            implementation="redispy",
            key_prefix="hostup-mcp/limits",
            # The client gets it unchanged; only the declared type of keyword arguments is narrower.
            connection_pool=redis.connection_pool,  # type: ignore[arg-type]
        )
        self._store = store

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        keys = [
            self.bridge.prefixed_key(name)
            for name in (self._previous_window_key(key), self._current_window_key(key))
        ]
        script = self.bridge.SCRIPT_ACQUIRE_SLIDING_WINDOW.decode()
        return bool(await self._store.evaluate(script, keys, [limit, expiry, amount]))


def fingerprint(secret: str) -> str:
    """Return what may be stored of `secret`: equal for equal keys, and no way back to the key."""
    return hmac.new(secret.encode(), b"hostup-mcp: which key", hashlib.sha256).hexdigest()[:16]
