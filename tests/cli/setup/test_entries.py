"""What is printed for a client fits the machine: its paths, and its shell."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from hostup_mcp.cli.setup.clients import CLIENTS, Client, claude_desktop_log, find_client
from hostup_mcp.cli.setup.entries import KEY, SANDBOX, command_line, entry
from hostup_mcp.cli.setup.machine import Machine, System, own_command, this_machine

ROOT = Path(__file__).parents[3]
ASA = PureWindowsPath(r"C:\Users\Åsa Öberg")
WINDOWS = Machine(
    System.WINDOWS,
    ASA,
    (r"C:\Users\Åsa Öberg\hostup-mcp\.venv\Scripts\hostup-mcp.exe",),
    ASA / "AppData" / "Roaming",
)
PACKAGED = Machine(
    System.WINDOWS,
    ASA,
    (r"C:\Program Files\Python\python.exe", "-m", "hostup_mcp"),
    ASA / "AppData" / "Roaming",
    ASA / "AppData" / "Local" / "Packages" / "Claude_x" / "LocalCache" / "Roaming" / "Claude",
)
MACOS = Machine(
    System.MACOS,
    PurePosixPath("/Users/åsa"),
    ("/Users/åsa/my tools/.venv/bin/hostup-mcp",),
    PurePosixPath("/Users/åsa/Library/Application Support"),
)
LINUX = Machine(
    System.LINUX,
    PurePosixPath("/home/asa"),
    ("/home/asa/.venv/bin/python", "-m", "hostup_mcp"),
    PurePosixPath("/home/asa/.config"),
)
MACHINES = [WINDOWS, PACKAGED, MACOS, LINUX]


def client(word: str) -> Client:
    found = find_client(word)
    assert found is not None
    return found


def test_they_are_those_of_the_page() -> None:
    listed = tomllib.loads((ROOT / "docs" / "clients" / "clients.toml").read_text("utf-8"))
    assert [each.name for each in CLIENTS] == [each["name"] for each in listed["client"]]
    # Those with a file whose form the page shows have the same one here.
    for here, there in zip(CLIENTS, listed["client"], strict=True):
        assert there["shape"] in (here.shape.value, "command")


@pytest.mark.parametrize("word", ["claude-desktop", "Claude Desktop", " CLAUDE_DESKTOP "])
def test_a_client_is_found_by_its_name(word: str) -> None:
    assert client(word).name == "Claude Desktop"
    assert find_client("claude") is None


@pytest.mark.parametrize(
    ("machine", "file", "log"),
    [
        (
            WINDOWS,
            r"C:\Users\Åsa Öberg\AppData\Roaming\Claude\claude_desktop_config.json",
            r"C:\Users\Åsa Öberg\AppData\Roaming\Claude\logs\mcp-server-hostup.log",
        ),
        (
            PACKAGED,
            r"C:\Users\Åsa Öberg\AppData\Local\Packages\Claude_x\LocalCache\Roaming\Claude"
            r"\claude_desktop_config.json",
            r"C:\Users\Åsa Öberg\AppData\Local\Packages\Claude_x\LocalCache\Roaming\Claude"
            r"\logs\mcp-server-hostup.log",
        ),
        (
            MACOS,
            "/Users/åsa/Library/Application Support/Claude/claude_desktop_config.json",
            "/Users/åsa/Library/Logs/Claude/mcp-server-hostup.log",
        ),
        (
            LINUX,
            "/home/asa/.config/Claude/claude_desktop_config.json",
            "/home/asa/.config/Claude/logs/mcp-server-hostup.log",
        ),
    ],
    ids=["windows", "windows package", "macos", "linux"],
)
def test_claude_desktop_has_its_places(machine: Machine, file: str, log: str) -> None:
    assert str(client("claude-desktop").file(machine)) == file
    assert str(claude_desktop_log(machine)) == log


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.command[0])
@pytest.mark.parametrize("each", CLIENTS, ids=lambda each: each.word)
@pytest.mark.parametrize("env", [KEY, SANDBOX], ids=["key", "sandbox"])
def test_an_entry_can_be_read_back(each: Client, machine: Machine, env: dict[str, str]) -> None:
    text = entry(each, machine, env)
    document: Any = tomllib.loads(text) if each.shape.value == "toml" else json.loads(text)
    servers = document["mcp_servers" if each.shape.value == "toml" else each.shape.value]
    server = servers["hostup"]
    assert (server["command"], *server.get("args", [])) == machine.command
    if each.name == "VS Code" and env == KEY:
        assert server["env"] == {"HOSTUP_API_KEY": "${input:hostup}"}
        assert document["inputs"][0]["password"] is True
    else:
        assert server["env"] == env


def arguments_of(line: str, machine: Machine) -> list[str]:
    """What the program of a command line gets, as the machine's shell reads the line."""
    if machine.system is not System.WINDOWS:
        return shlex.split(line)
    words = re.findall(r"(?:[^\s']|'(?:[^']|'')*')+", line)
    plain = [re.sub(r"'((?:[^']|'')*)'", lambda m: m[1].replace("''", "'"), w) for w in words]
    # A program's own reading: \" is a quote, and two backslashes before one are one.
    return [re.sub(r'(\\+)"', lambda m: "\\" * (len(m[1]) // 2) + '"', word) for word in plain]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.command[0])
@pytest.mark.parametrize("program", ["claude", "codex", "gemini", "code"])
def test_a_command_has_every_word(machine: Machine, program: str) -> None:
    (each,) = (one for one in CLIENTS if one.program == program)
    line = command_line(each, machine, KEY)
    assert line is not None
    assert "\n" not in line
    words = arguments_of(line, machine)
    assert words[0] == program
    if program == "code":
        server = json.loads(words[2])
        assert words[1] == "--add-mcp"
        assert (server["command"], *server.get("args", [])) == machine.command
        assert server["env"] == {"HOSTUP_API_KEY": "${input:hostup}"}
    else:
        start = words.index(machine.command[0])
        assert tuple(words[start : start + len(machine.command)]) == machine.command
        assert words[words.index("--env") + 1] == "HOSTUP_API_KEY=your key"


def test_powershell_does_not_take_the_dashes() -> None:
    line = command_line(client("claude-code"), WINDOWS, SANDBOX)
    assert line == (
        "claude mcp add hostup --scope user --env HOSTUP_SANDBOX=1 '--' "
        r"'C:\Users\Åsa Öberg\hostup-mcp\.venv\Scripts\hostup-mcp.exe'"
    )


def test_clients_without_a_command_have_none() -> None:
    names = [each.name for each in CLIENTS if command_line(each, LINUX, KEY) is None]
    assert names == ["Claude Desktop", "Cursor", "Windsurf", "Zed"]


def test_our_own_command_works_from_anywhere(tmp_path: Path) -> None:
    """Neither a PATH nor a folder is needed, and a virtual environment is entered."""
    for machine in (this_machine(), this_machine({})):
        done = subprocess.run(
            [*machine.command, "--version"], cwd=tmp_path, env={}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("hostup-mcp ")


def test_without_a_command_the_interpreter_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["/elsewhere/hostup_mcp/__main__.py", "setup"])
    assert own_command() == (sys.executable, "-m", "hostup_mcp")
    (tmp_path / "hostup-mcp").touch()
    assert own_command() == (str(tmp_path / "hostup-mcp"),)


def test_the_command_that_was_typed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("hostup-mcp", "hostup-mcp.exe"):
        (tmp_path / name).touch()
    # On Windows too the ending is missing there.
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "hostup-mcp"), "setup"])
    assert own_command() == (str(tmp_path / "hostup-mcp"),)
    monkeypatch.setattr(sys, "platform", "win32")
    assert own_command() == (str(tmp_path / "hostup-mcp.exe"),)


def test_windows_shows_a_package_folders_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    environ = {"APPDATA": str(tmp_path / "Roaming"), "LOCALAPPDATA": str(tmp_path / "Local")}
    desktop = client("claude-desktop")
    plain = tmp_path / "Roaming" / "Claude"
    assert desktop.file(this_machine(environ)).parent == plain
    packaged = tmp_path / "Local/Packages/Claude_pzs8/LocalCache/Roaming/Claude"
    packaged.mkdir(parents=True)
    assert desktop.file(this_machine(environ)).parent == packaged
    assert claude_desktop_log(this_machine(environ)).parent == packaged / "logs"
