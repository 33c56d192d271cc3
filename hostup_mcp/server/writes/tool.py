"""Builds the SDK's tools of what changes something."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from pydantic import PrivateAttr, ValidationError

from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors.arguments import invalid_arguments
from hostup_mcp.server.errors.failure import to_result
from hostup_mcp.server.progress import growing_progress
from hostup_mcp.server.rehearsal_notices import with_rehearsals
from hostup_mcp.server.tool import PlainTool, common_fields, hints, panel_meta
from hostup_mcp.server.writes.pipeline import write
from hostup_mcp.server.writes.result import RestoreResult, WriteResult


class WriteTool(PlainTool):
    """A tool that changes something. Callers check first that it is unlocked."""

    _definition: WritingTool = PrivateAttr()

    def __init__(self, definition: WritingTool, **fields: Any) -> None:
        super().__init__(**fields)
        self._definition = definition

    async def _run_known(
        self, arguments: dict[str, Any], context: Context[Any, Any], _: bool
    ) -> Any:
        try:
            validated = self.fn_metadata.validate_arguments(arguments)
        except ValidationError as error:
            return to_result(invalid_arguments(self.name, error))
        try:
            async with growing_progress(context.report_progress):
                result = await write(self._definition, validated, context)
        except Exception as error:
            raise UnexpectedToolError(f"Error executing tool {self.name}") from error
        # Nothing to convert: it has the form of `output_schema`, or is a question.
        return await with_rehearsals(context, result)


def build_write_tool(definition: WritingTool) -> WriteTool:
    """Build the SDK's tool from `definition`."""
    result = RestoreResult if definition.is_recovery else WriteResult
    return WriteTool(
        definition,
        **common_fields(definition, definition.propose, "reader", result),
        annotations=hints(
            read_only=False,
            destructive=not definition.is_always_harmless,
            idempotent=definition.is_idempotent,
        ),
        meta=panel_meta(visibility=["app"]) if definition.confirmed_in_panel else None,
    )
