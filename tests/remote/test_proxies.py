"""Real proxies before real servers, configured as docs/operating.md and compose.yaml print it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from support.account import Upstream
from support.certificates import make_certificate
from support.proxies import HOST, KINDS, proxy
from support.redis_server import RedisServer
from support.waiting import until

from .wiring import (
    PATIENCE,
    PUBLIC_URL,
    SECRET,
    Caller,
    headers_for,
    hold_responses,
    message,
    replicas,
    serving,
    threads,
    token_file,
)

PAGES = ("caddy", "nginx")
CALLS = 60


@asynccontextmanager
async def through(
    kind: str, folder: Path, ports: list[int], token: str | None
) -> AsyncIterator[Caller]:
    """A caller through a proxy, by the public name and with its certificate."""
    certificate, _ = make_certificate(folder, HOST)
    with proxy(kind, folder, ports, certificate) as port:

        async def by_name(request: httpx.Request) -> None:
            request.extensions["sni_hostname"] = HOST

        scheme = "http" if kind == "compose" else "https"
        with anyio.fail_after(PATIENCE):
            async with httpx.AsyncClient(
                trust_env=False,
                timeout=PATIENCE,
                verify=ssl.create_default_context(cafile=str(certificate)),
                headers={} if kind == "compose" else {"Host": HOST},
                event_hooks={"request": [by_name]},
            ) as client:
                yield Caller(client, f"{scheme}://127.0.0.1:{port}/mcp", token)


@pytest.mark.parametrize("kind", PAGES)
async def test_a_proxy_as_printed(kind: str, upstream: Upstream, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_PUBLIC_URL=PUBLIC_URL)
    with threads(env) as [server]:
        async with through(kind, tmp_path, [server.port] * 2, tokens["web-team"]) as caller:
            base, client = caller.url.removesuffix("/mcp"), caller.client
            vps = await caller.find("web-01")
            assert (await caller.at(f"{base}/mcp/").call("list_vps")).kind is None
            # Without a token, and what only the machines behind the proxy may ask.
            assert (await Caller(client, caller.url).post("tools/list")).status_code == 401
            for hidden in ("healthz", "readyz", "metrics", ""):
                assert (await client.get(f"{base}/{hidden}")).status_code == 404
            large = await client.post(
                caller.url,
                content=b" " * 300_000,
                headers={"Authorization": f"Bearer {caller.token}"},
            )
            assert large.status_code == 413
            # A stream: its first event arrives while it stays open.
            uri = f"hostup://vps/{vps}/backups"
            body = message("subscriptions/listen", notifications={"resourceSubscriptions": [uri]})
            async with client.stream(
                "POST", caller.url, json=body, headers=headers_for(body, caller.token)
            ) as stream:
                assert stream.status_code == 200
                async for line in stream.aiter_lines():
                    if line.startswith("data:") and "acknowledged" in line:
                        break
                else:
                    pytest.fail("the stream ended without an event")


@pytest.mark.redis
@pytest.mark.parametrize("kind", KINDS)
async def test_a_replica_that_dies(
    kind: str, upstream: Upstream, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Calls go on through the other one, and a write that had reached the dead one is sent once."""
    path, tokens = token_file(tmp_path, "web-team")
    env = serving(
        upstream,
        HOSTUP_MCP_TOKENS=str(path),
        HOSTUP_MCP_PUBLIC_URL=PUBLIC_URL,
        HOSTUP_MCP_STATE=redis_server.url,
        HOSTUP_MCP_SECRET=SECRET,
        HOSTUP_MCP_ALLOW="create",
        HOSTUP_MCP_CONFIRM="client",
    )
    sandbox = upstream.sandbox
    with replicas(tmp_path, env, env) as [one, other]:
        ports = [one.port, other.port]
        async with through(kind, tmp_path, ports, tokens["web-team"]) as caller:
            servers = [await caller.find(name) for name in ("web-01", "mail")]
            released, statuses = hold_responses(upstream, "POST"), []

            async def snapshot(vps: str) -> None:
                arguments = {"id": vps, "name": "before"}
                sent = await caller.post(
                    "tools/call", name="create_vps_snapshot", arguments=arguments
                )
                statuses.append(sent.status_code)

            async def read() -> None:
                for _ in range(CALLS // 6):
                    listed = await caller.post("tools/call", name="list_vps", arguments={})
                    answered.append(listed.status_code)

            answered: list[int] = []
            async with anyio.create_task_group() as tasks:
                for vps in servers:
                    tasks.start_soon(snapshot, vps)
                await until(lambda: len(sandbox.writes) == 2)
                await anyio.to_thread.run_sync(one.kill)
                # At once: the proxy does not know yet.
                async with anyio.create_task_group() as readers:
                    for _ in range(6):
                        readers.start_soon(read)
                await until(lambda: len(statuses) == 1)
                released.set()
            assert sorted(statuses) == [200, 502]
            assert answered == [200] * CALLS
            assert len(sandbox.writes) == 2
