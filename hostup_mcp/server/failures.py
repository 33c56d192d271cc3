"""A failure as an answer that the model can act on: what happened, and the one sensible next step.

Each becomes a result with `isError`, a short text, and the same facts as data under `error`.
"""

from __future__ import annotations

import math
from typing import Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, TextContent
from pydantic import Field, ValidationError
from pydantic.alias_generators import to_camel

from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.hostup.models import Gate
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConflictError,
    EdgeRefusedError,
    FieldError,
    ForbiddenError,
    HostUpError,
    InvalidRequestError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
)
from hostup_mcp.hostup.text import clean_text, quoted, word
from hostup_mcp.recovery.gates import closed_reason, step_to_open
from hostup_mcp.server.output import Output
from hostup_mcp.wording.render import for_model


class Failure(Output):
    """What went wrong, for the program that reads the structured part."""

    kind: str = Field(description="Stable word for this sort of failure.")
    message: str = Field(description="What happened.")
    next_step: str = Field(description="What to do now.")
    status: int | None = Field(default=None, description="HTTP status of HostUp's answer.")
    code: str | None = Field(default=None, description="HostUp's own code.")
    request_id: str | None = Field(default=None, description="HostUp's request id, for support.")
    retry_after_seconds: int | None = Field(default=None, description="Seconds to wait first.")
    fields: tuple[str, ...] = Field(default=(), description="Which arguments, and what is wrong.")
    seen: str | None = Field(
        default=None, description="What a look at the server showed after a lost response."
    )


def or_failure(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` of an answer, widened to what `answer` gives in its place.

    Clients exist that hold the structured part of an error against the tool's output schema, and
    show their own complaint instead of the error where it does not fit.
    """
    told = {to_camel(field): Failure.model_fields[field].description for field in _ALWAYS}
    failure = {
        "description": "Instead of all else, where the call was refused or failed.",
        "type": "object",
        "properties": {name: {"type": "string", "description": d} for name, d in told.items()},
        "required": list(told),
    }
    return {
        **{key: value for key, value in schema.items() if key != "required"},
        "properties": {**schema["properties"], "error": failure},
        "if": {"required": ["error"]},
        "else": {"required": schema["required"]},
    }


_ALWAYS = ("kind", "message", "next_step")


class Refusal(ToolError):
    """This server's own no, before or instead of a request to HostUp."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def refuse(kind: str, message: str, next_step: str, *, fields: tuple[str, ...] = ()) -> Refusal:
    """A refusal to raise from a tool."""
    return Refusal(Failure(kind=kind, message=message, next_step=next_step, fields=fields))


def answer(failure: Failure) -> CallToolResult:
    """`failure` as the result of a tool."""
    facts = [
        f"{label} {value}"
        for label, value in (
            ("status", failure.status),
            ("code", failure.code),
            ("request id", failure.request_id),
        )
        if value is not None
    ]
    lines = [f"{failure.message} ({', '.join(facts)})" if facts else failure.message]
    lines += [f"- {field}" for field in failure.fields]
    lines.append(f"Next: {failure.next_step}")
    return CallToolResult(
        content=[TextContent(type="text", text="\n".join(lines))],
        structured_content={
            "error": failure.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        },
        is_error=True,
    )


def not_configured(configuration: Misconfigured) -> Failure:
    """Why no tool can work, and what to set."""
    return Failure(
        kind="not_configured",
        message="hostup-mcp is not set up: " + " ".join(configuration.problems),
        next_step="Ask the user to set this where the server is configured, and restart it. "
        "`hostup-mcp doctor` checks it.",
    )


def state_unavailable() -> Failure:
    """The store of what is kept between calls cannot be reached."""
    return Failure(
        kind="state_unavailable",
        message="Shared state is unavailable, so writes are disabled. Nothing was changed by this "
        "call.",
        next_step="Reads still work. Tell the user; their operator can see it in /readyz.",
    )


def broken_off() -> Failure:
    """A fault of this program after a change was sent."""
    return Failure(
        kind="outcome_unknown",
        message="The change was sent, and this server failed before it could tell what became of "
        "it. It is NOT KNOWN whether it was carried out.",
        next_step="Do not send it again. Call list_vps_backups in some minutes, and tell the user "
        "that it is unknown.",
    )


def server_stopping() -> Failure:
    """This server was told to stop before anything was sent."""
    return Failure(
        kind="server_stopping",
        message="This server is stopping. Nothing was changed by this call.",
        next_step="Call again once the server runs again.",
    )


def unknown_id(argument: str, tool: str, path: str) -> Refusal:
    """An id that this caller was not given. The value is not repeated: it may be anything."""
    return refuse(
        "unknown_id",
        f"This {argument} was not returned by {tool} in this session; no request was sent.",
        f"Call {tool} and use {path} of its result, unchanged. Never make up or alter an id.",
    )


def gate_closed(gate: Gate) -> Refusal:
    """A gate that is closed now."""
    reason = quoted(for_model(closed_reason(gate)))
    code = f" (code {word(gate.code)})" if gate.code else ""
    return refuse(
        "gate_closed",
        f"HostUp does not allow this now: {reason}{code}. Nothing was changed.",
        f"{for_model(step_to_open(gate))} Tell the user; list_vps_backups shows the gates.",
    )


def changed_meanwhile() -> Refusal:
    """What the user agreed to is not what is there now."""
    return refuse(
        "changed_meanwhile",
        "What this is about changed while the user was asked. Nothing was changed by this call.",
        "Read it again, and show the user the current state.",
    )


def bad_arguments(tool: str, error: ValidationError) -> Failure:
    """Arguments that do not fit the tool's schema, in words of our own and without the values."""
    fields = tuple(
        f"{'.'.join(str(part) for part in item['loc'])[:80] or 'arguments'}: "
        f"{_ARGUMENT_WORDS.get(item['type'], '{msg}').format(**_limits(item))}"
        for item in error.errors(include_url=False, include_input=False)[:10]
    )
    return Failure(
        kind="bad_arguments",
        message=f"Invalid arguments for {tool}; no request was sent.",
        next_step="Correct these arguments and call again.",
        fields=fields,
    )


def unknown_arguments(tool: str, names: list[str]) -> Failure:
    """Arguments that the tool does not have. Their names are the model's own words, cut short."""
    return Failure(
        kind="bad_arguments",
        message=f"Invalid arguments for {tool}; no request was sent.",
        next_step="Leave these out and call again.",
        fields=tuple(
            f"{clean_text(name, 40)}: is not an argument of this tool" for name in names[:10]
        ),
    )


def of_hostup(error: HostUpError) -> Failure:
    """A failed call to HostUp."""
    problem = error if isinstance(error, ProblemError) else None
    wait = None if error.retry_after is None else math.ceil(error.retry_after)
    kind, message, next_step = _in_words(error, wait)
    return Failure(
        kind=kind,
        message=message,
        next_step=next_step,
        status=error.status,
        code=problem.code if problem else None,
        request_id=error.request_id,
        retry_after_seconds=wait,
        fields=tuple(_field(item) for item in problem.errors) if problem else (),
    )


def _in_words(error: HostUpError, wait: int | None) -> tuple[str, str, str]:
    """(kind, message, next step). HostUp's own words are quoted, ours stand around them."""
    said = f"HostUp said: {quoted(str(error))}"
    match error:
        case UnauthorizedError():
            return (
                "unauthorized",
                f"HostUp did not accept the API key. {said}",
                f"Ask the user to check HOSTUP_API_KEY; keys are made at {KEYS_PAGE}.",
            )
        case ForbiddenError():
            scopes = " and ".join(error.scopes) or "the right scope"
            return (
                "forbidden",
                f"HostUp does not let this key do that. {said}",
                f"It needs {scopes}, and the server must be this account's. Ask the user to "
                f"check the key at {KEYS_PAGE}. Trying again does not help.",
            )
        case NotFoundError():
            return (
                "not_found",
                f"It does not exist or is not this account's; HostUp does not tell which. {said}",
                "Call list_vps again and use an id from its answer.",
            )
        case InvalidRequestError() if error.code == "invalid_cursor":
            return (
                "invalid_cursor",
                "HostUp does not know this cursor (any more).",
                "Call list_vps again without cursor.",
            )
        case InvalidRequestError():
            return "invalid_request", f"HostUp did not accept the request. {said}", _REPORT
        case ConflictError():
            return (
                "conflict",
                f"The server's state does not allow this now. {said}",
                "Call list_vps_backups and read its gates before anything else.",
            )
        case RateLimitedError():
            return (
                "rate_limited",
                "HostUp allows no more requests at the moment.",
                f"Wait {wait} s, then call again."
                if wait is not None
                else "Wait a minute, then call again.",
            )
        case RefusedError():
            return (
                "refused",
                f"HostUp refused this. {said}",
                "Trying again does not help. Tell the user what HostUp said.",
            )
        case ProblemError():
            return (
                "hostup_failed",
                f"HostUp had a fault of its own. {said}",
                f"Wait {wait} s, then call again." if wait is not None else _LATER,
            )
        case UnreachableError():
            return "unreachable", f"HostUp cannot be reached: {error}.", _NETWORK
        case TimedOutError():
            return "timed_out", f"{error}.", _LATER
        case EdgeRefusedError():
            return (
                "edge_refused",
                "Something in front of HostUp's API rejected the request (403); this is not about "
                "the key's scopes.",
                "Ask the user whether their network, VPN or IP restrictions are in the way; "
                "HostUp's support can tell.",
            )
        case RedirectedError():
            return (
                "redirected",
                f"{error}; the key was not sent on.",
                "Ask the user to check HOSTUP_BASE_URL.",
            )
        case BadResponseError():
            return "bad_answer", f"{error}.", _LATER
        case _:
            return "connection_lost", f"{error}.", _NETWORK


_LATER = "Call again in a minute; if it stays so, HostUp's support or status page can tell."
_NETWORK = "Call again; if it stays so, ask the user to check the network of this machine."
_REPORT = "Correct what it names. If nothing is wrong with the arguments, tell the user."

_NOT_AN_ID = "is not an id or name from an earlier answer; list_vps comes first"

_ARGUMENT_WORDS = {
    "missing": "is required",
    "string_type": "must be text",
    "string_pattern_mismatch": _NOT_AN_ID,
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": _NOT_AN_ID,
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "finite_number": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
}


def _limits(item: object) -> dict[str, object]:
    details = item if isinstance(item, dict) else {}
    context = details.get("ctx")
    return {"msg": "is not valid", **(context if isinstance(context, dict) else {})}


def _field(item: FieldError) -> str:
    return f"{word(item.pointer or 'request')}: {quoted(item.detail)} ({word(item.code)})"
