"""What a call costs by how much the account has: servers, and backups of one server.

    python benchmarks/many.py [--most 10000]

Prints the processor time of a call, in milliseconds, and by item in microseconds, for 10, 100, 1000
and 10000 of them; a cost that grows evenly has the same time by item from 100 on. In one process:
the documents come from `upstream.py`'s, over the SDK's own client and without a network, both of
which are counted as well. `list_vps` and `check_backups` are called until there are no more pages.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from mcp import Client
from upstream import Documents

from hostup_mcp.config import Settings
from hostup_mcp.server.app import build_server

Run = Callable[[Client], Awaitable[None]]


async def measure(run: Run, backups: int, servers: int) -> float:
    """Return the seconds of processor time that the second run takes."""
    documents = Documents(backups, servers)
    await documents.read()

    def respond(request: httpx.Request) -> httpx.Response:
        body = documents.body(request.url.raw_path.decode())
        return httpx.Response(200, content=body, headers={"content-type": "application/json"})

    server = build_server(Settings("a-key-of-this-script"), transport=httpx.MockTransport(respond))
    async with Client(server) as client:
        await run(client)
        began = time.process_time()
        await run(client)
        return time.process_time() - began


async def all_pages(client: Client, tool: str, **arguments: Any) -> None:
    """Call `tool` until it has no more."""
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        data = await call(client, tool, **arguments, **more)
        cursor = data["nextCursor"]
        if cursor is None:
            return


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def list_all_servers(client: Client) -> None:
    await all_pages(client, "list_vps", limit=100)


async def check_all_servers(client: Client) -> None:
    await all_pages(client, "check_backups")


async def list_backups(client: Client) -> None:
    vps = (await call(client, "list_vps", limit=1))["data"][0]["id"]
    await call(client, "list_vps_backups", id=vps)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--most", type=int, default=10_000)
    most = parser.parse_args().most
    print(f"{'':34}{'items':>8}{'ms':>10}{'us by item':>12}")
    for name, run, of_servers in (
        ("list_vps, all pages", list_all_servers, True),
        ("check_backups, all parts", check_all_servers, True),
        ("list_vps_backups of one server", list_backups, False),
    ):
        for count in (10, 100, 1_000, 10_000):
            if count <= most:
                few = (3, count) if of_servers else (count, 1)
                seconds = asyncio.run(measure(run, *few))
                print(f"{name:34}{count:>8}{seconds * 1e3:>10.1f}{seconds / count * 1e6:>12.0f}")


if __name__ == "__main__":
    main()
