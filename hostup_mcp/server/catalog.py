"""All definitions of tools, imported at once: for whatever needs every one of them."""

from __future__ import annotations

from collections.abc import Collection

from mcp.server.mcpserver.tools import Tool

from hostup_mcp.config import Group
from hostup_mcp.server.definition import AnyTool, ReadingTool, WritingTool
from hostup_mcp.server.registry import GROUPS, definition, names
from hostup_mcp.server.tool import build_tool

TOOLS: tuple[AnyTool, ...] = tuple(definition(name) for name in GROUPS)

READING: dict[str, ReadingTool] = {t.name: t for t in TOOLS if isinstance(t, ReadingTool)}
"""The tools that only read, by name."""

WRITING: dict[str, WritingTool] = {t.name: t for t in TOOLS if isinstance(t, WritingTool)}
"""The tools that change something, by name."""


def build_tools(unlockable: Collection[Group]) -> list[Tool]:
    """Build the tools that read, and those of the groups in `unlockable`.

    The others are left out, since building a tool takes time.
    """
    return [build_tool(definition(name)) for name in names(unlockable)]
