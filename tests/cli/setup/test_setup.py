"""`hostup-mcp setup`, as a user runs it: in a terminal, with a key that must not show."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent
from support.product import environment

PATIENCE = 120.0
COMMAND = [sys.executable, "-m", "hostup_mcp", "setup"]
KEY = "hu_live_5ecret"
# What a terminal is to a program: the one that it asks for a password.
IN_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the places of Linux")


def home(folder: Path, **others: str) -> dict[str, str]:
    return environment(HOME=str(folder), **others)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        env=home(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        check=False,
    )


class Terminal:
    """A terminal in which the command runs: what stands on it, and what is typed."""

    def __init__(self, ours: int, process: subprocess.Popen[bytes]) -> None:
        self._ours = ours
        self._process = process
        self.text = ""

    def wait_for(self, text: str) -> None:
        while text not in self.text:
            self.text += self._read()

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode() + b"\n")

    def end(self) -> int:
        try:
            while part := self._read():
                self.text += part
        except OSError:  # the other side is closed
            pass
        return self._process.wait(PATIENCE)

    def _read(self) -> str:
        return os.read(self._ours, 4096).decode().replace("\r\n", "\n")


@contextmanager
def terminal(folder: Path, *words: str) -> Iterator[Terminal]:
    ours, theirs = os.openpty()
    with open(ours, "r+b", buffering=0):
        process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, "-m", "hostup_mcp", "setup", *words],
            env=home(folder),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        with process:
            try:
                yield Terminal(ours, process)
            finally:
                process.kill()


async def list_servers(server: Mapping[str, object], folder: Path) -> str:
    """What a client gets that starts `server` elsewhere, with an environment of its own."""
    child = StdioServerParameters.model_validate({**server, "cwd": "/"})
    with anyio.fail_after(PATIENCE):
        async with Client(child) as client:
            result = await client.call_tool("list_vps", {"name": "web-01"})
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


# Printing -----------------------------------------------------------------------------------------


def test_it_lists_the_clients(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0
    lines = [re.split(r" {2,}", line) for line in done.stdout.splitlines()]
    assert ["claude-desktop", "~/.config/Claude/claude_desktop_config.json (also --write)"] in lines
    assert ["zed", "~/.config/zed/settings.json"] in lines
    assert len(lines) == 8


async def test_a_printed_entry_starts_the_server(tmp_path: Path) -> None:
    """Only the entry is on stdout."""
    done = run(tmp_path, "claude-desktop", "--sandbox")
    assert done.returncode == 0
    [(name, server)] = json.loads(done.stdout)["mcpServers"].items()
    assert name == "hostup"
    assert os.path.isabs(server["command"])
    assert "web-01" in await list_servers(server, tmp_path)
    assert "~/.config/Claude/claude_desktop_config.json" in done.stderr
    assert "Log: ~/.config/Claude/logs/mcp-server-hostup.log" in done.stderr
    # The hint works as it stands: it is the same command, and needs no key either.
    own = shlex.join([server["command"], *server.get("args", [])])
    assert f"{own} setup claude-desktop --write --sandbox" in done.stderr


def test_no_key_is_asked_for_on_the_sandbox(tmp_path: Path) -> None:
    assert "asks for the key" in run(tmp_path, "vs-code").stderr
    assert "key" not in run(tmp_path, "vs-code", "--sandbox").stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["claud"], "known are claude-desktop, claude-code, "),
        (["--write"], "hostup-mcp setup CLIENT --write"),
        (["zed", "--write"], "hostup-mcp setup zed prints it"),
        (["cursor", "--write"], "run it in a terminal"),
    ],
    ids=" ".join,
)
def test_what_it_cannot_do_is_one_line(tmp_path: Path, words: list[str], problem: str) -> None:
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert problem in line


# Writing ------------------------------------------------------------------------------------------


def test_it_writes_after_a_yes(tmp_path: Path) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    before = {"mcpServers": {"other": {"command": "x", "env": {"TOKEN": "0ther"}}}, "more": [1]}
    file.write_text(json.dumps(before))
    with terminal(tmp_path, "cursor", "--write") as shown:
        shown.wait_for("(it is not shown): ")
        shown.type(KEY)
        shown.wait_for("Write this? [y/N] ")
        assert json.loads(file.read_text()) == before
        shown.type("y")
        assert shown.end() == 0
    assert KEY not in shown.text
    assert "0ther" not in shown.text
    assert '+    "HOSTUP_API_KEY": "(the key that you typed)"' in shown.text
    after = json.loads(file.read_text())
    assert after["mcpServers"].pop("hostup")["env"] == {"HOSTUP_API_KEY": KEY}
    assert after == before
    (backup,) = file.parent.glob("*.bak")
    assert json.loads(backup.read_text()) == before
    assert str(backup) in shown.text


def test_anything_but_a_yes_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    with terminal(tmp_path, "cursor", "--write", "--sandbox") as shown:
        shown.wait_for("Write this? [y/N] ")
        shown.type("")
        assert shown.end() == 1
    assert "Nothing was written." in shown.text
    assert os.listdir(tmp_path / ".cursor") == []


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    with terminal(tmp_path, "cursor", "--write") as shown:
        shown.wait_for("(it is not shown): ")
        shown.type("your key")
        assert shown.end() == 1
    assert "no key was filled in" in shown.text
    assert os.listdir(tmp_path / ".cursor") == []


def test_a_file_with_comments_is_left_and_the_entry_printed(tmp_path: Path) -> None:
    file = tmp_path / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text('{ // mine\n  "mcpServers": {}\n}')
    with terminal(tmp_path, "cursor", "--write") as shown:
        assert shown.end() == 1
    assert "it may have comments" in shown.text
    assert '"HOSTUP_API_KEY": "your key"' in shown.text
    assert file.read_text() == '{ // mine\n  "mcpServers": {}\n}'
