"""The real clients, set up as the page says, start the server, call it and ask the user.

A client that needs a model gets a scripted one; everything else is the real client.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import PurePath
from typing import Any

import pytest
from support.account import Upstream

from hostup_mcp.cli.setup.clients import find_client
from hostup_mcp.cli.setup.entries import KEY, command_line
from hostup_mcp.cli.setup.machine import Machine, System
from hostup_mcp.sandbox import SANDBOX_API_KEY

from . import codex, page
from .models import Script, look, restore, scripted
from .page import CLIENTS
from .real import NODE_CLIENTS, NODE_PROTOCOL, Home, needs

pytestmark = pytest.mark.clients

needs_claude = needs("Claude Code", NODE_CLIENTS / ".bin" / "claude")
needs_codex = needs("Codex CLI", NODE_CLIENTS / ".bin" / "codex")
needs_gemini = needs("Gemini CLI", NODE_CLIENTS / ".bin" / "gemini")
needs_inspector = needs("MCP Inspector", NODE_PROTOCOL / ".bin" / "mcp-inspector")

UNLOCKED = {"HOSTUP_MCP_ALLOW": "restore"}


def is_as_the_page_says(client: str, home: Home) -> None:
    """What the client told the server about itself matches the table of the page."""
    revision, capabilities = home.introduction
    claims = CLIENTS[client]
    apps = "io.modelcontextprotocol/ui" in capabilities.get("extensions", {})
    assert revision == claims["protocol"]
    assert ("elicitation" in capabilities) == (claims["can ask you"] == "yes")
    assert apps == (claims["shows the panel"] == "yes")


def env_for(upstream: Upstream) -> dict[str, str]:
    """The variables for the account of the test, with restores unlocked."""
    return {
        "HOSTUP_API_KEY": SANDBOX_API_KEY,
        "HOSTUP_BASE_URL": upstream.url,
        **UNLOCKED,
    }


# Claude Code --------------------------------------------------------------------------------------


@needs_claude
@pytest.mark.parametrize("variant", ["key", "sandbox"])
def test_claude_code_connects(variant: page.Variant, home: Home) -> None:
    snippet = page.snippet("Claude Code", variant, "sh")
    home.run(snippet.text)
    assert home.comes_to_say("claude mcp list", "hostup: hostup-mcp .*Connected")
    [project] = json.loads(home.read(".claude.json"))["projects"].values()
    assert project["mcpServers"]["hostup"]["env"] == snippet.launch.env
    is_as_the_page_says("Claude Code", home)


def claude(home: Home, script: Script, env: dict[str, str]) -> list[str]:
    """The results of the tools while Claude Code worked on a task, without a user to ask."""
    home.write(
        "mcp.json", json.dumps({"mcpServers": {"hostup": {"command": "hostup-mcp", "env": env}}})
    )
    with scripted(script) as (model, url):
        home.run(
            "claude -p go --mcp-config mcp.json --strict-mcp-config --allowedTools mcp__hostup",
            {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "none", "ENABLE_TOOL_SEARCH": "false"},
        )
    return model.answers


@needs_claude
def test_claude_code_calls_the_server(home: Home) -> None:
    [answer] = claude(home, look, page.snippet("Claude Code", "sandbox", "sh").launch.env)
    assert "web-01" in answer


@needs_claude
def test_claude_without_a_user_changes_nothing(upstream: Upstream, home: Home) -> None:
    *_, answer = claude(home, restore, env_for(upstream))
    assert "Nothing was changed" in answer
    assert upstream.sandbox.writes == []


# What `hostup-mcp setup` prints -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "file", "servers"),
    [
        pytest.param("claude-code", ".claude.json", "mcpServers", marks=needs_claude),
        pytest.param("codex-cli", ".codex/config.toml", "mcp_servers", marks=needs_codex),
        pytest.param("gemini-cli", ".gemini/settings.json", "mcpServers", marks=needs_gemini),
    ],
)
def test_a_printed_command_adds_the_server(word: str, file: str, servers: str, home: Home) -> None:
    """With an interpreter and `-m`, whose dash a client could take for a flag of its own."""
    client = find_client(word)
    assert client is not None
    place, command = PurePath(home.folder), (sys.executable, "-m", "hostup_mcp")
    line = command_line(client, Machine(System.LINUX, place, command, place / ".config"), KEY)
    assert line is not None
    home.run(line)
    text = home.read(file)
    added = (tomllib if file.endswith(".toml") else json).loads(text)[servers]["hostup"]
    assert (added["command"], *added["args"]) == command
    assert added["env"] == KEY


# Codex --------------------------------------------------------------------------------------------


def codex_file(home: Home, env: dict[str, str], model: str) -> None:
    """Write the configuration file of the page with `env` and a scripted model."""
    given = "\n".join(f'{name} = "{value}"' for name, value in env.items())
    shown = page.snippet("Codex CLI", "sandbox", "toml").text
    home.write(
        ".codex/config.toml",
        'model = "scripted"\nmodel_provider = "scripted"\n[model_providers.scripted]\n'
        f'name = "scripted"\nbase_url = "{model}/v1"\nwire_api = "responses"\n'
        + shown.replace('HOSTUP_SANDBOX = "1"', given),
    )


@needs_codex
@pytest.mark.parametrize("variant", ["key", "sandbox"])
def test_codex_writes_the_documented_file(variant: page.Variant, home: Home) -> None:
    home.run(page.snippet("Codex CLI", variant, "sh").text)
    written = tomllib.loads(home.read(".codex/config.toml"))
    assert written == page.snippet("Codex CLI", variant, "toml").document


@needs_codex
def test_codex_lists_a_server_that_cannot_start(home: Home) -> None:
    text = page.snippet("Codex CLI", "sandbox", "toml").text
    home.write(".codex/config.toml", text.replace("hostup-mcp", "no-such-command"))
    assert re.search(r"hostup +no-such-command .*enabled", home.run("codex mcp list"))


@needs_codex
def test_codex_calls_the_server(home: Home) -> None:
    home.write(".codex/config.toml", page.snippet("Codex CLI", "sandbox", "toml").text)
    with codex.running(home) as session:
        [answer] = session.call("list_vps", name="web-01")["content"]
    assert "web-01" in answer["text"]
    is_as_the_page_says("Codex CLI", home)


@needs_codex
@pytest.mark.parametrize("agrees", [True, False], ids=["a yes", "a no"])
def test_codex_asks_its_user(agrees: bool, upstream: Upstream, home: Home) -> None:
    def person(question: dict[str, Any]) -> dict[str, Any]:
        name = re.search(r"To go ahead, type: (.+)$", question["message"])
        if name is None:  # Codex's own question, whether the tool may run
            return {"action": "accept", "content": {}}
        return (
            {"action": "accept", "content": {"serverName": name[1]}}
            if agrees
            else {"action": "decline"}
        )

    with scripted(restore) as (model, url):
        codex_file(home, env_for(upstream), url)
        with codex.running(home, person) as session:
            session.turn("Restore web-01.")
    assert len(session.questions) == 2, model.answers
    assert 'Restore "web-01"' in session.questions[1]
    assert len(upstream.sandbox.writes) == (1 if agrees else 0)


# Gemini CLI ---------------------------------------------------------------------------------------


@needs_gemini
@pytest.mark.parametrize("variant", ["key", "sandbox"])
def test_gemini_connects_in_a_trusted_folder(variant: page.Variant, home: Home) -> None:
    home.run(page.snippet("Gemini CLI", variant, "sh").text)
    server = json.loads(home.read(".gemini/settings.json"))["mcpServers"]["hostup"]
    assert server.pop("args") == []
    assert {"mcpServers": {"hostup": server}} == page.snippet(
        "Gemini CLI", variant, "json"
    ).document

    assert re.search(r"hostup: hostup-mcp .*Disabled", home.run("gemini mcp list"))
    home.write(".gemini/trustedFolders.json", json.dumps({str(home.folder): "TRUST_FOLDER"}))
    assert home.comes_to_say("gemini mcp list", "hostup: hostup-mcp .*Connected")


def gemini(home: Home, script: Script, env: dict[str, str]) -> list[str]:
    """The results of the tools while Gemini CLI worked on a task and approved every call."""
    settings = page.snippet("Gemini CLI", "sandbox", "json").document
    settings["mcpServers"]["hostup"]["env"] = env
    key = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    home.write(".gemini/settings.json", json.dumps({**settings, **key}))
    with scripted(script) as (model, url):
        home.run(
            "gemini -p go --skip-trust --approval-mode yolo --model gemini-2.5-flash",
            {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "none"},
        )
    return model.answers


@needs_gemini
def test_gemini_calls_the_server(home: Home) -> None:
    [answer] = gemini(home, look, page.snippet("Gemini CLI", "sandbox", "json").launch.env)
    assert "web-01" in answer
    is_as_the_page_says("Gemini CLI", home)


@needs_gemini
def test_gemini_cannot_ask_and_changes_nothing(upstream: Upstream, home: Home) -> None:
    *_, answer = gemini(home, restore, env_for(upstream))
    assert "This client cannot ask the user for their yes" in answer
    assert "No planId" in answer
    assert upstream.sandbox.writes == []


# The Inspector ------------------------------------------------------------------------------------


@needs_inspector
def test_the_inspector_lists_the_servers(home: Home) -> None:
    [(_, command)] = page.blocks(page.SECTIONS["MCP Inspector"])
    (home.folder / "node_modules").symlink_to(NODE_PROTOCOL)
    said = home.run(command)
    for name in ("web-01", "staging", "crm"):
        assert name in said
