"""The OpenAI Agents SDK: its runner, its scripted model, its MCP servers and its approvals.

It has no way to answer elicitation; `restore_vps` waits for the approval of its own that it has
instead. With the argument `strict` it makes every argument of a tool required.
"""

from __future__ import annotations

import sys
import uuid
from typing import Any

from agents import Agent, Runner, set_tracing_disabled
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
from agents.testing import ModelCall, ModelStep, ScriptedModel, assistant_message, function_call
from wire import Json, ask, next_move, serve

set_tracing_disabled(True)


class Scripted(ScriptedModel):
    """A model whose every turn is the test's."""

    def __init__(self) -> None:
        super().__init__([ModelStep.respond(self.turn)])

    def turn(self, call: ModelCall) -> Any:
        last = call.input[-1] if isinstance(call.input, list) else {}
        schemas = {tool.name: tool.params_json_schema for tool in call.tools}
        move = next_move(schemas, text(last.get("output")))
        if "say" in move:
            return [assistant_message(move["say"])]
        self.enqueue(ModelStep.respond(self.turn))
        return [function_call(move["tool"], move["arguments"], call_id=uuid.uuid4().hex)]


def text(output: Any) -> Any:
    """What a tool's output says, whether it comes as a string or as parts."""
    parts = [output] if isinstance(output, dict) else output
    return "\n".join(part["text"] for part in parts) if isinstance(parts, list) else output


def connection(order: Json) -> Any:
    server = order["server"]
    kind = MCPServerStreamableHttp if "url" in server else MCPServerStdio
    approved: Any = {"always": {"tool_names": ["restore_vps"]}} if order["person"] else "never"
    return kind(params=server, require_approval=approved, client_session_timeout_seconds=60)


async def converse(order: Json) -> str:
    async with connection(order) as server:
        strict = {"convert_schemas_to_strict": "strict" in sys.argv}
        agent = Agent(name="keeper", model=Scripted(), mcp_servers=[server], mcp_config=strict)
        result = await Runner.run(agent, "Look after web-01.", max_turns=50)
        while result.interruptions:
            state = result.to_state()
            for wish in result.interruptions:
                if ask(f"May {wish.name} run with {wish.arguments}?")["action"] == "accept":
                    state.approve(wish)
                else:
                    state.reject(wish)
            result = await Runner.run(agent, state, max_turns=50)
        return result.final_output


serve(converse)
