"""How soon a stdio session responds, beside a hello-world server of the same SDK.

    python benchmarks/startup.py [--runs 9]

Starts both in turn, in one run, in both eras of the protocol. Each message is sent when the
response to the one before has come, as clients do. Prints medians of the milliseconds from the
start of the process to each response; then, after the first result of a tool, the processor time
and the resident memory (on Linux), and the ratios of ours to hello-world.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HELLO = """
from mcp.server import MCPServer
server = MCPServer("hello", version="1", log_level="WARNING")
@server.tool()
def list_vps() -> str:
    "Says hello."
    return "hello"
server.run()
"""
SERVERS = {
    "hello-world": [sys.executable, "-c", HELLO],
    "hostup-mcp": [sys.executable, "-m", "hostup_mcp", "--sandbox"],
}
CLIENT = {"name": "benchmark", "version": "1"}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": CLIENT,
}
HANDSHAKE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": CLIENT}
INITIALIZED = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}) + "\n"
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
FIRST_RESULT = "tools/call"
OPENINGS = {
    "2025-11-25": ("initialize", "ping", *LISTS, FIRST_RESULT),
    "2026-07-28": ("server/discover", *LISTS, FIRST_RESULT),
}
PROCESSOR, MEMORY = "processor, ms", "memory, MiB"


def request(id_: int, method: str, **params: object) -> str:
    """A line with a request of the revision without a handshake."""
    return _line(id_, method, {"_meta": META, **params})


def _line(id_: int, method: str, params: dict[str, object]) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}) + "\n"


def messages(revision: str) -> Iterator[tuple[str, str]]:
    """The methods of an opening in `revision`, with what is sent."""
    has_handshake = "initialize" in OPENINGS[revision]
    for number, method in enumerate(OPENINGS[revision]):
        call: dict[str, object] = {}
        if method == FIRST_RESULT:
            call = {"name": "list_vps", "arguments": {}}
        if method == "initialize":
            yield method, _line(number, method, dict(HANDSHAKE))
        elif has_handshake:
            yield method, (INITIALIZED if number == 1 else "") + _line(number, method, call)
        else:
            yield method, request(number, method, **call)


def once(command: list[str], revision: str) -> dict[str, float]:
    """What one session shows: see above."""
    # Without it Python would compile our modules each time, but not those of installed packages.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    seen: dict[str, float] = {}
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for method, text in messages(revision):
            child.stdin.write(text)
            child.stdin.flush()
            assert "result" in json.loads(child.stdout.readline()), method
            seen[method] = (time.perf_counter() - began) * 1000
        seen |= _resources(child.pid)
        child.stdin.close()
        child.wait(30)
    return seen


def _resources(pid: int) -> dict[str, float]:
    process = Path("/proc", str(pid))
    if not process.exists():
        return {}
    threads = [each.read_text(encoding="ascii") for each in process.glob("task/*/schedstat")]
    (resident,) = (
        int(line.split()[1])
        for line in (process / "status").read_text(encoding="utf-8").splitlines()
        if line.startswith("VmRSS:")
    )
    return {PROCESSOR: sum(int(text.split()[0]) for text in threads) / 1e6, MEMORY: resident / 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    for revision in OPENINGS:
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in SERVERS}
        for number in range(runs + 1):
            for name, command in SERVERS.items():
                seen = once(command, revision)
                if number:  # the first run compiles
                    rows[name].append(seen)
        medians = {
            name: {key: statistics.median(row[key] for row in seen) for key in seen[0]}
            for name, seen in rows.items()
        }
        hello, ours = medians["hello-world"], medians["hostup-mcp"]
        print(f"\n{revision}, medians of {runs} starts")
        print(f"{'':26} {'hello-world':>12} {'hostup-mcp':>12} {'ratio':>7}")
        for key in ours:
            print(f"{key:26} {hello[key]:12.1f} {ours[key]:12.1f} {ours[key] / hello[key]:7.2f}")


if __name__ == "__main__":
    main()
