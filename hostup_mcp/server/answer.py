"""A success as text for the model and data for the program; both carry the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcp.types import CallToolResult, TextContent

from hostup_mcp.hostup.models import Gate
from hostup_mcp.hostup.text import quoted


def answer(lines: Iterable[str], data: Mapping[str, Any]) -> CallToolResult:
    """A result whose text is `lines` and whose structured content is `data`."""
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(lines))], structured_content=dict(data)
    )


def gate_text(gate: Gate | None) -> str:
    """A gate as it came, in words."""
    if gate is None:
        return "no gate in HostUp's answer"
    text = "gate open" if gate.allowed else "gate closed"
    if gate.reason is not None:
        text += f", reason {quoted(gate.reason)}"
    elif not gate.allowed:
        text += ", reason null"
    return text + (f", code {quoted(gate.code)}" if gate.code is not None else "")


def number(value: float) -> str:
    """12.0 as 12, 12.40 as 12.4."""
    return f"{value:.10g}"
