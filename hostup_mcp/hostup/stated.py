"""Decides whether a JSON object of HostUp's states an error, for reads, writes and jobs alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]

REFUSALS = frozenset({"refused", "rejected", "denied"})
"""Words for the state of something that HostUp did not accept."""

ERROR_KEYS = ("error", "errors", "errorMessage", "failureReason", "failedReason")
_TEXT_KEYS = ("message", "detail", "title", "reason", *ERROR_KEYS, "code")


def holders(document: Fields) -> Iterator[Fields]:
    """Yield each object of a response that can state an error, from the outside in."""
    data = document.get("data")
    places: list[Any] = [document, data]
    for outer in (document, data):
        if isinstance(outer, dict):
            operation = outer.get("operation")
            places += [operation, outer.get("result")]
            if isinstance(operation, dict):
                places.append(operation.get("result"))
    return (place for place in places if isinstance(place, dict))


def states_error(holder: Fields) -> bool:
    """Return whether `holder` says that something went wrong. Flags may be given as text."""
    status = holder.get("status")
    return (
        any(_is_false(holder.get(key)) for key in ("success", "ok"))
        or any(holder.get(key) for key in ERROR_KEYS)
        # A resource's own status is not the response's.
        or (is_refusal(status) and "id" not in holder)
        or error_number(holder) is not None
        or _is_problem(holder)
    )


def _is_problem(holder: Fields) -> bool:
    """Return whether `holder` is a problem: a code and a text, which a success may have too."""
    code = holder.get("code")
    is_success = holder.get("success") is True or holder.get("ok") is True
    return (
        isinstance(code, str)
        and code.lower() not in ("", "ok", "success")
        and not (is_success or isinstance(holder.get("status"), str))
        and any(isinstance(holder.get(key), str) for key in ("detail", "message", "title"))
    )


def is_refusal(status: object) -> bool:
    """Return whether the word `status` says that something was not accepted."""
    return isinstance(status, str) and status.lower() in REFUSALS | {"error"}


def error_number(holder: Fields) -> int | None:
    """Return the HTTP status of an error that `holder` states, or None."""
    status = holder.get("status")
    return status if isinstance(status, int) and 400 <= status < 600 else None


def text_of(error: object) -> str | None:
    """Return the text of an error, given as a text, a number, an object or a list of them."""
    if isinstance(error, dict):
        return next((text for key in _TEXT_KEYS if (text := text_of(error.get(key)))), None)
    if isinstance(error, list):
        return next((text for each in error if (text := text_of(each))), None)
    if isinstance(error, int | float) and not isinstance(error, bool) and error:
        return str(error)
    return error if isinstance(error, str) and error else None


def _is_false(value: object) -> bool:
    return value is False or (isinstance(value, str) and value.lower() == "false")
