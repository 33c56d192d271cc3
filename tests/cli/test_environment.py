"""What is wrong with the environment is one line that names the variable, wherever it is met."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent
from support.product import environment

PATIENCE = 120.0
COMMAND = [sys.executable, "-m", "hostup_mcp"]
# Nothing listens there. With nothing wrong, doctor would retry for its whole time.
SET_UP = {"HOSTUP_API_KEY": "hu_live_1", "HOSTUP_BASE_URL": "https://127.0.0.1:9"}

BROKEN: list[tuple[dict[str, str], list[str]]] = [
    (
        {"ALL_PROXY": "socks://127.0.0.1:7890", "HOSTUP_API_KEY": "${HOSTUP_API_KEY}"},
        ["HOSTUP_API_KEY was not filled in by the client", "ALL_PROXY must begin with"],
    ),
    (
        {"HTTPS_PROXY": "::::", "SSL_CERT_FILE": "/gone.pem", "HOSTUP_API_KEY": "'hu_live_1'"},
        ["HOSTUP_API_KEY has quotes", "HTTPS_PROXY is not the", "SSL_CERT_FILE does not exist"],
    ),
    (
        {"ALL_PROXY": "socks5://h", "SSL_CERT_DIR": "/gone", "HOSTUP_MCP_ALLOW": "${allow}"},
        ["HOSTUP_MCP_ALLOW was not filled", "ALL_PROXY is a SOCKS", "SSL_CERT_DIR does not exist"],
    ),
    (
        {"SSLKEYLOGFILE": "/gone/keys", "HOSTUP_MCP_AUDIT_LOG": "/proc/audit.jsonl"},
        ["SSLKEYLOGFILE cannot be written", "AUDIT_LOG) cannot be written"],
    ),
]


def run(*words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(**{**SET_UP, **env}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, where nothing can be written")
@pytest.mark.parametrize(("env", "expected"), BROKEN, ids=[",".join(env) for env, _ in BROKEN])
def test_doctor_never_crashes(env: dict[str, str], expected: list[str]) -> None:
    done = run("doctor", **env)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(expected)
    for line, part in zip(lines, expected, strict=True):
        assert part in line
        assert line.startswith("✗ ")
    assert done.returncode == 1


def test_a_start_over_http_names_the_variable() -> None:
    done = run("serve", "--transport", "http", "--port", "0", ALL_PROXY="socks://127.0.0.1:7890")
    assert done.returncode == 2
    assert done.stderr.startswith("hostup-mcp: ALL_PROXY must begin with one of http://")
    assert len(done.stderr.splitlines()) == 1


def test_a_jwks_needs_them_too(tmp_path: Path) -> None:
    """The sandbox account is reached without a proxy, the authorization server is not."""
    oauth = {
        "HOSTUP_MCP_OAUTH_ISSUER": "https://id.example.net",
        "HOSTUP_MCP_OAUTH_AUDIENCE": "https://mcp.example.net",
        "HOSTUP_MCP_OAUTH_JWKS": "https://id.example.net/keys",
        "HOSTUP_MCP_PUBLIC_URL": "https://mcp.example.net",
    }
    words = ("serve", "--sandbox", "--transport", "http", "--port", "0")
    done = run(*words, SSL_CERT_FILE="/gone.pem", **oauth)
    assert done.returncode == 2
    assert "SSL_CERT_FILE does not exist" in done.stderr


async def ask(*words: str, cwd: Path | None = None, **env: str) -> CallToolResult:
    """What `list_vps` answers over the stdio of the command."""
    child = StdioServerParameters(
        command=sys.executable,
        args=["-m", "hostup_mcp", *words],
        env=environment(**{**SET_UP, **env}),
        cwd=cwd,
    )
    with anyio.fail_after(PATIENCE):
        async with Client(child) as client:
            return await client.call_tool("list_vps", {"limit": 1})


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


async def test_tools_name_the_variable() -> None:
    result = await ask(NO_PROXY="localhost,[::1]", ALL_PROXY="socks://127.0.0.1:7890")
    assert result.is_error
    assert "ALL_PROXY must begin with" in text_of(result)
    assert (result.structured_content or {})["error"]["kind"] == "not_configured"


async def test_tools_name_certificates_that_fail_later(tmp_path: Path) -> None:
    """What only shows when a client is built is the same kind of error."""
    file = tmp_path / "broken.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    result = await ask(SSL_CERT_FILE=str(file))
    assert "The certificates of SSL_CERT_FILE cannot be loaded" in text_of(result)
    assert (result.structured_content or {})["error"]["kind"] == "not_configured"


# The audit log ------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="/proc, where nothing can be written")
async def test_a_relative_audit_log_is_checked_at_start() -> None:
    """As a client starts a server: in a folder where the user cannot write."""
    expected = (
        "The audit log (HOSTUP_MCP_AUDIT_LOG) is a relative path, and the working directory cannot "
        "be written. Give an absolute path."
    )
    words, nowhere = ("--sandbox", "--audit-log", "audit.jsonl"), Path("/proc")
    assert expected in text_of(await ask(*words, cwd=nowhere))
    served = run("serve", *words, "--transport", "http", "--port", "0", cwd=nowhere)
    assert (served.returncode, served.stderr) == (2, f"hostup-mcp: {expected}\n")
    told = run("doctor", cwd=nowhere, HOSTUP_MCP_AUDIT_LOG="audit.jsonl")
    assert (told.returncode, told.stdout) == (1, f"✗ {expected}\n")


def test_the_check_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run("doctor", "--sandbox", cwd=tmp_path, HOSTUP_MCP_AUDIT_LOG="audit.jsonl")
    assert done.returncode == 0
    assert set(os.listdir(tmp_path)) <= {"audit.jsonl.lock"}


# Transports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--transport", "carrier-pigeon"],
        ["serve", "--transport=HTTP"],
        ["--transport", "stdio", "--tr", ""],
        ["--transport"],
    ],
    ids=" ".join,
)
def test_an_unknown_transport_is_refused(words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("hostup-mcp: The command line is wrong: argument --transport: ")
    assert "must be stdio, streamable-http or sse." in line or "expected one argument" in line
