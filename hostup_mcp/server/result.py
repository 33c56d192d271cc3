"""The result of a call that succeeded: text for the model, and the same facts as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcp.types import CallToolResult, TextContent


def to_result(lines: Iterable[str], data: Mapping[str, Any]) -> CallToolResult:
    """Make a result whose text is `lines` and whose structured content is `data`."""
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(lines))], structured_content=dict(data)
    )
