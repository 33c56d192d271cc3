"""A container's health check: it asks the address that the command line names, and no proxy."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.product import ServerProcess, environment
from support.sockets import free_port

from hostup_mcp.cli.health import health

PYTHON = "/opt/hostup-mcp/bin/python"
COMMAND = "/opt/hostup-mcp/bin/hostup-mcp"


def command_line(folder: Path, *words: str | int) -> Path:
    """What /proc shows of a process with these words."""
    file = folder / "cmdline"
    file.write_bytes("".join(f"{word}\0" for word in words).encode())
    return file


@contextmanager
def serving(folder: Path, *flags: str, **how: str) -> Iterator[ServerProcess]:
    child = ServerProcess(folder, environment(HOSTUP_SANDBOX="1"), *flags, **how)  # type: ignore[arg-type]
    try:
        yield child.wait_for_url()
    finally:
        child.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("served")) as child:
        yield child


@pytest.mark.parametrize(
    "words",
    [
        ("serve", "--transport", "streamable-http", "--port", "PORT"),
        ("serve", "--transport=streamable-http", "--port=PORT"),
        ("serve", "--transport=sse", "--port=PORT"),
        ("serve", "--transport", "http", "--port", "PORT"),
        ("serve", "--port", "PORT", "--transport", "sse", "--host", "127.0.0.1"),
        ("--transport", "streamable-http", "--port", "PORT"),
        ("serve", "--transport", "sse", "--host", "0.0.0.0", "--port", "PORT"),
        ("serve", "--transport", "sse", "--host", "localhost", "--port", "PORT"),
        ("serve", "--port", "1", "--transport", "sse", "--port", "PORT"),
    ],
    ids=" ".join,
)
def test_asks_what_the_command_line_names(
    words: tuple[str, ...], server: ServerProcess, tmp_path: Path
) -> None:
    named = [word.replace("PORT", str(server.port)) for word in words]
    assert health(command_line(tmp_path, PYTHON, COMMAND, *named)) == 0
    elsewhere = [word.replace("PORT", str(free_port())) for word in words]
    assert health(command_line(tmp_path, PYTHON, COMMAND, *elsewhere)) == 1


@pytest.mark.parametrize(
    "before",
    [
        (COMMAND,),
        (PYTHON, "-m", "hostup_mcp"),
        ("/sbin/docker-init", "--", "hostup-mcp"),
        ("/run/podman-init", "--", PYTHON, COMMAND),
    ],
    ids=" ".join,
)
def test_finds_our_words_after_others(
    before: tuple[str, ...], server: ServerProcess, tmp_path: Path
) -> None:
    served = ("--transport", "sse", "--port", server.port)
    assert health(command_line(tmp_path, *before, "serve", *served)) == 0


@pytest.mark.parametrize(
    "words",
    [(), ("serve",), ("serve", "--sandbox"), ("--allow", "create"), ("serve", "--unknown")],
    ids=" ".join,
)
def test_stdio_needs_no_address(words: tuple[str, ...], tmp_path: Path) -> None:
    assert health(command_line(tmp_path, PYTHON, COMMAND, *words)) == 0


def test_every_ipv6_address_is_asked_on_its_loopback(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with serving(tmp_path, "--host", "::1", host="::1") as child:
        for host in ("::", "::1"):
            words = ("serve", "--transport", "sse", "--host", host, "--port", child.port)
            assert health(command_line(tmp_path, PYTHON, COMMAND, *words)) == 0


def test_no_proxy_is_used(server: ServerProcess, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    file = command_line(tmp_path, COMMAND, "serve", "--transport", "sse", "--port", server.port)
    program = (
        "import sys; from pathlib import Path; from hostup_mcp.cli.health import health;"
        f"sys.exit(health(Path({str(file)!r})))"
    )
    variables = dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"), nobody)
    done = subprocess.run([sys.executable, "-c", program], env=environment(**variables))
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("/bin/sh",), "the first process of this container is not hostup-mcp"),
        ((COMMAND, "sandbox"), "this container runs hostup-mcp sandbox, not a server"),
        ((COMMAND, "serve", "--transport", "sse", "--port", "0"), "--port 0"),
    ],
)
def test_says_why_it_cannot_ask(
    words: tuple[str, ...], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert health(command_line(tmp_path, *words)) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert reason in said


def test_a_server_that_hangs_is_unhealthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hostup_mcp.cli.health.TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        words = (COMMAND, "serve", "--transport", "sse", "--port", port)
        assert health(command_line(tmp_path, *words)) == 1
    assert f"no response from 127.0.0.1 port {port}" in capsys.readouterr().err


def test_what_is_not_our_server_is_unhealthy(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", tmp_path]
    port = free_port()
    with subprocess.Popen([*words, str(port)], stderr=subprocess.DEVNULL) as other:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert other.poll() is None
            served = ("serve", "--transport", "sse", "--port", port)
            assert health(command_line(tmp_path, COMMAND, *served)) == 1
        finally:
            other.kill()
