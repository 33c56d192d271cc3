"""Over HTTP too, a request with an invalid id gets an error, and is no notification."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from typing import Any

import httpx
import pytest
from starlette.types import Message

from hostup_mcp.remote.request_ids import RejectInvalidIds

from .test_app import HTTP, client_of, service
from .wiring import ACCEPT

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}


class ReachedError(Exception):
    """The request went on to the SDK."""


async def post(body: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the body of the response to a POST with `body`."""
    sent: list[Message] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["body"] == body
        raise ReachedError

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await RejectInvalidIds(app)({"type": "http", "method": "POST"}, receive, send)
    start, content = sent
    return start["status"], json.loads(content["body"])


@pytest.mark.parametrize("id_", ["null", "2.0", "2e1", "[1]", '{"a": 1}', "true", "false"])
@pytest.mark.parametrize("method", ["initialize", "tools/list"])
async def test_an_invalid_id_is_an_error(method: str, id_: str) -> None:
    body = f'{{"jsonrpc":"2.0","id" : {id_},"method":"{method}"}}'
    status, answer = await post(body.encode())
    assert status == 400
    assert answer["id"] is None
    assert answer["error"]["code"] == -32600


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
        b'{"jsonrpc":"2.0","id":"null","method":"tools/list"}',
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
        b'{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}',
        b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"id":null}}',
        b'{"id":null',
        b"[]",
        b"",
    ],
)
async def test_everything_else_goes_on(body: bytes) -> None:
    with pytest.raises(ReachedError):
        await post(body)


@pytest.mark.parametrize("transport", HTTP)
async def test_the_served_application_says_so(transport: str) -> None:
    path = "/mcp" if transport == "streamable-http" else "/messages/"
    body = {"jsonrpc": "2.0", "id": None, "method": "initialize", "params": INITIALIZE}
    async with client_of(service(transport)) as client:
        answer = await client.post(path, json=body, headers={"Accept": ACCEPT})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == -32600


async def post_marked(marks: int, id_: int | None) -> httpx.Response:
    """The response to an initialize request behind so many byte order marks."""
    body = {"jsonrpc": "2.0", "id": id_, "method": "initialize", "params": INITIALIZE}
    content = marks * BOM_UTF8 + json.dumps(body).encode()
    headers = {"Accept": ACCEPT, "Content-Type": "application/json"}
    async with client_of(service()) as client:
        return await client.post("/mcp", content=content, headers=headers)


async def test_a_byte_order_mark_is_skipped() -> None:
    """As over stdio; what stands behind it is checked as ever."""
    assert (await post_marked(1, 1)).status_code == 200
    assert (await post_marked(1, None)).json()["error"]["code"] == -32600
    assert (await post_marked(2, 1)).json()["error"]["code"] == -32700
