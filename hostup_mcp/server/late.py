"""Parts of a server that are built when they are first used.

Building all of them takes a tenth of a stdio session's start, and most sessions use few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcp.server import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp.types import Tool as Listed

from hostup_mcp.server.registry import definition
from hostup_mcp.server.services import Services


class LateParts:
    """The tools `names`, and what `add_guidance` gives a server: its prompts and resources."""

    def __init__(
        self,
        names: Sequence[str] = (),
        add_guidance: Callable[[MCPServer[Services]], None] | None = None,
    ) -> None:
        self._names = names
        self._tools: dict[str, Tool] = {}
        self._add_guidance = add_guidance

    def tool(self, name: str) -> Tool | None:
        """Return a tool; None if there is none of this name here."""
        if name not in self._names:
            return None
        if name not in self._tools:
            from hostup_mcp.server.tool import build_tool

            self._tools[name] = build_tool(definition(name))
        return self._tools[name]

    def listed(self) -> list[Listed]:
        """Return the definitions of the tools, as the SDK makes them of its own tools."""
        return [
            Listed(
                name=tool.name,
                title=tool.title,
                description=tool.description,
                input_schema=tool.parameters,
                output_schema=tool.output_schema,
                annotations=tool.annotations,
                icons=tool.icons,
                _meta=tool.meta,
            )
            for tool in map(self.tool, self._names)
            if tool is not None
        ]

    def give_guidance(self, server: MCPServer[Services]) -> None:
        """Give `server` its prompts and resources, if it does not have them yet."""
        add, self._add_guidance = self._add_guidance, None
        if add is not None:
            add(server)
