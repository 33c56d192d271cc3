"""Where the SDK is less strict than the protocol: what does not exist is an error here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from mcp.server import MCPServer
from mcp.server.apps import client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    CallToolResult,
    ErrorData,
    GetPromptResult,
    InputRequiredResult,
    Prompt,
    Resource,
    ResourceTemplate,
    Tool,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import AnyUrl

from hostup_mcp.server.late import LateParts
from hostup_mcp.server.metrics import MetricsObserver
from hostup_mcp.server.services import Services

_LISTS = frozenset({"tools/list", "prompts/list", "resources/list", "resources/templates/list"})

INVALID_ID = ErrorData(code=INVALID_REQUEST, message="A request's id is a string or an integer")


def has_invalid_id(message: object) -> bool:
    """Return whether the JSON `message` is a request whose id is neither a string nor an integer.

    The SDK takes it for a notification and does not respond. A notification with `"id": null`,
    which some clients send, stays one.
    """
    match message:
        case {"method": str() as method, "id": None}:
            return not method.startswith("notifications/")
        case {"method": _, "id": id_}:
            return isinstance(id_, bool) or not isinstance(id_, int | str)
        case _:
            return False


class StrictServer(MCPServer[Services]):
    """An `MCPServer` that lists only what is unlocked, and rejects names that do not exist.

    `is_listed` tells whether the current caller is shown a tool. `refuse_locked` returns the result
    of a tool that is locked for them, and None for one that is not. `late` is what is built when it
    is first used.
    """

    def __init__(
        self,
        *,
        is_listed: Callable[[str], bool] = lambda _: True,
        refuse_locked: Callable[[str], CallToolResult | None] = lambda _: None,
        metrics: MetricsObserver | None = None,
        late: LateParts | None = None,
        **options: Any,
    ) -> None:
        self._is_listed = is_listed
        self._refuse_locked = refuse_locked
        self._metrics = metrics or MetricsObserver()
        self._late = late or LateParts()
        self.running_calls = 0
        super().__init__(**options)
        self._names = frozenset(tool.name for tool in options.get("tools") or ())

    async def list_tools(self) -> list[Tool]:
        every = [*self._late.listed(), *await super().list_tools()]
        return [tool for tool in every if self._is_listed(tool.name)]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Services, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        if (refused := self._refuse_locked(name)) is not None:
            return refused
        late = self._late.tool(name)
        if late is None and name not in self._names and not await self._was_added(name):
            raise _invalid(f"Unknown tool: {name[:80]!r}")
        began, outcome = time.monotonic(), "fault"
        self.running_calls += 1
        try:
            if late is None:
                result = await super().call_tool(name, arguments, context)
            else:
                given = Context[Services, Any](mcp_server=self) if context is None else context
                result = await late.run(arguments, given, convert_result=True)
            outcome = _outcome(result)
            return result
        finally:
            self.running_calls -= 1
            self._metrics.tool_called(name, outcome, time.monotonic() - began)

    async def _was_added(self, name: str) -> bool:
        """Return whether there is a tool that this server was not made with."""
        return any(name == tool.name for tool in await super().list_tools())

    async def list_prompts(self) -> list[Prompt]:
        self._late.give_guidance(self)
        return await super().list_prompts()

    async def list_resources(self) -> list[Resource]:
        self._late.give_guidance(self)
        return await super().list_resources()

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        self._late.give_guidance(self)
        return await super().list_resource_templates()

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Services, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        self._late.give_guidance(self)
        return await super().read_resource(uri, context)

    async def get_prompt(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        context: Context[Services, Any] | None = None,
    ) -> GetPromptResult | InputRequiredResult:
        await refuse_unknown_prompt(self, name)
        return await super().get_prompt(name, arguments, context)


async def refuse_unknown_prompt(server: MCPServer[Services], name: str) -> None:
    """Reject a request about a prompt that does not exist."""
    if all(name != prompt.name for prompt in await server.list_prompts()):
        raise _invalid(f"Unknown prompt: {name[:80]!r}")


async def refuse_cursors(
    ctx: ServerRequestContext[Services, Any], call_next: CallNext
) -> HandlerResult:
    """Reject any cursor: no list of the protocol is paged here, so none was handed out."""
    if ctx.method in _LISTS and (ctx.params or {}).get("cursor") is not None:
        raise _invalid("Invalid cursor: this list has one page")
    return await call_next(ctx)


async def hide_panel(
    ctx: ServerRequestContext[Services, Any], call_next: CallNext
) -> HandlerResult:
    """Show the panel, and the tool that only it may call, only to hosts that support MCP Apps.

    To any other client the definitions are as if there were no panel: it could hand the tool that
    is meant for the user's hand to the model.
    """
    result = await call_next(ctx)
    if ctx.method != "tools/list" or not isinstance(result, dict) or client_supports_apps(ctx):
        return result
    tools = [tool for tool in result["tools"] if not _only_for_apps(tool)]
    return {**result, "tools": [{k: v for k, v in t.items() if k != "_meta"} for t in tools]}


async def name_every_revision(
    ctx: ServerRequestContext[Services, Any], call_next: CallNext
) -> HandlerResult:
    """Make `server/discover` list all supported revisions, newest first.

    The SDK names the stateless ones alone, though it serves those with a handshake as well.
    """
    result = await call_next(ctx)
    if ctx.method != "server/discover" or not isinstance(result, dict):
        return result
    every = {*result["supportedVersions"], *HANDSHAKE_PROTOCOL_VERSIONS}
    return {**result, "supportedVersions": sorted(every, reverse=True)}


def _only_for_apps(tool: dict[str, Any]) -> bool:
    return bool(tool.get("_meta", {}).get("ui", {}).get("visibility") == ["app"])


def _outcome(result: CallToolResult | InputRequiredResult) -> str:
    if isinstance(result, InputRequiredResult):
        return "asked"
    return "error" if result.is_error else "ok"


def _invalid(message: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message=message)
