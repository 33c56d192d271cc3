"""HTTP responses, and how JSON and timestamps are written in them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Anything that JSON can say."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response, not sent yet."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def json_response(
    status: int,
    content: Json,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """Return a response with a JSON body."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, (("Content-Type", media_type), *(headers or {}).items()))


NO_CONTENT = Response(204)


def iso(moment: datetime) -> str:
    """Format a time as the API does: UTC with milliseconds and a Z."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def iso_or_null(moment: datetime | None) -> str | None:
    """Return `iso(...)`, or null without a time."""
    return None if moment is None else iso(moment)
