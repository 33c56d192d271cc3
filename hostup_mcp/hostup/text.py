"""Somebody else's text, made harmless before it goes anywhere.

Names, notes and reasons are written by people and machines outside this program. What could hide
or reorder text (control, bidirectional, zero-width and private characters) is taken out, and
lengths and nesting are bounded. What remains is still only data.
"""

from __future__ import annotations

import json
import re
import unicodedata
from math import isfinite
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

# Of other categories, but drawn as nothing all the same (Default_Ignorable_Code_Point):
# joiners, fillers and variation selectors, which can carry whole hidden messages.
_DRAWN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """`text` on one line, without invisible or reordering characters, at most `longest` long."""
    if len(text) <= longest and text.isascii() and text.isprintable() and "  " not in text:
        # Nearly every text there is, and looking at each character is what costs.
        return text.strip()
    # A text a million characters long is cut before, not after, each is looked at.
    kept = "".join(
        " " if char in "\n\r\t\u2028\u2029" else char
        for char in _DRAWN_AS_NOTHING.sub("", text[: longest * 4])
        if char in "\n\r\t\u2028\u2029" or unicodedata.category(char) not in _INVISIBLE
    )
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean_json(value: Json, depth: int = 0) -> Json:
    """`value` with each text in it cleaned, keys included.

    Raises:
        ValueError: it is nested deeper than `DEEPEST`, or holds a number that is not finite.
    """
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        # A key that only looks like another one after cleaning does not take its place.
        return {
            cleaned: clean_text(item, LONGEST_OPAQUE)
            if key in OPAQUE_KEYS and isinstance(item, str)
            else clean_json(item, depth + 1)
            for key, item in value.items()
            if (cleaned := clean_text(key, 100)) == key or cleaned not in value
        }
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("a number beyond all bounds")
    return value


_PLAIN = re.compile(r"[0-9A-Za-z/][0-9A-Za-z_.:+/~-]{0,63}")


def word(text: str) -> str:
    """A status, date, id or pointer as it is; anything that does not look like one, quoted."""
    return text if _PLAIN.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Somebody's text inside quotes that it cannot close, so that it reads as data."""
    return json.dumps(text, ensure_ascii=False)
