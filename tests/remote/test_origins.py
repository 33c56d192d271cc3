"""Hosts that this server answers for, and web pages that may call it, with and without a token."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from support.account import Upstream

from hostup_mcp.remote.origins import MOST_LINES, READABLE_HEADERS

from .test_app import HTTP, OAUTH, client_of, service, status
from .wiring import PUBLIC_URL, headers_for, message, replicas, serving, token_file

INSPECTOR = "http://localhost:6274"
ALLOWED = {
    "HOSTUP_MCP_ALLOWED_HOSTS": "hostup-mcp:8000, LAN.example.net ,192.0.2.7:*,[2001:db8::7]:9000",
    "HOSTUP_MCP_ALLOWED_ORIGINS": f"{INSPECTOR},https://APP.example.net:443",
    "HOSTUP_MCP_PUBLIC_URL": "https://MCP.example.com:443",
}

HOSTS = [
    *("127.0.0.1:8000", "localhost", "LOCALHOST:9", "[::1]:8000", "localhost.", "LocalHost.:9"),
    *("hostup-mcp:8000", "Hostup-MCP:8000", "192.0.2.7", "192.0.2.7:1234", "[2001:DB8::7]:9000"),
    *("lan.example.net", "lan.example.net:80", "lan.example.net:443"),
    *("mcp.example.com", "mcp.example.com:443", "MCP.EXAMPLE.COM:80", "mcp.example.com."),
]
FOREIGN_HOSTS = [
    *("evil.example", "hostup-mcp", "hostup-mcp:8001", "hostup-mcp:*", "lan.example.net:8000"),
    *("mcp.example.com:8443", "mcp.example.com.evil.example", "evil.example/mcp.example.com"),
    *("192.0.2.7:", "192.0.2.7.evil.example", "192.0.2.7:80@evil.example", "[::1", "a b", "\t"),
    *("evil.example.", "localhost..", "[::1].", ".localhost", "."),
]
ORIGINS = [
    *(INSPECTOR, "https://app.example.net", "https://app.example.net:443"),
    *("https://mcp.example.com", "HTTPS://mcp.example.com:443"),
    *("http://localhost", "http://127.0.0.1:5173", "http://hostup-mcp:8000", "http://192.0.2.7"),
]
FOREIGN_ORIGINS = [
    *("https://evil.example", "null", "file://", "*", "http://app.example.net"),
    *("https://app.example.net:8443", "http://mcp.example.com", "https://app.example.net/"),
    *("chrome-extension://localhost", "http://localhost:*", "http://localhost.evil.example"),
]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_known_host_is_served(host: str) -> None:
    async with client_of(service(**ALLOWED)) as client:
        assert await status(client, Host=host) == 200


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_any_other_host_is_refused(host: str) -> None:
    async with client_of(service(**ALLOWED)) as client:
        assert await status(client, Host=host) == 421


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_of_a_known_origin_is_served(origin: str) -> None:
    async with client_of(service(**ALLOWED)) as client:
        assert await status(client, Origin=origin) == 200


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_any_other_page_is_refused(origin: str) -> None:
    async with client_of(service(**ALLOWED)) as client:
        assert await status(client, Origin=origin) == 403


@pytest.mark.parametrize("transport", HTTP)
@pytest.mark.parametrize(
    ("header", "value", "code", "setting"),
    [
        ("Host", "mcp.lan:8000", 421, "HOSTUP_MCP_ALLOWED_HOSTS"),
        ("Origin", "https://app.lan", 403, "HOSTUP_MCP_ALLOWED_ORIGINS"),
    ],
)
async def test_a_refusal_names_the_setting(
    transport: str,
    header: str,
    value: str,
    code: int,
    setting: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In the response and in the log, before anybody is asked for a token."""
    path, _ = token_file(tmp_path, "web-team")
    address = {"streamable-http": "/mcp", "sse": "/messages/"}[transport]
    async with client_of(service(transport, HOSTUP_MCP_TOKENS=str(path))) as client:
        response = await client.post(address, json={}, headers={header: value})
    assert response.status_code == code
    for said in (response.text, caplog.messages[-1]):
        assert f'"{value}"' in said
        assert setting in said


async def test_a_refusal_quotes_no_control_characters(caplog: pytest.LogCaptureFixture) -> None:
    odd = 'a\x1b[31m"b\u0085c'.encode("latin-1")
    async with client_of(service()) as client:
        response = await client.get("/mcp", headers=[(b"host", odd + b"d" * 500)])
    assert response.status_code == 421
    for said in (response.text.strip(), caplog.messages[-1]):
        assert said.isprintable()
        assert len(said) < 300


@pytest.mark.parametrize("header", ["Host", "Origin"])
async def test_strangers_cannot_fill_the_log(header: str, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(service()) as client:
        for number in range(2 * MOST_LINES):
            for _ in range(2):
                headers = {header: f"https://{number}.example"}
                assert (await client.get("/mcp", headers=headers)).status_code in (403, 421)
    assert len(caplog.messages) == MOST_LINES


# Cross-origin requests ----------------------------------------------------------------------------


@pytest.fixture(params=["tokens", "oauth"])
def authenticating(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    path, _ = token_file(tmp_path, "web-team")
    how = {"tokens": {"HOSTUP_MCP_TOKENS": str(path)}, "oauth": OAUTH}[request.param]
    return {**how, "HOSTUP_MCP_ALLOWED_ORIGINS": INSPECTOR}


async def preflight(client: httpx.AsyncClient, origin: str, method: str = "POST") -> httpx.Response:
    asked = "authorization,content-type,mcp-protocol-version,mcp-method,mcp-param-id,mcp-session-id"
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": asked,
    }
    return await client.options("/mcp", headers=headers)


async def test_a_preflight_needs_no_token(authenticating: dict[str, str]) -> None:
    async with client_of(service(**authenticating)) as client:
        for method in ("POST", "GET", "DELETE"):
            response = await preflight(client, INSPECTOR, method)
            assert response.status_code == 200
            assert response.headers["access-control-allow-origin"] == INSPECTOR
            assert method in response.headers["access-control-allow-methods"]
            assert "mcp-param-id" in response.headers["access-control-allow-headers"]
            assert "access-control-allow-credentials" not in response.headers
        assert (await preflight(client, "https://evil.example")).status_code == 403
        assert (await preflight(client, INSPECTOR, "PUT")).status_code == 400


async def test_a_page_can_read_a_401(authenticating: dict[str, str]) -> None:
    async with client_of(service(**authenticating)) as client:
        body = message("tools/list")
        response = await client.post(
            "/mcp", json=body, headers={**headers_for(body), "Origin": INSPECTOR}
        )
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == INSPECTOR
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert set(READABLE_HEADERS) <= set(exposed)
    assert "www-authenticate" in response.headers


async def test_nothing_is_shared_across_origins_by_default() -> None:
    """The public URL and loopback may call, but no page may read what comes back."""
    async with client_of(service(HOSTUP_MCP_PUBLIC_URL=PUBLIC_URL)) as client:
        for origin in (PUBLIC_URL, "http://localhost:6274"):
            response = await preflight(client, origin)
            assert response.status_code == 405
            assert "access-control-allow-origin" not in response.headers


async def test_the_metadata_is_for_any_page() -> None:
    """A page finds out where to authenticate before it has a token."""
    given = {**OAUTH, "HOSTUP_MCP_ALLOWED_ORIGINS": INSPECTOR}
    async with client_of(service(**given)) as client:
        for origin in (INSPECTOR, "https://elsewhere.example"):
            response = await client.get(
                "/.well-known/oauth-protected-resource/mcp/", headers={"Origin": origin}
            )
            assert response.status_code == 200
            assert response.headers.get_list("access-control-allow-origin") in (["*"], [origin])


@pytest.mark.parametrize("name", ["HOSTUP_MCP_ALLOWED_HOSTS", "HOSTUP_MCP_PUBLIC_URL"])
def test_a_server_with_a_name_says_that_it_asks_for_no_token(
    upstream: Upstream, tmp_path: Path, name: str
) -> None:
    value = ALLOWED[name]
    with replicas(tmp_path, serving(upstream, **{name: value})) as [server]:
        lines = server.stderr.read_text().splitlines()
    assert "anybody who reaches it, such as through a proxy, can use the API key" in lines[1]
