"""Change notifications between replicas, over Redis."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated, ServerEvent
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from hostup_mcp.state.redis import PREFIX, REPLY_SECONDS, log_unavailable

log = logging.getLogger(__name__)

CHANNEL = f"{PREFIX}/changes"

_SKIPPED = "skipped a change notification that this version cannot read"


class SharedSubscriptionBus(InMemorySubscriptionBus):
    """A bus whose notifications reach the subscribers of every replica.

    `redis` comes from `hostup_mcp.state.redis.connect`; its owner closes it.
    """

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def publish(self, event: ServerEvent) -> None:
        """Notify all replicas including this one; only this one while Redis is unavailable."""
        if not isinstance(event, ResourceUpdated):
            await super().publish(event)
            return
        try:
            await self._redis.publish(CHANNEL, json.dumps({"uri": str(event.uri)}))
        except (RedisError, OSError) as error:
            log_unavailable(error)
            await super().publish(event)

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[None]:
        """Receive the notifications of all replicas inside this context."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._receive)
            yield
            group.cancel_scope.cancel()

    async def _receive(self) -> None:
        while True:
            async with self._redis.pubsub() as channel:
                try:
                    await self._receive_from(channel)
                except UnicodeDecodeError:
                    # The library would read the same message again on this connection.
                    log.warning(_SKIPPED)

    async def _receive_from(self, channel: PubSub) -> None:
        # After an error the library has reconnected and subscribed again if Redis is back, so this
        # connection is kept: a new one would miss the notifications until it is subscribed.
        while True:
            try:
                await channel.subscribe(CHANNEL)
                while True:
                    message = await channel.get_message(
                        ignore_subscribe_messages=True, timeout=REPLY_SECONDS
                    )
                    if message is not None:
                        await self._notify(message["data"])
            except (RedisError, OSError):
                await anyio.sleep(REPLY_SECONDS)

    async def _notify(self, text: str) -> None:
        try:
            uri = str(json.loads(text)["uri"])
        except (ValueError, KeyError, TypeError, RecursionError):
            log.warning(_SKIPPED)
            return
        await super().publish(ResourceUpdated(uri=uri))
