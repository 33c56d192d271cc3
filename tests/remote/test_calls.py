"""Calls of sessions are bounded per caller, however their client treats requests and streams."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp_types import JSONRPCResponse
from sse_starlette import ServerSentEvent
from support.account import Upstream
from support.waiting import until

from hostup_mcp.remote.calls import SseCalls, read_sent
from hostup_mcp.server.busy import BUSY_CODE

from .wiring import (
    ACCEPT,
    ServerThread,
    Transport,
    calling,
    hold_responses,
    parse,
    serving,
    threads,
    token_file,
)

AT_ONCE = 3


class Session:
    """A client of an older revision."""

    def __init__(self, client: httpx.AsyncClient, url: str, token: str) -> None:
        self.client = client
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "Accept": ACCEPT}

    async def post(self, body: dict[str, Any]) -> httpx.Response:
        return await self.client.post(self.url, json=body, headers=self.headers)

    async def call(self, number: int) -> httpx.Response:
        return await self.post(request(number, "tools/call", name="list_vps", arguments={}))

    async def open(self) -> httpx.Response:
        response = await self.post(
            request(
                0,
                "initialize",
                protocolVersion="2025-06-18",
                capabilities={},
                clientInfo={"name": "raw", "version": "1"},
            )
        )
        if session := response.headers.get("mcp-session-id"):
            self.headers["Mcp-Session-Id"] = session
        await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return response


def request(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def cancel(number: int) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": number},
    }


def running(server: ServerThread, count: int) -> Callable[[], bool]:
    return lambda: server.service.server.running_calls == count


def serve(
    upstream: Upstream, folder: Path, transport: Transport
) -> Iterator[tuple[ServerThread, dict[str, str]]]:
    path, tokens = token_file(folder, "web-team", "ops-team")
    env = serving(upstream, HOSTUP_MCP_TOKENS=str(path), HOSTUP_MCP_CALLS_AT_ONCE=str(AT_ONCE))
    with threads(env, transport=transport) as [server]:
        yield server, tokens


@pytest.fixture
def over_http(upstream: Upstream, tmp_path: Path) -> Iterator[tuple[ServerThread, dict[str, str]]]:
    yield from serve(upstream, tmp_path, "streamable-http")


@pytest.fixture
def over_sse(upstream: Upstream, tmp_path: Path) -> Iterator[tuple[ServerThread, dict[str, str]]]:
    yield from serve(upstream, tmp_path, "sse")


# Streamable HTTP ----------------------------------------------------------------------------------


async def test_closed_requests_still_count(
    over_http: tuple[ServerThread, dict[str, str]], upstream: Upstream
) -> None:
    server, tokens = over_http
    async with calling() as client:
        session = Session(client, server.url, tokens["web-team"])
        await session.open()
        released = hold_responses(upstream, "GET")
        try:
            for number in range(1, AT_ONCE + 1):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(session.call, number)
                    await until(running(server, number), "it runs")
                    tasks.cancel_scope.cancel()
            other = Session(client, server.url, tokens["ops-team"])
            assert (await other.open()).status_code == 200
            refused = parse(await session.call(9))
            assert refused["error"]["code"] == BUSY_CODE
            assert "no effect" in refused["error"]["message"]
        finally:
            released.set()
        await until(running(server, 0), "they end")
        assert "result" in parse(await session.call(10))


async def test_running_calls_leave_room_for_replies(
    over_http: tuple[ServerThread, dict[str, str]], upstream: Upstream
) -> None:
    server, tokens = over_http
    async with calling() as client:
        session = Session(client, server.url, tokens["web-team"])
        await session.open()
        released = hold_responses(upstream, "GET")
        responses: list[httpx.Response] = []

        async def call(number: int) -> None:
            responses.append(await session.call(number))

        async with anyio.create_task_group() as tasks:
            for number in range(1, AT_ONCE + 1):
                tasks.start_soon(call, number)
            await until(running(server, AT_ONCE), "they run")
            reply = {"jsonrpc": "2.0", "id": 77, "result": {"action": "accept", "content": {}}}
            assert (await session.post(reply)).status_code == 202
            assert (await session.post(cancel(1))).status_code == 202
            released.set()
        assert [response.status_code for response in responses] == [200] * AT_ONCE


# SSE ----------------------------------------------------------------------------------------------


class Stream(Session):
    """A session over SSE, with what came on its stream."""

    def __init__(self, client: httpx.AsyncClient, url: str, token: str) -> None:
        super().__init__(client, url, token)
        self.messages: list[dict[str, Any]] = []

    def ids(self) -> set[int]:
        return {m["id"] for m in self.messages if "id" in m and "method" not in m}


@asynccontextmanager
async def stream(
    client: httpx.AsyncClient, server: ServerThread, token: str
) -> AsyncIterator[Stream]:
    session = Stream(client, "", token)
    async with (
        client.stream("GET", server.url, headers=session.headers) as response,
        anyio.create_task_group() as tasks,
    ):

        async def read() -> None:
            async for line in response.aiter_lines():
                data = line.removeprefix("data:").strip()
                if data.startswith("/"):
                    session.url = server.base + data
                elif data.startswith("{"):
                    session.messages.append(json.loads(data))

        tasks.start_soon(read)
        await until(lambda: session.url != "", "it says where to send messages")
        await session.open()
        await until(lambda: 0 in session.ids(), "it is open")
        yield session
        tasks.cancel_scope.cancel()


async def test_calls_over_sse_are_bounded(
    over_sse: tuple[ServerThread, dict[str, str]], upstream: Upstream
) -> None:
    server, tokens = over_sse
    async with calling() as client, stream(client, server, tokens["web-team"]) as session:
        released = hold_responses(upstream, "GET")
        try:
            for number in range(1, AT_ONCE + 1):
                assert (await session.call(number)).status_code == 202
            refused = await session.call(8)
            assert refused.status_code == 429
            assert "Read the responses" in refused.json()["error_description"]
            async with stream(client, server, tokens["ops-team"]) as other:
                assert 0 in other.ids(), "others are not affected"
            # What is not a call is always read, and a cancelled one frees its place.
            assert (await session.post(cancel(1))).status_code == 202
            await until(running(server, AT_ONCE - 1), "cancelled")
            assert (await session.call(9)).status_code == 202
            assert (await session.call(10)).status_code == 429
        finally:
            released.set()
        await until(lambda: session.ids() >= {2, 3, 9}, "the others have their results")
        assert (await session.call(11)).status_code == 202
        await until(lambda: 11 in session.ids(), "there is room again")


@pytest.mark.parametrize("id_", [7, -1, "seven", 'a "quoted", \\ é one', ""])
async def test_ids_of_responses_are_found(id_: int | str) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    calls = SseCalls()
    content = json.dumps({"jsonrpc": "2.0", "id": id_, "method": "ping"}).encode()
    scope = {"type": "http", "query_string": b"session_id=" + b"a" * 32}
    result = JSONRPCResponse(jsonrpc="2.0", id=id_, result={})
    event = ServerSentEvent(result.model_dump_json(by_alias=True), event="message").encode()
    with calls.stream("web-team", send) as stream_send:
        endpoint = b"event: endpoint\r\ndata: /messages/?session_id=" + b"a" * 32 + b"\r\n\r\n"
        await stream_send({"type": "http.response.body", "body": endpoint, "more_body": True})
        for status in (404, 202, 202):
            start = {"type": "http.response.start", "status": status, "headers": []}
            await calls.follow(scope, send, read_sent(content))(start)
        assert calls.of("web-team") == [len(content)] * 2
        assert calls.of("ops-team") == []
        await stream_send({"type": "http.response.body", "body": event, "more_body": True})
        assert calls.of("web-team") == [len(content)]
    assert calls.of("web-team") == []
    assert not calls._open
    assert len(sent) == 5


async def test_unread_results_count_over_sse(
    over_sse: tuple[ServerThread, dict[str, str]],
) -> None:
    server, tokens = over_sse
    async with calling() as client:
        session = Stream(client, "", tokens["web-team"])
        async with client.stream("GET", server.url, headers=session.headers) as response:
            lines = response.aiter_lines()
            while not (line := await anext(lines)).startswith("data:"):
                pass
            session.url = server.base + line.removeprefix("data:").strip()
            await session.open()
            # Nothing is read from here on, and each list is large.
            for number in range(1, 2_000):
                if (await session.post(request(number, "tools/list"))).status_code == 429:
                    break
            else:
                pytest.fail("results pile up")
        async with stream(client, server, tokens["web-team"]) as again:
            assert (await again.call(1)).status_code == 202, "a closed stream holds nothing"
