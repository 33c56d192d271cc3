"""Failed requests to HostUp and closed gates as failures. HostUp's own text is always quoted."""

from __future__ import annotations

import math
from datetime import UTC

from hostup_mcp.hostup.models import Gate
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ClientSetupError,
    ConflictError,
    EdgeRefusedError,
    FieldError,
    ForbiddenError,
    HostUpError,
    InvalidRequestError,
    LockedError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
)
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.gates import closed_reason
from hostup_mcp.recovery.payg import blocker_step
from hostup_mcp.recovery.steps import steps_without_restore
from hostup_mcp.recovery.suggestions import Step
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import Failure, RefusalError, describe, fail, refuse
from hostup_mcp.server.errors.text import ErrorText
from hostup_mcp.wording.render import for_model
from hostup_mcp.wording.swedish.errors import ERRORS
from hostup_mcp.wording.viewer import Language


def from_hostup(error: HostUpError) -> Failure:
    """Return the failure for a request to HostUp that failed with `error`."""
    problem = error if isinstance(error, ProblemError) else None
    is_quote = problem is None or problem.is_quote
    wait = None if error.retry_after is None else math.ceil(error.retry_after)
    text = _text(error)
    failure = fail(
        text,
        fields=tuple(_field(item) for item in problem.errors) if problem else (),
        said=f"HostUp said: {quoted(str(error))}" if is_quote else "HostUp gave no reason.",
        error=str(error),
        scopes=" and ".join(error.scopes) or "the right scope",
        wait=describe_wait(wait),
    )
    steps = [for_model(step, UTC) for step in _blocker_steps(problem)]
    is_told = wait is None or "{wait}" in text.next_step
    if steps:
        failure = failure.model_copy(
            update={"next_step": f"Tell the user what HostUp said. {' '.join(steps)}"}
        )
    return failure.model_copy(
        update={
            "status": error.status,
            "code": problem.code if problem else None,
            "request_id": error.request_id,
            "retry_after_seconds": wait,
            "next_step": failure.next_step
            if is_told
            else f"Wait {describe_wait(wait)} first. {failure.next_step}",
        }
    )


def _blocker_steps(problem: ProblemError | None) -> tuple[Step, ...]:
    """Return what can be done about what keeps the account from a new server."""
    words = problem.blockers if problem is not None else ()
    return tuple(dict.fromkeys(blocker_step(word) for word in words))


def describe_wait(seconds: int | None) -> str:
    """Say how long to wait. Nobody waits in a call for longer than an hour, so that is enough."""
    if seconds is None:
        return "a minute"
    return f"{seconds} s" if seconds <= 3600 else "more than an hour"


def describe_for_user(error: HostUpError, language: Language = Language.ENGLISH) -> str:
    """Say what happened and what the user can do, on one line."""
    if language is Language.SWEDISH:
        return _in_swedish(error)
    return f"{describe(from_hostup(error))} {_text(error).user_step}".strip()


def _in_swedish(error: HostUpError) -> str:
    """Say the same in Swedish; the message is HostUp's own text, or a detail in English."""
    failure = from_hostup(error)
    is_quote = not isinstance(error, ProblemError) or error.is_quote
    said = f"HostUp uppger: {quoted(str(error))}" if isinstance(error, ProblemError) else str(error)
    facts = (
        said if is_quote else None,
        f"status {failure.status}" if failure.status is not None else None,
        f"kod {failure.code}" if failure.code is not None else None,
        f"request-id {failure.request_id}" if failure.request_id is not None else None,
    )
    told = ", ".join(fact for fact in facts if fact)
    return f"{ERRORS[failure.kind]} ({told})" if told else ERRORS[failure.kind]


def closed_gate_refusal(
    gate: Gate | None,
    text: ErrorText = texts.GATE_CLOSED,
    *,
    status: str | None = None,
    steps: tuple[Step, ...] | None = None,
) -> RefusalError:
    """Return the refusal of anything but a restore for a gate that is closed or missing.

    `status` is the server's `serviceStatus`, if it is known. `steps` are what would open the gate,
    where more than the gate and the status decides that.
    """
    if gate is None:
        return refuse(texts.GATE_UNKNOWN)
    reason = quoted(for_model(closed_reason(gate), UTC))
    code = f" (code {safe_word(gate.code)})" if gate.code else ""
    if steps is None:
        steps = steps_without_restore(gate, status)
    # Neither has a moment in it, so the zone does not matter.
    step = "".join(f"{for_model(step, UTC)} " for step in steps)
    return refuse(text, reason=f"{reason}{code}", step=step)


def _text(error: HostUpError) -> ErrorText:
    match error:
        case InvalidRequestError(code="invalid_cursor"):
            return texts.INVALID_CURSOR
        case ProblemError(retry_after=float() | int()) if not isinstance(error, RefusedError):
            return texts.HOSTUP_FAILED_WAIT
    return next(text for kind, text in _TEXTS if isinstance(error, kind))


# The first that fits counts.
_TEXTS: tuple[tuple[type[HostUpError], ErrorText], ...] = (
    (ClientSetupError, texts.CLIENT_SETUP),
    (UnauthorizedError, texts.UNAUTHORIZED),
    (ForbiddenError, texts.FORBIDDEN),
    (NotFoundError, texts.NOT_FOUND),
    (InvalidRequestError, texts.INVALID_REQUEST),
    (LockedError, texts.HOSTUP_LOCKED),
    (ConflictError, texts.CONFLICT),
    (RateLimitedError, texts.RATE_LIMITED),
    (RefusedError, texts.REFUSED),
    (ProblemError, texts.HOSTUP_FAILED),
    (UnreachableError, texts.UNREACHABLE),
    (TimedOutError, texts.TIMED_OUT),
    (EdgeRefusedError, texts.EDGE_REFUSED),
    (RedirectedError, texts.REDIRECTED),
    (BadResponseError, texts.BAD_RESPONSE),
    (HostUpError, texts.CONNECTION_LOST),
)


def _field(item: FieldError) -> str:
    return f"{safe_word(item.pointer or 'request')}: {quoted(item.detail)} ({safe_word(item.code)})"
