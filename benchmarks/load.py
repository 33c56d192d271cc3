"""What a call over HTTP costs, compared with a server of the same SDK that does no more than it.

    python benchmarks/load.py                              about two minutes on two cores
    python benchmarks/load.py --only two --calls 50000 --rounds 1   memory over a long run

Everything runs on the loopback interface and stops at the end. The processes:

- `upstream.py` sends documents of the sandbox account, 20 ms after each request,
- `floor`: `floor.py`, the same SDK without any checks, one request of httpx a call,
- `one`: one replica of hostup-mcp,
- `two`: two replicas that share a Redis (only if redis-server is installed); callers use both,
- `alone`: one of these two, with its Redis; callers use only this one,
- `callers.py` sends prepared requests on raw sockets, which takes little of its own.

200 callers call `list_vps` and `list_vps_backups` in turn, in the stateless revision, each with a
token and so, but for the floor, with limits and ids of its own. Each call is one request to the
upstream. A caller waits for its response before the next request.
The rows take turns, `--rounds` times. Printed are medians of the rounds: calls per second, the
median and the 99th percentile in milliseconds, the servers' processor time per call and its ratio
to the floor's, and the servers' resident memory before the first call and after the last.

The processor time of a call hardly depends on what else the machine does; rates and latencies do,
since servers, callers and upstream share its cores. Compare rows of one run, not machines.
"""

from __future__ import annotations

import argparse
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
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
VERSION = "2026-07-28"
KEY = "hostup_key_of_the_load_script"


@dataclass
class Row:
    """One or more servers that are measured together, and what each round gave."""

    name: str
    servers: list[subprocess.Popen[bytes]]
    requests: list[list[tuple[int, str]]]
    before: int = 0
    calls: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    callers_cpu: list[float] = field(default_factory=list)

    def measure(self, calls: int) -> None:
        """Run one round and keep its figures; times in milliseconds."""
        used = sum(map(cpu_seconds, self.servers))
        found = send(calls, self.requests)
        # The callers also send one call each that opens connections.
        used = (sum(map(cpu_seconds, self.servers)) - used) / (calls + len(self.requests))
        took = sorted(found["took"])
        self.calls += calls
        self.failures.update(found["failures"])
        self.rates.append(calls / found["seconds"])
        self.p50.append(statistics.median(took) * 1000)
        self.p99.append(took[int(len(took) * 0.99)] * 1000)
        self.cpu.append(used * 1000)
        self.callers_cpu.append(found["cpu"] / calls * 1000)


class Processes:
    """What was started here, and is ended here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, words: list[str], name: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                words,
                cwd=ROOT,
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--calls", type=int, default=2_000, help="calls of each round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each row")
    parser.add_argument("--callers", type=int, default=200, help="callers at once")
    parser.add_argument("--only", choices=("floor", "one", "two"), action="append")
    given = parser.parse_args()
    # So that what was started is ended, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = given.only or ["floor", "one", "two"]
    with ExitStack() as stack:
        processes = Processes(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(processes.close)
        upstream = free_port()
        words = [sys.executable, "-m", "benchmarks.upstream", str(upstream)]
        wait_for(upstream, processes.start(words, "upstream"))
        made = (start_row(name, processes, upstream, given.callers) for name in chosen)
        rows = [row for row in made if row is not None]
        rows += [alone(row) for row in rows if row.name == "two"]
        for row in rows:
            send(given.callers, row.requests)
            row.before = sum(map(memory, row.servers))
        for number in range(given.rounds):
            print(f"round {number + 1} of {given.rounds}", file=sys.stderr)
            for row in rows:
                row.measure(given.calls)
        show(rows)


def start_row(name: str, processes: Processes, upstream: int, callers: int) -> Row | None:
    url = f"http://127.0.0.1:{upstream}"
    if name == "floor":
        port = free_port()
        words = [sys.executable, "benchmarks/floor.py", str(port)]
        server = processes.start(words, "floor", UPSTREAM=url)
        wait_for(port, server)
        vps = first_vps(port, "nobody")
        return Row(name, [server], [turns([port], "nobody", vps)] * callers)
    count = 1 if name == "one" else 2
    env = {
        "HOSTUP_API_KEY": KEY,
        "HOSTUP_BASE_URL": url,
        "HOSTUP_MCP_CALLS_PER_MINUTE": "65535",
        "HOSTUP_MCP_CALLS_AT_ONCE": "64",
        "HOSTUP_MCP_TOKENS": str(processes.folder / f"tokens-{name}.json"),
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
    tokens = new_tokens(Path(env["HOSTUP_MCP_TOKENS"]), callers)
    ports = [free_port() for _ in range(count)]
    servers = []
    for port in ports:
        words = [sys.executable, "-m", "hostup_mcp", "serve", "--transport", "streamable-http"]
        servers.append(processes.start([*words, "--port", str(port)], f"{name}-{port}", **env))
    for port, server in zip(ports, servers, strict=True):
        wait_for(port, server)
    vps = first_vps(ports[0], tokens[0])
    return Row(name, servers, [turns(ports, token, vps) for token in tokens])


def alone(two: Row) -> Row:
    """Return a row that uses only the first of two replicas."""
    first = two.requests[0][0][0]
    requests = [[turn for turn in its if turn[0] == first] for its in two.requests]
    return Row("alone", two.servers[:1], requests)


def turns(ports: list[int], token: str, vps: str) -> list[tuple[int, str]]:
    """Return what a caller sends in turn: each call to each of `ports`."""
    calls: list[tuple[str, dict[str, Any]]] = [("list_vps", {}), ("list_vps_backups", {"id": vps})]
    return [
        (port, request(port, *call, token))
        for shift in range(len(ports))
        for number, call in enumerate(calls)
        for port in [ports[(shift + number) % len(ports)]]
    ]


def new_tokens(path: Path, count: int) -> list[str]:
    from hostup_mcp.remote.token_file import new_token

    return [new_token(path, f"caller-{number}") for number in range(count)]


def request(port: int, tool: str, arguments: dict[str, Any], token: str) -> str:
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "1"},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: application/json, text/event-stream",
        "Content-Type: application/json",
        f"MCP-Protocol-Version: {VERSION}",
        "Mcp-Method: tools/call",
        f"Mcp-Name: {tool}",
        f"Authorization: Bearer {token}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body])


def send(calls: int, requests: list[list[tuple[int, str]]]) -> dict[str, Any]:
    """Let `callers.py` send `calls` requests, and return its figures."""
    job = json.dumps({"calls": calls, "requests": requests})
    words = [sys.executable, str(ROOT / "benchmarks/callers.py")]
    done = subprocess.run(words, input=job, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def first_vps(port: int, token: str) -> str:
    """Return an id that `list_vps` gives."""
    text = request(port, "list_vps", {}, token).replace("Host:", "Connection: close\r\nHost:")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(text.encode())
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    found = re.search(rb"vps_[0-9a-z]{10,}", received)
    if found is None:
        raise SystemExit(f"list_vps gave no server: {received[:300]!r}")
    return found[0].decode()


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
        found = re.search(
            r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        )
    except OSError:
        return 0
    return int(found[1]) if found else 0


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time used so far (Linux); 0 where it is unknown."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def show(rows: list[Row]) -> None:
    floor = next((row for row in rows if row.name == "floor"), None)
    print("           calls  failed  calls/s  p50 ms  p99 ms  CPU ms  of floor         RSS MiB")
    for row in rows:
        ratio = "" if floor is None else f"{ratio_of(row.cpu, floor.cpu):.2f}"
        after = sum(map(memory, row.servers))
        print(
            f"{row.name:8}{row.calls:>8}{row.failures.total():>8}"
            f"{statistics.median(row.rates):>9.0f}{statistics.median(row.p50):>8.0f}"
            f"{statistics.median(row.p99):>8.0f}{statistics.median(row.cpu):>8.2f}{ratio:>10}"
            f"{f'{row.before / 1024:.1f} to {after / 1024:.1f}':>16}"
        )
        for reason, count in row.failures.most_common():
            print(f"{count:>24}  {reason}")
        if row.name == "alone":
            [two] = (each for each in rows if each.name == "two")
            print(f"two replicas carry {ratio_of(two.rates, row.rates):.2f} times one of them")
    callers = [each for row in rows for each in row.callers_cpu]
    print(f"The callers themselves take {statistics.median(callers):.2f} ms a call.")


def ratio_of(these: list[float], those: list[float]) -> float:
    """Return the median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


if __name__ == "__main__":
    main()
