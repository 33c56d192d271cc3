"""Limits as a caller meets them, on one server and on two that count together."""

from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest
from support.account import Upstream
from support.redis_server import RedisServer
from support.waiting import until

from hostup_mcp.sandbox import Fault

from .wiring import SECRET, Caller, calling, replicas, serving, token_file


async def statuses(caller: Caller, count: int) -> list[int]:
    return [(await caller.post("tools/list")).status_code for _ in range(count)]


async def test_limits_are_per_caller(upstream: Upstream, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team", "night-team")
    limits = {"HOSTUP_MCP_CALLS_PER_MINUTE": "12", "HOSTUP_MCP_CALLS_AT_ONCE": "3"}
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path), **limits)
    with replicas(tmp_path, env) as [replica]:
        async with calling() as client:
            web, ops, night = (Caller(client, replica.url, token) for token in tokens.values())

            # The window slides: what a minute ago no longer counts is free again.
            seen = await statuses(web, 20)
            assert 12 <= seen.count(200) <= 15
            assert seen[-1] == 429
            over = await web.post("tools/list")
            assert 1 <= int(over.headers["retry-after"]) <= 120
            assert over.json()["error"] == "too_many_requests"
            assert await statuses(ops, 2) == [200] * 2

            upstream.sandbox.faults.add(Fault("slow", path="/api/v2/vps", times=None, seconds=5))
            answers: list[httpx.Response] = []

            async def call() -> None:
                answers.append(await night.post("tools/call", name="list_vps", arguments={}))

            async with anyio.create_task_group() as tasks:
                for _ in range(6):
                    tasks.start_soon(call)
                await until(lambda: len(answers) == 3, "those without a place are told at once")
                assert await statuses(ops, 1) == [200], "a place of their own"
                assert len(answers) == 3, "the others are still at it"
            assert sorted(a.status_code for a in answers) == [200] * 3 + [429] * 3
            assert {a.headers["retry-after"] for a in answers if a.status_code == 429} == {"1"}
            upstream.sandbox.faults.clear()
            assert await statuses(night, 1) == [200], "places are free again"

            # Who is not let in does not use up what belongs to a caller.
            assert await statuses(Caller(client, replica.url, "wrong"), 20) == [401] * 20
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
    with replicas(tmp_path, env, env) as [one, other]:
        async with calling() as client:
            web, ops = (Caller(client, one.url, token) for token in tokens.values())
            taken = 0
            for _ in range(10):
                taken += (await statuses(web, 1)).count(200)
                taken += (await statuses(web.at(other.url), 1)).count(200)
            assert 10 <= taken <= 13, "ten, and what the window gave back meanwhile"
            assert await statuses(ops, 2) == [200, 200]
        assert not any(tokens["web-team"] in key for key in redis_server.keys("*"))
        for key in redis_server.keys("hostup-mcp/limits*"):
            assert redis_server.do("TTL", key) > 0, "what is counted expires"
