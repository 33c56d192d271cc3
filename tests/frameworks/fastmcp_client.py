"""FastMCP's client: a plain client, not an agent."""

from __future__ import annotations

from typing import Any

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport
from wire import Json, ask, next_move, serve


async def answer(message: str, *_: Any) -> ElicitResult:
    return ElicitResult(**ask(message))


async def converse(order: Json) -> str:
    server = order["server"]
    client = Client(
        server["url"] if "url" in server else StdioTransport(**server, keep_alive=False),
        elicitation_handler=answer if order["person"] else None,
    )
    async with client:
        tools = {tool.name: tool.input_schema for tool in await client.list_tools()}
        heard = None
        while "say" not in (move := next_move(tools, heard)):
            called = await client.call_tool(move["tool"], move["arguments"], raise_on_error=False)
            heard = "\n".join(part.text for part in called.content)
        return move["say"]


serve(converse)
