"""Whatever a client sends, the log of a real process has only lines that the process wrote."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from support.product import environment

from .wiring import Transport, replicas, token_file

FORGED = "INFO hostup_mcp.audit: forged"
LINE = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) [a-z_A-Z.0-9]+: |  \| |hostup-mcp serves ")
ODD = f"\n{FORGED}\r\n\x1b[31m\u0085{FORGED}\u2028{FORGED}\u202e"


def exchange(port: int, request: bytes) -> bytes:
    """The beginning of the response to whatever bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        try:
            return line.recv(65536)
        except OSError:
            return b""


def requests(token: str) -> list[bytes]:
    """Requests whose path, headers or body try to write into the log."""
    raw = b"\x1b[31m\x9b31m\x85" + FORGED.encode()
    odd = json.dumps({"jsonrpc": "2.0", "id": 1, "method": ODD, "params": {"name": ODD}}).encode()
    call = {"name": ODD, "arguments": {ODD: ODD}, "_meta": {"progressToken": ODD}}
    called = {"jsonrpc": "2.0", "id": ODD, "method": "tools/call", "params": call}
    bodies = [odd, json.dumps(called).encode(), ODD.encode(), b'{"a": "' + ODD.encode() + b'"}']
    heads: list[tuple[str, bytes]] = [
        ("POST /messages/?session_id=" + quote(ODD), b""),
        ("POST /messages/?session_id=" + "0" * 32, b""),
        ("GET /" + quote(ODD), b""),
        ("POST /mcp", b"Mcp-Session-Id: " + raw + b"\r\n"),
        ("DELETE /mcp", b"Mcp-Session-Id: " + quote(ODD).encode() + raw[6:] + b"\r\n"),
        ("POST /mcp", b"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + raw[6:] + b"\r\n"),
        ("POST /mcp", b"MCP-Protocol-Version: 2025-11-25\r\n"),
        ("POST /mcp", b"Origin: " + raw[6:] + b"\r\n"),
        ("GET /mcp", b"Host: " + raw[6:] + b"\r\n"),
        ("GET /mcp", b"Authorization: Bearer " + raw[6:] + b"\r\n"),
    ]
    every = [(first, headers, odd) for first, headers in heads]
    every += [("POST /mcp", b"", body) for body in bodies]
    every += [("POST /mcp", b"MCP-Protocol-Version: 2026-07-28\r\n", body) for body in bodies]
    made = []
    for first, headers, body in every:
        head = f"{first} HTTP/1.1\r\n".encode() + headers
        if b"Host:" not in headers:
            head += b"Host: 127.0.0.1\r\n"
        if b"Authorization:" not in headers:
            head += b"Authorization: Bearer " + token.encode() + b"\r\n"
        head += b"Accept: application/json, text/event-stream\r\nConnection: close\r\n"
        head += b"Content-Type: application/json\r\n"
        made.append(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return [*made, b"\x1b[31m" + FORGED.encode() + b"\r\n\r\n"]


@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
@pytest.mark.parametrize("has_callers", [False, True], ids=["text", "JSON"])
def test_no_client_writes_into_the_log(
    transport: Transport, has_callers: bool, tmp_path: Path
) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    more = {"HOSTUP_MCP_TOKENS": str(path)} if has_callers else {}
    env = environment(HOSTUP_SANDBOX="1", HOSTUP_MCP_CALLS_PER_MINUTE="60000", **more)
    with replicas(tmp_path, env, transport=transport) as [server]:
        for request in requests(tokens["web-team"]):
            assert b" 500 " not in exchange(server.port, request)[:20]
        log = server.stderr.read_bytes().decode()
    lines = log.split("\n")[:-1]
    assert len(lines) > 3
    for line in lines:
        assert line.isprintable(), ascii(line)
        assert not line.startswith(FORGED)
        if has_callers:
            record = json.loads(line)
            assert record["message"].isprintable()
            assert record["logger"] != "hostup_mcp.audit"
        else:
            assert LINE.match(line), line


@pytest.mark.parametrize("request_", [b"nonsense\r\n\r\n", b"GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_strangers_do_not_fill_the_log(request_: bytes, tmp_path: Path) -> None:
    with replicas(tmp_path, environment(HOSTUP_SANDBOX="1")) as [server]:
        for _ in range(10):
            assert b" 4" in exchange(server.port, request_)[:20]
        log = server.stderr.read_text()
    assert log.count("WARNING ") == 1
