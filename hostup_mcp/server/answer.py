"""A success as text for the model and data for the program; both carry the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcp.types import CallToolResult, TextContent


def answer(lines: Iterable[str], data: Mapping[str, Any]) -> CallToolResult:
    """A result whose text is `lines` and whose structured content is `data`."""
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(lines))], structured_content=dict(data)
    )
