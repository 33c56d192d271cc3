"""Builds the SDK's tools: strict arguments, small schemas, and our own error results."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata, func_metadata
from mcp.types import ToolAnnotations
from pydantic import BaseModel, ValidationError

from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.server.arguments import IGNORED, FindIgnored, leave_out_not_given, with_ignored
from hostup_mcp.server.definition import AnyTool, ReadingTool, ignore_none
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.arguments import invalid_arguments, unknown_arguments
from hostup_mcp.server.errors.failure import (
    Failure,
    RefusalError,
    fail,
    not_configured,
    or_failure,
    to_result,
)
from hostup_mcp.server.panel import PANEL_URI
from hostup_mcp.server.rehearsal_notices import with_rehearsals
from hostup_mcp.state.store import StateUnavailableError


class PlainTool(Tool):
    """A tool that returns its failures as results, with our own text and structured content."""

    shown_in_panel: bool = False
    find_ignored: FindIgnored = ignore_none

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        configuration = context.request_context.lifespan_context.configuration
        if isinstance(configuration, Misconfigured):
            return to_result(not_configured(configuration))
        known = self.parameters["properties"]
        if unknown := [name for name in arguments if name not in known]:
            # The SDK would drop them, and a misspelt argument would silently become its default.
            return to_result(unknown_arguments(self.name, unknown))
        given = leave_out_not_given(arguments, self.parameters)
        because, ignored = self.find_ignored(given)
        used = {name: value for name, value in given.items() if name not in ignored}
        result = await self._run_known(used, context, convert_result)
        return with_ignored(result, because, ignored)

    async def _run_known(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool
    ) -> Any:
        try:
            result = await super().run(arguments, context, convert_result)
            result = await with_rehearsals(context, result)
        except ToolError as error:
            failure = self._failure(error)
            if failure is None:
                raise
            result = to_result(failure)
        if not self.shown_in_panel:
            return result
        from hostup_mcp.server.panel.language import tell_language

        return tell_language(context, result)

    def _failure(self, error: ToolError) -> Failure | None:
        match error.__cause__:
            case RefusalError(failure=failure):
                return failure
            case StateUnavailableError():
                return fail(write_texts.STATE_UNAVAILABLE)
            case HostUpError() as cause:
                from hostup_mcp.server.errors.hostup import from_hostup

                return from_hostup(cause)
            case ValidationError() as cause if not isinstance(error, UnexpectedToolError):
                return invalid_arguments(self.name, cause)
        return None


def build_tool(definition: AnyTool) -> Tool:
    """Build the SDK's tool from `definition`."""
    if isinstance(definition, ReadingTool):
        return PlainTool(
            **common_fields(definition, definition.read, "ctx", definition.result),
            context_kwarg="ctx",
            annotations=hints(read_only=True, destructive=False, idempotent=True),
            meta=panel_meta() if definition.shown_in_panel else None,
            shown_in_panel=definition.shown_in_panel,
        )
    from hostup_mcp.server.writes.tool import build_write_tool  # loads all that a write needs

    return build_write_tool(definition)


def describe(definition: AnyTool) -> str:
    """Return the description that a model reads: the handler's docstring and the scope.

    read:vm is not mentioned, since every key needs it.
    """
    handler = definition.read if isinstance(definition, ReadingTool) else definition.propose
    text = " ".join(cleandoc(handler.__doc__ or "").split())
    return text if definition.scope == "read:vm" else f"{text} Key scope: {definition.scope}."


def common_fields(
    definition: AnyTool, handler: Callable[..., Any], first: str, result: type[BaseModel]
) -> dict[str, Any]:
    """Return the fields of a `Tool` that reading and writing tools have in common.

    The parameter `first` of `handler` is no argument of the tool.
    """
    arguments = func_metadata(handler, [first], structured_output=False).arg_model
    parameters = lean(arguments.model_json_schema(by_alias=True))
    success = lean(result.model_json_schema(), outermost=False)
    if definition.find_ignored is not ignore_none:
        success["properties"]["ignored"] = IGNORED
    return {
        "fn": handler,
        "is_async": True,
        "name": definition.name,
        "title": definition.title,
        "description": describe(definition),
        "find_ignored": definition.find_ignored,
        "parameters": parameters,
        "fn_metadata": FuncMetadata(
            arg_model=arguments, output_model=result, output_schema=or_failure(success)
        ),
    }


def hints(*, read_only: bool, destructive: bool, idempotent: bool) -> ToolAnnotations:
    """Return the annotations of a tool."""
    return ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=True,
    )


def panel_meta(**options: Any) -> dict[str, Any]:
    """Return the `_meta` of a tool that has to do with the recovery panel."""
    return {"ui": {"resourceUri": PANEL_URI, **options}}


_NAMED = frozenset({"properties", "$defs"})
_DATA = frozenset({"default", "enum", "const", "examples"})


def lean(schema: dict[str, Any], *, outermost: bool = True) -> dict[str, Any]:
    """Remove titles, and the null type of optional arguments, from `schema` to save tokens.

    An optional argument can be left out, so that it also accepts null need not be said. The pattern
    of optional text admits "": a client that makes a model fill it in leaves it nothing else.
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
    slim = {**choices[0], **rest}
    if "pattern" in slim:
        slim["pattern"] = slim["pattern"].replace("{1,", "{0,")
    return slim
