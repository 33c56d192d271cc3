"""Turns an HTTP response into a model or a typed error. Pure functions: no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.models import parse_time
from hostup_mcp.hostup.problems import (
    AccountBlockedError,
    BadResponseError,
    EdgeRefusedError,
    FieldError,
    HostUpError,
    ProblemError,
    RedirectedError,
    RefusedError,
    ServerFaultError,
    UnclearResponseError,
    problem_class,
)
from hostup_mcp.hostup.stated import ERROR_KEYS, error_number, holders, states_error, text_of
from hostup_mcp.hostup.text import Json, clean_json, clean_text
from hostup_mcp.hostup.tolerance import read_model

M = TypeVar("M", bound=Model)

MAX_FIELD_ERRORS = 20
"""Entries of a problem's `errors` that are kept."""


def parse(model: type[M], status: int, headers: Mapping[str, str], body: bytes) -> M:
    """Parse the body of a successful response as `model`; see `tolerance`.

    Raises:
        BadResponseError: it is not JSON, or not of the documented shape.
        HostUpError: it states an error (see `stated_error`), whatever else it holds.
    """
    try:
        document = clean_json(_json(body))
    except ValueError:
        raise BadResponseError(_not_json(status, headers, body), status=status) from None
    try:
        value = read_model(model, document)
    except ValidationError as error:
        _raise_stated(document, status)
        # Only where it differs: the values are the user's data.
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        how = _HOW.get(first["type"], "has another type")
        raise BadResponseError(
            f"HostUp's response does not match its documentation: {where} {how}", status=status
        ) from None
    if not model.may_state_error:
        _raise_stated(document, status)
    return value


def _raise_stated(document: Json, status: int) -> None:
    stated = (
        stated_error(document, status, ServerFaultError) if isinstance(document, dict) else None
    )
    if stated is not None:
        raise stated from None


_HOW = {"missing": "is missing", "string_pattern_mismatch": "is not an id"}


def stated_error(
    document: Mapping[str, Json], status: int, kind: type[ProblemError] = RefusedError
) -> HostUpError | None:
    """Return the error that the body of a 2xx response states, if it states one.

    It is of `kind` if the body has no HTTP status. A fault of HostUp's own (5xx, 408) leaves open
    what became of the request. `blockerReasons` alone refuse a write, while a read may report them.
    """
    holder = next(filter(states_error, holders(document)), None)
    blockers = blocker_reasons(holder or {}) or blocker_reasons(document)
    is_blocked = blockers and kind is RefusedError
    if holder is None:
        if not is_blocked:
            return None
        holder = document
    code, number = _first_text(holder, "code"), error_number(holder)
    words = _with_blockers(_words(holder), blockers)
    said = words or f"status {status}, with an error in the body"
    is_fault = number is not None and problem_class(number) is ServerFaultError
    if is_fault or (code or "").lower().startswith(_FAULT_CODES):
        return UnclearResponseError(
            f"HostUp responded with status {status} and a fault of its own: {said}", status=status
        )
    kind = AccountBlockedError if is_blocked else kind
    return (kind if number is None else _error_class(number, blockers))(
        said,
        is_quote=words is not None,
        status=status,
        code=code,
        request_id=_first_text(holder, "requestId"),
        errors=_field_errors(holder.get("errors")),
        blockers=blockers,
    )


_FAULT_CODES = ("upstream_", "internal_error")


def _words(holder: Mapping[str, Json]) -> str | None:
    """Return the text of an error, wherever `holder` has it."""
    return _first_text(holder, "detail", "message", "title") or next(
        (text for key in ERROR_KEYS if (text := text_of(holder.get(key)))), None
    )


def failure(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> HostUpError:
    """Return the exception for a response that is not a success (below 200, or 300 and above)."""
    if status < 400:
        if status >= 300:
            return RedirectedError(
                "HostUp responded with a redirect, which is not followed", status=status
            )
        return BadResponseError(
            f"HostUp responded with the unexpected status {status}", status=status
        )
    document = _problem_document(body)
    wait = retry_after(headers, document, now)
    is_edge = document is not None and not _EDGE_KEYS.isdisjoint(document)
    is_page = document is None and _is_text(headers, body)
    if (status == 403 and (is_edge or not _is_problem(document))) or (
        status == 401 and (is_edge or is_page)
    ):
        return EdgeRefusedError(
            f"the edge in front of HostUp's API responded with status {status}, not the API itself",
            status=status,
            retry_after=wait,
        )
    if is_page and status < 500 and status not in _TEMPORARY:
        return BadResponseError(
            f"a page of text came instead of an API response (status {status})",
            status=status,
            retry_after=wait,
        )
    document = document or {}
    words = None if is_edge else _first_text(document, "detail", "message", "title", "error")
    blockers = blocker_reasons(document)
    words = _with_blockers(words, blockers)
    return _error_class(status, blockers)(
        words or f"status {status}",
        is_quote=words is not None,
        status=status,
        code=_first_text(document, "code"),
        retry_after=wait,
        request_id=_first_text(document, "requestId")
        or clean_text(headers.get("x-request-id", ""))
        or None,
        errors=_field_errors(document.get("errors")),
        blockers=blockers,
    )


_TEMPORARY = frozenset({408, 423, 425, 429, 499})
"""Statuses below 500 that say enough without a document."""

_EDGE_KEYS = frozenset({"cloudflare_error", "error_code"})
"""Keys of errors that Cloudflare makes, which otherwise look like problem documents."""


def blocker_reasons(document: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the words of `blockerReasons`, each once, in whichever documented place they are."""
    inner = (document.get(key) for key in ("extensions", "access"))
    holders = (document, *(each for each in inner if isinstance(each, dict)))
    found = (holder.get("blockerReasons") for holder in holders)
    words = [
        word
        for each in found
        if isinstance(each, list)
        for word in each
        if isinstance(word, str) and word
    ]
    return tuple(dict.fromkeys(words))[:MAX_FIELD_ERRORS]


def _with_blockers(words: str | None, blockers: tuple[str, ...]) -> str | None:
    if not blockers:
        return words
    reasons = ", ".join(blockers)
    return clean_text(reasons if words is None else f"{words} ({reasons})")


def _error_class(status: int, blockers: tuple[str, ...]) -> type[ProblemError]:
    is_blocked = status in (403, 409) and blockers
    return AccountBlockedError if is_blocked else problem_class(status)


def _is_problem(document: Mapping[str, Json] | None) -> bool:
    """Return whether an error is in one of the two shapes of HostUp's API."""
    known = document or {}
    return _first_text(known, "code", "detail", "type") is not None or bool(blocker_reasons(known))


def retry_after(
    headers: Mapping[str, str], document: Mapping[str, Json] | None, now: datetime
) -> float | None:
    """Return seconds to wait, from `Retry-After` (seconds or an HTTP date) or the reset time."""
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(given[:9])
    until = http_date(given)
    if until is None:
        until = parse_time(headers.get("x-ratelimit-reset"))
    if until is None and document is not None:
        until = parse_time(_first_text(document, "retryAfter"))
    return None if until is None else max(0.0, (until - now).total_seconds())


def _json(body: bytes) -> Json:
    value: Json
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        # Perhaps only one text has half of a surrogate pair, which is then removed as invisible.
        try:
            value = json.loads(body.decode(), parse_constant=_no_json)
        except RecursionError:
            raise ValueError("nested too deep") from None
    return value


def _no_json(text: str) -> Json:
    raise ValueError(f"{text} is not JSON")


def http_date(text: str) -> datetime | None:
    """Parse a date of an HTTP header, in UTC; None if it cannot be read."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _problem_document(body: bytes) -> dict[str, Json] | None:
    try:
        # Read as strictly as the key is redacted.
        document = clean_json(from_json(body, allow_inf_nan=False))
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _first_text(document: Mapping[str, Json], *keys: str) -> str | None:
    return next((v for key in keys if isinstance(v := document.get(key), str) and v), None)


def _field_errors(value: Json) -> tuple[FieldError, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        FieldError(
            pointer=_first_text(item, "pointer") or "",
            detail=_first_text(item, "detail") or "",
            code=_first_text(item, "code") or "",
        )
        for item in value[:MAX_FIELD_ERRORS]
        if isinstance(item, dict)
    )


def _is_text(headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a body that is not JSON is a page or text of something else than the API."""
    kind = headers.get("content-type", "").lower()
    return _is_html(headers, body) or (kind.startswith("text/") and bool(body.strip()))


def _is_html(headers: Mapping[str, str], body: bytes) -> bool:
    return "html" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<"


def _not_json(status: int, headers: Mapping[str, str], body: bytes) -> str:
    if not body.strip():
        return f"HostUp's response (status {status}) was empty"
    if headers.get("content-encoding", "identity") != "identity":
        return f"HostUp's response (status {status}) was compressed, which was not requested"
    if _is_html(headers, body):
        return f"a web page came instead of an API response (status {status})"
    return f"HostUp's response (status {status}) was truncated or is not JSON"
