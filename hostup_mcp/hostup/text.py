"""Somebody else's text, made harmless before it goes anywhere.

Names, notes and reasons are written by people and machines outside this program. What could hide
or reorder text (control, bidirectional, zero-width and private characters) is taken out, and
lengths and nesting are bounded. What remains is still only data.
"""

from __future__ import annotations

import unicodedata
from typing import TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

LONGEST_TEXT = 500
"""Characters kept of any one text."""

DEEPEST = 32
"""Levels of nesting accepted in an answer."""

OPAQUE_KEYS = frozenset({"nextCursor", "pollUrl"})
"""Tokens that go back to the API: cutting them short would break them."""

LONGEST_OPAQUE = 4096

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """`text` on one line, without invisible or reordering characters, at most `longest` long."""
    # A text a million characters long is cut before, not after, each is looked at.
    kept = "".join(
        " " if char in "\n\r\t\u2028\u2029" else char
        for char in text[: longest * 4]
        if char in "\n\r\t\u2028\u2029" or unicodedata.category(char) not in _INVISIBLE
    )
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean_json(value: Json, depth: int = 0) -> Json:
    """`value` with each text in it cleaned, keys included.

    Raises:
        ValueError: it is nested deeper than `DEEPEST`.
    """
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            clean_text(key, 100): clean_text(item, LONGEST_OPAQUE)
            if key in OPAQUE_KEYS and isinstance(item, str)
            else clean_json(item, depth + 1)
            for key, item in value.items()
        }
    return value
