"""The application for given settings: who needs a token, and what prevents a start."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.product import environment
from support.redis_server import PROGRAM, RedisServer
from support.sockets import free_port

from hostup_mcp.config import Misconfigured, Settings, load
from hostup_mcp.remote import serve
from hostup_mcp.remote.app import Listen, Service, build_service
from hostup_mcp.remote.jwks import JwksCache
from hostup_mcp.remote.token_file import new_token

from .conftest import SOCKET
from .wiring import (
    AUDIENCE,
    ISSUER,
    PUBLIC_URL,
    SECRET,
    Caller,
    headers_for,
    message,
    refused_start,
    token_file,
)

Refused = Callable[..., str]
HTTP = ("streamable-http", "sse")
OAUTH = {
    "HOSTUP_MCP_OAUTH_ISSUER": ISSUER,
    "HOSTUP_MCP_OAUTH_AUDIENCE": AUDIENCE,
    "HOSTUP_MCP_OAUTH_JWKS": "https://issuer.example.com/jwks",
    "HOSTUP_MCP_PUBLIC_URL": PUBLIC_URL,
}


def settings(**environ: str) -> Settings:
    loaded = load({}, {"HOSTUP_SANDBOX": "1", **environ})
    assert isinstance(loaded, Settings), loaded
    return loaded


def service(transport: Any = "streamable-http", host: str = "127.0.0.1", **given: str) -> Service:
    return build_service(settings(**given), Listen(transport, host, 0), environ=given)


@asynccontextmanager
async def client_of(
    made: Service, host: str = "127.0.0.1:8000"
) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(made.app)
    async with (
        made.app.router.lifespan_context(made.app),
        httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client,
    ):
        yield client


# Health -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", HTTP)
async def test_health_is_public(transport: str, tmp_path: Path) -> None:
    path, _ = token_file(tmp_path, "web-team")
    made = service(transport, HOSTUP_MCP_TOKENS=str(path))
    async with client_of(made, "anything.example.com") as client:
        healthy, ready = await client.get("/healthz"), await client.get("/readyz")
        assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        made.draining = True
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
        assert (await client.post("/healthz")).status_code == 405


async def test_broken_token_file_is_a_problem_that_readyz_lists(tmp_path: Path) -> None:
    """Calls are served with the tokens from before, so that nothing else would show it."""
    path, tokens = token_file(tmp_path, "web-team")
    made = service(HOSTUP_MCP_TOKENS=str(path))
    path.write_text("{")
    async with client_of(made) as client:
        ready = await client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["status"] == "ready"
        [problem] = ready.json()["problems"]
        assert "token file is not valid JSON" in problem
        assert str(path) not in problem, "the route is public"
        assert made.metrics.registry.get_sample_value("hostup_mcp_problems") == 1
        assert await Caller(client, "/mcp", tokens["web-team"]).tools()


async def test_a_caller_over_a_limit_is_named_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    made = service(HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_CALLS_PER_MINUTE="1")
    async with client_of(made) as client:
        caller = Caller(client, "/mcp", tokens["web-team"])
        statuses = [(await caller.post("tools/list")).status_code for _ in range(3)]
    assert statuses == [200, 429, 429]
    named = [line for line in caplog.messages if "web-team" in line]
    assert named == ['refused caller "web-team": over the limit calls_per_minute']
    assert tokens["web-team"] not in caplog.text


@pytest.mark.redis
@pytest.mark.skipif(PROGRAM is None, reason="there is no redis-server")
async def test_not_ready_without_shared_state() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    made = service(HOSTUP_MCP_STATE=url, HOSTUP_MCP_SECRET=SECRET)
    async with client_of(made) as client:
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "state unavailable"})
    assert made.shared is not None
    await made.shared.redis.aclose()


@pytest.mark.redis
async def test_redis_over_a_unix_socket(redis_server: RedisServer) -> None:
    made = service(
        HOSTUP_MCP_STATE=f"unix://{redis_server.folder / SOCKET}", HOSTUP_MCP_SECRET=SECRET
    )
    assert made.shared is not None
    assert await made.shared.store.is_available()
    await made.shared.redis.aclose()


# Authentication -----------------------------------------------------------------------------------


async def status(client: httpx.AsyncClient, token: str | None = None, **headers: str) -> int:
    body = message("tools/list")
    response = await client.post("/mcp", json=body, headers={**headers_for(body, token), **headers})
    return response.status_code


async def test_loopback_needs_no_token() -> None:
    async with client_of(service()) as client:
        assert await status(client) == 200
        assert (await client.get("/.well-known/oauth-protected-resource/mcp")).status_code == 404


async def test_token_file_requires_a_token(tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    async with client_of(service(HOSTUP_MCP_TOKENS=str(path))) as client:
        assert await status(client) == 401
        assert await status(client, tokens["web-team"]) == 200


@pytest.mark.parametrize("transport", HTTP)
async def test_resource_metadata_names_issuer(
    transport: str,
) -> None:
    path = {"streamable-http": "/mcp", "sse": "/sse"}[transport]
    async with client_of(service(transport, **OAUTH)) as client:
        response = await client.get(f"/.well-known/oauth-protected-resource{path}")
        assert response.status_code == 200
        described = response.json()
        assert described["resource"] == PUBLIC_URL + path
        assert [x.rstrip("/") for x in described["authorization_servers"]] == [ISSUER]
        assert described["scopes_supported"] == ["hostup"]
        assert described["bearer_methods_supported"] == ["header"]


async def test_public_url_is_allowed(tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    made = service(HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_PUBLIC_URL=PUBLIC_URL)
    good = tokens["web-team"]
    async with client_of(made) as client:
        assert await status(client, good, Host="mcp.example.com") == 200
        assert await status(client, good, Host="mcp.example.com", Origin=PUBLIC_URL) == 200
        assert await status(client, good, Host="mcp.example.com.evil.example") == 421
        assert await status(client, good, Origin="http://mcp.example.com") == 403
        assert await status(client, good, Origin="null") == 403


def test_jwks_cooldown() -> None:
    assert JwksCache("https://issuer.example.com").cooldown == 30


# Failed starts ------------------------------------------------------------------------------------


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Starts a server that must not start; returns the message."""

    def run(*_: Any) -> None:
        raise AssertionError("it started")

    monkeypatch.setattr(serve.anyio, "run", run)

    def start(host: str = "127.0.0.1", **env: str) -> str:
        loaded = load({}, {"HOSTUP_SANDBOX": "1", **env})
        if isinstance(loaded, Misconfigured):
            [line] = loaded.problems
            return line
        with pytest.raises(serve.ServeError) as raised:
            serve.serve_http(loaded, Listen("streamable-http", host, 0))
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return start


BASE = environment(HOSTUP_SANDBOX="1")


@pytest.mark.parametrize(
    ("flags", "env"),
    [
        (("--tokens", "nowhere.json"), {}),
        (("--host", "0.0.0.0", "--tokens", "pyproject.toml"), {}),
        (("--nonsense", "--tokens=nowhere.json"), {}),
        ((), {"HOSTUP_MCP_OAUTH_ISSUER": "http://issuer.example.com"}),
    ],
    ids=["setting", "file", "command line", "issuer"],
)
def test_failed_start_is_json_where_the_log_is(flags: tuple[str, ...], env: dict[str, str]) -> None:
    code, stderr = refused_start({**BASE, **env}, *flags)
    assert code == 2
    [line] = stderr.splitlines()
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert entry["message"]


def test_failed_start_exits_with_2() -> None:
    code, stderr = refused_start({**BASE, "HOSTUP_MCP_STATE": "redis://:a-password@127.0.0.1:9/0"})
    assert code == 2
    [line] = stderr.splitlines()
    assert line.startswith("hostup-mcp: ")
    assert "HOSTUP_MCP_SECRET" in line
    assert "a-password" not in line


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_public_address_needs_callers(refused: Refused, host: str) -> None:
    line = refused(host)
    assert host in line
    assert "HOSTUP_MCP_TOKENS" in line
    assert "HOSTUP_MCP_OAUTH_ISSUER" in line


def test_shared_state_needs_a_secret(
    refused: Refused,
) -> None:
    line = refused(HOSTUP_MCP_STATE="redis://:a-password@127.0.0.1:9/0")
    assert "HOSTUP_MCP_SECRET" in line
    assert "secrets.token_hex" in line
    assert "a-password" not in line


@pytest.mark.parametrize(
    "url",
    [
        "redis://:part-of/the-password@127.0.0.1:6379/0",
        "redis://:part-of#the-password@127.0.0.1:6379/0",
        "redis://127.0.0.1:part-of-the-password",
        "redis://:part-of-the-password@127.0.0.1:99999/0",
        "redis://:part-of-the-password@127.0.0.1?timeout=part-of-it",
        "redis://:part-of-the-password@127.0.0.1?protocol=9",
    ],
)
def test_invalid_state_address(refused: Refused, url: str) -> None:
    line = refused(HOSTUP_MCP_STATE=url, HOSTUP_MCP_SECRET=SECRET)
    assert "HOSTUP_MCP_STATE" in line
    assert "part-of" not in line


@pytest.mark.parametrize("kind", ["tokens", "credentials"])
def test_unusable_file_is_not_quoted(refused: Refused, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"callers": {"a": "hmcp_pasted"}, "tokens": {"a": "hmcp_pasted"}}')
    line = refused(**{f"HOSTUP_MCP_{kind.upper()}": str(path)})
    assert kind.removesuffix("s") in line
    assert "pasted" not in line


def test_metrics_port_in_use(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "metrics" in refused(HOSTUP_MCP_METRICS_PORT=port)


@pytest.mark.parametrize("host", ["..", "x" * 70, "ä" * 70])
def test_unusable_address_is_one_line(refused: Refused, host: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    new_token(tokens, "web-team")
    assert refused(host, HOSTUP_MCP_TOKENS=str(tokens)).startswith(f"cannot listen on {host} ")
    line = refused(HOSTUP_MCP_METRICS_PORT="9", HOSTUP_MCP_METRICS_HOST=host)
    assert line.startswith("cannot serve metrics")


def test_missing_otel_extra(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert "pip install '.[otel]'" in refused()


def test_missing_replicas_extra(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("redis", "redis.asyncio"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("hostup_mcp.remote.changes", "hostup_mcp.state.redis"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    line = refused(HOSTUP_MCP_STATE="redis://127.0.0.1:9", HOSTUP_MCP_SECRET=SECRET)
    assert "pip install '.[replicas]'" in line


def test_tokens_and_issuer_conflict(tmp_path: Path) -> None:
    path, _ = token_file(tmp_path, "web-team")
    loaded = load({}, {"HOSTUP_SANDBOX": "1", "HOSTUP_MCP_TOKENS": str(path), **OAUTH})
    assert isinstance(loaded, Misconfigured)
    assert any("not both" in problem for problem in loaded.problems)
