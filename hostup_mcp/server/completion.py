"""Completion of server ids."""

from __future__ import annotations

from mcp.server import MCPServer
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from hostup_mcp.server.caller import caller
from hostup_mcp.server.protocol import refuse_unknown_prompt
from hostup_mcp.server.services import Services
from hostup_mcp.state.store import StateUnavailableError

MOST_COMPLETIONS = 100


def add_completion(server: MCPServer[Services], services: Services) -> None:
    """Let `server` complete ids: those that were returned to the caller."""

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,  # noqa: ARG001
    ) -> Completion | None:
        if isinstance(ref, PromptReference):
            await refuse_unknown_prompt(server, ref.name)
        if argument.name != "id":
            return None
        try:
            given = await services.state.known_ids(caller())
        except StateUnavailableError:
            return None
        servers = [i for i in given if "/" not in i]
        fitting = [i for i in servers if i.startswith(argument.value)]
        return Completion(
            values=fitting[:MOST_COMPLETIONS],
            total=len(fitting),
            has_more=len(fitting) > MOST_COMPLETIONS,
        )
