"""What is printed where the terminal's encoding lacks a character: the nearest in ASCII."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable
from typing import TextIO

HANDLER = "hostup_mcp.ascii"
"""The name of the error handler that `print_anywhere` sets."""

_NEAREST = {
    "\N{CHECK MARK}": "OK",
    "\N{BALLOT X}": "FAIL",
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u2013\u2014\u2212\u2500\u2501", "-"),
    **dict.fromkeys("\u2026", "..."),
    **dict.fromkeys("\u2022\u00b7", "*"),
    **dict.fromkeys("\u2192", "->"),
    "\N{FULL BLOCK}": "#",
    "\N{LIGHT SHADE}": "-",
    "\N{NO-BREAK SPACE}": " ",
    # Swedish, which code pages of other languages lack.
    **dict(zip("åäöÅÄÖéÉ", "aaoAAOeE", strict=True)),
}


def print_anywhere(streams: Iterable[TextIO]) -> None:
    """Let `streams` print what their encoding lacks as the nearest in ASCII, instead of failing."""
    codecs.register_error(HANDLER, _nearest)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_NEAREST.get(character, "?") for character in lacking), error.end
