"""Change notifications between replicas."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp.server.subscriptions import ResourceUpdated, ToolsListChanged
from support.redis_server import RedisServer
from support.waiting import until

from hostup_mcp.remote.changes import CHANNEL, SharedSubscriptionBus
from hostup_mcp.state.redis import connect

from .wiring import PATIENCE, SOON

pytestmark = pytest.mark.redis

URI = "hostup://vps/vps_1/backups"


@asynccontextmanager
async def replica(
    redis_server: RedisServer,
) -> AsyncIterator[tuple[SharedSubscriptionBus, list[Any]]]:
    """The bus of a replica, and the notifications that its listeners got."""
    redis = connect(redis_server.url)
    bus, received = SharedSubscriptionBus(redis), []
    bus.subscribe(received.append)
    try:
        async with bus.receiving():
            yield bus, received
    finally:
        await redis.aclose()


def subscribers(redis_server: RedisServer) -> int:
    return int(redis_server.do("PUBSUB", "NUMSUB", CHANNEL)[1])


async def test_change_reaches_every_replica(redis_server: RedisServer) -> None:
    with anyio.fail_after(PATIENCE):
        async with replica(redis_server) as (bus, here), replica(redis_server) as (_, there):
            await until(lambda: subscribers(redis_server) == 2)
            await bus.publish(ResourceUpdated(uri=URI))
            await until(lambda: here and there)
            await anyio.sleep(0.1)
    assert here == there == [ResourceUpdated(uri=URI)]


async def test_other_events_stay_local(redis_server: RedisServer) -> None:
    with anyio.fail_after(PATIENCE):
        async with replica(redis_server) as (bus, here), replica(redis_server) as (_, there):
            await until(lambda: subscribers(redis_server) == 2)
            await bus.publish(ToolsListChanged())
            await anyio.sleep(0.1)
    assert here == [ToolsListChanged()]
    assert there == []


async def test_redis_outage_and_recovery(
    own_redis: RedisServer,
) -> None:
    with anyio.fail_after(PATIENCE):
        async with replica(own_redis) as (bus, here), replica(own_redis) as (_, there):
            await until(lambda: subscribers(own_redis) == 2)
            own_redis.kill()
            began = time.monotonic()
            await bus.publish(ResourceUpdated(uri=URI))
            assert time.monotonic() - began < SOON
            assert here == [ResourceUpdated(uri=URI)]
            own_redis.start()
            await until(lambda: subscribers(own_redis) == 2)
            await bus.publish(ResourceUpdated(uri=URI))
            await until(lambda: there)


@pytest.mark.parametrize("text", ["not json", "{}", "[1]", "[" * 100_000, b"\xff", b"\xed\xa0\x80"])
async def test_unreadable_message_is_skipped(redis_server: RedisServer, text: str | bytes) -> None:
    """Another version of this product may publish other things on the same channel."""
    try:
        with anyio.fail_after(PATIENCE):
            async with replica(redis_server) as (bus, received):
                await until(lambda: subscribers(redis_server) == 1)
                redis_server.do("PUBLISH", CHANNEL, text)
                await anyio.sleep(0.1)
                while ResourceUpdated(uri=URI) not in received:
                    await bus.publish(ResourceUpdated(uri=URI))
                    await anyio.sleep(0.05)
    except ExceptionGroup:
        pytest.fail("the receiver ended, and would have taken the whole server with it")
