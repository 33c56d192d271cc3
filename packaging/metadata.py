"""Write into manifest.json and server.json what the package itself knows.

    .venv/bin/python packaging/metadata.py [--check]

Versions, tools, prompts and environment variables. With --check it changes nothing and fails where
a file is not what it would write.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.types import TextContent

from hostup_mcp import __version__
from hostup_mcp.config import Group, Settings
from hostup_mcp.server.app import build_server

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/hostup-mcp/hostup-mcp"

VARIABLES: list[dict[str, Any]] = [
    {
        "name": "HOSTUP_API_KEY",
        "description": "Key of your HostUp account; the scope read:vm is enough to look. "
        "Needed unless HOSTUP_SANDBOX is 1.",
        "isRequired": False,
        "isSecret": True,
    },
    {
        "name": "HOSTUP_SANDBOX",
        "description": "1 uses a sandbox account instead of HostUp; no key needed.",
        "choices": ["0", "1"],
        "default": "0",
    },
    {
        "name": "HOSTUP_MCP_ALLOW",
        "description": "Groups of writing tools to unlock, comma-separated: "
        f"{', '.join(Group)}; or all. Default: none.",
        "placeholder": "create,restore",
    },
    {
        "name": "HOSTUP_MCP_CONFIRM",
        "description": "Who confirms writes: the user, asked by this server (person), or the "
        "client's own tool approval (client).",
        "choices": ["person", "client"],
        "default": "person",
    },
    {
        "name": "HOSTUP_MCP_TIMEZONE",
        "description": "Time zone in which moments are written. Default: this machine's; inside a "
        "container that is UTC.",
        "placeholder": "Europe/Stockholm",
    },
    {
        "name": "HOSTUP_MCP_LANGUAGE",
        "description": "Language in which you are asked and told: English (en) or Swedish (sv). "
        "Default: that of the locale.",
        "choices": ["en", "sv"],
    },
    {
        "name": "HOSTUP_MCP_AUDIT_LOG",
        "description": "File in which each write, carried out or refused, is logged.",
        "format": "filepath",
    },
    {
        "name": "HOSTUP_MCP_PROBE",
        "description": "1 also tries ports 22, 80 and 443 of a server before and after its "
        "restore.",
        "choices": ["0", "1"],
        "default": "0",
    },
]


def first_sentence(text: str) -> str:
    return re.split(r"(?<=[.])\s", text)[0]


async def shown() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tools and prompts as a manifest lists them, everything unlocked."""
    settings = Settings("key", sandbox=True, allow=frozenset(Group))
    async with Client(build_server(settings)) as client:
        tools = [
            {"name": tool.name, "description": first_sentence(tool.description or "")}
            for tool in (await client.list_tools()).tools
        ]
        prompts = []
        for prompt in (await client.list_prompts()).prompts:
            names = [argument.name for argument in prompt.arguments or []]
            filled = {name: f"${{arguments.{name}}}" for name in names}
            [message] = (await client.get_prompt(prompt.name, filled)).messages
            assert isinstance(message.content, TextContent)
            prompts.append(
                {
                    "name": prompt.name,
                    "description": prompt.description,
                    "arguments": names,
                    "text": message.content.text,
                }
            )
    return tools, prompts


def manifest(text: str) -> str:
    tools, prompts = anyio.run(shown)
    return written({**json.loads(text), "version": __version__, "tools": tools, "prompts": prompts})


def server(text: str) -> str:
    """The registry's entry. Only a release knows the bundle's hash: packaging/bundle adds it."""
    stdio = {"transport": {"type": "stdio"}}
    packages = [
        {
            "registryType": "pypi",
            "identifier": "hostup-mcp",
            "version": __version__,
            "runtimeHint": "uvx",
            **stdio,
            "environmentVariables": VARIABLES,
        },
        {
            "registryType": "oci",
            "identifier": f"ghcr.io/hostup-mcp/hostup-mcp:{__version__}",
            "runtimeHint": "docker",
            **stdio,
            # A file inside the container would be gone with it.
            "environmentVariables": [v for v in VARIABLES if v.get("format") != "filepath"],
        },
        {
            "registryType": "mcpb",
            "identifier": f"{REPOSITORY}/releases/download/v{__version__}"
            f"/hostup-mcp-{__version__}.mcpb",
            **stdio,
        },
    ]
    return written({**json.loads(text), "version": __version__, "packages": packages})


def written(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    stale = []
    for name, make in (("manifest.json", manifest), ("server.json", server)):
        text = (ROOT / name).read_text(encoding="utf-8")
        if (wanted := make(text)) == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            (ROOT / name).write_text(wanted, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"{', '.join(stale)}: run packaging/metadata.py")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
