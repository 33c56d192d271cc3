"""Limits for request headers, with both of uvicorn's protocols: in Python, and in C."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec

import pytest
from support.account import Upstream

from hostup_mcp.remote import connection, serve
from hostup_mcp.remote.connection import H11, http_protocol

from .wiring import PATIENCE, ServerThread, headers_for, message, serving, threads

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
MOST_HEADER_BYTES = 10_000_000
"""What a server that has no limit would take in any case, with its buffers and the network's."""

has_httptools = pytest.mark.skipif(find_spec("httptools") is None, reason="needs httptools")


def h11() -> type[asyncio.Protocol]:
    return H11


@pytest.fixture(
    params=[
        pytest.param(h11, id="h11"),
        pytest.param(http_protocol, id="httptools", marks=has_httptools),
    ]
)
def server(
    upstream: Upstream, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServerThread]:
    monkeypatch.setattr(connection, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(serve, "KEEP_ALIVE_SECONDS", 1)
    monkeypatch.setattr(serve, "http_protocol", request.param)
    with threads(serving(upstream)) as [running]:
        yield running


def connect(server: ServerThread) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


@has_httptools
def test_the_extra_serves_with_the_fast_protocol() -> None:
    assert http_protocol().__name__ == "HttpTools"
    assert "loop_factory" in serve.loop_options()


def test_slow_headers_are_closed(server: ServerThread) -> None:
    """Anybody who can connect can try it without a token."""
    first = {"silence": b"", "trickle": HEALTH[:30], "second request is cut": HEALTH + HEALTH[:20]}
    received = dict.fromkeys(first, b"")
    with ExitStack() as stack:
        connected = {name: stack.enter_context(connect(server)) for name in first}
        for name, line in connected.items():
            line.settimeout(0.1)
            line.sendall(first[name])
        deadline = time.monotonic() + PATIENCE
        while connected and time.monotonic() < deadline:
            for name, line in list(connected.items()):
                try:
                    if name == "trickle":
                        line.sendall(b"x")
                    part = line.recv(65_536)
                except TimeoutError:
                    continue
                except OSError:
                    part = b""
                received[name] += part
                if not part:
                    del connected[name]
    assert connected == {}
    assert received["second request is cut"].startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("before", [b"", HEALTH], ids=["first", "pipelined"])
@pytest.mark.parametrize(
    "endless",
    [b"GET /" + b"x" * 9_000, b"X-Long: " + b"x" * 9_000, b"X-Many: x\r\n" * 800],
    ids=["path", "one header", "many headers"],
)
def test_endless_headers_are_cut(
    server: ServerThread, endless: bytes, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEADER_SECONDS", PATIENCE)
    start = b"" if endless.startswith(b"GET") else b"GET / HTTP/1.1\r\nHost: x\r\n"
    more = endless if start else b"x" * 9_000
    sent = 0
    with connect(server) as line:
        try:
            line.sendall(before + start + endless)
            while sent < MOST_HEADER_BYTES:
                line.sendall(more)
                sent += len(more)
        except OSError:
            pass
    assert sent < MOST_HEADER_BYTES


def test_long_headers_are_accepted(server: ServerThread) -> None:
    long = HEALTH[:-2] + b"X-Long: " + b"x" * 10_000 + b"\r\n\r\n"
    assert exchange(server, [long[:9], long[9:5_000], long[5_000:]]).startswith(b"HTTP/1.1 200")


def test_requests_may_be_pipelined(server: ServerThread) -> None:
    assert exchange(server, [HEALTH * 3], 3).count(b"HTTP/1.1 200") == 3


def test_an_upgrade_is_ignored(server: ServerThread) -> None:
    """Java's client offers HTTP/2 with each request until a server has accepted or refused it."""
    body = json.dumps(message("tools/list")).encode()
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers_for(message("tools/list")).items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    received = exchange(server, [request, request * 2, request[:400], request[400:]], 4)
    assert received.count(b"HTTP/1.1 200") == 4
    assert received.count(b'"name":"list_vps_backups"') == 4


@pytest.mark.parametrize("target", [b"CONNECT example.com:443", b"GET http://example.com"])
def test_a_proxy_is_what_this_is_not(server: ServerThread, target: bytes) -> None:
    received = exchange(server, [target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"])
    assert received.startswith(b"HTTP/1.1 4")


def exchange(server: ServerThread, parts: list[bytes], responses: int = 1) -> bytes:
    """Send `parts` one after the other, and read until so many responses have begun and ended."""
    received = b""
    with connect(server) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(0.02)
        deadline = time.monotonic() + PATIENCE
        line.settimeout(0.3)
        while time.monotonic() < deadline:
            try:
                part = line.recv(262_144)
            except TimeoutError:
                if received.count(b"HTTP/1.1 ") >= responses:
                    break
                continue
            if not part:
                break
            received += part
    return received
