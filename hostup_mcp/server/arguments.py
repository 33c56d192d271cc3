"""What the arguments of a call mean: strict modes of model APIs make a model fill in every one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeAlias

from mcp.types import CallToolResult, TextContent
from pydantic import Field

FindIgnored: TypeAlias = Callable[[Mapping[str, Any]], tuple[str, Collection[str]]]
"""Finds the arguments of a call that do not belong with the others, and names what rules them out.

It gets arguments that have not been validated yet.
"""

Flag = Annotated[bool, Field(strict=True)]
"""True or false in a tool that changes something; never a word or a number in place of them."""

IGNORED = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Only if there are any: arguments without effect.",
}
"""The schema of `ignored` in the structured content of a tool that ignores arguments."""


def leave_out_not_given(
    arguments: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `arguments` without the optional ones that are null or, for text, empty.

    `parameters` is the tool's input schema.
    """
    required, properties = parameters.get("required", ()), parameters["properties"]

    def is_given(name: str, value: object) -> bool:
        is_text = properties[name].get("type") == "string"
        return name in required or not (value is None or (is_text and value == ""))

    return {name: value for name, value in arguments.items() if is_given(name, value)}


def with_ignored(result: Any, because: str, ignored: Collection[str]) -> Any:
    """Return `result`, if it is a success, with the arguments that were ignored."""
    if not ignored or not isinstance(result, CallToolResult) or result.is_error:
        return result
    text = f"Ignored for {because}: {', '.join(ignored)}."
    content = [*result.content, TextContent(type="text", text=text)]
    data = {**(result.structured_content or {}), "ignored": [*ignored]}
    return result.model_copy(update={"content": content, "structured_content": data})
