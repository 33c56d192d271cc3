"""How lines are read before the SDK is loaded."""

import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from support.product import command, environment
from support.waiting import PATIENCE

from hostup_mcp.stdio.early import MOST
from hostup_mcp.stdio.opening import MAX_LINE, split_lines


def lines_of(*chunks: bytes) -> list[bytes]:
    rest = iter((*chunks, b""))
    return list(split_lines(lambda: next(rest)))


def test_the_opening_imports_nothing_heavy() -> None:
    program = "import sys, hostup_mcp.stdio.opening; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    heavy = {"mcp", "mcp_types", "pydantic", "pydantic_core", "anyio", "asyncio", "httpx"}
    heavy |= {"inspect", "logging", "pathlib", "subprocess", "typing_extensions", "ssl"}
    assert not heavy & set(run.stdout.split())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_put_together(size: int) -> None:
    data = b"one\n\ntwo\r\nthree\n\nfour"
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert lines_of(*chunks) == [b"one", b"", b"two\r", b"three", b"", b"four"]


def test_the_longest_line_is_allowed() -> None:
    assert lines_of(b"x" * MAX_LINE, b"\nnext\n") == [b"x" * MAX_LINE, b"next"]


def test_an_overlong_line_is_cut_early() -> None:
    def chunks() -> Any:
        yield b"first\n" + b"x" * (MAX_LINE - 10)
        for _ in range(100):
            yield b"x" * 65_536
            seen.append("chunk")
        yield b"x\nlast\n"
        yield b""

    seen: list[str] = []
    source = chunks()
    lines = split_lines(lambda: next(source))
    assert next(lines) == b"first"
    assert len(next(lines)) == MAX_LINE + 1
    assert not seen
    assert list(lines) == [b"last"]


def test_an_overlong_line_in_one_chunk() -> None:
    assert [len(line) for line in lines_of(b"x" * (MAX_LINE + 9) + b"\nnext\n")] == [
        MAX_LINE + 1,
        4,
    ]


def test_a_client_may_write_everything_before_it_reads() -> None:
    """From the first message on: early responses must not stop the reading of requests."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    request = {"jsonrpc": "2.0", "method": "tools/list", "params": {"_meta": meta}}
    lines = [json.dumps({**request, "id": number}).encode() + b"\n" for number in range(1_000)]
    with subprocess.Popen(
        command("--sandbox"), env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        writer = threading.Thread(target=server.stdin.write, args=(b"".join(lines),), daemon=True)
        writer.start()
        writer.join(PATIENCE)
        was_read = not writer.is_alive()
        if not was_read:
            server.kill()
        assert was_read, "the server has stopped reading"
        server.stdin.flush()
        responses = [json.loads(server.stdout.readline()) for _ in lines]
        server.stdin.close()
        server.wait(PATIENCE)
    assert sorted(response["id"] for response in responses) == list(range(1_000))
    # The first were answered early, most of the others are refused as too many at once.
    assert all(response["result"]["tools"] for response in responses if response["id"] < MOST)
