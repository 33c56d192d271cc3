"""Pydantic AI: an agent with its function model and its MCP toolset."""

from __future__ import annotations

from typing import Any

from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from wire import Json, ask, next_move, serve


def turn(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """A model whose every turn is the test's."""
    last = messages[-1].parts[-1]
    heard = None
    if isinstance(last, ToolReturnPart):
        heard = last.model_response_str()
    elif isinstance(last, RetryPromptPart):
        heard = last.model_response()
    move = next_move({t.name: t.parameters_json_schema for t in info.function_tools}, heard)
    if "say" in move:
        return ModelResponse([TextPart(move["say"])])
    return ModelResponse([ToolCallPart(move["tool"], move["arguments"])])


async def answer(message: str, *_: Any) -> ElicitResult:
    return ElicitResult(**ask(message))


async def converse(order: Json) -> str:
    server = order["server"]
    toolset = MCPToolset(
        server["url"] if "url" in server else StdioTransport(**server, keep_alive=False),
        elicitation_handler=answer if order["person"] else None,
        init_timeout=60,
    )
    agent = Agent(FunctionModel(turn), toolsets=[toolset])
    async with agent:
        return (await agent.run("Look after web-01.")).output


serve(converse)
