"""State that replicas share: the store, notifications and rate limits.

Needs the extra `replicas`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from contextlib import suppress

from limits.aio.storage import Storage

from hostup_mcp.state.store import StateUnavailableError

log = logging.getLogger(__name__)

ANNOUNCED_SECONDS = 60
"""How long after its last announcement a replica counts as running."""


class StateError(Exception):
    """The address of the shared state is invalid; the message is one line without secrets."""


class SharedState:
    """The state that replicas share at `url`. `secrets` is this replica's ring of keys."""

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        from limits.aio.storage import RedisStorage

        from hostup_mcp.remote.changes import SharedSubscriptionBus
        from hostup_mcp.state.redis import RedisState, connect

        try:
            self.redis = connect(url)
        except ValueError:
            # The reason may quote part of the password.
            raise StateError("HOSTUP_MCP_STATE is not a valid redis:// address") from None
        self.store = RedisState(self.redis)
        self.changes = SharedSubscriptionBus(self.redis)
        self.limits: Storage = RedisStorage(
            "redis://",
            implementation="redispy",
            key_prefix="hostup-mcp/limits",
            # The client gets it unchanged; only the declared type of keyword arguments is narrower.
            connection_pool=self.redis.connection_pool,  # type: ignore[arg-type]
        )
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


def fingerprint(secret: str) -> str:
    """Return what may be stored of `secret`: equal for equal keys, and no way back to the key."""
    return hmac.new(secret.encode(), b"hostup-mcp: which key", hashlib.sha256).hexdigest()[:16]
