"""A tool as the SDK registers it: strict about arguments, lean in its schema, plain in errors."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import func_metadata
from mcp.types import CallToolResult, ToolAnnotations
from pydantic import ValidationError

from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.server import failures
from hostup_mcp.server.writes.definition import WritingTool
from hostup_mcp.server.writes.pipeline import write
from hostup_mcp.server.writes.result import WriteResult
from hostup_mcp.state.store import StateUnavailableError

T = TypeVar("T", bound=Tool)

READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
)


class PlainTool(Tool):
    """A tool whose failures are results in our own words, with a structured part."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        configuration = context.request_context.lifespan_context.configuration
        if isinstance(configuration, Misconfigured):
            return failures.answer(failures.not_configured(configuration))
        known = self.parameters["properties"]
        if unknown := [name for name in arguments if name not in known]:
            # The SDK would drop them; a misspelt argument must not pass for a default.
            return failures.answer(failures.unknown_arguments(self.name, unknown))
        return await self._run_known(arguments, context, convert_result)

    async def _run_known(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool
    ) -> Any:
        try:
            return await super().run(arguments, context, convert_result)
        except ToolError as error:
            failure = self._failure(error)
            if failure is None:
                raise
            return failures.answer(failure)

    def _failure(self, error: ToolError) -> failures.Failure | None:
        match error.__cause__:
            case failures.Refusal(failure=failure):
                return failure
            case StateUnavailableError():
                return failures.state_unavailable()
            case HostUpError() as cause:
                return failures.of_hostup(cause)
            case ValidationError() as cause if not isinstance(error, UnexpectedToolError):
                return failures.bad_arguments(self.name, cause)
        return None


class WriteTool(PlainTool):
    """A tool that changes something. Whether it is unlocked is checked before it is called."""

    definition: WritingTool

    async def _run_known(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool
    ) -> Any:
        try:
            validated = self.fn_metadata.validate_arguments(arguments)
        except ValidationError as error:
            return failures.answer(failures.bad_arguments(self.name, error))
        try:
            result = await write(self.definition, validated, context)
        except Exception as error:
            raise UnexpectedToolError(f"Error executing tool {self.name}") from error
        return self.fn_metadata.convert_result(result) if convert_result else result


def reading_tool(function: Callable[..., Any], title: str) -> Tool:
    """`function` as a tool: its name, docstring and annotated parameters are what a model reads."""
    made = PlainTool.from_function(
        function,
        title=title,
        description=_one_line(function.__doc__),
        annotations=READ_ONLY,
    )
    return _slimmed(made)


def writing_tool(definition: WritingTool) -> WriteTool:
    """The tool of `definition`, whose arguments are those of its `propose` but for the reader."""
    annotations = ToolAnnotations(
        read_only_hint=False,
        destructive_hint=not definition.is_always_harmless,
        idempotent_hint=definition.is_idempotent,
        open_world_hint=True,
    )
    metadata = func_metadata(definition.propose, skip_names=["reader"], structured_output=False)
    output = func_metadata(_returns_write_result)
    metadata.output_model, metadata.output_schema = output.output_model, output.output_schema
    made = WriteTool(
        fn=definition.propose,
        name=definition.name,
        title=definition.title,
        description=_one_line(definition.propose.__doc__),
        parameters=metadata.arg_model.model_json_schema(by_alias=True),
        fn_metadata=metadata,
        is_async=True,
        annotations=annotations,
        definition=definition,
    )
    return _slimmed(made)


def _returns_write_result() -> Annotated[CallToolResult, WriteResult]:
    raise NotImplementedError  # only its annotation is read


def _one_line(text: str | None) -> str:
    return " ".join(cleandoc(text or "").split())


def _slimmed(tool: T) -> T:
    tool.parameters = {**lean(tool.parameters), "additionalProperties": False}
    if tool.fn_metadata.output_schema is not None:
        success = lean(tool.fn_metadata.output_schema, outermost=False)
        tool.fn_metadata.output_schema = failures.or_failure(success)
    return tool


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
