"""Each path and method has a response, in both eras of the protocol, and it is never a fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.product import UNLIMITED

from .test_app import OAUTH, client_of, service
from .wiring import ACCEPT, NO_TLS, ServerThread, threads

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    },
}
ERAS = [None, "2025-11-25", "2026-07-28", "2099-01-01"]
HEADERS = {"Accept": ACCEPT, "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    with threads({"HOSTUP_SANDBOX": "1", **UNLIMITED}) as [running]:
        yield running


@pytest.fixture(scope="module")
def over_sse() -> Iterator[ServerThread]:
    with threads({"HOSTUP_SANDBOX": "1", **UNLIMITED}, transport="sse") as [running]:
        yield running


def responded(server: ServerThread, method: str, path: str, **how: Any) -> httpx.Response:
    """The response, or the beginning of a stream."""
    with (
        httpx.Client(base_url=server.base, verify=NO_TLS, trust_env=False) as client,
        client.stream(method, path, **how) as response,
    ):
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.read()
        return response


def a_session(server: ServerThread) -> str:
    response = responded(server, "POST", "/mcp", json=INITIALIZE, headers=HEADERS)
    assert response.status_code == 200
    return str(response.headers["mcp-session-id"])


# A slash at the end -------------------------------------------------------------------------------


def test_a_slash_makes_no_difference(server: ServerThread) -> None:
    opened = responded(server, "POST", "/mcp/", json=INITIALIZE, headers=HEADERS)
    assert opened.status_code == 200
    session = {**HEADERS, "Mcp-Session-Id": opened.headers["mcp-session-id"]}
    assert responded(server, "GET", "/mcp//", headers=session).status_code == 200
    assert responded(server, "DELETE", "/mcp/", headers=session).status_code == 200
    assert responded(server, "GET", "/healthz/").json() == {"status": "ok"}
    assert responded(server, "GET", "/nothing/").status_code == 404
    assert responded(server, "GET", "/").status_code == 404


def test_a_slash_makes_no_difference_over_sse(over_sse: ServerThread) -> None:
    for path in ("/sse", "/sse/"):
        response = responded(over_sse, "GET", path, headers={"Last-Event-ID": "5"})
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")


async def test_authentication_is_the_same_with_a_slash() -> None:
    async with client_of(service(**OAUTH)) as client:
        responses = [await client.post(path, json={}) for path in ("/mcp", "/mcp/")]
    assert [response.status_code for response in responses] == [401, 401]
    assert responses[0].headers["www-authenticate"] == responses[1].headers["www-authenticate"]


# Whatever is requested ----------------------------------------------------------------------------


@pytest.mark.parametrize("era", [None, "2025-11-25"])
def test_a_stream_cannot_be_resumed(server: ServerThread, era: str | None) -> None:
    session = a_session(server)
    headers = {"Accept": ACCEPT, "Mcp-Session-Id": session, "Last-Event-ID": "5"}
    if era is not None:
        headers["MCP-Protocol-Version"] = era
    response = responded(server, "GET", "/mcp", headers=headers)
    assert response.status_code == 405
    assert "GET" not in response.headers["allow"]
    assert "Last-Event-ID" in response.json()["error"]["message"]
    # The session goes on.
    del headers["Last-Event-ID"]
    assert responded(server, "GET", "/mcp", headers=headers).status_code == 200


BODIES = [
    (b"{}", "application/json"),
    (b"", "application/json"),
    (b"nonsense", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b"[]", "application/json"),
    (b"{}", "text/plain"),
    (b"{}", ""),
]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("kept", ["no session", "unknown session", "session"])
def test_every_request_has_a_response(server: ServerThread, era: str | None, kept: str) -> None:
    headers = {"Accept": ACCEPT}
    if era is not None:
        headers["MCP-Protocol-Version"] = era
    if kept != "no session":
        headers["Mcp-Session-Id"] = a_session(server) if kept == "session" else "\x80unknown"
    requests: list[tuple[str, str, dict[str, str], bytes]] = [
        (method, path, {"Last-Event-ID": "5"} if method == "GET" else {}, b"")
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE", "FETCH", "DELETE")
        for path in ("/mcp", "/mcp/", "/nothing", "/healthz", "/messages/", "//mcp", "/%2e%2e/mcp")
    ]
    requests += [("POST", "/mcp", {"Content-Type": kind}, body) for body, kind in BODIES]
    for method, path, more, body in requests:
        response = responded(
            server,
            method,
            path,
            headers=[(k.encode(), v.encode("latin-1")) for k, v in (headers | more).items()],
            content=body,
        )
        assert response.status_code < 500, (method, path, more, body)


def test_every_request_has_a_response_over_sse(over_sse: ServerThread) -> None:
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "POST", "FETCH"):
        for path in ("/sse", "/sse/", "/messages", "/messages/", "/messages/x?session_id=%00"):
            response = responded(over_sse, method, path, headers=HEADERS, content=b"{}")
            assert response.status_code < 500, (method, path)
