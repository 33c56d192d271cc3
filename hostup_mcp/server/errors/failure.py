"""A failed call: as data, as an exception, as the result of a tool, and in a tool's schema."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import Field
from pydantic.alias_generators import to_camel

from hostup_mcp.config import Misconfigured
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.errors.text import ErrorText
from hostup_mcp.server.listing import Output


class Failure(Output):
    """The `error` in the structured content of a failed call."""

    kind: ErrorKind = Field(description="Stable word for this sort of failure.")
    message: str = Field(description="What happened.")
    next_step: str = Field(description="What to do now.")
    status: int | None = Field(default=None, description="HTTP status of HostUp's response.")
    code: str | None = Field(default=None, description="HostUp's own code.")
    request_id: str | None = Field(default=None, description="HostUp's request id, for support.")
    retry_after_seconds: int | None = Field(default=None, description="Seconds to wait first.")
    fields: tuple[str, ...] = Field(default=(), description="Which arguments, and what is wrong.")
    seen: str | None = Field(
        default=None, description="What a read of the server showed after a lost response."
    )
    write_id: str | None = Field(
        default=None, description="Id of a write whose outcome is unknown; get_job takes it."
    )


class RefusalError(ToolError):
    """This server's own refusal, before or instead of a request to HostUp."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def fail(text: ErrorText, *, fields: tuple[str, ...] = (), **facts: str) -> Failure:
    """Make the failure that `text` describes, with `facts` filled in."""
    return Failure(
        kind=text.kind,
        message=f"{text.message.format(**facts)} {text.changed}".strip(),
        next_step=text.next_step.format(**facts),
        fields=fields,
    )


def refuse(text: ErrorText, *, fields: tuple[str, ...] = (), **facts: str) -> RefusalError:
    """Make the refusal that `text` describes, to raise from a tool."""
    return RefusalError(fail(text, fields=fields, **facts))


def not_configured(configuration: Misconfigured) -> Failure:
    """Make the failure of every tool of a server that is not set up."""
    return fail(texts.NOT_CONFIGURED, problems=" ".join(configuration.problems))


def to_result(failure: Failure) -> CallToolResult:
    """Make the result of a tool from `failure`."""
    lines = [describe(failure), *(f"- {field}" for field in failure.fields)]
    lines.append(f"Next: {failure.next_step}")
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(lines))],
        structured_content={
            "error": failure.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        },
        is_error=True,
    )


def describe(failure: Failure) -> str:
    """Say what happened, with the facts that HostUp's support asks for."""
    facts = [
        f"{label} {value}"
        for label, value in (
            ("status", failure.status),
            ("code", failure.code),
            ("request id", failure.request_id),
        )
        if value is not None and f"{label} {value}" not in failure.message
    ]
    return f"{failure.message} ({', '.join(facts)})" if facts else failure.message


RUNNING = {
    "type": "array",
    "items": {"type": "object"},
    "description": "Only if there are any: rehearsals that still cost money, as codes and facts.",
}
"""The schema of what every result may have beside its own fields."""

_ALWAYS_GIVEN = ("kind", "message", "next_step")


def or_failure(schema: dict[str, Any]) -> dict[str, Any]:
    """Widen `schema`, of a tool's structured content, to take `error` instead of all else.

    Some clients validate the structured content of an error against the tool's output schema, and
    show the validation error instead of ours where it does not fit.
    """
    properties = {
        to_camel(name): {"type": "string", "description": Failure.model_fields[name].description}
        for name in _ALWAYS_GIVEN
    }
    failure = {
        "description": "Instead of all else, where the call was refused or failed.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }
    return {
        **{key: value for key, value in schema.items() if key != "required"},
        "properties": {**schema["properties"], "rehearsals": RUNNING, "error": failure},
        "if": {"required": ["error"]},
        "else": {"required": schema["required"]},
    }
