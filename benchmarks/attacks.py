"""What other callers notice while one caller attacks the server, and what the attack costs.

    python -m benchmarks.attacks                    a minute or two; --seconds 5 for each attack
    python -m benchmarks.attacks --only bodies

Everything runs on the loopback interface and stops at the end: a server with the sandbox account,
the default limits and a token for each caller; the attacker, a process of its own; and another
caller, who calls `list_vps` again and again, first in quiet and then during the attack. The attacks
of the one caller, each on as many connections, which it opens again a second after they are closed:

- `sessions`: 85 sessions whose `initialize` has 4 MB of clientInfo,
- `dense`: 85 sessions whose `initialize` is as large as is allowed, of what takes most memory,
- `bodies`: 16 POST bodies that never end, as fast as the server reads,
- `deletes`: 300 DELETE bodies that never end, a few bytes a second,
- `strangers`: 300 POST bodies that never end, as fast as the server reads, without a token.

Prints the other caller's median in milliseconds in quiet and during the attack, their ratio, the
largest resident memory of the server, and the statuses that the attacker got. All of them share
the machine, so on one with few cores the attacker itself slows down the others.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.load import Processes, free_port, memory, wait_for

VERSION = "2026-07-28"
CALLS = 50
REOPEN_SECONDS = 1.0
MOST_MIB = 256
MOST_RATIO = 2.0


# The attacker -------------------------------------------------------------------------------------


def initialize(capabilities: object, filler: str = "") -> bytes:
    info = {"name": "attacker", "version": "1" + filler}
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {"experimental": capabilities},
        "clientInfo": info,
    }
    return json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        separators=(",", ":"),
    ).encode()


LARGE = initialize({}, "x" * 4_000_000)
DENSE = initialize({f"{n:x}": {} for n in range(6_500)})

# Connections, method, body (None: it never ends), bytes of each part, seconds between two, token
ATTACKS: dict[str, tuple[int, str, bytes | None, int, float, bool]] = {
    "sessions": (85, "POST", LARGE, 0, 0, True),
    "dense": (85, "POST", DENSE, 0, 0, True),
    "bodies": (16, "POST", None, 65_536, 0, True),
    "deletes": (300, "DELETE", None, 8, 0.5, True),
    "strangers": (300, "POST", None, 65_536, 0, False),
}


async def attack(name: str, port: int, token: str, seconds: float) -> Counter[str]:
    """Attack for some seconds; returns how often each status was received."""
    connections, method, body, size, pause, has_token = ATTACKS[name]
    lines = [
        f"{method} /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        *([f"Authorization: Bearer {token}"] if has_token else []),
        "Transfer-Encoding: chunked" if body is None else f"Content-Length: {len(body)}",
        "",
        "",
    ]
    head = "\r\n".join(lines).encode()
    part = f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"
    statuses: Counter[str] = Counter()

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(head + (body or b""))
        await writer.drain()
        while body is None:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    async def once() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sending = asyncio.create_task(send(writer))
        try:
            status = (await reader.readline()).split(b" ")[1:2]
            statuses[status[0].decode() if status else "closed"] += 1
            while await reader.read(65_536):
                pass
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            writer.close()

    async def again_and_again() -> None:
        while True:
            try:
                await once()
            except OSError:
                statuses["closed"] += 1
            await asyncio.sleep(REOPEN_SECONDS)

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(again_and_again() for _ in range(connections)))
    return statuses


@contextmanager
def attacking(name: str, port: int, token: str, seconds: float) -> Iterator[dict[str, int]]:
    """An attack in a process of its own while the block runs; the statuses are there afterwards."""
    words = [sys.executable, "-m", "benchmarks.attacks", "--attack", name]
    words += ["--port", str(port), "--token", token, "--seconds", str(seconds)]
    statuses: dict[str, int] = {}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        try:
            yield statuses
            statuses.update(json.loads(process.stdout.readline()))
        finally:
            process.kill()


def list_vps(token: str) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a call."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "list_vps", "arguments": {}, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": VERSION,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "list_vps",
        "Authorization": f"Bearer {token}",
    }
    return json.dumps(body).encode(), headers


# The other caller ---------------------------------------------------------------------------------


def median_call(port: int, token: str, until: float | None = None) -> float:
    """Milliseconds that `list_vps` takes: the median of `CALLS` of them, or of those in time."""
    body, headers = list_vps(token)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    waits: list[float] = []
    while len(waits) < CALLS and (until is None or time.monotonic() < until):
        began = time.perf_counter()
        connection.request("POST", "/mcp", body, headers)
        response = connection.getresponse()
        content = response.read()
        waits.append((time.perf_counter() - began) * 1000)
        if response.status != 200:
            raise SystemExit(f"the other caller got {response.status}: {content[:200]!r}")
    connection.close()
    return statistics.median(waits)


class LargestMemory(threading.Thread):
    """Samples the resident memory of a process, in MiB."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._process = process
        self.mib = 0.0
        self.start()

    def run(self) -> None:
        while self._process.poll() is None:
            self.mib = max(self.mib, memory(self._process) / 1024)
            time.sleep(0.02)


def measure(name: str, seconds: float) -> bool:
    """Measure one attack on a new server; returns whether the limits held."""
    from hostup_mcp.remote.token_file import new_token

    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(Path(folder))
        try:
            path = Path(folder) / "tokens.json"
            attacker, *others = (new_token(path, name) for name in ("attacker", "a", "b", "c"))
            port = free_port()
            words = [
                sys.executable,
                "-m",
                "hostup_mcp",
                "serve",
                "--sandbox",
                "--tokens",
                str(path),
            ]
            words += ["--transport", "streamable-http", "--port", str(port)]
            server = processes.start(words, "server")
            wait_for(port, server)
            median_call(port, others[0])  # everything is loaded and warm
            quiet = median_call(port, others[1])
            largest = LargestMemory(server)
            with attacking(name, port, attacker, seconds) as statuses:
                busy = median_call(port, others[2], time.monotonic() + seconds)
        finally:
            processes.close()
    ratio = busy / quiet
    held = ratio <= MOST_RATIO and largest.mib < MOST_MIB
    print(
        f"{name:10}{quiet:>10.1f}{busy:>12.1f}{ratio:>8.2f}{largest.mib:>10.0f}  "
        f"{dict(sorted(statuses.items()))}",
        flush=True,
    )
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", choices=ATTACKS, action="append")
    parser.add_argument("--seconds", type=float, default=10, help="duration of each attack")
    parser.add_argument("--attack", choices=ATTACKS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--token", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.attack:
        print("attacking", flush=True)
        statuses = asyncio.run(attack(given.attack, given.port, given.token, given.seconds))
        print(json.dumps(statuses), flush=True)
        return 0
    print(f"{'':10}{'quiet ms':>10}{'attack ms':>12}{'ratio':>8}{'RSS MiB':>10}  statuses")
    held = [measure(name, given.seconds) for name in given.only or ATTACKS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
