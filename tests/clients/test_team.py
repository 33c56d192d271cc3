"""What the page tells a member of a team: clients and libraries at a server that wants a token."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.product import environment, running

from . import codex, page
from .real import NODE_CLIENTS, NODE_PROTOCOL, Home, needs
from .test_libraries import each_library, program, run

ADDRESS = "https://backups.example.com/mcp"
BLOCKS = page.blocks(page.SECTIONS["A team's server"])


@dataclass(frozen=True)
class Team:
    """A server that wants a token, and the token of a member."""

    url: str
    token: str

    def fill_in(self, text: str) -> str:
        """What a reader makes of a block."""
        assert ADDRESS in text
        return text.replace(ADDRESS, self.url).replace("Bearer TOKEN", f"Bearer {self.token}")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("team")
    tokens = str(folder / "tokens.json")
    words = [sys.executable, "-m", "hostup_mcp", "token", "new", "alice", "--tokens", tokens]
    token = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    with running(folder, environment(HOSTUP_SANDBOX="1"), "--tokens", tokens) as child:
        yield Team(child.url, token)


def block(beginning: str) -> str:
    [found] = [text for _, text in BLOCKS if text.startswith(beginning)]
    return found


@needs("Claude Code", NODE_CLIENTS / ".bin" / "claude")
def test_claude_code(team: Team, home: Home) -> None:
    home.run(team.fill_in(block("claude mcp add")))
    assert home.comes_to_say("claude mcp list", f"hostup: {team.url} .*Connected")


@needs("Codex CLI", NODE_CLIENTS / ".bin" / "codex")
def test_codex(team: Team, home: Home) -> None:
    home.run(team.fill_in(block("codex mcp add")))
    home.env["HOSTUP_MCP_TOKEN"] = team.token
    with codex.running(home) as session:
        [answer] = session.call("list_vps", name="web-01")["content"]
    assert "web-01" in answer["text"]


@needs("Gemini CLI", NODE_CLIENTS / ".bin" / "gemini")
def test_gemini(team: Team, home: Home) -> None:
    home.run(team.fill_in(block("gemini mcp add")))
    home.write(".gemini/trustedFolders.json", json.dumps({str(home.folder): "TRUST_FOLDER"}))
    assert home.comes_to_say("gemini mcp list", f"hostup: {team.url} .*Connected")


@needs("MCP Inspector", NODE_PROTOCOL / ".bin" / "mcp-inspector")
def test_the_inspector(team: Team, home: Home) -> None:
    (home.folder / "node_modules").symlink_to(NODE_PROTOCOL)
    assert "web-01" in home.run(team.fill_in(block("npx")))


@needs("Vercel AI SDK", NODE_PROTOCOL / "@ai-sdk" / "mcp")
def test_the_vercel_ai_sdk(team: Team, home: Home) -> None:
    (home.folder / "node_modules").symlink_to(NODE_PROTOCOL)
    home.write("program.mjs", team.fill_in(block("import { createMCPClient }")))
    home.env["HOSTUP_MCP_TOKEN"] = team.token
    assert "web-01" in home.run(["node", "program.mjs"])


def test_the_entry_of_the_editors(team: Team) -> None:
    """It has what a client needs; the editors themselves are not run here."""
    server = json.loads(team.fill_in(block("{")))["servers"]["hostup"]
    assert server == {
        "type": "http",
        "url": team.url,
        "headers": {"Authorization": f"Bearer {team.token}"},
    }


def with_token(name: str) -> str:
    """The program with what the page says to put in place of the line of `server`."""
    [_, (language, lines)] = page.blocks(page.SECTIONS[name])
    text = program(name)
    if language == "python":
        text = f"import os\n{text}"
    pattern = r"^( *)(?:const )?server = (?:.*\n)*?\1(?:#|//) Over HTTP: .*\n"
    changed, times = re.subn(
        pattern, lambda m: textwrap.indent(lines, m[1]), text, flags=re.MULTILINE
    )
    assert times == 1
    return changed


@each_library
def test_each_library(name: str, team: Team, home: Home) -> None:
    home.env["HOSTUP_MCP_TOKEN"] = team.token
    run(name, team.fill_in(with_token(name)), home)


def test_every_block_is_known() -> None:
    starts = ("claude mcp add", "codex mcp add", "gemini mcp add", "npx", "import {", "{")
    assert [text for _, text in BLOCKS if not text.startswith(starts)] == []
    assert len(BLOCKS) == len(starts)
