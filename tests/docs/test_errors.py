"""The page of errors: every kind, status and code that a caller can meet, and no other."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import json
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

from hostup_mcp.recovery.reasons import Reason

from .conftest import PATIENCE, Place, done, serving
from .pages import ROOT, table

PAGE = "docs/errors.md"
KINDS = [
    kind for row in table(PAGE, "kind", "it means", "what you can do") for kind in row[0] if kind
]
MADE_IN = sorted((ROOT / "hostup_mcp").glob("server/**/*.py"))
MADE_IN += sorted((ROOT / "hostup_mcp").glob("remote/*.py"))


def kinds(path: Path) -> Iterator[str]:
    """The kinds of failure that a module makes."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            if ast.unparse(node.func).rpartition(".")[2] == "refuse":
                given = node.args[:1]
            given += [word.value for word in node.keywords if word.arg == "kind"]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            given = [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == "kind"]
        elif isinstance(node, ast.FunctionDef) and node.name == "_in_words":
            returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return)]
            given = [value.elts[0] for value in returned if isinstance(value, ast.Tuple)]
        yield from (str(one.value) for one in given if isinstance(one, ast.Constant))


def test_every_kind_is_explained_once() -> None:
    there_are = {kind for path in MADE_IN for kind in kinds(path)}
    assert len(there_are) > 30
    assert set(KINDS) == there_are
    assert len(KINDS) == len(set(KINDS))


def test_readme_kinds_exist() -> None:
    named = {kind for row in table("README.md", "kind", "it means") for kind in row[0]}
    assert named <= set(KINDS)


def test_every_reason_is_explained() -> None:
    explained = {word for row in table("docs/concepts.md", "code", "it means") for word in row[0]}
    assert explained == set(codes_of_reasons())


def codes_of_reasons() -> Iterator[str]:
    """Of each kind of reason its code, or all that it may have, with and without HostUp's words."""
    for kind in get_args(Reason):
        if not isinstance(kind.code, property):
            yield kind.code
            continue
        for said in itertools.product((None, "x"), repeat=len(dataclasses.fields(kind))):
            yield kind(*said).code


# Over HTTP ----------------------------------------------------------------------------------------

ASKS = {
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
LISTS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}

Ask = dict[str, Any]
# What is sent, beside a good token and good headers, to get this status.
PROVOKED: dict[str, list[Ask]] = {
    "400": [
        {"headers": HEADERS, "content": "{"},
        {"headers": {"Content-Type": "text/plain"}, "content": "{}"},
        {"headers": {**HEADERS, "Mcp-Method": "tools/list"}, "json": ASKS},
    ],
    "401": [
        {"headers": {**HEADERS, "Authorization": "Bearer another"}, "json": ASKS},
        {"headers": {**HEADERS, "Authorization": ""}, "json": ASKS},
    ],
    "403": [{"headers": {**HEADERS, "Origin": "https://example.net"}, "json": ASKS}],
    "404": [
        {"url": "/elsewhere"},
        {"headers": {**OLDER, "Mcp-Session-Id": "another"}, "json": LISTS},
    ],
    "405": [{"method": "PUT"}],
    "406": [{"headers": {**OLDER, "Accept": "text/html"}, "json": LISTS}],
    "413": [{"headers": HEADERS, "content": b" " * (4 * 1024 * 1024 + 1)}],
    "421": [{"headers": {**HEADERS, "Host": "example.net"}, "json": ASKS}],
}
# These need time or an engine, and are shown by other tests.
ELSEWHERE = {
    "408": "tests/remote/test_attacks.py",
    "503": "tests/remote/test_operations.py",
}


@pytest.fixture
def server(place: Place) -> Iterator[tuple[str, str]]:
    """The address of a server that wants a token, and the token; twenty calls a minute."""
    tokens = ["--tokens", "tokens.json"]
    token = done(["hostup-mcp", "token", "new", "reader", *tokens], place).strip()
    words = ["hostup-mcp", "serve", "--transport", "streamable-http", *tokens]
    with serving(words, place, HOSTUP_MCP_CALLS_PER_MINUTE="20") as (address, _):
        yield address, token


async def test_every_status_occurs(server: tuple[str, str]) -> None:
    address, token = server
    shown = {row[0][0] for row in table(PAGE, "status", "it means", "what to do")}
    assert shown == {*PROVOKED, *ELSEWHERE, "429"}
    good = {"Authorization": f"Bearer {token}"}

    async def ask(http: httpx.AsyncClient, asked: Ask) -> httpx.Response:
        url = address if "url" not in asked else address.replace("/mcp", asked["url"])
        rest = {k: v for k, v in asked.items() if k not in ("url", "method", "headers")}
        headers = {**good, **asked.get("headers", {})}
        return await http.request(asked.get("method", "POST"), url, headers=headers, **rest)

    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        for status, ways in PROVOKED.items():
            for way in ways:
                answered = await ask(http, way)
                assert str(answered.status_code) == status, (way, answered.text[:200])
        for _ in range(20):
            answered = await ask(http, {"headers": HEADERS, "json": ASKS})
        assert answered.status_code == 429
        assert int(answered.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("status", "file"), ELSEWHERE.items())
def test_other_statuses_are_tested(status: str, file: str) -> None:
    assert status in (ROOT / file).read_text("utf-8")


# Errors of the protocol ---------------------------------------------------------------------------


async def code_of(call: Callable[[], Awaitable[object]]) -> int:
    with pytest.raises(MCPError) as caught:
        await call()
    return caught.value.error.code


async def test_unknown_names_are_errors(place: Place) -> None:
    child = StdioServerParameters(command="hostup-mcp", args=["--sandbox"], env=place.env)
    with anyio.fail_after(PATIENCE):
        async with Client(child) as client:
            assert await code_of(lambda: client.call_tool("no_such_tool", {})) == -32602
            assert await code_of(lambda: client.get_prompt("no_such_prompt", {})) == -32602
            assert await code_of(lambda: client.read_resource("hostup://other")) == -32602
            assert await code_of(lambda: client.list_tools(cursor="other")) == -32602
            not_given = "hostup://vps/vps_01h0000000000000000000fake/backups"
            assert await code_of(lambda: client.read_resource(not_given)) == -32602


def said_to_lines(place: Place) -> Iterator[int]:
    """The codes that lines over stdio get which are no JSON, no method, and no request."""
    lines = ["no JSON", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "no/such"}), "[]"]
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
            for line in lines:
                process.stdin.write(line + "\n")
                process.stdin.flush()
                yield int(json.loads(process.stdout.readline())["error"]["code"])
        finally:
            process.kill()


async def test_every_protocol_error_occurs(place: Place, server: tuple[str, str]) -> None:
    codes = [*said_to_lines(place)]
    address, token = server
    later = json.loads(json.dumps(ASKS).replace("2026-07-28", "2099-01-01"))
    for headers, body in (
        ({**HEADERS, "Mcp-Method": "tools/list"}, ASKS),
        ({**HEADERS, "MCP-Protocol-Version": "2099-01-01"}, later),
    ):
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            headers["Authorization"] = f"Bearer {token}"
            answered = await http.post(address, headers=headers, json=body)
            codes.append(answered.json()["error"]["code"])
    shown = {int(row[0][0]) for row in table(PAGE, "code", "it means")}
    assert codes == [-32700, -32601, -32600, -32020, -32022]
    assert shown == {*codes, -32602}
