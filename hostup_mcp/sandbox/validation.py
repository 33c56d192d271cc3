"""Validates queries and bodies strictly; every error is reported at once, with its pointer."""

import json
import re
from collections.abc import Collection, Sequence
from typing import cast

from .problems import FieldError, invalid


class Fields:
    """Reads named values from a JSON object; `finish` raises the 400 problem if any was invalid.

    A `need_...` method records a missing value as an error; what it returns in that case is a
    placeholder, since `finish` raises.
    """

    def __init__(self, source: dict[str, object], known: Collection[str]) -> None:
        self._source = source
        self.errors = [
            FieldError(f"/{name}", f"`{name}` is not known here.", "unknown_field")
            for name in source
            if name not in known
        ]

    def has(self, name: str) -> bool:
        """Return whether the object has the key at all."""
        return name in self._source

    def refuse(self, name: str, detail: str, code: str = "invalid_request") -> None:
        """Record an error on a field."""
        self.errors.append(FieldError(f"/{name}", detail, code))

    def text(self, name: str, *, nullable: bool = False, pattern: str = r"(?s).*") -> str | None:
        """Return a string that matches `pattern`, or None if it is not there."""
        value = self._source.get(name)
        if value is None and (nullable or not self.has(name)):
            return None
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        self.refuse(name, f"`{name}` must be a string of the documented form.")
        return None

    def need_text(self, name: str, pattern: str = r"(?s).+") -> str:
        """Return a string that must be there."""
        return self.text(name, pattern=pattern) or "" if self._present(name) else ""

    def integer(self, name: str, low: int, high: int | None = None) -> int | None:
        """Return a whole number within bounds, or None if it is not there."""
        if not self.has(name):
            return None
        value = self._source[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            if low <= value and (high is None or value <= high):
                return value
            self.refuse(name, f"`{name}` is out of range.", "out_of_range")
            return None
        self.refuse(name, f"`{name}` must be a whole number.")
        return None

    def need_integer(self, name: str, low: int, high: int | None = None) -> int:
        """Return a whole number that must be there."""
        value = self.integer(name, low, high) if self._present(name) else None
        return low if value is None else value

    def flag(self, name: str) -> bool | None:
        """Return a boolean, or None if it is not there."""
        if not self.has(name):
            return None
        value = self._source[name]
        if isinstance(value, bool):
            return value
        self.refuse(name, f"`{name}` must be true or false.")
        return None

    def need_flag(self, name: str) -> bool:
        """Return a boolean that must be there."""
        return bool(self.flag(name)) if self._present(name) else False

    def finish(self) -> None:
        """Raise the 400 problem if anything was recorded."""
        if self.errors:
            raise invalid(*self.errors)

    def _present(self, name: str) -> bool:
        if self.has(name):
            return True
        self.refuse(name, f"`{name}` is required.", "missing_required")
        return False


def read_body(body: bytes, content_type: str, known: Collection[str]) -> Fields:
    """Return the fields of a JSON object; no body at all counts as an empty object."""
    if not body:
        return Fields({}, known)
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise invalid(FieldError("", "The body must be sent as application/json."))
    try:
        value: object = json.loads(body)
    except ValueError as error:
        raise invalid(FieldError("", "The body is not JSON.")) from error
    if not isinstance(value, dict):
        raise invalid(FieldError("", "The body must be an object."))
    return Fields(cast("dict[str, object]", value), known)


def read_query(
    query: Sequence[tuple[str, str]], known: Collection[str], repeatable: Collection[str] = ()
) -> dict[str, str]:
    """Return the query as a mapping. Unknown or repeated parameters are refused with a 400."""
    errors: list[FieldError] = []
    seen: dict[str, str] = {}
    for name, value in query:
        if name not in known and name not in repeatable:
            errors.append(FieldError(f"/{name}", f"`{name}` is not known here.", "unknown_field"))
        elif name in seen and name not in repeatable:
            errors.append(FieldError(f"/{name}", f"`{name}` was given twice."))
        seen[name] = value
    if errors:
        raise invalid(*errors)
    return seen
