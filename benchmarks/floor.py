"""The floor for `load.py`: a server of the same SDK that does the same job without any checks.

    UPSTREAM=http://127.0.0.1:1234 python benchmarks/floor.py PORT

Each tool sends one request with httpx to the same upstream; uvicorn has uvloop and httptools.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from mcp.server import MCPServer


@asynccontextmanager
async def connected(_: MCPServer) -> AsyncIterator[None]:
    async with client:
        yield


client = httpx.AsyncClient(base_url=os.environ["UPSTREAM"], trust_env=False)
server = MCPServer("floor", log_level="ERROR", lifespan=connected)


async def read(path: str) -> dict[str, Any]:
    response = await client.get(path)
    response.raise_for_status()
    document: dict[str, Any] = response.json()
    return document


@server.tool()
async def list_vps(limit: int = 50) -> dict[str, Any]:
    """Lists the servers of the account."""
    return await read(f"/api/v2/vps?limit={limit}")


@server.tool()
async def list_vps_backups(id: str) -> dict[str, Any]:  # noqa: A002
    """Lists the backups of a server."""
    return await read(f"/api/v2/vps/{id}/backups")


if __name__ == "__main__":
    uvicorn.run(
        server.streamable_http_app(),
        port=int(sys.argv[1]),
        log_level="critical",
        loop="uvloop",
        http="httptools",
    )
