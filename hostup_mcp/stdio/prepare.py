"""`python -m hostup_mcp.stdio.prepare`: writes the result of a session's first request.

It is sent before the SDK is loaded.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Any, cast

import anyio
from mcp.server import MCPServer
from mcp.shared.message import SessionMessage
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    JSONRPCRequest,
    JSONRPCResponse,
)
from mcp_types.version import LATEST_MODERN_VERSION

from hostup_mcp.stdio.opening import PREPARED
from hostup_mcp.stdio.session import State, lowlevel, respond_alone


def prepare_discover(server: MCPServer[State]) -> dict[str, object]:
    """Return the `result` of `server` for a `server/discover`. Its lifespan is not entered.

    Raises:
        RuntimeError: the server returned an error.
    """
    return asyncio.run(_discover(server))


async def _discover(server: MCPServer[State]) -> dict[str, object]:
    envelope: dict[str, object] = {
        PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        CLIENT_CAPABILITIES_META_KEY: {},
    }
    request = JSONRPCRequest(
        jsonrpc="2.0", id=0, method="server/discover", params={"_meta": envelope}
    )
    outbox, sent = anyio.create_memory_object_stream[SessionMessage](1)
    async with outbox, sent:
        await respond_alone(lowlevel(server), request, cast("State", None), outbox)
        answer = (await sent.receive()).message
    if not isinstance(answer, JSONRPCResponse):
        raise RuntimeError(f"server/discover was refused: {answer}")
    return cast("dict[str, object]", json.loads(json.dumps(answer.result)))


def prepare(server: MCPServer[Any], instructions: Mapping[str, str | None]) -> dict[str, object]:
    """Return what `opening` responds from: the result of `server`, for each set of groups.

    `instructions` are those of the server, by the groups that are unlocked.
    """
    texts = list(dict.fromkeys(instructions.values()))
    result = {k: v for k, v in prepare_discover(server).items() if k != "instructions"}
    unlocked = {groups: texts.index(text) for groups, text in instructions.items()}
    return {"instructions": texts, "unlocked": unlocked, "result": result}


def write_discover(
    server: MCPServer[Any], instructions: Mapping[str, str | None], path: str = PREPARED
) -> None:
    """Write what `prepare` returns, indented so that diffs are readable."""
    text = json.dumps(prepare(server, instructions), indent=2, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def all_instructions() -> dict[str, str | None]:
    """Return the instructions of the product by the groups that `--allow` may name, in order."""
    from hostup_mcp.config import Group
    from hostup_mcp.server.guidance import instructions

    names = sorted(Group)
    subsets = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
    known = {",".join(subset): instructions(frozenset(subset)) for subset in subsets}
    return {**known, "all": instructions(frozenset(Group))}


def product() -> MCPServer[Any]:
    """Return the product's own server, with nothing configured."""
    from hostup_mcp.config import Misconfigured
    from hostup_mcp.server.app import build_server

    return build_server(Misconfigured(()))


def main() -> None:
    """Write the result of the product's own server."""
    write_discover(product(), all_instructions())


if __name__ == "__main__":
    main()
