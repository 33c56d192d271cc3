"""Limits over HTTP, on one server and on two that count together."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest
from support.account import Upstream
from support.redis_server import RedisServer
from support.waiting import until

from .wiring import SECRET, Caller, calling, hold_responses, serving, threads, token_file


async def statuses(caller: Caller, count: int) -> list[int]:
    return [(await caller.post("tools/list")).status_code for _ in range(count)]


async def test_limits_are_per_caller(upstream: Upstream, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team", "night-team")
    limits = {"HOSTUP_MCP_CALLS_PER_MINUTE": "12", "HOSTUP_MCP_CALLS_AT_ONCE": "3"}
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path), **limits)
    with threads(env) as [server]:
        async with calling() as client:
            web, ops, night = (Caller(client, server.url, token) for token in tokens.values())

            # The window slides, so a few calls more may pass.
            seen = await statuses(web, 20)
            assert 12 <= seen.count(200) <= 15
            assert seen[-1] == 429
            over = await web.post("tools/list")
            assert 1 <= int(over.headers["retry-after"]) <= 120
            assert over.json()["error"] == "too_many_requests"
            assert await statuses(ops, 2) == [200] * 2

            released = hold_responses(upstream, "GET")
            responses: list[httpx.Response] = []

            async def call() -> None:
                responses.append(await night.post("tools/call", name="list_vps", arguments={}))

            async with anyio.create_task_group() as tasks:
                for _ in range(6):
                    tasks.start_soon(call)
                await until(lambda: len(responses) == 3, "calls over the limit are refused at once")
                assert await statuses(ops, 1) == [200], "other callers have their own slots"
                assert len(responses) == 3, "the others are still running"
                released.set()
            assert sorted(a.status_code for a in responses) == [200] * 3 + [429] * 3
            assert {a.headers["retry-after"] for a in responses if a.status_code == 429} == {"1"}
            assert await statuses(night, 1) == [200], "slots are free again"

            # Rejected requests do not count for any caller.
            assert await statuses(Caller(client, server.url, "wrong"), 20) == [401] * 20
            assert await statuses(ops, 1) == [200]


@pytest.mark.redis
async def test_replicas_count_together(
    upstream: Upstream, redis_server: RedisServer, tmp_path: Path
) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team")
    env = serving(
        upstream,
        HOSTUP_MCP_TOKENS=str(path),
        HOSTUP_MCP_STATE=redis_server.url,
        HOSTUP_MCP_SECRET=SECRET,
        HOSTUP_MCP_CALLS_PER_MINUTE="10",
    )
    with threads(env, env) as [one, other]:
        async with calling() as client:
            web, ops = (Caller(client, one.url, token) for token in tokens.values())
            taken = 0
            for _ in range(10):
                taken += (await statuses(web, 1)).count(200)
                taken += (await statuses(web.at(other.url), 1)).count(200)
            assert 10 <= taken <= 13, "ten, and a few more as the window slides"
            assert await statuses(ops, 2) == [200, 200]
        assert not any(tokens["web-team"] in key for key in redis_server.keys("*"))
        for key in redis_server.keys("hostup-mcp/limits*"):
            assert redis_server.do("TTL", key) > 0, "counters expire"
