"""LangChain: an agent of `create_agent` with tools from `langchain-mcp-adapters`."""

from __future__ import annotations

import uuid
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_mcp_adapters.callbacks import Callbacks
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp.types import ElicitResult
from pydantic import Field
from wire import Json, ask, next_move, serve


class Scripted(BaseChatModel):
    """A model whose turns the test decides."""

    schemas: dict[str, Any] = Field(default_factory=dict)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **others: Any) -> Scripted:
        return Scripted(schemas={tool.name: tool.tool_call_schema for tool in tools})

    def _generate(self, messages: list[BaseMessage], *_: Any, **others: Any) -> ChatResult:
        last = messages[-1]
        move = next_move(self.schemas, last.text if isinstance(last, ToolMessage) else None)
        if "say" in move:
            message = AIMessage(move["say"])
        else:
            call = {"name": move["tool"], "args": move["arguments"], "id": uuid.uuid4().hex}
            message = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=message)])


async def answer(_: Any, question: Any, context: Any) -> ElicitResult:
    return ElicitResult(**ask(question.message))


async def run(tools: Any) -> str:
    agent = create_agent(Scripted(), tools)
    state = await agent.ainvoke({"messages": [("user", "Look after web-01.")]})
    return state["messages"][-1].text


async def converse(order: Json) -> str:
    server = order["server"]
    kind = "streamable_http" if "url" in server else "stdio"
    client = MultiServerMCPClient(
        {"hostup": {"transport": kind, **server}},
        callbacks=Callbacks(on_elicitation=answer) if order["person"] else None,
    )
    if kind == "streamable_http":
        # The library's default: each call opens a session of its own.
        return await run(await client.get_tools())
    # Over stdio that would start a new process for each call, which knows no earlier ids.
    async with client.session("hostup") as session:
        return await run(await load_mcp_tools(session))


serve(converse)
