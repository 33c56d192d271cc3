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
async def replica(engine: RedisServer) -> AsyncIterator[tuple[SharedSubscriptionBus, list[Any]]]:
    """The bus of a replica, and the notifications that its listeners got."""
    redis = connect(engine.url)
    bus, received = SharedSubscriptionBus(redis), []
    bus.subscribe(received.append)
    try:
        async with bus.receiving():
            yield bus, received
    finally:
        await redis.aclose()


def subscribers(engine: RedisServer) -> int:
    return int(engine.do("PUBSUB", "NUMSUB", CHANNEL)[1])


async def test_change_reaches_every_replica(engine: RedisServer) -> None:
    with anyio.fail_after(PATIENCE):
        async with replica(engine) as (bus, here), replica(engine) as (_, there):
            await until(lambda: subscribers(engine) == 2)
            await bus.publish(ResourceUpdated(uri=URI))
            await until(lambda: here and there)
            await anyio.sleep(0.1)
    assert here == there == [ResourceUpdated(uri=URI)]


async def test_other_events_stay_local(engine: RedisServer) -> None:
    with anyio.fail_after(PATIENCE):
        async with replica(engine) as (bus, here), replica(engine) as (_, there):
            await until(lambda: subscribers(engine) == 2)
            await bus.publish(ToolsListChanged())
            await anyio.sleep(0.1)
    assert here == [ToolsListChanged()]
    assert there == []


async def test_redis_outage_and_recovery(
    own_engine: RedisServer,
) -> None:
    with anyio.fail_after(PATIENCE):
        async with replica(own_engine) as (bus, here), replica(own_engine) as (_, there):
            await until(lambda: subscribers(own_engine) == 2)
            own_engine.kill()
            began = time.monotonic()
            await bus.publish(ResourceUpdated(uri=URI))
            assert time.monotonic() - began < SOON
            assert here == [ResourceUpdated(uri=URI)]
            own_engine.start()
            await until(lambda: subscribers(own_engine) == 2)
            await bus.publish(ResourceUpdated(uri=URI))
            await until(lambda: there)


@pytest.mark.parametrize("text", ["not json", "{}"])
async def test_unreadable_message_is_skipped(engine: RedisServer, text: str) -> None:
    """Another version of this product may publish other things on the same channel."""
    try:
        with anyio.fail_after(PATIENCE):
            async with replica(engine) as (bus, received):
                await until(lambda: subscribers(engine) == 1)
                engine.do("PUBLISH", CHANNEL, text)
                await anyio.sleep(0.1)
                await bus.publish(ResourceUpdated(uri=URI))
                await until(lambda: ResourceUpdated(uri=URI) in received)
    except ExceptionGroup:
        pytest.fail("the receiver ended, and would have taken the whole server with it")
