"""An entry is written into a client's file, and nothing else in it is touched."""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hostup_mcp.cli.setup.files import FileError, plan_change, write_change

COMMAND = ("/opt/venv/bin/hostup-mcp",)
SECRET = "hu_live_5ecret"
ENV = {"HOSTUP_API_KEY": SECRET}
NOW = datetime(2026, 11, 27, 20, 45)
OTHERS: dict[str, Any] = {
    "globalShortcut": "Ctrl+Å",
    "mcpServers": {
        "files": {"command": "npx", "args": ["-y", "files"], "env": {"TOKEN": "0ther"}},
        "remote": {"url": "https://example.net/mcp", "headers": {"Authorization": "Bearer 0ther"}},
    },
    "unknown": [1, 1.5, None, {"deep": True}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


def written(
    file: Path,
    command: tuple[str, ...] = COMMAND,
    env: dict[str, str] = ENV,
    now: datetime = NOW,
) -> Any:
    write_change(plan_change(file, command, env), now)
    return json.loads(file.read_text("utf-8"))


@pytest.mark.parametrize("indent", [2, 4, "\t", None])
def test_everything_else_stays(file: Path, indent: int | str | None) -> None:
    text = json.dumps(OTHERS, indent=indent, ensure_ascii=False)
    file.write_text(text, "utf-8")
    new = written(file)
    assert new["mcpServers"].pop("hostup") == {"command": COMMAND[0], "env": ENV}
    assert new == OTHERS
    assert list(new) == list(OTHERS)
    if indent is not None:
        # No line of the others was changed, not even its indentation.
        missing = [line for line in text.splitlines() if line.strip(",") not in read(file)]
        assert missing == []


def read(file: Path) -> str:
    return file.read_text("utf-8")


@pytest.mark.parametrize("content", ["", "  \n", "{}", '{"other": 1}', '{"mcpServers": {}}'])
def test_a_file_without_servers_gets_one(file: Path, content: str) -> None:
    file.write_text(content)
    assert written(file)["mcpServers"] == {"hostup": {"command": COMMAND[0], "env": ENV}}


def test_a_new_file_is_the_users_own(file: Path) -> None:
    assert written(file) == {"mcpServers": {"hostup": {"command": COMMAND[0], "env": ENV}}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == ["config.json"]


def test_the_copy_and_the_mode_stay(file: Path) -> None:
    file.write_text(json.dumps(OTHERS))
    before = file.read_bytes()
    file.chmod(0o640)
    backup = write_change(plan_change(file, COMMAND, ENV), NOW)
    assert backup == file.with_name("config.json.20261127-204500.bak")
    assert backup.read_bytes() == before
    assert {stat.S_IMODE(each.stat().st_mode) for each in (file, backup)} == {0o640}
    assert sorted(os.listdir(file.parent)) == [file.name, backup.name]


def test_what_the_entry_had_besides_stays(file: Path) -> None:
    old = {
        "type": "stdio",
        "command": "hostup-mcp",
        "args": ["--allow", "create"],
        "env": {"HOSTUP_MCP_LANGUAGE": "sv", "HOSTUP_API_KEY": "old", "HOSTUP_SANDBOX": "1"},
        "disabled": False,
    }
    file.write_text(json.dumps({"mcpServers": {"hostup": old}}))
    assert written(file, ("/venv/bin/python", "-m", "hostup_mcp"))["mcpServers"]["hostup"] == {
        "type": "stdio",
        "command": "/venv/bin/python",
        "args": ["-m", "hostup_mcp", "--allow", "create"],
        "env": {"HOSTUP_API_KEY": SECRET, "HOSTUP_MCP_LANGUAGE": "sv"},
        "disabled": False,
    }
    # And back.
    later = NOW + timedelta(seconds=1)
    again = written(file, COMMAND, {"HOSTUP_SANDBOX": "1"}, later)["mcpServers"]["hostup"]
    assert again["args"] == ["--allow", "create"]
    assert again["env"] == {"HOSTUP_SANDBOX": "1", "HOSTUP_MCP_LANGUAGE": "sv"}


@pytest.mark.parametrize("command", ["docker", "uvx", r"C:\Tools\uvx.exe"])
def test_words_of_another_program_go(file: Path, command: str) -> None:
    old = {"command": command, "args": ["run", "hostup-mcp"]}
    file.write_text(json.dumps({"mcpServers": {"hostup": old}}))
    assert "args" not in written(file)["mcpServers"]["hostup"]


def test_windows_paths_are_valid_json(file: Path) -> None:
    path = r"C:\Users\Åsa Öberg\new\hostup-mcp.exe"
    file.write_text('{\r\n  "a": 1\r\n}\r\n', newline="")
    assert written(file, (path,))["mcpServers"]["hostup"]["command"] == path
    assert rb"C:\\Users\\" in file.read_bytes()
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n")


@pytest.mark.parametrize(
    "content",
    [
        '{ // mine\n "mcpServers": {} }',
        '{"mcpServers": {},}',
        '{"mcpServers": {"a": {}, "a": {}}}',
        '{"limit": NaN}',
        '{"mcpServers": ',
        "[" * 100_000,
        "[]",
        "null",
        '{"mcpServers": []}',
        '{"mcpServers": {"hostup": "x"}}',
        '{"name": "\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
    ],
    ids=lambda content: str(content)[:24],
)
def test_what_is_not_understood_is_not_touched(file: Path, content: str | bytes) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    file.write_bytes(raw)
    with pytest.raises(FileError) as caught:
        plan_change(file, COMMAND, ENV)
    assert str(file) in str(caught.value)
    assert SECRET not in str(caught.value)
    assert file.read_bytes() == raw
    assert os.listdir(file.parent) == ["config.json"]


def test_a_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="Start the client once first"):
        plan_change(tmp_path / "Claude" / "config.json", COMMAND, ENV)


def test_a_change_meanwhile_stops_it(file: Path) -> None:
    file.write_text("{}")
    change = plan_change(file, COMMAND, ENV)
    file.write_text('{"by": "the client"}')
    with pytest.raises(FileError, match="changed meanwhile"):
        write_change(change, NOW)
    assert os.listdir(file.parent) == ["config.json"]


def test_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.json"
    target.write_text("{}")
    file.symlink_to(target)
    assert written(file)["mcpServers"]
    assert file.is_symlink()
    assert json.loads(target.read_text())["mcpServers"]


def test_a_failure_leaves_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("{}")
    change = plan_change(file, COMMAND, ENV)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match="No space left on device"):
        write_change(change, NOW)
    assert file.read_text() == "{}"
    assert not [name for name in os.listdir(file.parent) if name.startswith(".")]


def test_no_secret_is_shown(file: Path) -> None:
    mine = {"command": "x", "env": {"HOSTUP_API_KEY": "0ld-key", "HOSTUP_MCP_SECRET": "0ther"}}
    file.write_text(json.dumps({**OTHERS, "mcpServers": {**OTHERS["mcpServers"], "hostup": mine}}))
    change = plan_change(file, COMMAND, ENV)
    shown = change.shown_before + change.shown_after
    assert "the key until now" in change.shown_before
    assert "the key that you typed" in change.shown_after
    assert not any(secret in shown for secret in (SECRET, "0ld-key", "0ther"))
