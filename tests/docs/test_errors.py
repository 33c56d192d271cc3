"""The errors page lists exactly the kinds, statuses and codes that can occur."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, get_args

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from hostup_mcp.recovery.account_reasons import BLOCKER_WORDS, AccountBlocker
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.reasons import Reason
from hostup_mcp.remote.token_file import new_token
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.errors.text import ErrorText

from .conftest import PATIENCE, Place, serving, shell
from .pages import ROOT, table

PAGE = "docs/errors.md"
KINDS = [
    kind for row in table(PAGE, "kind", "it means", "what you can do") for kind in row[0] if kind
]


def test_every_kind_is_explained_once() -> None:
    assert sorted(KINDS) == sorted(ErrorKind)


def test_doctor_gives_the_same_step() -> None:
    lines = (ROOT / PAGE).read_text("utf-8").splitlines()
    for text in vars(texts).values():
        if isinstance(text, ErrorText) and text.user_step:
            (row,) = (line for line in lines if f"`{text.kind}`" in line.split(" | ")[0])
            assert text.user_step in re.sub("[`<>]", "", row), text.kind


def test_readme_kinds_exist() -> None:
    named = {kind for row in table("README.md", "kind", "it means") for kind in row[0]}
    assert named <= set(KINDS)


def test_every_reason_is_explained() -> None:
    explained = {word for row in table("docs/concepts.md", "code", "it means") for word in row[0]}
    assert explained == set(codes_of_reasons())
    others = {
        word for row in table("docs/concepts.md", "code", "what it points out") for word in row[0]
    }
    assert others
    assert others <= set(Code)


def codes_of_reasons() -> Iterator[str]:
    """The codes that each kind of reason can have, with and without HostUp's text."""
    for kind in get_args(Reason):
        if not isinstance(kind.code, property):
            yield kind.code
            continue
        if kind is AccountBlocker:
            yield from (kind(word, is_gate_open=False).code for word in (*BLOCKER_WORDS, "other"))
            continue
        for said in itertools.product((None, "x"), repeat=len(dataclasses.fields(kind))):
            yield kind(*said).code


# Over HTTP ----------------------------------------------------------------------------------------

DISCOVER = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "server/discover",
    "params": {
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    },
}
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "server/discover",
}
OLDER = {k: v for k, v in HEADERS.items() if not k.lower().startswith("mcp")}
LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}

Request = dict[str, Any]
# Requests that get this status, with a valid token and valid headers unless given here.
PROVOKED: dict[str, list[Request]] = {
    "400": [
        {"headers": HEADERS, "content": "{"},
        {"headers": {"Content-Type": "text/plain"}, "content": "{}"},
        {"headers": {**HEADERS, "Mcp-Method": "tools/list"}, "json": DISCOVER},
    ],
    "401": [
        {"headers": {**HEADERS, "Authorization": "Bearer another"}, "json": DISCOVER},
        {"headers": {**HEADERS, "Authorization": ""}, "json": DISCOVER},
    ],
    "403": [{"headers": {**HEADERS, "Origin": "https://example.net"}, "json": DISCOVER}],
    "404": [
        {"url": "/elsewhere"},
        {"headers": {**OLDER, "Mcp-Session-Id": "another"}, "json": LIST_TOOLS},
    ],
    "405": [{"method": "PUT"}],
    "406": [{"headers": {**OLDER, "Accept": "text/html"}, "json": LIST_TOOLS}],
    "413": [{"headers": HEADERS, "content": b" " * (64 * 1024 + 1)}],
    "421": [{"headers": {**HEADERS, "Host": "example.net"}, "json": DISCOVER}],
}
# Statuses that need time or Redis, tested elsewhere.
ELSEWHERE = {
    "408": "tests/remote/test_attacks.py",
    "503": "tests/remote/test_operations.py",
}


@dataclass(frozen=True)
class Served:
    """A server that requires a token and allows twenty calls a minute for each caller."""

    address: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def server(account: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = shell(tmp_path_factory.mktemp("served"), account)
    file = place.folder / "tokens.json"
    tokens = {name: new_token(file, name) for name in ("for-statuses", "for-codes")}
    words = ["hostup-mcp", "serve", "--transport", "streamable-http", "--tokens", str(file)]
    with serving(words, place, HOSTUP_MCP_CALLS_PER_MINUTE="20") as (address, _):
        yield Served(address, tokens)


async def test_every_status_occurs(server: Served) -> None:
    address, token = server.address, server.tokens["for-statuses"]
    shown = {row[0][0] for row in table(PAGE, "status", "it means", "what to do")}
    assert shown == {*PROVOKED, *ELSEWHERE, "429"}
    good = {"Authorization": f"Bearer {token}"}

    async def send(http: httpx.AsyncClient, request: Request) -> httpx.Response:
        url = address if "url" not in request else address.replace("/mcp", request["url"])
        rest = {k: v for k, v in request.items() if k not in ("url", "method", "headers")}
        headers = {**good, **request.get("headers", {})}
        return await http.request(request.get("method", "POST"), url, headers=headers, **rest)

    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        for status, requests in PROVOKED.items():
            for each in requests:
                response = await send(http, each)
                assert str(response.status_code) == status, (each, response.text[:200])
        for _ in range(20):
            response = await send(http, {"headers": HEADERS, "json": DISCOVER})
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("status", "file"), ELSEWHERE.items())
def test_other_statuses_are_tested(status: str, file: str) -> None:
    assert status in (ROOT / file).read_text("utf-8")


# Errors of the protocol ---------------------------------------------------------------------------


async def error_code(call: Callable[[], Awaitable[object]]) -> int:
    with pytest.raises(MCPError) as caught:
        await call()
    return caught.value.error.code


async def test_unknown_names_are_errors(place: Place) -> None:
    child = StdioServerParameters(command="hostup-mcp", args=["--sandbox"], env=place.env)
    with anyio.fail_after(PATIENCE):
        async with Client(child) as client:
            assert await error_code(lambda: client.call_tool("no_such_tool", {})) == -32602
            assert await error_code(lambda: client.get_prompt("no_such_prompt", {})) == -32602
            assert await error_code(lambda: client.read_resource("hostup://other")) == -32602
            assert await error_code(lambda: client.list_tools(cursor="other")) == -32602
            not_given = "hostup://vps/vps_01h0000000000000000000fake/backups"
            assert await error_code(lambda: client.read_resource(not_given)) == -32602


@contextmanager
def over_stdio(place: Place) -> Iterator[tuple[IO[str], IO[str]]]:
    """Standard input and output of a session."""
    with subprocess.Popen(
        ["hostup-mcp", "--sandbox"],
        env=place.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            yield process.stdin, process.stdout
        finally:
            process.kill()


def codes_over_stdio(place: Place) -> Iterator[int]:
    """The error codes over stdio for invalid JSON, an unknown method and no request."""
    lines = ["no JSON", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "no/such"}), "[]"]
    with over_stdio(place) as (stdin, stdout):
        for line in lines:
            stdin.write(line + "\n")
            stdin.flush()
            yield int(json.loads(stdout.readline())["error"]["code"])


def code_for_unread_results(place: Place) -> int:
    """The error code for requests after many whose results nobody has read."""
    params = {"name": "list_vps", "arguments": {}, "_meta": DISCOVER["params"]["_meta"]}
    with over_stdio(place) as (stdin, stdout):
        # More than a pipe holds, so the server has read hundreds of them when this returns.
        for number in range(1_000):
            one = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
            stdin.write(json.dumps(one) + "\n")
        stdin.flush()
        responses = (json.loads(line) for line in stdout)
        return int(next(r["error"]["code"] for r in responses if "error" in r))


async def test_every_protocol_error_occurs(place: Place, server: Served) -> None:
    codes = [*codes_over_stdio(place), code_for_unread_results(place)]
    address, token = server.address, server.tokens["for-codes"]
    later = json.loads(json.dumps(DISCOVER).replace("2026-07-28", "2099-01-01"))
    for headers, body in (
        ({**HEADERS, "Mcp-Method": "tools/list"}, DISCOVER),
        ({**HEADERS, "MCP-Protocol-Version": "2099-01-01"}, later),
    ):
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            headers["Authorization"] = f"Bearer {token}"
            response = await http.post(address, headers=headers, json=body)
            codes.append(response.json()["error"]["code"])
    shown = {int(row[0][0]) for row in table(PAGE, "code", "it means")}
    assert codes == [-32700, -32601, -32600, -32010, -32020, -32022]
    assert shown == {*codes, -32602}
