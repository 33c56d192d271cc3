"""The settings page lists every setting, with its default, flag and error messages."""

import ast
import json
import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from hostup_mcp.cli.parser import make_parser
from hostup_mcp.config import Group, Misconfigured, Remote, Settings, load

from .conftest import PATIENCE, Place
from .pages import ROOT, Cell, table
from .test_words import options

PAGE = "docs/settings.md"
CONFIG = "\n".join(
    path.read_text("utf-8")
    for path in (
        *sorted((ROOT / "hostup_mcp" / "config").glob("*.py")),
        ROOT / "hostup_mcp" / "hostup" / "keys.py",
        ROOT / "hostup_mcp" / "hostup" / "outgoing.py",
    )
).replace("from __future__ import annotations\n", "")
ROWS = table(PAGE, "setting", "flag", "default", "meaning")
WRONG = table(PAGE, "set", "it says")
UNSTARTED = table(PAGE, "command", "it says")
COMMANDS = table(PAGE, "command", "flags", "what it does")

# The field of the settings that each variable sets.
FIELDS = {
    "HOSTUP_API_KEY": "api_key",
    "HOSTUP_BASE_URL": "base_url",
    "HOSTUP_SANDBOX": "sandbox",
    "HOSTUP_MCP_ALLOW": "allow",
    "HOSTUP_MCP_CONFIRM": "confirm",
    "HOSTUP_MCP_AUDIT_LOG": "audit_log",
    "HOSTUP_MCP_TIMEZONE": "zone",
    "HOSTUP_MCP_LANGUAGE": "language",
    "HOSTUP_MCP_PROBE": "probe",
    "HOSTUP_MCP_TOKENS": "tokens",
    "HOSTUP_MCP_OAUTH_ISSUER": "issuer",
    "HOSTUP_MCP_OAUTH_AUDIENCE": "audience",
    "HOSTUP_MCP_OAUTH_JWKS": "jwks_url",
    "HOSTUP_MCP_OAUTH_SCOPE": "scope",
    "HOSTUP_MCP_PUBLIC_URL": "public_url",
    "HOSTUP_MCP_ALLOWED_HOSTS": "allowed_hosts",
    "HOSTUP_MCP_ALLOWED_ORIGINS": "allowed_origins",
    "HOSTUP_MCP_CREDENTIALS": "credentials",
    "HOSTUP_MCP_STATE": "state",
    "HOSTUP_MCP_SECRET": "secrets",
    "HOSTUP_MCP_CALLS_PER_MINUTE": "calls_per_minute",
    "HOSTUP_MCP_CALLS_AT_ONCE": "calls_at_once",
    "HOSTUP_MCP_METRICS_PORT": "metrics_port",
    "HOSTUP_MCP_METRICS_HOST": "metrics_host",
}


def test_every_setting_has_a_row() -> None:
    there_are = set(re.findall(r'"(HOSTUP_[A-Z_]+)"', CONFIG))
    assert {row[0][0] for row in ROWS} == there_are == set(FIELDS)
    assert len(ROWS) == len(FIELDS)
    every = {f.name for f in (*fields(Settings), *fields(Remote))} - {"remote"}
    assert set(FIELDS.values()) == every


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][0])
def test_default_is_right(row: list[Cell]) -> None:
    settings = load({}, {"HOSTUP_API_KEY": "hu_live_1"})
    assert isinstance(settings, Settings)
    (name,), _, (default,), _ = row
    field = FIELDS[name]
    value = getattr(settings, field, None) if hasattr(settings, field) else None
    if hasattr(settings.remote, field):
        value = getattr(settings.remote, field)
    if name == "HOSTUP_API_KEY":
        assert default == "none"
    elif default in ("none", "generated at start-up"):
        assert not value
    elif default == "0":
        assert value is False
    else:
        assert str(value) == default


@pytest.mark.parametrize("row", [row for row in ROWS if row[1] != ("",)], ids=lambda row: row[0][0])
def test_flag_equals_variable(row: list[Cell], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    value = {"--sandbox": "1", "--allow": "create", "--state": "redis://localhost"}.get(
        row[1][0], str(file)
    )
    base = {"HOSTUP_API_KEY": "hu_live_1", "HOSTUP_MCP_SECRET": "s" * 32}
    by_variable = load({}, {**base, row[0][0]: value})
    by_flag = load({row[1][0].removeprefix("--"): value}, base)
    assert isinstance(by_flag, Settings)
    assert by_flag == by_variable != load({}, base)


def test_every_command_and_flag_is_listed() -> None:
    argument = re.compile(" (FILE|CLIENT|(NAME )?--tokens PATH)$")
    shown = {argument.sub("", row[0][0]): set(row[1]) - {""} for row in COMMANDS}
    there_are: dict[str, set[str]] = {}
    for parser, flag in options(make_parser()):
        there_are.setdefault(parser.prog, set()).add(flag)
    usable = {
        prog: flags - {"-h", "--help"}
        for prog, flags in there_are.items()
        if prog not in ("hostup-mcp", "hostup-mcp token", "hostup-mcp audit")
    }
    assert {name: flags & usable[name] for name, flags in shown.items()} == usable


def test_every_group_is_named() -> None:
    (row,) = [row for row in ROWS if row[0] == ("HOSTUP_MCP_ALLOW",)]
    assert row[3] == (*Group, "all")


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[0][0])
def test_message_for_a_wrong_setting(
    row: list[Cell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/proc" if "working directory" in row[1][0] else tmp_path)
    (tmp_path / "tokens.json").touch()
    given = dict(word.split("=", 1) for word in shlex.split(row[0][0]))
    loaded = load({}, {"HOSTUP_API_KEY": "hu_live_1", **given})
    assert isinstance(loaded, Misconfigured)
    assert row[1][0] in loaded.problems


def test_every_message_is_shown() -> None:
    shown = "\n".join(row[1][0] for row in WRONG)
    said = list(messages(ast.parse(CONFIG)))
    assert len(said) >= 15
    assert [text for text in said if text not in shown] == []


def messages(tree: ast.AST) -> list[str]:
    """The longest fixed part of each message about the configuration."""
    found = []
    for node in ast.walk(tree):
        text: ast.expr | None = None
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "problems.append":
            text = node.args[0]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.List):
            text = node.value.elts[0] if node.value.elts else None
        if isinstance(text, ast.Constant | ast.JoinedStr):
            parts = text.values if isinstance(text, ast.JoinedStr) else [text]
            fixed = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
            found.append(max(fixed, key=len))
    return found


@pytest.mark.parametrize("row", UNSTARTED, ids=lambda row: row[0][0])
def test_message_for_a_failed_start(row: list[Cell], place: Place) -> None:
    (place.folder / "tokens.json").write_text("not what it should be")
    (place.folder / "callers.json").write_text("not what it should be")
    words = shlex.split(row[0][0])
    given = {w.split("=", 1)[0]: w.split("=", 1)[1] for w in words if re.match(r"[A-Z_]+=", w)}
    ended = subprocess.run(
        words[len(given) :],
        cwd=place.folder,
        env={**place.env, **given},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    is_json = "--tokens" in words
    said = json.loads(line)["message"] if is_json else line.removeprefix("hostup-mcp: ")
    assert said == row[1][0]
