"""What a model pays to see the tools: tokens (o200k) of name, description and input schema.

    python benchmarks/tokens.py [--check]

With --check it fails where a budget is passed. Needs Node; installs its tokenizer beside itself.
"""

import json
import subprocess
import sys
from pathlib import Path

import anyio
from mcp import Client
from mcp.types import Tool

from hostup_mcp.config import Group, Settings
from hostup_mcp.server.app import build_server

HERE = Path(__file__).parent
FIRST_TWO = ("list_vps", "list_vps_backups")
BUDGETS = {"list_vps and list_vps_backups": 500, "nothing allowed": 1650, "all allowed": 3250}


async def listed(allow: frozenset[Group]) -> list[Tool]:
    async with Client(build_server(Settings("key", sandbox=True, allow=allow))) as client:
        return (await client.list_tools()).tools


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
    tools = anyio.run(listed, frozenset(Group))
    tokens = dict(zip((t.name for t in tools), count([seen(t) for t in tools]), strict=True))
    without = {t.name for t in anyio.run(listed, frozenset())}
    for name, amount in tokens.items():
        print(f"{amount:5}  {name}{'' if name in without else '  (locked by default)'}")
    sums = {
        "list_vps and list_vps_backups": sum(tokens[name] for name in FIRST_TWO),
        "nothing allowed": sum(tokens[name] for name in without),
        "all allowed": sum(tokens.values()),
    }
    for name, amount in sums.items():
        print(f"{amount:5}  {name} (budget {BUDGETS[name]})")
    over = any(amount > BUDGETS[name] for name, amount in sums.items())
    return 1 if over and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
