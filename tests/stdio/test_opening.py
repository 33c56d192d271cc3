"""What is answered before the SDK is loaded: only what is beyond doubt, and never differently."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hostup_mcp.config import load as configuration
from hostup_mcp.server.app import build_server
from hostup_mcp.stdio.discover import discover_id, load, unlocked_groups
from hostup_mcp.stdio.opening import MAX_LINE, PREPARED, split_lines
from hostup_mcp.stdio.prepare import all_instructions, prepare, prepare_discover, product

VERSION = "2026-07-28"
KEY = "io.modelcontextprotocol/"
ENVELOPE: dict[str, object] = {f"{KEY}protocolVersion": VERSION, f"{KEY}clientCapabilities": {}}


def discover(asked: object = 1, meta: object = ENVELOPE, **others: object) -> bytes:
    message = {
        "jsonrpc": "2.0",
        "id": asked,
        "method": "server/discover",
        "params": {"_meta": meta},
    }
    return json.dumps(message | others).encode()


def lines_of(*chunks: bytes) -> list[bytes]:
    rest = iter((*chunks, b""))
    return list(split_lines(lambda: next(rest)))


def test_the_prepared_result_is_current() -> None:
    """If it is not, run `python -m hostup_mcp.stdio.prepare`."""
    prepared = json.loads(Path(PREPARED).read_text(encoding="utf-8"))
    assert prepared == prepare(product(), all_instructions())


@pytest.mark.parametrize("environ", [{}, {"HOSTUP_API_KEY": "k"}, {"HOSTUP_API_KEY": "no key"}])
@pytest.mark.parametrize(
    ("flag", "variable", "is_early"),
    [
        (None, "", True),
        (None, "restore", True),
        ("", "restore", True),
        ("all", "", True),
        (" Create , RESTORE ", "", True),
        ("create,restore,delete,schedule,spend,power", "", True),
        ("power,spend,delete", "restore", True),
        (",", "", True),
        ("restore,restore", "", False),
        ("all,all", "", False),
        ("all,restore", "", False),
        ("everything", "", False),
    ],
)
def test_early_instructions_are_the_servers(
    flag: str | None, variable: str, is_early: bool, environ: dict[str, str]
) -> None:
    """Settings are not loaded by then, and may be wrong; what is in doubt waits for the SDK."""
    _, early = load(PREPARED, unlocked_groups(flag, variable))
    assert bool(early) is is_early
    if early:
        settings = configuration({"allow": flag}, {**environ, "HOSTUP_MCP_ALLOW": variable})
        assert json.loads(early) == prepare_discover(build_server(settings))


def test_without_known_groups_none_is_matched() -> None:
    assert load(PREPARED) == ([], b"")


def test_the_opening_imports_nothing_heavy() -> None:
    program = "import sys, hostup_mcp.stdio.opening; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    heavy = {"mcp", "mcp_types", "pydantic", "pydantic_core", "anyio", "asyncio", "httpx"}
    heavy |= {"inspect", "logging", "pathlib", "subprocess", "typing_extensions", "ssl"}
    assert not heavy & set(run.stdout.split())


@pytest.mark.parametrize("asked", [1, 0, -5, 10**30, "a", "é", ""])
def test_a_valid_discover_is_matched(asked: int | str) -> None:
    assert discover_id(discover(asked), [VERSION]) == asked


@pytest.mark.parametrize(
    "more",
    [
        {f"{KEY}clientInfo": {"name": "n", "version": "1", "title": "t"}},
        {f"{KEY}clientInfo": None},
        {f"{KEY}clientCapabilities": {"elicitation": {"form": {}}, "sampling": {}}},
        {"traceparent": "00-1-2-01", "com.example/x": [1]},
    ],
)
def test_other_fields_of_meta_are_ignored(more: dict[str, object]) -> None:
    assert discover_id(discover(meta=ENVELOPE | more) + b"\r", [VERSION]) == 1


DOUBTFUL: dict[str, Any] = {
    "no envelope": discover(meta={}),
    "envelope is no object": discover(meta=[1]),
    "no capabilities": discover(meta={f"{KEY}protocolVersion": VERSION}),
    "no version": discover(meta={f"{KEY}clientCapabilities": {}}),
    "another version": discover(meta=ENVELOPE | {f"{KEY}protocolVersion": "2099-01-01"}),
    "version is no text": discover(meta=ENVELOPE | {f"{KEY}protocolVersion": 1}),
    "capabilities are no object": discover(meta=ENVELOPE | {f"{KEY}clientCapabilities": [1]}),
    "odd capability": discover(meta=ENVELOPE | {f"{KEY}clientCapabilities": {"roots": 1}}),
    "odd client": discover(meta=ENVELOPE | {f"{KEY}clientInfo": {"name": "n"}}),
    "log level": discover(meta=ENVELOPE | {f"{KEY}logLevel": "debug"}),
    "progress": discover(meta=ENVELOPE | {"progressToken": 1}),
    "a notification": json.dumps({"jsonrpc": "2.0", "method": "server/discover"}).encode(),
    "no id": discover(asked=None),
    "id is true": discover(asked=True),
    "id is a fraction": discover(asked=1.5),
    "id is half a character": discover(asked="\ud800"),
    "another method": discover(method="server/discover/more"),
    "another JSON-RPC": discover(jsonrpc="1.0"),
    "no params": discover(params=None),
    "a batch": b"[" + discover() + b"]",
    "cut off": discover()[:-1],
    "two messages": discover() * 2,
    "no UTF-8": discover().replace(b"2.0", b"2.\xff"),
    "deeply nested": discover().replace(b'{"_meta', b"[" * 100_000 + b'{"_meta'),
    "UTF-16": discover().decode().encode("utf-16"),
}


@pytest.mark.parametrize("line", DOUBTFUL.values(), ids=DOUBTFUL)
def test_unexpected_requests_go_to_the_sdk(line: bytes) -> None:
    assert discover_id(line, [VERSION]) is None


def test_without_a_result_none_is_matched() -> None:
    assert discover_id(discover(), []) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"supportedVersions": 1}',
        '{"instructions": ["a"], "unlocked": {"": 0}, "result": {"supportedVersions": 1}}',
        '{"instructions": ["a"], "unlocked": {}, "result": {"supportedVersions": []}}',
        '{"instructions": ["a"], "unlocked": {"": "0"}, "result": {"supportedVersions": []}}',
    ],
)
def test_a_damaged_result_is_ignored(tmp_path: Path, text: str) -> None:
    path = tmp_path / "discover.json"
    assert load(str(path), "") == ([], b"")
    path.write_text(text)
    assert load(str(path), "") == ([], b"")


def test_only_revisions_with_discover_match() -> None:
    result = json.loads(Path(PREPARED).read_text(encoding="utf-8"))["result"]
    assert "2025-11-25" in result["supportedVersions"]
    assert load(PREPARED, "")[0] == [VERSION]


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
