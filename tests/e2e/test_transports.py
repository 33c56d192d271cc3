"""Three transports, two revisions of the protocol, one product."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import anyio
import httpx
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, ResourceTemplateReference, TextResourceContents
from support.account import Upstream
from support.catalog import DESTRUCTIVE, READING, WRITING
from support.product import ALL_DOORS, LEGACY, REVISIONS, Door, command, environment, running
from support.waiting import PATIENCE

from .harness import Assistant, Product, at, in_memory

HTTP = ("streamable-http", "sse")
TEMPLATE = "hostup://vps/{id}/backups"
RECORD = "hostup://recoveries/{recoveryId}"
doors = pytest.mark.parametrize("door", ALL_DOORS, ids=str)


@doors
async def test_every_door_serves_all_there_is(product: Product, door: Door) -> None:
    async with product.enter_alone(door, None) as assistant:
        client = assistant.client
        assert client.protocol_version == (
            "2025-11-25" if door.revision == LEGACY else "2026-07-28"
        )
        if (
            client.server_info is not None
        ):  # a client that is sure of the revision does not ask for it
            assert client.server_info.name == "hostup-mcp"
            assert client.server_info.version
        assert await assistant.tools() == READING
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
        assert prompts == {"recover_server", "rehearse_recovery", "check_backups"}
        assert "hostup://vps" in {str(r.uri) for r in (await client.list_resources()).resources}
        templates = (await client.list_resource_templates()).resource_templates
        assert {t.uri_template for t in templates} == {TEMPLATE, RECORD}
        assert await complete_id(client) == [], "no id was returned yet"
        await expect_nothing_unknown(assistant)
        assert product.sandbox.requests == []
        vps, backups = await assistant.backups("web-01")
        assert await complete_id(client) == [vps]
        [content] = (await client.read_resource(f"hostup://vps/{vps}/backups")).contents
        assert isinstance(content, TextResourceContents)
        assert json.loads(content.text)["id"] == vps
    server = product.sandbox.state.by_name("web-01")
    assert vps == server.id
    assert set(backups) == {b.id for b in server.backups}
    assert product.sandbox.writes == []


async def complete_id(client: Client) -> list[str]:
    result = await client.complete(
        ResourceTemplateReference(type="ref/resource", uri=TEMPLATE), {"name": "id", "value": ""}
    )
    return list(result.completion.values)


async def expect_nothing_unknown(assistant: Assistant) -> None:
    """What does not exist is an error of the protocol."""
    await expect_invalid(assistant, "call_tool", "vps_delete_everything", {})
    await expect_invalid(assistant, "get_prompt", "no_such_prompt")
    await expect_invalid(assistant, "read_resource", "hostup://nowhere")
    for listing in ("list_tools", "list_prompts", "list_resources", "list_resource_templates"):
        await expect_invalid(assistant, listing, cursor="page-2")


async def expect_invalid(assistant: Assistant, what: str, *given: Any, **named: Any) -> None:
    with anyio.fail_after(PATIENCE), pytest.raises(MCPError) as raised:
        await getattr(assistant.client, what)(*given, **named)
    assert raised.value.error.code == INVALID_PARAMS, what


@pytest.mark.parametrize("transport", ["stdio", *HTTP])
async def test_a_client_may_find_out_the_revision(product: Product, transport: str) -> None:
    async with product.enter(Door(transport, "auto")) as assistant:
        assert assistant.client.protocol_version == "2026-07-28"
        assert assistant.client.server_info is not None
        assert assistant.client.server_info.name == "hostup-mcp"
        assert await assistant.find("mail")


# Raw stdio ----------------------------------------------------------------------------------------


class Lines:
    """A child on stdio, spoken to in raw lines."""

    def __init__(self, upstream: Upstream, log: BinaryIO) -> None:
        self.process = subprocess.Popen(
            command(),
            env=environment(**upstream.variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout

    def send(self, message: dict[str, Any] | bytes) -> None:
        data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n"
        self._stdin.write(data)
        self._stdin.flush()

    def receive(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self._stdout.readline())
        return result

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        self.send(message)
        answer = self.receive()
        assert answer["id"] == message["id"]
        return dict(answer["result"])

    def tool(self, number: int, name: str, /, **arguments: Any) -> dict[str, Any]:
        params = {"name": name, "arguments": arguments}
        call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        return self.ask(call)

    def leave(self) -> bytes:
        """Close standard input, and take what still comes until the end."""
        rest, _ = self.process.communicate(timeout=PATIENCE)
        return rest


def handshake(version: str) -> list[dict[str, Any]]:
    client = {"name": "raw", "version": "1"}
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
    return [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
    ]


@pytest.fixture
def raw(product: Product, tmp_path: Path) -> Iterator[Lines]:
    with (tmp_path / "raw.err").open("wb") as log:
        lines = Lines(product.upstream, log)
        # A child that does not result is ended, so that reading from it ends too.
        watch = threading.Timer(PATIENCE, lines.process.kill)
        watch.start()
        with lines.process:
            yield lines
            lines.process.kill()
        watch.cancel()


def test_a_line_that_is_no_json_is_answered(raw: Lines) -> None:
    raw.send(b"what is this\n")
    for message in handshake("2025-11-25"):
        raw.send(message)
    assert raw.receive()["error"]["code"] == -32700
    assert raw.receive()["result"]["protocolVersion"] == "2025-11-25"
    assert raw.leave() == b""
    assert raw.process.returncode == 0


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
def test_older_revisions_work_over_raw_stdio(raw: Lines, version: str) -> None:
    begin, begun = handshake(version)
    assert raw.ask(begin)["protocolVersion"] == version
    raw.send(begun)
    servers = raw.tool(2, "list_vps", name="web-01")
    assert not servers.get("isError")
    vps = servers["structuredContent"]["data"][0]["id"]
    read = raw.tool(3, "list_vps_backups", id=vps)
    assert read["structuredContent"]["actions"]["canRestore"]["allowed"] is True
    assert raw.leave() == b"", "nothing but answers is on standard output"
    assert raw.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stdio_ends_cleanly_on_a_signal(raw: Lines, number: signal.Signals) -> None:
    raw.ask(handshake("2025-11-25")[0])
    begin = time.monotonic()
    raw.process.send_signal(number)
    assert raw.process.wait(PATIENCE) == 0
    assert time.monotonic() - begin < 5
    assert raw.leave() == b""


# HTTP ---------------------------------------------------------------------------------------------

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("transport", HTTP)
def test_foreign_hosts_and_origins_are_refused(
    product: Product, tmp_path: Path, transport: str
) -> None:
    env = environment(**product.upstream.variables)
    with (
        running(tmp_path, env, transport=transport) as child,
        httpx.Client(trust_env=False, timeout=PATIENCE) as client,
    ):
        assert child.url.startswith("http://127.0.0.1:")

        def status(**headers: str) -> int:
            if transport == "sse":
                with client.stream("GET", child.url, headers=headers) as result:
                    return result.status_code
            return client.post(child.url, json=HELLO, headers={**ACCEPT, **headers}).status_code

        assert status() == 200
        assert status(Host="hostup.evil.example") == 421
        assert status(Origin="https://evil.example") == 403
        port = child.url.split(":")[2].split("/")[0]
        assert status(Origin=f"http://127.0.0.1:{port}") == 200
        begin = time.monotonic()
        assert child.close() in (0, -signal.SIGTERM)
        assert time.monotonic() - begin < 8
        assert child.stdout.read_text() == "", "standard output stays empty"
        assert "Traceback" not in child.stderr.read_text()


@pytest.mark.parametrize("mode", REVISIONS)
async def test_http_ends_while_a_client_is_connected(
    product: Product, tmp_path: Path, mode: str
) -> None:
    env = environment(**product.upstream.variables)
    with running(tmp_path, env) as child:
        begin = time.monotonic()
        async with anyio.create_task_group() as tasks:
            ready = anyio.Event()

            async def stay() -> None:
                async with at(child, mode, None) as assistant:
                    await assistant.find("web-01")
                    ready.set()
                    await anyio.sleep(PATIENCE)

            tasks.start_soon(stay)
            with anyio.fail_after(PATIENCE):
                await ready.wait()
            begin = time.monotonic()
            await anyio.to_thread.run_sync(child.close)
            took = time.monotonic() - begin
            tasks.cancel_scope.cancel()
        assert took < 8
        assert "Traceback" not in child.stderr.read_text()


# Definitions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", REVISIONS)
async def test_definitions_are_complete_and_true(sandbox: Any, mode: str) -> None:
    async with in_memory(sandbox, mode=mode) as assistant:
        tools = (await assistant.client.list_tools()).tools
        instructions = assistant.client.instructions
    assert {tool.name for tool in tools} == READING | WRITING
    assert instructions is None or len(instructions.splitlines()) <= 8
    for tool in tools:
        assert tool.title
        assert tool.description
        assert "\n" not in tool.description
        assert "  " not in tool.description
        hints = tool.annotations
        assert hints is not None
        assert hints.read_only_hint is (tool.name in READING)
        assert hints.destructive_hint is (tool.name in DESTRUCTIVE)
        assert hints.open_world_hint is True
        assert hints.idempotent_hint is not None
        schema, result = tool.input_schema, tool.output_schema
        assert "additionalProperties" not in schema
        assert result is not None
        assert result["type"] == "object"
        for name, argument in schema["properties"].items():
            assert argument.get("description"), f"{tool.name}.{name}"
            assert "example" not in json.dumps(argument).lower()
        if "id" in schema["properties"]:
            told = schema["properties"]["id"]
            assert "list_vps" in told["description"]
            assert told["pattern"].endswith("{1,128}$")
        if tool.name == "list_vps_backups":
            assert "ever invent" in schema["properties"]["id"]["description"]
        assert not {"confirm", "force", "yes", "sure"} & set(schema["properties"])
    for tool in tools:
        if tool.name in DESTRUCTIVE:
            text = tool.description or ""
            warned = text + json.dumps(tool.input_schema)
            assert re.search("cannot be undone|may (then )?delete|may be lost", warned), text
            assert "list_" in text, "it names the tool for looking only"
