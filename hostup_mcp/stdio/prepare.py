"""`python -m hostup_mcp.stdio.prepare`: writes the prepared responses of a session's opening.

They are sent before the SDK is loaded. They come from the real server, in memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Any, cast

import anyio
from mcp.server import MCPServer
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.message import SessionMessage
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from hostup_mcp.stdio.early import HANDSHAKE, STATELESS
from hostup_mcp.stdio.opening import PREPARED
from hostup_mcp.stdio.session import lowlevel, serve_messages

Result = dict[str, Any]

LISTS = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}
"""The methods that list something, and the field of the result that holds it."""

APPS: dict[str, object] = {"extensions": {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}}}
"""The capabilities of a client that shows MCP Apps."""


def opening_results(
    server: MCPServer[Any],
    revision: str,
    capabilities: Mapping[str, object],
    methods: Iterable[str] = ("ping", *LISTS),
) -> dict[str, Result]:
    """Return the results of `server` for the messages of an opening, by method.

    They are `initialize` or `server/discover`, and then `methods`; `ping` is left out where the
    revision does not have it. The lifespan of the server is not entered.

    Raises:
        RuntimeError: the server returned an error.
    """
    return asyncio.run(_opening_results(server, revision, capabilities, methods))


async def _opening_results(
    server: MCPServer[Any],
    revision: str,
    capabilities: Mapping[str, object],
    methods: Iterable[str],
) -> dict[str, Result]:
    params: dict[str, Any] = {}
    if revision in MODERN_PROTOCOL_VERSIONS:
        envelope = {
            PROTOCOL_VERSION_META_KEY: revision,
            CLIENT_CAPABILITIES_META_KEY: capabilities,
        }
        params = {"_meta": envelope}
        requests = {"server/discover": params}
    else:
        requests = {
            "initialize": {
                "protocolVersion": revision,
                "capabilities": capabilities,
                "clientInfo": {"name": "prepare", "version": "1"},
            }
        }
    requests |= {method: params for method in methods if method != "ping" or not params}
    inbox, received = anyio.create_memory_object_stream[SessionMessage | Exception]()
    outbox, sent = anyio.create_memory_object_stream[SessionMessage]()
    results: dict[str, Result] = {}
    async with anyio.create_task_group() as tasks, inbox, sent:
        tasks.start_soon(serve_messages, lowlevel(server), received, outbox, None)
        for method, given in requests.items():
            request = JSONRPCRequest(jsonrpc="2.0", id=method, method=method, params=given)
            await inbox.send(SessionMessage(request))
            response = (await sent.receive()).message
            if not isinstance(response, JSONRPCResponse):
                raise RuntimeError(f"{method} was refused: {response}")
            results[method] = cast("Result", json.loads(json.dumps(response.result)))
            if method == "initialize":
                done = JSONRPCNotification(jsonrpc="2.0", method="notifications/initialized")
                await inbox.send(SessionMessage(done))
        tasks.cancel_scope.cancel()
    return results


def prepare(
    server: MCPServer[Any],
    instructions: Mapping[str, str | None],
    groups: Mapping[str, str],
) -> Result:
    """Return what `early` responds from.

    `server` lists all tools; `groups` are the groups of those that have one. `instructions` are
    those of the server, by the groups that are unlocked.

    Raises:
        RuntimeError: the results do not fit the form of the file; see `early`.
    """
    with_apps = opening_results(server, MODERN_PROTOCOL_VERSIONS[-1], APPS)
    without = opening_results(server, MODERN_PROTOCOL_VERSIONS[-1], {})
    handshake = opening_results(server, HANDSHAKE_PROTOCOL_VERSIONS[-1], {})
    texts = list(dict.fromkeys(instructions.values()))
    return {
        "revisions": {
            **dict.fromkeys(HANDSHAKE_PROTOCOL_VERSIONS, HANDSHAKE),
            **dict.fromkeys(MODERN_PROTOCOL_VERSIONS, STATELESS),
        },
        "instructions": texts,
        "unlocked": {unlocked: texts.index(text) for unlocked, text in instructions.items()},
        "lists": {
            method: {field: without[method][field]}
            for method, field in LISTS.items()
            if method != "tools/list"
        },
        HANDSHAKE: _frames(handshake),
        STATELESS: _frames(without),
        "tools": _tools(with_apps["tools/list"], without["tools/list"], groups),
    }


def _frames(results: Mapping[str, Result]) -> dict[str, Result]:
    """Return `results` without what is stored elsewhere."""
    kept = {"instructions", "protocolVersion", *LISTS.values()}
    return {
        method: {key: value for key, value in result.items() if key not in kept}
        for method, result in results.items()
    }


def _tools(with_apps: Result, without: Result, groups: Mapping[str, str]) -> list[Result]:
    plain = {tool["name"]: tool for tool in without["tools"]}
    tools = []
    for tool in with_apps["tools"]:
        definition = {key: value for key, value in tool.items() if key != "_meta"}
        name = tool["name"]
        if plain.get(name, definition) != definition:
            raise RuntimeError(f"{name}: only _meta may differ for clients that show apps")
        tools.append(
            {
                "group": groups.get(name),
                "isOnlyForApps": name not in plain,
                "forApps": {"_meta": tool["_meta"]} if "_meta" in tool else {},
                "definition": definition,
            }
        )
    return tools


def to_text(prepared: Result) -> str:
    """Return the text of the file: compact, but with a line for each part and each tool."""
    parts = [
        f"{json.dumps(key)}:[\n" + ",\n".join(map(_compact, value)) + "\n]"
        if key == "tools"
        else f"{json.dumps(key)}:{_compact(value)}"
        for key, value in prepared.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def all_instructions() -> dict[str, str | None]:
    """Return the instructions of the product by the groups that `--allow` may name, in order."""
    from hostup_mcp.config import Group
    from hostup_mcp.server.instructions import instructions

    names = sorted(Group)
    subsets = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
    known = {",".join(subset): instructions(frozenset(subset)) for subset in subsets}
    return {**known, "all": instructions(frozenset(Group))}


def product() -> Result:
    """Return what the product's own server has prepared."""
    from hostup_mcp.config import Group, Settings
    from hostup_mcp.server.app import build_server
    from hostup_mcp.server.registry import GROUPS

    server = build_server(Settings(api_key="", sandbox=True, allow=frozenset(Group)))
    groups = {name: group.value for name, group in GROUPS.items() if group is not None}
    return prepare(server, all_instructions(), groups)


def main() -> None:
    """Write the prepared responses of the product's own server."""
    Path(PREPARED).write_text(to_text(product()), encoding="utf-8")


if __name__ == "__main__":
    main()
