"""The command `hostup-mcp`, as a person or a client starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from hostup_mcp import __version__
from hostup_mcp.cli import main
from hostup_mcp.sandbox import SANDBOX_API_KEY
from hostup_mcp.server.catalog import READING

PATIENCE = 60.0
COMMAND = [sys.executable, "-m", "hostup_mcp"]
SECRET = "hostup_live_SECRET"


def environment(**others: str) -> dict[str, str]:
    """This machine's environment without anything of the product's."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("HOSTUP_")}
    return {**plain, **others}


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )


@contextmanager
def running(*words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def one_line(text: str) -> str:
    """The one line that a failed command leaves."""
    assert "Traceback" not in text
    (line,) = text.splitlines()
    return line


async def ask(*words: str, **env: str) -> CallToolResult:
    """What `list_vps` answers over the stdio of the command."""
    child = StdioServerParameters(
        command=sys.executable, args=["-m", "hostup_mcp", *words], env=environment(**env)
    )
    with anyio.fail_after(PATIENCE):
        async with Client(child) as client:
            return await client.call_tool("list_vps", {"limit": 1})


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


# Help and mistakes --------------------------------------------------------------------------------


def test_the_version_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out.strip() == f"hostup-mcp {__version__}"


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_the_help_names_every_command(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([word])
    assert end.value.code == 0
    said = capsys.readouterr().out
    for command in ("serve", "check", "demo", "doctor", "setup", "sandbox", "HOSTUP_API_KEY"):
        assert command in said


@pytest.mark.parametrize("command", ["serve", "check", "doctor", "health", "sandbox", "demo"])
def test_every_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert f"hostup-mcp {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["destroy"],
        ["Serve"],
        ["doctor", "--host", "x"],
        ["sandbox", "--port", "many"],
        ["demo", "fast"],
    ],
)
def test_an_unknown_command_ends_with_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert one_line(said.err).endswith("See hostup-mcp --help.")


# Over stdio ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [["--sandbox"], ["serve", "--sandbox"], ["serve", "--sandbox", "--transport", "stdio"]],
    ids=["flags alone", "serve", "serve stdio"],
)
async def test_it_serves_stdio_by_default(words: list[str]) -> None:
    assert not (await ask(*words)).is_error


async def test_without_arguments_it_serves_stdio() -> None:
    assert not (await ask(HOSTUP_SANDBOX="1")).is_error


async def test_tools_report_a_bad_configuration() -> None:
    assert "HOSTUP_API_KEY is not set" in text_of(await ask())


@pytest.mark.parametrize(
    "words",
    [
        ["--sandbox", "--transprot", "x"],
        ["serve", "--port", "many"],
        ["serve", "--audit-log", "/srv/assets/audit.jsonl", "--sandbx"],
    ],
    ids=["unknown flag", "no number", "a path like a transport"],
)
async def test_tools_report_a_bad_command_line(words: list[str]) -> None:
    result = await ask(*words)
    assert result.is_error
    assert "command line is wrong" in text_of(result)


@pytest.mark.parametrize(
    "words", [["--api-key", SECRET], [f"--key={SECRET}"], ["serve", SECRET], ["--port", SECRET]]
)
async def test_a_misplaced_key_does_not_show(words: list[str]) -> None:
    text = text_of(await ask(*words))
    assert "command line is wrong" in text
    assert SECRET not in text


def test_a_closed_stdin_ends_it() -> None:
    done = run("--sandbox")
    assert done.returncode == 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_on_a_terminal_it_names_the_demo() -> None:
    ours, theirs = os.openpty()
    with open(ours, "wb", buffering=0):
        process = subprocess.Popen(
            COMMAND,
            env=environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(theirs)
        with process:
            assert process.stderr is not None
            assert "hostup-mcp demo" in process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            out, rest = process.communicate(timeout=PATIENCE)
    assert out == ""
    assert rest == ""


# Over HTTP ----------------------------------------------------------------------------------------

HTTP = ("serve", "--sandbox", "--transport")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.net", ""])
@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
def test_a_public_address_is_refused(
    transport: str, host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("HOSTUP_")]:
        monkeypatch.delenv(name)
    assert main([*HTTP, transport, "--host", host, "--port", "0"]) == 2
    line = one_line(capsys.readouterr().err)
    assert line.startswith("hostup-mcp: ")
    assert host in line


@pytest.mark.parametrize("command", [(*HTTP, "streamable-http"), (*HTTP, "sse"), ("sandbox",)])
def test_a_taken_port_is_one_line(command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(*command, "--port", port)
    assert done.returncode == 2
    assert done.stdout == ""
    line = one_line(done.stderr)
    assert port in line
    assert "cannot listen" in line


@pytest.mark.parametrize("command", [(*HTTP, "streamable-http"), ("sandbox",)])
@pytest.mark.parametrize("port", ["70000", "-1"])
def test_an_invalid_port_is_one_line(command: tuple[str, ...], port: str) -> None:
    done = run(*command, f"--port={port}")
    assert done.returncode == 2
    one_line(done.stderr)


def test_http_needs_a_key() -> None:
    done = run("serve", "--transport", "streamable-http", "--port", "0")
    assert done.returncode == 2
    assert "HOSTUP_API_KEY is not set" in one_line(done.stderr)


def test_http_rejects_unknown_flags() -> None:
    done = run(*HTTP, "streamable-http", "--prot", "0", "--bogus")
    assert done.returncode == 2
    assert "command line is wrong" in one_line(done.stderr)


@pytest.mark.parametrize(("transport", "path"), [("streamable-http", "/mcp"), ("sse", "/sse")])
async def test_http_prints_its_address(transport: str, path: str) -> None:
    with running(*HTTP, transport, "--port", "0") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+(/\w+)$", line.strip())
        assert address is not None, line
        assert address[1] == path
        if transport == "streamable-http":
            with anyio.fail_after(PATIENCE):
                async with Client(address[0]) as client:
                    assert {t.name for t in (await client.list_tools()).tools} == set(READING)
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=PATIENCE)
        assert process.returncode in (0, -signal.SIGTERM)
        assert "Traceback" not in rest


# Where it is shown --------------------------------------------------------------------------------


def test_output_survives_a_poor_encoding() -> None:
    done = run("doctor", "--sandbox", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "accepts the key" in one_line(done.stdout)
    assert done.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="a pipe that nobody reads is told otherwise there")
@pytest.mark.parametrize("words", [("sandbox", "--port", "0"), ("demo",), ("doctor",), ("--help",)])
def test_a_closed_stdout_is_no_traceback(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *words],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )
    finally:
        os.close(writing)
    assert "Traceback" not in done.stderr
    assert "SystemExit" not in done.stderr


# Doctor -------------------------------------------------------------------------------------------


def test_doctor_approves_the_sandbox() -> None:
    done = run("doctor", "--sandbox")
    assert done.returncode == 0
    assert "✓" in one_line(done.stdout)
    assert done.stderr == ""


def test_doctor_says_what_to_set(tmp_path: Path) -> None:
    done = run(
        "doctor",
        HOSTUP_BASE_URL="http://example.net",
        HOSTUP_MCP_CONFIRM="maybe",
        HOSTUP_MCP_AUDIT_LOG=str(tmp_path / "missing" / "log"),
        HOSTUP_MCP_ALLOW="everything",
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("✗ ") for line in lines)
    for word in (
        *("HOSTUP_API_KEY", "HOSTUP_BASE_URL", "HOSTUP_MCP_CONFIRM"),
        *("HOSTUP_MCP_AUDIT_LOG", "HOSTUP_MCP_ALLOW"),
    ):
        assert sum(word in line for line in lines) == 1


# The sandbox account -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[subprocess.Popen[str], Mapping[str, str]]]:
    with running("sandbox", "--port", "0") as process:
        assert process.stdout is not None
        process.stdout.readline()
        lines = [process.stdout.readline().strip() for _ in range(2)]
        yield process, dict(line.split("=", 1) for line in lines)


def test_the_sandbox_serves_over_http(
    served: tuple[subprocess.Popen[str], Mapping[str, str]],
) -> None:
    process, env = served
    assert env["HOSTUP_API_KEY"] == SANDBOX_API_KEY
    address = env["HOSTUP_BASE_URL"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)

    key = {"Authorization": f"Bearer {env['HOSTUP_API_KEY']}"}
    page = httpx.get(f"{address}/api/v2/vps", headers=key, timeout=PATIENCE)
    assert page.status_code == 200
    assert len(page.json()["data"]) >= 12
    assert httpx.get(f"{address}/api/v2/vps", timeout=PATIENCE).status_code == 401

    healthy = run("doctor", **env)
    assert healthy.returncode == 0
    assert address in one_line(healthy.stdout)
    refused = run("doctor", **{**env, "HOSTUP_API_KEY": SECRET})
    assert refused.returncode == 1
    assert "rejected the API key" in one_line(refused.stdout)

    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in said
