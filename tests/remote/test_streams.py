"""Open streams: what they tell, and that they end with the token."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from support.account import Upstream
from support.waiting import until

from hostup_mcp.remote import oauth, streams
from hostup_mcp.remote.token_file import revoke_token

from .test_paths import HEADERS, INITIALIZE
from .wiring import (
    Caller,
    Issuer,
    calling,
    headers_for,
    message,
    serving,
    threads,
    token_file,
)

KINDS = ["session", "changes", "sse"]


class Stream:
    """The messages on a stream so far, and whether it has ended as it should."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.is_open = False
        self.has_ended = False

    async def read(self, client: httpx.AsyncClient, method: str, url: str, **how: Any) -> None:
        async with client.stream(method, url, **how) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            self.is_open = True
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    self.messages.append(json.loads(line[5:]))
        self.has_ended = True


@asynccontextmanager
async def opened(kind: str, caller: Caller, base: str) -> AsyncIterator[Stream]:
    """A stream of `caller`, one of `KINDS`."""
    stream = Stream()
    headers = {"Authorization": f"Bearer {caller.token}", **HEADERS}
    body = message("subscriptions/listen", notifications={"toolsListChanged": True})
    how: dict[str, Any] = {"method": "GET", "url": f"{base}/sse", "headers": headers}
    if kind == "changes":
        how = {"method": "POST", "url": f"{base}/mcp", "json": body}
        how["headers"] = headers_for(body, caller.token)
    if kind == "session":
        first = await caller.client.post(f"{base}/mcp", json=INITIALIZE, headers=headers)
        headers |= {"Mcp-Session-Id": first.headers["mcp-session-id"]}
        how = {"method": "GET", "url": f"{base}/mcp", "headers": headers}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: stream.read(caller.client, **how))
        await until(lambda: stream.is_open, "the stream is open")
        yield stream
        tasks.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(oauth, "CLOCK_SKEW", 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_ends_when_its_token_is_revoked(
    kind: str, tmp_path: Path, upstream: Upstream
) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path))
    how = {"transport": "sse"} if kind == "sse" else {}
    with threads(env, **how) as [server]:  # type: ignore[arg-type]
        async with calling() as client:
            web, ops = (Caller(client, server.url, tokens[n]) for n in ("web-team", "ops-team"))
            async with (
                opened(kind, web, server.base) as revoked,
                opened(kind, ops, server.base) as kept,
            ):
                await anyio.sleep(0.3)
                assert not revoked.has_ended
                revoke_token(path, "web-team")
                await until(lambda: revoked.has_ended, "its stream has ended")
                assert not kept.has_ended


@pytest.mark.parametrize("kind", ["session", "changes"])
async def test_a_stream_ends_when_its_token_expires(
    kind: str, upstream: Upstream, issuer_of_worker: Issuer
) -> None:
    env = serving(upstream, **issuer_of_worker.settings)
    expires = int(time.time()) + 3
    with threads(env) as [server]:
        async with calling() as client:
            caller = Caller(client, server.url, issuer_of_worker.token(exp=expires))
            async with opened(kind, caller, server.base) as stream:
                await until(lambda: stream.has_ended, "its stream has ended")
                assert time.time() >= expires


@asynccontextmanager
async def subscribed(uris: list[str], *callers: Caller) -> AsyncIterator[list[Stream]]:
    """A stream of each caller, which asked for the changes of `uris` and was acknowledged."""
    body = message("subscriptions/listen", notifications={"resourceSubscriptions": uris})
    opened = [Stream() for _ in callers]
    async with anyio.create_task_group() as tasks:
        for stream, caller in zip(opened, callers, strict=True):
            how = {"json": body, "headers": headers_for(body, caller.token)}
            tasks.start_soon(
                lambda stream=stream, caller=caller, how=how: stream.read(
                    caller.client, "POST", caller.url, **how
                )
            )
        await until(lambda: all(stream.messages for stream in opened), "all are open")
        yield opened
        tasks.cancel_scope.cancel()


async def create_backup(caller: Caller, vps: str) -> None:
    done = await caller.call("create_vps_backup", id=vps)
    if done.asks:
        done = await caller.call("create_vps_backup", done.accept(), id=vps)
    assert done.kind is None, done.text


async def test_only_servers_that_were_shown_are_told_of(tmp_path: Path, upstream: Upstream) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team")
    env = serving(upstream, HOSTUP_MCP_ALLOW="create", HOSTUP_MCP_TOKENS=str(path))
    with threads(env) as [server]:
        async with calling() as client:
            web, ops = (Caller(client, server.url, tokens[n]) for n in ("web-team", "ops-team"))
            vps = await web.find("dev-01")
            mine = f"hostup://vps/{vps}/backups"
            wanted = [mine, "hostup://vps", f"hostup://vps/{vps}", "hostup://vps/vps_x/backups"]
            async with subscribed(wanted, web, ops) as [own, foreign]:
                await create_backup(web, vps)
                await until(lambda: len(own.messages) > 1, "the change is told")
    acknowledged = [s.messages[0]["params"]["notifications"] for s in (own, foreign)]
    assert acknowledged == [
        {"resourceSubscriptions": [mine, "hostup://vps"]},
        {"resourceSubscriptions": ["hostup://vps"]},
    ]
    assert own.messages[1]["params"]["uri"] == mine
    assert len(foreign.messages) == 1


async def test_a_revoked_token_hears_of_no_change_before_its_stream_ends(
    tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHECK_SECONDS", 60)
    path, tokens = token_file(tmp_path, "web-team", "ops-team")
    env = serving(upstream, HOSTUP_MCP_ALLOW="create", HOSTUP_MCP_TOKENS=str(path))
    with threads(env) as [server]:
        async with calling() as client:
            web, ops = (Caller(client, server.url, tokens[n]) for n in ("web-team", "ops-team"))
            vps = await web.find("dev-01")
            await ops.find("dev-01")
            async with subscribed([f"hostup://vps/{vps}/backups"], web, ops) as [revoked, kept]:
                revoke_token(path, "web-team")
                await create_backup(ops, vps)
                await until(lambda: len(kept.messages) > 1, "the change is told")
                await until(lambda: revoked.has_ended, "the other stream has ended")
    assert len(revoked.messages) == 1
