"""One caller attacks a server in a process of its own: nothing is held, and others are served.

`benchmarks/attacks.py` measures what the others notice.
"""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from support.account import Upstream
from support.product import ServerProcess, running

from hostup_mcp.remote.bodies import MAX_BODY_BYTES
from hostup_mcp.remote.limits import MAX_BYTES
from hostup_mcp.remote.sessions import MAX_SESSIONS

from .wiring import ACCEPT, PATIENCE, Caller, calling, serving, token_file

MOST_MIB = 256


@dataclass
class Attacked:
    """A server, and the tokens of the attacker and of another caller."""

    server: ServerProcess
    attacker: str
    other: str

    async def is_unharmed(self) -> None:
        async with calling() as client:
            other = Caller(client, self.server.url, self.other)
            assert (await other.call("list_vps")).kind is None
        assert self.resident_mib() < MOST_MIB

    def resident_mib(self) -> float:
        status = Path(f"/proc/{self.server.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1]) / 1024

    def head(self, method: str, *more: str) -> bytes:
        lines = [
            f"{method} /mcp HTTP/1.1",
            f"Host: 127.0.0.1:{self.server.port}",
            f"Authorization: Bearer {self.attacker}",
            "Content-Type: application/json",
            f"Accept: {ACCEPT}",
            *more,
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.attacker}", "Accept": ACCEPT, **more}


@pytest.fixture(scope="module")
def server(
    upstream_of_worker: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServerProcess, Iterator[str]]]:
    """A server, and tokens of callers that it has not seen."""
    if not Path("/proc/self/status").exists():
        pytest.skip("reads the memory of a process from /proc")
    folder = tmp_path_factory.mktemp("attacked")
    path, tokens = token_file(folder, *(f"caller-{n}" for n in range(20)))
    env = serving(upstream_of_worker, HOSTUP_MCP_TOKENS=str(path))
    with running(folder, env) as process:
        yield process, iter(tokens.values())
    assert "Traceback" not in process.output()


@pytest.fixture
def attacked(server: tuple[ServerProcess, Iterator[str]], upstream: Upstream) -> Attacked:
    process, tokens = server
    return Attacked(process, next(tokens), next(tokens))


def initialize(capabilities: Any, version: str = "1") -> bytes:
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"experimental": capabilities},
        "clientInfo": {"name": "attacker", "version": version},
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    return json.dumps(body, separators=(",", ":")).encode()


async def open_sessions(attacked: Attacked, body: bytes, count: int) -> list[httpx.Response]:
    responses: list[httpx.Response] = []
    async with calling() as client:

        async def post() -> None:
            headers = attacked.headers(**{"Content-Type": "application/json"})
            with suppress(httpx.TransportError):
                responses.append(
                    await client.post(attacked.server.url, content=body, headers=headers)
                )

        async with anyio.create_task_group() as tasks:
            for _ in range(count):
                tasks.start_soon(post)
    return responses


async def test_85_sessions_with_4_mb_each(attacked: Attacked) -> None:
    responses = await open_sessions(attacked, initialize({}, "x" * 4_000_000), 85)
    # Whoever sends that much at once may miss the response.
    assert {response.status_code for response in responses} <= {413}
    await attacked.is_unharmed()


async def test_85_sessions_as_large_as_allowed(attacked: Attacked) -> None:
    dense = initialize({f"{n:x}": {} for n in range(6_500)})
    assert MAX_BODY_BYTES * 0.9 < len(dense) <= MAX_BODY_BYTES
    responses = await open_sessions(attacked, dense, 85)
    statuses = Counter(response.status_code for response in responses)
    assert statuses == {200: MAX_BYTES // len(dense), 429: 85 - MAX_BYTES // len(dense)}
    await attacked.is_unharmed()

    # Ended sessions free their place.
    opened = [r.headers["mcp-session-id"] for r in responses if r.status_code == 200]
    async with calling() as client:
        for session in opened:
            headers = attacked.headers(**{"Mcp-Session-Id": session})
            ended = await client.delete(attacked.server.url, headers=headers)
            assert ended.status_code == 200
    again = await open_sessions(attacked, dense, 1)
    assert [response.status_code for response in again] == [200]


async def test_85_plain_sessions(attacked: Attacked) -> None:
    statuses: Counter[int] = Counter()
    for _ in range(5):
        responses = await open_sessions(attacked, initialize({}), 17)
        statuses.update(response.status_code for response in responses)
    assert statuses == {200: MAX_SESSIONS, 429: 85 - MAX_SESSIONS}
    assert f"{MAX_SESSIONS} open sessions" in responses[-1].text
    await attacked.is_unharmed()


async def test_16_bodies_at_once(attacked: Attacked) -> None:
    part = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
    with ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", attacked.server.port)))
            for _ in range(16)
        ]
        for line in lines:
            line.settimeout(0.2)
            line.sendall(attacked.head("POST", "Transfer-Encoding: chunked"))
        for _ in range(64):
            for line in lines:
                with suppress(OSError):
                    line.sendall(part)
        await attacked.is_unharmed()
        for line in lines:
            line.settimeout(PATIENCE)
            with suppress(ConnectionError):
                while line.recv(65_536):
                    pass


async def test_300_deletes_that_never_end(attacked: Attacked) -> None:
    with ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", attacked.server.port)))
            for _ in range(300)
        ]
        for line in lines:
            line.sendall(attacked.head("DELETE", "Transfer-Encoding: chunked") + b"3\r\nend\r\n")
        await attacked.is_unharmed()
        for line in lines:
            line.settimeout(PATIENCE)
            with suppress(ConnectionError):
                while line.recv(65_536):
                    pass
        await attacked.is_unharmed()
