"""What replicas share, in Redis or Valkey: ids given out, plans used, writes under way, news.

Every call is bounded in time. When the engine is away, ids that this replica gave out itself are
still known here; everything else raises `MemoryAway`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar, cast

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated, ServerEvent
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hostup_mcp.server.memory import MOST_IDS, InMemory, MemoryAway

log = logging.getLogger(__name__)
T = TypeVar("T")

ID_SECONDS = 24 * 3600
"""How long an id that was given out stays known after the caller's last call."""

ENGINE_SECONDS = 1.0
"""How long the engine may take for one answer."""

MOST_CONNECTIONS = 50
"""Connections to the engine at once; a call that finds none free waits for one."""

MOST_HOLDS = 10_000

_PREFIX = "hostup-mcp"
_NEWS = f"{_PREFIX}/news"
_ERA = f"{_PREFIX}/era"

# Gives a claim back only if it is still this holder's.
_RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""


def connect(url: str) -> Redis:
    """A client for the engine at `url` that never hangs."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=ENGINE_SECONDS,
        decode_responses=True,
        socket_timeout=ENGINE_SECONDS,
        socket_connect_timeout=ENGINE_SECONDS,
        # A retry would make every call of an outage wait; the next call tries again anyway.
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


class InRedis:
    """`Memory` for many replicas."""

    shared = True

    def __init__(self, redis: Redis, most_ids: int = MOST_IDS) -> None:
        self._redis = redis
        self._most_ids = most_ids
        self._own = InMemory(most_ids=most_ids)
        self._holds: OrderedDict[str, str] = OrderedDict()
        self._release = redis.register_script(_RELEASE)

    async def remember(self, caller: str, ids: Mapping[str, str]) -> None:
        await self._own.remember(caller, ids)
        if not ids:
            return
        notes, order = _keys(caller)
        now = time.time()
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(notes, items=[part for pair in ids.items() for part in pair])
            pipe.zadd(order, {id_: now + n / 1e6 for n, id_ in enumerate(ids)})
            pipe.expire(notes, ID_SECONDS)
            pipe.expire(order, ID_SECONDS)
            pipe.zrange(order, 0, -self._most_ids - 1)
            overflow = (await _reached(pipe.execute()))[-1]
        if overflow:
            await _reached(self._redis.hdel(notes, *overflow))
            await _reached(self._redis.zrem(order, *overflow))

    async def recall(self, caller: str, id_: str) -> str | None:
        notes, order = _keys(caller)
        try:
            note = await _reached(self._redis.hget(notes, id_))
        except MemoryAway:
            if (own := await self._own.recall(caller, id_)) is not None:
                return own
            raise
        if note is not None:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.zadd(order, {id_: time.time()}, xx=True)
                pipe.expire(notes, ID_SECONDS)
                pipe.expire(order, ID_SECONDS)
                await _reached(pipe.execute())
        return cast("str | None", note)

    async def given_to(self, caller: str) -> list[str]:
        _, order = _keys(caller)
        given = await _reached(self._redis.zrange(order, 0, -1))
        return [str(id_) for id_ in given]

    async def claim(self, name: str, seconds: float) -> bool:
        token = secrets.token_hex(8)
        milliseconds = max(1, int(seconds * 1000))
        taken = await _reached(self._redis.set(_claim(name), token, nx=True, px=milliseconds))
        if taken:
            self._holds[name] = token
            # Plans are never given back; only the latest claims have to be known.
            if len(self._holds) > MOST_HOLDS:
                self._holds.popitem(last=False)
        return bool(taken)

    async def held(self, name: str) -> float:
        left = int(await _reached(self._redis.pttl(_claim(name))))
        return max(0.0, left / 1000)

    async def release(self, name: str) -> None:
        token = self._holds.pop(name, None)
        if token is not None:
            await _reached(self._release(keys=[_claim(name)], args=[token]))

    async def era(self) -> str:
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_ERA, secrets.token_hex(8), nx=True)
            pipe.expire(_ERA, ID_SECONDS)
            pipe.get(_ERA)
            return str((await _reached(pipe.execute()))[-1])

    async def is_there(self) -> bool:
        """Whether the engine answers now, and takes what it is given."""
        try:
            await self.era()
        except MemoryAway:
            return False
        return True


class News(InMemorySubscriptionBus):
    """Change notifications that reach the listeners of every replica."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def publish(self, event: ServerEvent) -> None:
        """Tell all replicas, this one included; only this one while the engine is away."""
        if not isinstance(event, ResourceUpdated):
            await super().publish(event)
            return
        try:
            await _reached(self._redis.publish(_NEWS, json.dumps({"uri": str(event.uri)})))
        except MemoryAway:
            await super().publish(event)

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Listen to the other replicas while this is open."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._listen)
            yield
            group.cancel_scope.cancel()

    async def _tell(self, text: str) -> None:
        try:
            uri = str(json.loads(text)["uri"])
        except (ValueError, KeyError, TypeError):
            log.warning("news of another version of this server was skipped")
            return
        await super().publish(ResourceUpdated(uri=uri))

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(_NEWS)
                    while True:
                        message = await channel.get_message(
                            ignore_subscribe_messages=True, timeout=ENGINE_SECONDS
                        )
                        if message is not None:
                            await self._tell(message["data"])
            except (RedisError, OSError, TimeoutError):
                await anyio.sleep(ENGINE_SECONDS)


def _keys(caller: str) -> tuple[str, str]:
    who = hashlib.sha256(caller.encode()).hexdigest()[:32]
    return f"{_PREFIX}/ids/{{{who}}}/notes", f"{_PREFIX}/ids/{{{who}}}/order"


def _claim(name: str) -> str:
    return f"{_PREFIX}/claims/{name}"


async def _reached(answer: Awaitable[T]) -> T:
    try:
        return await answer
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("the shared state is away: %s", type(error).__name__)
        raise MemoryAway from None
