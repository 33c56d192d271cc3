"""The tools of `child`: each does something that a session must survive."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from pydantic import BaseModel


class Yes(BaseModel):
    yes: bool


def build_server(marker: str | None = None, stuck_cleanup: bool = False) -> MCPServer[None]:
    def mark(word: str) -> None:
        if marker is not None:
            with Path(marker).open("a", encoding="utf-8") as file:
                file.write(word + "\n")

    @asynccontextmanager
    async def lifespan(_: MCPServer[None]) -> AsyncGenerator[None]:
        mark("started")
        try:
            yield None
        finally:
            await asyncio.sleep(0.05)
            mark("cleaned")
            if stuck_cleanup:
                await asyncio.sleep(60)

    server = MCPServer[None]("child", version="1.2.3", instructions="Être bref", lifespan=lifespan)

    @server.tool()
    async def echo(text: str) -> str:
        return text

    @server.tool()
    async def large(size: int) -> str:
        return "x" * size

    @server.tool()
    async def ask(ctx: Context) -> str:
        return (await ctx.elicit("Go on?", Yes)).action

    @server.tool()
    async def nap(seconds: float) -> str:
        mark("in call")
        await asyncio.sleep(seconds)
        return "rested"

    @server.tool()
    async def wait_for_cancel() -> str:
        try:
            await asyncio.sleep(60)
        finally:
            mark("cancelled")
        return "waited"

    @server.tool()
    def hold_thread(seconds: float) -> str:
        mark("in call")
        time.sleep(seconds)
        return "held"

    @server.tool()
    async def hold_executor(seconds: float) -> str:
        mark("in call")
        await asyncio.to_thread(time.sleep, seconds)
        return "held"

    @server.tool()
    async def hold_loop(seconds: float) -> str:
        mark("in call")
        time.sleep(seconds)  # noqa: ASYNC251 - the mistake that is meant
        return "held"

    @server.tool()
    async def refuse_to_stop(seconds: float) -> str:
        mark("in call")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.05)
        return "stayed"

    @server.tool()
    async def shout() -> str:
        sys.stdout.write("printed in a tool\n")
        sys.stdout.flush()
        child = [sys.executable, "-c", "import sys; print('child', repr(sys.stdin.read()))"]
        await asyncio.to_thread(subprocess.run, child, check=True)
        return "said"

    @server.tool()
    async def half_a_character() -> str:
        return "\ud800"

    return server
