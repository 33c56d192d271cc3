"""What a model pays for the tools, in tokens (o200k).

    python benchmarks/tokens.py [--check]

For each tool its name, description and input schema; and the texts of a few results, on the sandbox
account, for a user in Stockholm. With --check it fails where a budget is passed. Needs Node;
installs its tokenizer beside itself.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import anyio
from mcp import Client
from mcp.types import CallToolResult, ElicitResult, TextContent, Tool

from hostup_mcp.config import Group, Settings
from hostup_mcp.sandbox import ManualClock, Sandbox
from hostup_mcp.server.app import build_server

HERE = Path(__file__).parent
FIRST_TWO = ("list_vps", "list_vps_backups")
BUDGETS = {
    "list_vps and list_vps_backups": 500,
    "nothing allowed": 1650,
    "all allowed": 3250,
    "nothing allowed, per tool": 190,
    "all allowed, per tool": 183,
}

RESULT_BUDGETS = {"12 servers": 629, "4 backups": 401, "a plan": 217, "an error": 43}
"""What they cost before they named the server and the time; three quarters of it for 12 servers."""

ZONE = ZoneInfo("Europe/Stockholm")


async def listed(allow: frozenset[Group]) -> list[Tool]:
    async with Client(build_server(Settings("key", sandbox=True, allow=allow))) as client:
        return (await client.list_tools()).tools


async def results() -> Mapping[str, str]:
    """The texts of results, by what they are; everything unlocked, and a client that can ask."""
    sandbox = Sandbox(clock=ManualClock(), rate_limit=None)
    settings = Settings("key", sandbox=True, allow=frozenset(Group), zone=ZONE)
    server = build_server(settings, transport=sandbox.transport(), now=sandbox.clock.now)
    names = ("web-01", "api-sthlm", "archive")
    web, api, archive = (sandbox.state.by_name(name).id for name in names)
    async with Client(server, elicitation_callback=_decline) as client:

        async def call(tool: str, **arguments: Any) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        await call("list_vps", limit=100)

        async def plan(vps: str) -> CallToolResult:
            listing = (await call("list_vps_backups", id=vps)).structured_content or {}
            newest = listing["backups"][0]["id"]
            return await call("plan_restore", id=vps, mode="in_place", backupId=newest)

        made = {
            "12 servers": await call("list_vps", limit=12),
            "4 backups": await call("list_vps_backups", id=web),
            "20 of 60 backups": await call("list_vps_backups", id=archive),
            "a plan": await plan(api),
            "a plan where a snapshot is newer": await plan(web),
            "an error": await call("list_vps_backups", id="vps_1"),
            "check_backups": await call("check_backups"),
            "restore sources": await call("list_restore_sources", id=web),
            "a snapshot": await call("list_vps_snapshots", id=web),
            "a schedule": await call("list_backup_schedules", id=web),
        }
    return {name: _text(result) for name, result in made.items()}


async def _decline(context: Any, params: Any) -> ElicitResult:  # noqa: ARG001
    return ElicitResult(action="decline")


def _text(result: CallToolResult) -> str:
    text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    # Random ids cost a different number of tokens each time.
    return re.sub(r"plan_[0-9a-z]{16}", "plan_0123456789abcdef", text)


def seen(tool: Tool) -> str:
    """What a model gets to see of a tool, as compact JSON."""
    definition = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return json.dumps(definition, separators=(",", ":"), ensure_ascii=False)


def count(texts: list[str]) -> list[int]:
    if not (HERE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)
    lines = "\n".join(json.dumps(text) for text in texts)
    done = subprocess.run(
        ["node", "tokens.mjs"], cwd=HERE, input=lines, text=True, capture_output=True, check=True
    )
    return [int(line) for line in done.stdout.split()]


def main() -> int:
    tools, texts = anyio.run(listed, frozenset(Group)), anyio.run(results)
    counted = count([*(seen(tool) for tool in tools), *texts.values()])
    tokens = dict(zip((tool.name for tool in tools), counted, strict=False))
    without = {t.name for t in anyio.run(listed, frozenset())}
    for name, amount in tokens.items():
        print(f"{amount:5}  {name}{'' if name in without else '  (locked by default)'}")
    sums = {
        "list_vps and list_vps_backups": sum(tokens[name] for name in FIRST_TWO),
        "nothing allowed": sum(tokens[name] for name in without),
        "all allowed": sum(tokens.values()),
    }
    sums |= {
        "nothing allowed, per tool": sums["nothing allowed"] // len(without),
        "all allowed, per tool": sums["all allowed"] // len(tokens),
    }
    sums |= zip(texts, counted[len(tools) :], strict=True)
    budgets = BUDGETS | RESULT_BUDGETS
    for name, amount in sums.items():
        budget = f" (budget {budgets[name]})" if name in budgets else ""
        print(f"{amount:5}  {name}{budget}")
    over = any(amount > budgets.get(name, amount) for name, amount in sums.items())
    return 1 if over and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
