"""A tool as it is meant here: strict about arguments, lean in its schema, plain in its failures."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import ToolAnnotations
from pydantic import ValidationError

from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.server import failures
from hostup_mcp.server.memory import MemoryAway

READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
)


class PlainTool(Tool):
    """A tool whose failures are answers in our own words, with a structured part."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        means = context.request_context.lifespan_context
        if isinstance(means.configuration, Misconfigured):
            return failures.answer(failures.not_configured(means.configuration))
        known = self.parameters["properties"]
        if unknown := [name for name in arguments if name not in known]:
            # The SDK would drop them; a misspelt argument must not pass for a default.
            return failures.answer(failures.unknown_arguments(self.name, unknown))
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            failure = self._failure(error)
            if failure is None:
                raise
            return failures.answer(failure)

    def told(self, error: HostUpError) -> failures.Failure:
        """How a failed call to HostUp is told."""
        return failures.of_hostup(error)

    def _failure(self, error: ToolError) -> failures.Failure | None:
        cause = error.__cause__
        if isinstance(cause, failures.Refusal):
            return cause.failure
        if isinstance(cause, MemoryAway):
            return failures.memory_away()
        if isinstance(cause, HostUpError):
            return self.told(cause)
        if isinstance(cause, ValidationError) and not isinstance(error, UnexpectedToolError):
            return failures.bad_arguments(self.name, cause)
        return None


def tool(
    function: Callable[..., Any], title: str, annotations: ToolAnnotations = READ_ONLY
) -> Tool:
    """`function` as a tool: its name, docstring and annotated parameters are what a model reads."""
    made = PlainTool.from_function(
        function,
        title=title,
        description=" ".join(cleandoc(function.__doc__ or "").split()),
        annotations=annotations,
    )
    made.parameters = {**lean(made.parameters), "additionalProperties": False}
    if made.fn_metadata.output_schema is not None:
        success = lean(made.fn_metadata.output_schema, outermost=False)
        made.fn_metadata.output_schema = failures.or_failure(success)
    return made


_NAMED = frozenset({"properties", "$defs"})
_DATA = frozenset({"default", "enum", "const", "examples"})


def lean(schema: dict[str, Any], *, outermost: bool = True) -> dict[str, Any]:
    """`schema` without what costs tokens and says nothing: titles, and nulls of optional arguments.

    An optional argument is one that may be left out; that null is taken for it need not be told.
    """
    slim = {
        key: {name: lean(value, outermost=False) for name, value in part.items()}
        if key in _NAMED
        else part
        if key in _DATA
        else _slim(part)
        for key, part in schema.items()
        if key != "title"
    }
    if outermost:
        properties = slim.get("properties", {})
        slim["properties"] = {name: _optional(value) for name, value in properties.items()}
    return slim


def _slim(part: Any) -> Any:
    if isinstance(part, list):
        return [_slim(item) for item in part]
    return lean(part, outermost=False) if isinstance(part, dict) else part


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    choices = [c for c in schema.get("anyOf", ()) if c != {"type": "null"}]
    if len(choices) != 1 or "default" not in schema:
        return schema
    rest = {k: v for k, v in schema.items() if k not in ("anyOf", "default")}
    return {**choices[0], **rest}
