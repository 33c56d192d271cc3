"""Cleans text from the API before it is used anywhere.

Names, notes and reasons are written by other people and programs. Characters that can hide or
reorder text (control, bidirectional, zero-width, private use) are removed, and lengths and nesting
are bounded. The result is still only data.
"""

from __future__ import annotations

import json
import re
import unicodedata
from math import isfinite
from typing import TypeAlias

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"

MAX_TEXT = 500
"""Characters kept of each text."""

MAX_DEPTH = 32
"""Levels of nesting accepted in a response."""

OPAQUE_KEYS = frozenset({"nextCursor", "pollUrl"})
"""Tokens that are sent back to the API; truncated, they would not work."""

MAX_OPAQUE = 4096

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# In other categories, but rendered as nothing (Default_Ignorable_Code_Point):
# joiners, fillers and variation selectors, which can carry whole hidden messages.
_RENDERED_EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean_text(text: str, longest: int = MAX_TEXT) -> str:
    """Return `text` on one line, at most `longest` long, without invisible characters."""
    if len(text) <= longest and text.isascii() and text.isprintable() and "  " not in text:
        # The usual case; checking each character is what takes time.
        return text.strip()
    # A text of a million characters is cut before each character is checked.
    kept = "".join(
        " " if char in "\n\r\t\u2028\u2029" else char
        for char in _RENDERED_EMPTY.sub("", text[: longest * 4])
        if char in "\n\r\t\u2028\u2029" or unicodedata.category(char) not in _INVISIBLE
    )
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean_json(value: Json, depth: int = 0) -> Json:
    """Clean each text in `value`, keys included. A number that no float can hold becomes a text.

    Raises:
        ValueError: it is nested deeper than `MAX_DEPTH`.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        # A key that equals another one only after cleaning does not replace it.
        return {
            cleaned: clean_text(item, MAX_OPAQUE)
            if key in OPAQUE_KEYS and isinstance(item, str)
            else clean_json(item, depth + 1)
            for key, item in value.items()
            if (cleaned := clean_text(key, 100)) == key or cleaned not in value
        }
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value


# Those that JSON does not escape; an apostrophe ends no quotation here.
_OTHER_QUOTES = re.compile(
    "[\u2018-\u201f\u00ab\u00bb\u2033\u2036\u2039\u203a\u275b-\u275e\u301d-\u301f\uff02\u02ba\u02ee]"
)

_PLAIN = re.compile(r"[0-9A-Za-z/][0-9A-Za-z_.:+/~-]{0,63}")


def safe_word(text: str) -> str:
    """Return a status, date, id or pointer unchanged; quote anything else."""
    return text if _PLAIN.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Quote `text` so that it cannot end the quotation and reads as data."""
    return _OTHER_QUOTES.sub(r"\\\g<0>", json.dumps(text, ensure_ascii=False))


def quoted_briefly(text: str, longest: int) -> str:
    """Clean and quote `text`, cut to `longest` characters between its quotation marks."""
    pieces = [quoted(char)[1:-1] for char in clean_text(text)]
    if sum(map(len, pieces)) > longest:
        while pieces and sum(map(len, pieces)) >= longest:
            pieces.pop()
        pieces.append("…")
    return f'"{"".join(pieces)}"'
