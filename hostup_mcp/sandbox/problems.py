"""Error responses: RFC 7807, and the older shape that job polling may use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .responses import Json, Response, iso, json_response
from .variants import Variants

_TITLES = {
    "invalid_request": "Validation failed",
    "invalid_cursor": "Validation failed",
    "unauthorized": "Unauthorized",
    "forbidden": "Forbidden",
    "vps_not_found": "VPS not found",
    "vps_not_ready": "VPS not ready",
    "rate_limited": "Rate limit exceeded",
    "rate_limit_exceeded": "Too many requests",
    "internal_error": "Internal server error",
    "upstream_failed": "Upstream failure",
    "upstream_cloud_quick_deploy_shape_invalid": "Upstream response invalid",
    "cancellation_blocked_overdue_invoice": "Cancellation blocked by overdue invoice",
}
_STATUS_TITLES = {
    400: "Invalid request",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    503: "Unavailable",
}
_STATUS_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "vps_not_ready",
    429: "rate_limited",
    502: "upstream_failed",
    503: "upstream_unavailable",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: JSON pointer, sentence, code."""

    pointer: str
    detail: str
    code: str = "invalid_request"


class ProblemError(Exception):
    """Ends the handling of a request with a problem document."""

    def __init__(
        self,
        status: int,
        code: str | None,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Json] | None = None,
        members: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code or default_code(status)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions
        self.members = members or {}


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """What a problem document says about its request."""

    path: str
    request_id: str
    now: datetime
    variants: Variants


def default_code(status: int) -> str:
    """Return the documented code for a status, `internal_error` where there is none."""
    return _STATUS_CODES.get(status, "internal_error")


def invalid(*errors: FieldError) -> ProblemError:
    """Return the 400 problem for invalid fields."""
    return ProblemError(400, "invalid_request", "The request failed validation.", errors=errors)


def not_found(what: str) -> ProblemError:
    """Return the 404 problem for anything but a server."""
    return ProblemError(404, "not_found", f"There is no such {what}.")


def render(problem: ProblemError, where: ErrorContext) -> Response:
    """Return the response for a problem, in the shape that the variants give its path."""
    if where.path.startswith("/api/jobs/") and where.variants.job_errors == "legacy":
        return _render_legacy(problem, where)
    document: dict[str, Json] = {
        "type": f"https://developer.hostup.se/errors/{problem.code}",
        "title": _TITLES.get(problem.code) or _STATUS_TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": where.path,
        "requestId": where.request_id,
        "timestamp": iso(where.now),
    }
    if problem.errors:
        document["errors"] = [
            {"pointer": each.pointer, "detail": each.detail, "code": each.code}
            for each in problem.errors
        ]
    if problem.extensions is not None:
        document["extensions"] = problem.extensions
    document |= problem.members
    media_type = where.variants.problem_media_type
    return json_response(problem.status, document, problem.headers, media_type)


def _render_legacy(problem: ProblemError, where: ErrorContext) -> Response:
    document: dict[str, Json] = {
        "error": _STATUS_TITLES.get(problem.status, "Error"),
        "message": problem.detail,
        "requestId": where.request_id,
    }
    if problem.status == 429:
        document["retryAfter"] = problem.headers.get("X-RateLimit-Reset", iso(where.now))
    else:
        document["code"] = problem.code.upper()
        document["timestamp"] = iso(where.now)
    return json_response(problem.status, document, problem.headers)
