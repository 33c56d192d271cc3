"""`python -m hostup_mcp.stdio.prepare`: writes the result of a session's first request.

It is sent before the SDK is loaded.
"""

from __future__ import annotations

import asyncio
import json
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


def write_discover(server: MCPServer[Any], path: str = PREPARED) -> None:
    """Write the prepared result of `server`, indented so that diffs are readable."""
    text = json.dumps(prepare_discover(server), indent=2, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Write the result of the product's own server."""
    from hostup_mcp.config import Misconfigured
    from hostup_mcp.server.app import build_server

    write_discover(build_server(Misconfigured(())))


if __name__ == "__main__":
    main()
