"""The page matches its sources, and its snippets work."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent
from support.account import Upstream
from support.catalog import GROUPS, READING
from support.waiting import PATIENCE

from hostup_mcp.sandbox import SANDBOX_API_KEY

from . import page
from .page import CLIENTS, SNIPPETS, Launch, Snippet
from .real import Home

PROMISED = {
    "Claude Desktop",
    "Claude Code",
    "VS Code",
    "Cursor",
    "Windsurf",
    "Zed",
    "Codex CLI",
    "Gemini CLI",
}


def test_the_page_matches_its_sources() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/clients.py", "--check"],
        cwd=page.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_every_client_has_a_complete_section() -> None:
    assert set(CLIENTS) == PROMISED
    for client in CLIENTS:
        assert {s.variant for s in SNIPPETS if s.client == client} == {"key", "sandbox"}
        for needed in ("Unlock with", "Can it ask you?", "the panel?", "Troubleshooting:"):
            assert needed in page.SECTIONS[client], client


def test_unchecked_clients_are_marked_so() -> None:
    for client, claims in CLIENTS.items():
        was_run = claims["run here"] != "no"
        assert was_run == bool(claims["protocol"]), client
        for claim in ("can ask you", "shows the panel"):
            assert was_run != claims[claim].startswith("not checked here"), client


def test_linked_files_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)", page.PAGE)
    assert links
    assert [link for link in links if not (page.ROOT / "docs" / link).exists()] == []


def opened(snippet: Snippet, upstream: Upstream) -> Launch:
    """What the snippet starts once the user has filled in the key of `upstream`."""
    launch = snippet.launch
    if snippet.variant == "sandbox":
        return launch
    assert launch.env in ({"HOSTUP_API_KEY": "your key"}, {"HOSTUP_API_KEY": "${input:hostup}"})
    if launch.env["HOSTUP_API_KEY"] == "${input:hostup}":
        [asked] = snippet.document["inputs"]
        assert asked["id"] == "hostup"
        assert asked["password"] is True
    key = {"HOSTUP_API_KEY": SANDBOX_API_KEY, "HOSTUP_BASE_URL": upstream.url}
    return Launch(launch.command, launch.args, key)


def started(launch: Launch, home: Home) -> Client:
    env = {"PATH": home.env["PATH"], **launch.env}
    child = StdioServerParameters(command=launch.command, args=launch.args, env=env)
    return Client(child, mode="legacy")


def distinct(launches: Iterable[Launch]) -> list[Launch]:
    """Most clients start the same command."""
    found: list[Launch] = []
    for launch in launches:
        if launch not in found:
            found.append(launch)
    return found


@pytest.mark.parametrize("variant", ["key", "sandbox"])
async def test_each_snippet_starts_a_working_server(
    variant: str, upstream: Upstream, home: Home
) -> None:
    snippets = [snippet for snippet in SNIPPETS if snippet.variant == variant]
    for launch in distinct(opened(snippet, upstream) for snippet in snippets):
        seen = len(upstream.sandbox.requests)
        with anyio.fail_after(PATIENCE):
            async with started(launch, home) as client:
                assert {tool.name for tool in (await client.list_tools()).tools} == READING
                result = await client.call_tool("list_vps", {"name": "web-01"})
        [block] = result.content
        assert isinstance(block, TextContent)
        assert block.text.startswith('1 server with name "web-01"')
        assert (len(upstream.sandbox.requests) > seen) == (variant == "key")


async def test_the_unlock_setting_unlocks_only_that(home: Home) -> None:
    unlocked = {name for name, group in GROUPS.items() if group in ("create", "restore")}
    for launch in distinct(map(unlocking, CLIENTS)):
        with anyio.fail_after(PATIENCE):
            async with started(launch, home) as session:
                offered = {tool.name for tool in (await session.list_tools()).tools}
        assert offered - READING == unlocked


def unlocking(client: str) -> Launch:
    """The client's sandbox snippet with what the page says to add."""
    launch = next(s for s in SNIPPETS if s.client == client and s.variant == "sandbox").launch
    return Launch(launch.command, launch.args, {**launch.env, **page.unlocking(client)})


def test_the_key_check_says_whether_it_works(upstream: Upstream, home: Home) -> None:
    [command] = re.findall(r"^3\. .*`(HOSTUP_API_KEY.+)`", page.PAGE, re.MULTILINE)
    here = {"HOSTUP_BASE_URL": upstream.url}
    assert "your key" in command
    home.run(command.replace("your key", SANDBOX_API_KEY), here)
    home.run(command.replace("your key", "another-key"), here, code=1)
    assert len(upstream.sandbox.requests) == 2
