"""Two replicas that share Redis: either can handle any request, and no write is sent twice."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest
from redis import Redis
from support.account import Upstream
from support.product import ServerProcess
from support.redis_server import RedisServer
from support.waiting import until

from hostup_mcp.cli import main
from hostup_mcp.remote import serve
from hostup_mcp.sandbox import SANDBOX_API_KEY, Fault
from hostup_mcp.server.writes.pipeline import LOCK_SECONDS

from .wiring import (
    SECRET,
    SOON,
    Caller,
    Result,
    RoundRobin,
    calling,
    headers_for,
    hold_responses,
    message,
    parse,
    replicas,
    serving,
    threads,
    token_file,
)

pytestmark = pytest.mark.redis

RESTORE = "*/actions/restore"


@dataclass
class Fleet:
    """Two replicas and the proxy before them."""

    one: ServerProcess
    other: ServerProcess
    proxy: RoundRobin
    tokens: dict[str, str]
    upstream: Upstream
    env: dict[str, str]

    @property
    def url(self) -> str:
        return f"{self.proxy.url}/mcp"

    @property
    def token(self) -> str:
        return self.tokens["web-team"]


def environment_of(upstream: Upstream, redis_server: RedisServer, **more: str) -> dict[str, str]:
    shared = {"HOSTUP_MCP_STATE": redis_server.url, "HOSTUP_MCP_SECRET": SECRET}
    return serving(upstream, HOSTUP_MCP_ALLOW="all", **{**shared, **more})


@pytest.fixture(scope="module")
def fleet_of_module(
    upstream_of_worker: Upstream,
    redis_of_worker: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("replicas")
    path, tokens = token_file(folder, "web-team", "ops-team")
    env = environment_of(upstream_of_worker, redis_of_worker, HOSTUP_MCP_TOKENS=str(path))
    with replicas(folder, env, env) as [one, other]:
        proxy = RoundRobin([one.base, other.base])
        yield Fleet(one, other, proxy, tokens, upstream_of_worker, env)
        proxy.close()
        for replica in (one, other):
            assert "Traceback" not in replica.output()


@pytest.fixture
def fleet(fleet_of_module: Fleet, upstream: Upstream, redis_server: RedisServer) -> Fleet:
    """The replicas with a fresh account and an empty Redis server."""
    fleet_of_module.proxy.given.clear()
    return fleet_of_module


@asynccontextmanager
async def callers(fleet: Fleet) -> AsyncIterator[tuple[Caller, Caller, Caller]]:
    """The same caller at the proxy, at one replica, and at the other."""
    async with calling() as client:
        yield (
            Caller(client, fleet.url, fleet.token),
            Caller(client, fleet.one.url, fleet.token),
            Caller(client, fleet.other.url, fleet.token),
        )


async def test_replicas_share_ids(fleet: Fleet) -> None:
    async with callers(fleet) as (through, one, other):
        vps = await one.find("web-01")
        backups = (await other.ok("list_vps_backups", id=vps))["backups"]
        assert backups
        plan = await one.ok("plan_restore", id=vps, mode="in_place", backupId=backups[0]["id"])
        assert plan["planId"]
        for _ in range(3):
            assert (await through.call("list_vps_backups", id=vps)).kind is None
    assert set(fleet.proxy.given) == {fleet.one.base, fleet.other.base}


async def test_ids_stay_with_their_caller(fleet: Fleet) -> None:
    async with callers(fleet) as (_, one, other):
        vps, plan = await one.plan()
        others = Caller(one.client, fleet.other.url, fleet.tokens["ops-team"])
        assert (await others.call("list_vps_backups", id=vps)).kind == "unknown_id"
        assert (await others.call("restore_vps", planId=plan)).kind == "plan_again"
        assert (await other.call("list_vps_backups", id=vps)).kind is None


_REGULAR = ("hostup-mcp/labels", "hostup-mcp/probe")


@contextmanager
def requests_of(redis_server: RedisServer) -> Iterator[list[str]]:
    """The first key of each request to Redis meanwhile, without what is unique in it."""
    keys: list[str] = []
    with (
        Redis.from_url(redis_server.url, decode_responses=True) as client,
        client.monitor() as monitor,
    ):
        yield keys
        redis_server.do("ECHO", "the end")
        for seen in monitor.listen():
            if seen["command"] == "ECHO the end":
                return
            key = re.search(r" \d (hostup-mcp/[a-z]+(?:/[a-z]+(?=/))?)", seen["command"])
            # Each replica also announces itself from time to time, and looks whether it is ready.
            if seen["client_type"] != "lua" and key and key[1] not in _REGULAR:
                keys.append(key[1].removeprefix("hostup-mcp/"))


async def test_what_list_vps_asks_of_redis(fleet: Fleet, redis_server: RedisServer) -> None:
    """A request more costs each call processor time."""
    async with callers(fleet) as (_, one, _):
        with requests_of(redis_server) as keys:
            await one.ok("list_vps")
    # The caller's limit, whether HostUp said to wait, names, ids, and what the caller restored.
    assert keys == ["limits", "locks/limited", "ids", "ids", "recoveries/bodies"]


async def test_other_replica_takes_the_yes(fleet: Fleet) -> None:
    async with callers(fleet) as (_, one, other):
        vps, plan = await one.plan()
        asked = await other.call("restore_vps", planId=plan)
        assert "web-01" in asked.question
        done = await one.call("restore_vps", asked.accept(), planId=plan)
        assert done.kind is None, done.text
        assert done.data["vpsId"] == vps
        assert len(fleet.upstream.sandbox.writes) == 1
        for caller in (one, other):
            again = await caller.call("restore_vps", asked.accept(), planId=plan)
            assert again.kind == "plan_used"
        followed = await other.call("get_job", jobId=done.data["jobId"])
        assert followed.kind is None, "either replica can follow the job"
        assert len(fleet.upstream.sandbox.writes) == 1


async def test_write_through_a_proxy(fleet: Fleet) -> None:
    async with callers(fleet) as (through, _, _):
        _, plan = await through.plan()
        asked = await through.call("restore_vps", planId=plan)
        done = await through.call("restore_vps", asked.accept(), planId=plan)
    assert done.kind is None
    assert fleet.proxy.given[-1] != fleet.proxy.given[-2]
    assert len(fleet.upstream.sandbox.writes) == 1


async def test_older_client_cannot_be_asked(
    fleet: Fleet,
) -> None:
    """It declares elicitation only when it initializes, which just one replica sees."""
    async with callers(fleet) as (through, _, _):
        _, plan = await through.plan()
        headers = {"Accept": "application/json, text/event-stream"}
        headers |= {"Authorization": f"Bearer {fleet.token}"}
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "raw", "version": "1"},
        }
        restore = {"name": "restore_vps", "arguments": {"planId": plan}}
        for number, (method, params) in enumerate(
            [("initialize", hello), ("tools/list", {}), ("ping", {}), ("tools/call", restore)]
        ):
            body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            response = await through.client.post(fleet.url, json=body, headers=headers)
            assert response.status_code == 200, response.text
            assert "mcp-session-id" not in response.headers
            headers["MCP-Protocol-Version"] = "2025-11-25"
        refused = Result(parse(response)["result"])
        assert refused.kind == "cannot_ask", refused.text
        assert "2026-07-28" in refused.text, "the refusal says which clients can be asked"
    assert fleet.upstream.sandbox.writes == []


async def test_concurrent_yeses_write_once(fleet: Fleet) -> None:
    async with callers(fleet) as (through, _, _):
        _, plan = await through.plan()
        asked = await through.call("restore_vps", planId=plan)
        results: list[Result] = []

        async def carry_out() -> None:
            results.append(await through.call("restore_vps", asked.accept(), planId=plan))

        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(carry_out)
        kinds = Counter(result.kind for result in results)
    assert len(fleet.upstream.sandbox.writes) == 1
    assert kinds[None] == 1
    assert kinds.total() == 50
    assert set(kinds) <= {None, "plan_used", "write_in_flight", "plan_again"}


async def test_vps_lock_spans_replicas(fleet: Fleet) -> None:
    sandbox = fleet.upstream.sandbox
    sandbox.faults.add(Fault("slow", "POST", RESTORE, seconds=2))
    async with callers(fleet) as (_, one, other):
        vps, plan = await one.plan()
        await other.find("web-01")
        asked = await one.call("restore_vps", planId=plan)
        done: list[Result] = []

        async def restore() -> None:
            done.append(await one.call("restore_vps", asked.accept(), planId=plan))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(restore)
            await until(lambda: len(sandbox.writes) == 1)
            second = await other.call("create_vps_backup", id=vps)
            if second.asks:
                second = await other.call("create_vps_backup", second.accept(), id=vps)
            assert second.kind == "write_in_flight"
            # Another server is not locked.
            mail = await other.find("mail")
            free = await other.call("create_vps_backup", id=mail)
            assert free.kind != "write_in_flight"
        assert done[0].kind is None
    assert [w.path for w in sandbox.writes if vps in w.path] == [sandbox.writes[0].path]


async def test_notifications_cross_replicas(fleet: Fleet) -> None:
    async with callers(fleet) as (_, one, other):
        vps, plan = await one.plan()
        uri = f"hostup://vps/{vps}/backups"
        asked = await one.call("restore_vps", planId=plan)
        body = message("subscriptions/listen", notifications={"resourceSubscriptions": [uri]})
        received: list[dict[str, object]] = []
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                headers = headers_for(body, other.token)
                async with other.client.stream(
                    "POST", other.url, json=body, headers=headers
                ) as stream:
                    assert stream.status_code == 200
                    async for line in stream.aiter_lines():
                        if line.startswith("data:") and line[5:].strip():
                            received.append(json.loads(line[5:]))  # noqa: PERF401 - read as it comes

            tasks.start_soon(listen)
            await until(lambda: received, "it is acknowledged")
            done = await one.call("restore_vps", asked.accept(), planId=plan)
            assert done.kind is None
            await until(lambda: len(received) > 1, "the change is notified")
            tasks.cancel_scope.cancel()
    last = received[-1]
    assert last["method"] == "notifications/resources/updated"
    assert last["params"]["uri"] == uri  # type: ignore[index]


async def test_rate_limit_is_shared(fleet: Fleet, redis_server: RedisServer) -> None:
    sandbox = fleet.upstream.sandbox
    async with callers(fleet) as (_, one, other):
        await other.find("web-01")
        sandbox.faults.add(Fault("status", status=429, headers={"Retry-After": "40"}))
        first = await one.call("list_vps")
        assert first.kind == "rate_limited", first.text
        before = len(sandbox.requests)
        for caller in (one, other, other):
            began = time.monotonic()
            kept = await caller.call("list_vps")
            assert kept.kind == "rate_limited"
            assert 30 < kept.data["error"]["retryAfterSeconds"] <= 40
            assert time.monotonic() - began < SOON
        assert len(sandbox.requests) == before, "no request reaches HostUp"
        [pause] = redis_server.keys("hostup-mcp/locks/limited/*")
        assert SANDBOX_API_KEY not in pause
        redis_server.do("PEXPIRE", pause, 1)
        assert (await other.call("list_vps")).kind is None, "the pause ends by itself"


# A replica stops ---------------------------------------------------------------------------------


async def test_killed_replica_writes_once(
    fleet: Fleet, redis_server: RedisServer, tmp_path: Path
) -> None:
    sandbox = fleet.upstream.sandbox
    with replicas(tmp_path, fleet.env) as [killed]:
        async with callers(fleet) as (_, other, _):
            one = other.at(killed.url)
            vps, plan = await one.plan()
            asked = await one.call("restore_vps", planId=plan)
            released = hold_responses(fleet.upstream, "POST")
            seen: list[Exception] = []

            async def restore() -> None:
                try:
                    await one.call("restore_vps", asked.accept(), planId=plan)
                except httpx.HTTPError as error:
                    seen.append(error)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(restore)
                await until(lambda: len(sandbox.writes) == 1)
                await anyio.to_thread.run_sync(killed.kill)
                released.set()
            # The caller sees a broken connection, not a misleading response.
            assert len(seen) == 1

            again = await other.call("restore_vps", asked.accept(), planId=plan)
            assert again.kind == "plan_used"
            change = await other.call("create_vps_backup", id=vps)
            if change.asks:
                change = await other.call("create_vps_backup", change.accept(), id=vps)
            assert change.kind in ("write_in_flight", "gate_closed"), change.text
            assert len(sandbox.writes) == 1

            [lock] = redis_server.keys(f"hostup-mcp/locks/write/*{vps}")
            assert 0 < redis_server.do("PTTL", lock) <= LOCK_SECONDS * 1000
            redis_server.do("PEXPIRE", lock, 1)
            await until(lambda: redis_server.do("EXISTS", lock) == 0, "the lock expires")
            assert (await other.call("list_vps_backups", id=vps)).kind is None
            assert len(sandbox.writes) == 1


# Redis is unavailable or loses data ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_state_outage_blocks_writes_only(
    upstream: Upstream, own_redis: RedisServer, how: str
) -> None:
    sandbox = upstream.sandbox
    slowest = 0.0
    with threads(environment_of(upstream, own_redis)) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url)

            async def in_time(tool: str, **arguments: str) -> Result:
                nonlocal slowest
                began = time.monotonic()
                result = await caller.call(tool, **arguments)
                slowest = max(slowest, time.monotonic() - began)
                return result

            async def ready() -> int:
                nonlocal slowest
                began = time.monotonic()
                response = await client.get(f"{server.base}/readyz")
                slowest = max(slowest, time.monotonic() - began)
                return response.status_code

            vps, plan = await caller.plan()
            assert await ready() == 200
            if how == "stopped":
                own_redis.kill()
            else:
                own_redis.freeze()

            assert await ready() == 503
            assert (await client.get(f"{server.base}/healthz")).status_code == 200
            assert (await in_time("list_vps")).kind is None
            assert (await in_time("list_vps_backups", id=vps)).kind is None
            for tool, arguments in (
                ("restore_vps", {"planId": plan}),
                ("create_vps_backup", {"id": vps}),
            ):
                refused = await in_time(tool, **arguments)
                assert refused.kind == "state_unavailable", refused.text
                assert "Nothing was changed" in refused.text
            assert sandbox.writes == []
            assert slowest < SOON

            if how == "stopped":
                own_redis.start()
            else:
                own_redis.thaw()
            await until(own_redis.is_up)
            assert await ready() == 200
            _, plan = await caller.plan()
            asked = await caller.call("restore_vps", planId=plan)
            done = await caller.call("restore_vps", asked.accept(), planId=plan)
            assert done.kind is None, done.text
            assert len(sandbox.writes) == 1


async def test_lost_state_voids_plans(upstream: Upstream, own_redis: RedisServer) -> None:
    with threads(environment_of(upstream, own_redis)) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url)
            _, plan = await caller.plan()
            _, unused = await caller.plan()
            asked = await caller.call("restore_vps", planId=plan)
            done = await caller.call("restore_vps", asked.accept(), planId=plan)
            assert done.kind is None, done.text
            upstream.sandbox.state.jobs.clear()
            own_redis.kill()
            own_redis.start()
            await caller.plan()
            for old in (plan, unused):
                again = await caller.call("restore_vps", planId=old)
                assert again.kind == "plan_again", again.text
            again = await caller.call("restore_vps", asked.accept(), planId=plan)
            assert again.kind == "not_confirmed", again.text
    assert len(upstream.sandbox.writes) == 1


async def test_older_state_voids_plans(upstream: Upstream, own_redis: RedisServer) -> None:
    """Redis is saved after the question, killed after the restore, and restarted from that file."""
    with threads(environment_of(upstream, own_redis)) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url)
            _vps, plan = await caller.plan()
            asked = await caller.call("restore_vps", planId=plan)
            own_redis.do("SAVE")
            done = await caller.call("restore_vps", asked.accept(), planId=plan)
            assert done.kind is None, done.text
            upstream.sandbox.state.jobs.clear()
            own_redis.kill()
            own_redis.start()
            assert own_redis.keys("*"), "the saved data is back"
            for more in ({}, asked.accept()):
                again = await caller.call("restore_vps", more, planId=plan)
                assert again.kind == "plan_again", again.text
    assert len(upstream.sandbox.writes) == 1


async def test_stopped_replica_keeps_the_lock(
    upstream: Upstream,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "SETTLE_SECONDS", 1)
    sandbox, log = upstream.sandbox, tmp_path / "audit.jsonl"
    env = environment_of(upstream, redis_server, HOSTUP_MCP_AUDIT_LOG=str(log))
    with threads(env, env) as [stopping, running]:
        async with calling() as client:
            one, other = Caller(client, stopping.url), Caller(client, running.url)
            vps, plan = await one.plan()
            asked = await one.call("restore_vps", planId=plan)
            sandbox.faults.add(Fault("slow_after", "POST", RESTORE, seconds=10))
            results: list[Result] = []

            async def restore() -> None:
                results.append(await one.call("restore_vps", asked.accept(), planId=plan))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(restore)
                await until(lambda: len(sandbox.writes) == 1)
                stopping.stop()
            assert results[0].kind == "outcome_unknown", results[0].text
            sandbox.state.jobs.clear()
            change = await other.call("set_backup_retention", id=vps, maxTotalBackups=3)
            change = await other.call(
                "set_backup_retention", change.accept(), id=vps, maxTotalBackups=3
            )
            assert change.kind == "write_in_flight", change.text
    ends = [json.loads(line)["outcome"] for line in log.read_text().splitlines()]
    assert ends.count("outcome_unknown") == 1
    monkeypatch.setenv("HOSTUP_MCP_SECRET", SECRET)
    assert main(["audit", "verify", str(log)]) == 0, "both replicas continue one chain"
    assert len(sandbox.writes) == 1


# Secret rotation ----------------------------------------------------------------------------------

OLD, NEW = "old-" * 8, "new-" * 8


async def test_secret_rotation(upstream: Upstream, redis_server: RedisServer) -> None:
    """Each step of a rotation works together with the step before it."""
    rings = (OLD, f"{OLD},{NEW}", f"{NEW},{OLD}", NEW)
    environments = [
        environment_of(upstream, redis_server, HOSTUP_MCP_SECRET=ring) for ring in rings
    ]
    with threads(*environments) as running:
        async with calling() as client:
            before, knows, seals, after = (Caller(client, each.url) for each in running)
            for made_by, carried_out_by in (
                (before, knows),
                (knows, before),
                (knows, seals),
                (seals, knows),
                (seals, after),
                (after, seals),
            ):
                _, plan = await made_by.plan()
                asked = await carried_out_by.call("restore_vps", planId=plan)
                assert asked.asks, asked.text
                done = await made_by.call("restore_vps", asked.accept(), planId=plan)
                assert done.kind is None, done.text
                upstream.sandbox.state.jobs.clear()
            assert len(upstream.sandbox.writes) == 6
            for asked_by, refused_by in ((before, after), (after, before)):
                _, plan = await asked_by.plan()
                asked = await asked_by.call("restore_vps", planId=plan)
                with pytest.raises(AssertionError, match="requestState"):
                    await refused_by.call("restore_vps", asked.accept(), planId=plan)
            assert len(upstream.sandbox.writes) == 6
