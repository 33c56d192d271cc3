"""How many calls one and two replicas handle, compared with a minimal server of the same SDK.

    python benchmarks/load.py                           some minutes on two cores
    python benchmarks/load.py --calls 50000 --only one   memory over a long run

Everything runs on the loopback interface and stops at the end. The processes:

- an upstream that responds with a list of servers, or the backups of one, after 20 ms,
- `hello`: a server with one tool that says hello, made with the same SDK, streamable HTTP,
- `one`: one replica of hostup-mcp before that upstream,
- `two`: two replicas that share a Redis (only if redis-server is installed); callers use both.

200 callers, each with a token and so with limits and ids of its own, call `list_vps` and
`list_vps_backups` in turn, as raw POSTs of the stateless revision. Each waits for its response
before the next. Prints calls per second, the median and the 99th percentile in milliseconds, the
servers' processor time per call, their resident memory before and after, and the ratios to `hello`.
The callers run in one process beside the servers, so on a machine with few cores the rate is that
of servers and callers together; compare rows, not machines. The processor time is that of the
servers alone: one core handles 1000 divided by it calls per second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

UPSTREAM_SECONDS = 0.02
VERSION = "2026-07-28"
KEY = "hostup_key_of_the_load_script"

UPSTREAM = '''
import asyncio, json, sys, uvicorn
from hostup_mcp.sandbox import Sandbox, SANDBOX_API_KEY
import httpx

async def responses():
    """The sandbox account's responses, fetched once and sent to everybody."""
    async with httpx.AsyncClient(transport=Sandbox().transport(), base_url="http://localhost",
                                 headers={"Authorization": "Bearer " + SANDBOX_API_KEY}) as client:
        every = await client.get("/api/v2/vps")
        vps = next(x["id"] for x in every.json()["data"] if x["name"] == "web-01")
        backups = await client.get(f"/api/v2/vps/{vps}/backups")
        return every.content, backups.content

LISTING, BACKUPS = asyncio.run(responses())

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await asyncio.sleep(SECONDS)
    body = BACKUPS if scope["path"].endswith("/backups") else LISTING
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"application/json"),
                            (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})

uvicorn.run(app, port=PORT, log_level="critical", lifespan="off")
'''

HELLO = '''
import uvicorn
from mcp.server import MCPServer

server = MCPServer("hello", log_level="ERROR")

@server.tool()
def hello(name: str) -> str:
    """Say hello."""
    return "Hello, " + name

uvicorn.run(server.streamable_http_app(), port=PORT, log_level="critical")
'''


@dataclass(frozen=True)
class Figures:
    """What one run gave."""

    name: str
    calls: int
    failures: Counter[str]
    seconds: float
    waits: list[float]
    before: int
    after: int
    cpu: float

    @property
    def rate(self) -> float:
        return self.calls / self.seconds

    def percentile(self, share: float) -> float:
        return self.waits[min(len(self.waits) - 1, int(len(self.waits) * share))] * 1000


class Processes:
    """What was started here, and is ended here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, words: list[str], name: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                words,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._running.append(process)
        return process

    def close(self) -> None:
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def memory(process: subprocess.Popen[bytes]) -> int:
    """Resident memory in KiB (Linux); 0 where it is unknown."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time used so far (Linux); 0 where it is unknown."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def request(
    tool: str, arguments: dict[str, Any], token: str | None
) -> tuple[bytes, dict[str, str]]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
        "MCP-Protocol-Version": VERSION,
        "Mcp-Method": "tools/call",
        "Mcp-Name": tool,
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return json.dumps(body).encode(), headers


def failure_of(response: httpx.Response) -> str | None:
    """Why a call failed; None for one that did not."""
    if response.status_code != 200:
        return str(response.status_code)
    if b'"isError":true' not in response.content:
        return None
    kind = re.search(rb'"kind":"(\w+)"', response.content)
    return kind[1].decode() if kind else "error"


Turn = Callable[[int, int], tuple[str, bytes, dict[str, str]]]


async def load(
    name: str,
    turn: Turn,
    servers: list[subprocess.Popen[bytes]],
    calls: int,
    callers: int,
    most_seconds: float,
) -> Figures:
    """`calls` in all by `callers` at once, or what could be sent in `most_seconds`."""
    waits: list[float] = []
    failures: Counter[str] = Counter()
    left = calls
    limits = httpx.Limits(max_connections=callers, max_keepalive_connections=callers)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as client:

        async def send(caller: int, number: int) -> None:
            url, body, headers = turn(caller, number)
            began = time.perf_counter()
            try:
                response = await client.post(url, content=body, headers=headers)
                wrong = failure_of(response)
            except httpx.HTTPError as error:
                wrong = type(error).__name__
            waits.append(time.perf_counter() - began)
            if wrong:
                failures[wrong] += 1

        # Everybody once (both calls), so that connections are open and ids are known.
        for number in range(2):
            await asyncio.gather(*(send(caller, number) for caller in range(callers)))
        waits.clear()
        failures.clear()
        before = sum(memory(server) for server in servers)
        used = sum(cpu_seconds(server) for server in servers)
        began = time.perf_counter()
        deadline = began + most_seconds

        async def work(caller: int) -> None:
            nonlocal left
            number = 0
            while left > 0 and time.perf_counter() < deadline:
                left -= 1
                await send(caller, number)
                number += 1

        await asyncio.gather(*(work(caller) for caller in range(callers)))
        seconds = time.perf_counter() - began
    after = sum(memory(server) for server in servers)
    used = sum(cpu_seconds(server) for server in servers) - used
    return Figures(name, len(waits), failures, seconds, sorted(waits), before, after, used)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--calls", type=int, default=4_000, help="calls of each run")
    parser.add_argument("--callers", type=int, default=200, help="callers at once")
    parser.add_argument("--most-seconds", type=float, default=900, help="end of each run")
    parser.add_argument("--only", choices=("hello", "one", "two"), action="append")
    given = parser.parse_args()
    # So that what was started is ended, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = given.only or ["hello", "one", "two"]
    figures: list[Figures] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes = Processes(folder)
        stack.callback(processes.close)
        if "hello" in chosen:
            figures.append(run_hello(processes, given))
            processes.close()
        for name, count in (("one", 1), ("two", 2)):
            if name in chosen:
                made = run_replicas(processes, given, name, count)
                figures += [made] if made else []
                processes.close()
    show(figures)


def run_hello(processes: Processes, given: argparse.Namespace) -> Figures:
    port = free_port()
    code = HELLO.replace("PORT", str(port))
    server = processes.start([sys.executable, "-c", code], "hello")
    wait_for(port, server)
    body, headers = request("hello", {"name": "world"}, None)
    url = f"http://127.0.0.1:{port}/mcp"
    return asyncio.run(
        load(
            "hello",
            lambda *_: (url, body, headers),
            [server],
            given.calls,
            given.callers,
            given.most_seconds,
        )
    )


def run_replicas(
    processes: Processes, given: argparse.Namespace, name: str, count: int
) -> Figures | None:
    from hostup_mcp.remote.tokens import new_token

    env = {
        "HOSTUP_API_KEY": KEY,
        "HOSTUP_MCP_CALLS_PER_MINUTE": "65535",
        "HOSTUP_MCP_CALLS_AT_ONCE": "64",
    }
    if count > 1:
        redis_server = shutil.which("redis-server") or shutil.which("valkey-server")
        if redis_server is None:
            print(f"{name}: left out, there is no redis-server")
            return None
        port = free_port()
        words = [redis_server, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
        wait_for(port, processes.start([*words, "--appendonly", "no"], "redis"))
        env["HOSTUP_MCP_STATE"] = f"redis://127.0.0.1:{port}/0"
        env["HOSTUP_MCP_SECRET"] = "a-secret-of-the-load-script-long-enough"
    upstream = free_port()
    code = UPSTREAM.replace("PORT", str(upstream)).replace("SECONDS", str(UPSTREAM_SECONDS))
    wait_for(upstream, processes.start([sys.executable, "-c", code], "upstream"))
    path = processes.folder / f"tokens-{name}.json"
    tokens = [new_token(path, f"caller-{number}") for number in range(given.callers)]
    env |= {"HOSTUP_BASE_URL": f"http://127.0.0.1:{upstream}", "HOSTUP_MCP_TOKENS": str(path)}
    servers, urls = [], []
    for number in range(count):
        port = free_port()
        words = [sys.executable, "-m", "hostup_mcp", "serve", "--transport", "streamable-http"]
        server = processes.start([*words, "--port", str(port)], f"{name}-{number}", **env)
        servers.append(server)
        urls.append(f"http://127.0.0.1:{port}/mcp")
    for url, server in zip(urls, servers, strict=True):
        wait_for(int(url.split(":")[2].split("/")[0]), server)
    vps = first_vps(urls[0], tokens[0])
    lists = [request("list_vps", {}, token) for token in tokens]
    reads = [request("list_vps_backups", {"id": vps}, token) for token in tokens]

    def turn(caller: int, number: int) -> tuple[str, bytes, dict[str, str]]:
        body, headers = (reads if number % 2 else lists)[caller]
        return urls[(caller + number) % len(urls)], body, headers

    return asyncio.run(load(name, turn, servers, given.calls, given.callers, given.most_seconds))


def first_vps(url: str, token: str) -> str:
    """The id that `list_vps` gives, read once."""
    body, headers = request("list_vps", {}, token)
    with httpx.Client(trust_env=False, timeout=30) as client:
        text = client.post(url, content=body, headers=headers).text
    found = re.search(r"vps_[0-9a-z]{10,}", text)
    if found is None:
        raise SystemExit(f"list_vps gave no server: {text[:300]}")
    return found[0]


def show(figures: list[Figures]) -> None:
    head = ("calls", 8), ("failed", 8), ("calls/s", 9), ("p50 ms", 9), ("p99 ms", 9), ("CPU ms", 8)
    print(" " * 8 + "".join(f"{name:>{width}}" for name, width in (*head, ("RSS MiB", 18))))
    for each in figures:
        grown = f"{each.before / 1024:.1f} to {each.after / 1024:.1f}"
        p50, p99 = statistics.median(each.waits) * 1000, each.percentile(0.99)
        failed = each.failures.total()
        print(
            f"{each.name:8}{each.calls:>8}{failed:>8}{each.rate:>9.0f}{p50:>9.0f}{p99:>9.0f}"
            f"{each.cpu / each.calls * 1000:>8.1f}{grown:>18}"
        )
        for reason, count in each.failures.most_common():
            print(f"{count:>24}  {reason}")
    ceiling = next((each for each in figures if each.name == "hello"), None)
    one = next((each for each in figures if each.name == "one"), None)
    for each in figures:
        if ceiling is not None and each is not ceiling:
            print(f"{each.name} carries {each.rate / ceiling.rate:.2f} of hello")
        if one is not None and each.name == "two":
            print(f"two carries {each.rate / one.rate:.2f} times one")


if __name__ == "__main__":
    main()
