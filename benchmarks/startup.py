"""How soon a stdio session responds, compared with a hello-world server of the same SDK.

    python benchmarks/startup.py [--runs 9]

Starts both in turn, in one run, and prints the ratios of the medians: from start to the response of
`server/discover`, and from start to the result of the first tool. The tool is called right after
the discovery, as a client does.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

HELLO = """
from mcp.server import MCPServer
server = MCPServer("hello", version="1", log_level="WARNING")
@server.tool()
def list_vps() -> str:
    "Says hello."
    return "hello"
server.run()
"""
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
}
COMMANDS = {
    "hello world": [sys.executable, "-c", HELLO],
    "hostup-mcp": [sys.executable, "-m", "hostup_mcp", "--sandbox"],
}


def request(number: int, method: str, **params: object) -> str:
    message = {
        "jsonrpc": "2.0",
        "id": number,
        "method": method,
        "params": {"_meta": META, **params},
    }
    return json.dumps(message) + "\n"


def once(command: list[str]) -> tuple[float, float]:
    """Milliseconds from start to the responses of the discovery and of the first tool call."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(request(1, "server/discover"))
        child.stdin.flush()
        assert "result" in json.loads(child.stdout.readline())
        discovered = time.perf_counter() - began
        child.stdin.write(request(2, "tools/call", name="list_vps", arguments={}))
        child.stdin.flush()
        assert "result" in json.loads(child.stdout.readline())
        called = time.perf_counter() - began
        child.stdin.close()
        child.wait(10)
    return discovered * 1000, called * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        once(command)  # the first run compiles
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(once(command))
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in times.items()
    }
    print(f"median of {runs} runs, ms from spawn      discovery   first tool")
    for name, (discovered, called) in medians.items():
        print(f"{name:38} {discovered:9.0f}   {called:10.0f}")
    ours, hello = medians["hostup-mcp"], medians["hello world"]
    print(f"{'ratio':38} {ours[0] / hello[0]:9.2f}   {ours[1] / hello[1]:10.2f}")


if __name__ == "__main__":
    main()
