"""A full run with secrets that can be recognised: none of them shows anywhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.account import Upstream, fresh_account
from support.redis_server import RedisServer
from support.sockets import free_port

from hostup_mcp.sandbox import MAIN_OWNER, OTHER_OWNER, Fault
from hostup_mcp.sandbox.access import Key as AccountKey

from .test_operations import Collector
from .wiring import (
    Caller,
    Issuer,
    Key,
    calling,
    credentials_file,
    replicas,
    rsa_key,
    serving,
    token_file,
)

pytestmark = pytest.mark.redis

MAIN_KEY = "hostup_RECOGNISABLE-main-key-91f3"
OTHER_KEY = "hostup_RECOGNISABLE-other-key-55d0"
PASSWORD = "RECOGNISABLE-redis-password"
SECRETS = ("RECOGNISABLE-ring-first-" + "a" * 20, "RECOGNISABLE-ring-second-" + "b" * 20)


@pytest.fixture
def redis_with_password(tmp_path: Path) -> Iterator[RedisServer]:
    redis_server = RedisServer(tmp_path, password=PASSWORD)
    yield redis_server
    redis_server.kill()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


async def a_full_run(caller: Caller, upstream: Upstream) -> list[str]:
    """Reads, a restore, refusals, faults of HostUp; everything that was answered."""
    answers: list[str] = []

    async def do(tool: str, /, **arguments: Any) -> Any:
        result = await caller.call(tool, **arguments)
        answers.append(str(result.raw))
        return result

    vps, plan = await caller.plan(upstream.sandbox.state.servers[await first(caller)].name or "")
    asked = await caller.call("restore_vps", planId=plan)
    done = await caller.call("restore_vps", asked.accept(), planId=plan)
    answers += [str(asked.raw), str(done.raw)]
    assert done.kind is None, done.text
    await do("restore_vps", planId=plan)
    await do("list_vps_backups", id="vps_00000000")
    await do("list_vps_backups", id="wrong")
    for fault in (
        Fault("status", status=401),
        Fault("status", status=403),
        Fault("status", status=500),
        Fault("status", status=503),
        Fault("html"),
        Fault("not_json"),
        Fault("drop_before"),
        Fault("redirect"),
    ):
        upstream.sandbox.faults.add(fault)
        await do("list_vps_backups", id=vps)
        upstream.sandbox.faults.clear()
    for method, params in (
        ("resources/read", {"uri": "hostup://vps"}),
        ("resources/read", {"uri": "hostup://nowhere"}),
        ("prompts/list", {}),
        ("no/such/method", {}),
    ):
        answers.append((await caller.post(method, **params)).text)
    return answers


async def first(caller: Caller) -> str:
    """A server of the caller that can be restored."""
    for server in (await caller.ok("list_vps", limit=100))["data"]:
        read = await caller.call("list_vps_backups", id=server["id"])
        if read.kind is None and read.data["actions"]["canRestore"]["allowed"]:
            return str(server["id"])
    raise AssertionError("none of the servers can be restored")


@pytest.mark.parametrize("way", ["tokens", "issuer"])
async def test_secrets_never_show(
    upstream: Upstream,
    redis_with_password: RedisServer,
    issuer_of_worker: Issuer,
    collector: Collector,
    tmp_path: Path,
    way: str,
) -> None:
    keys = {MAIN_KEY: AccountKey(owner=MAIN_OWNER), OTHER_KEY: AccountKey(owner=OTHER_OWNER)}
    upstream.sandbox = fresh_account(keys=keys)
    mounted = tmp_path / "mounted"
    mounted.write_text(OTHER_KEY)
    credentials = credentials_file(
        tmp_path,
        {
            "web-team": {"key": {"env": "WEB_KEY"}},
            "ops-team": {"key": {"file": str(mounted)}},
        },
    )
    path, tokens = token_file(tmp_path, "web-team", "ops-team", "guests")
    trail, port = tmp_path / "trail.jsonl", free_port()
    made = {name: issuer_of_worker.token(sub=name) for name in tokens}
    used = tokens if way == "tokens" else made
    checked = {"HOSTUP_MCP_TOKENS": str(path)} if way == "tokens" else issuer_of_worker.settings
    env = serving(
        upstream,
        **checked,
        HOSTUP_API_KEY="",
        WEB_KEY=MAIN_KEY,
        HOSTUP_MCP_ALLOW="all",
        HOSTUP_MCP_CREDENTIALS=str(credentials),
        HOSTUP_MCP_AUDIT_LOG=str(trail),
        HOSTUP_MCP_STATE=redis_with_password.url,
        HOSTUP_MCP_SECRET=",".join(SECRETS),
        HOSTUP_MCP_METRICS_PORT=str(port),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    expired = issuer_of_worker.token(exp=1)
    forged = issuer_of_worker.token(Key("first", rsa_key("forged").private))
    seen: dict[str, str] = {}
    with replicas(tmp_path, env) as [replica]:
        async with calling() as client:
            answers = await a_full_run(Caller(client, replica.url, used["web-team"]), upstream)
            answers += await a_full_run(Caller(client, replica.url, used["ops-team"]), upstream)
            guest = await Caller(client, replica.url, used["guests"]).call("list_vps")
            answers.append(str(guest.raw))
            for wrong in (expired, forged, "hmcp_RECOGNISABLE-wrong-token"):
                refused = await Caller(client, replica.url, wrong).post("tools/list")
                assert refused.status_code == 401
                answers.append(refused.text + str(refused.headers))
            health = await everything_told(client, replica.base)
            seen["state"] = everything_in(redis_with_password)
            redis_with_password.kill()
            away = await Caller(client, replica.url, used["web-team"]).call("list_vps")
            answers.append(str(away.raw))
            health += await everything_told(client, replica.base)
            seen["metrics"] = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        assert replica.close() == 0
        seen["stdout"] = replica.stdout.read_text()
        seen["stderr"] = replica.stderr.read_text()
    seen["answers"] = "\n".join(answers)
    seen["health"] = "\n".join(health)
    seen["traces"] = b"".join(collector.bodies).decode("latin-1")
    seen["trail"] = trail.read_text()
    for place in ("stderr", "traces", "trail", "metrics", "health", "answers", "state"):
        assert seen[place], f"nothing was seen of {place}"

    secrets = {MAIN_KEY, OTHER_KEY, PASSWORD, *SECRETS, *used.values(), expired, forged}
    secrets |= {"RECOGNISABLE", *(token.rpartition(".")[2] for token in made.values())}
    secrets |= {base64.b64encode(secret.encode()).decode() for secret in (MAIN_KEY, PASSWORD)}
    shown = [
        (place, secret) for place, text in seen.items() for secret in secrets if secret in text
    ]
    assert shown == []


async def everything_told(client: httpx.AsyncClient, base: str) -> list[str]:
    paths = ("/healthz", "/readyz", "/.well-known/oauth-protected-resource/mcp")
    answers = [await client.get(base + path) for path in paths]
    return [response.text + str(response.headers) for response in answers]


def everything_in(redis_server: RedisServer) -> str:
    """All keys and values, as Redis would save them."""
    redis_server.do("CONFIG", "SET", "rdbcompression", "no")
    redis_server.do("SAVE")
    saved = (redis_server.folder / "dump.rdb").read_bytes().decode("latin-1")
    assert "hostup-mcp/" in saved
    return saved
