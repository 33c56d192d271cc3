"""Arguments that do not fit a tool's schema, described without their values."""

from __future__ import annotations

from pydantic import ValidationError

from hostup_mcp.hostup.text import clean_text
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import Failure, fail
from hostup_mcp.server.new_names import INVALID_NAME

MAX_FIELDS = 10


def invalid_arguments(tool: str, error: ValidationError) -> Failure:
    """Return the failure for arguments of `tool` that pydantic rejected."""
    fields = tuple(
        f"{'.'.join(str(part) for part in item['loc'])[:80] or 'arguments'}: "
        f"{_MESSAGES.get(item['type'], 'is not valid').format(**item.get('ctx', {}))}"
        for item in error.errors(include_url=False, include_input=False)[:MAX_FIELDS]
    )
    return fail(texts.INVALID_ARGUMENTS, tool=tool, fields=fields)


def unknown_arguments(tool: str, names: list[str]) -> Failure:
    """Return the failure for arguments that `tool` does not have. Long names are cut."""
    fields = tuple(
        f"{clean_text(name, 40)}: is not an argument of this tool" for name in names[:MAX_FIELDS]
    )
    return fail(texts.UNKNOWN_ARGUMENTS, tool=tool, fields=fields)


_NOT_AN_ID = "is not an id or name from an earlier result; use one of those, unchanged"

_MESSAGES = {
    "missing": "is required",
    "string_type": "must be text",
    "string_pattern_mismatch": _NOT_AN_ID,
    INVALID_NAME: "{rule}",
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
