"""Texts of others that cannot be read as a sentence: one short word, or an address."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NewType

Word = NewType("Word", str)
"""A text that cannot be read as a sentence: one short word, or an address."""


def word(text: str | None) -> Word | None:
    """Return `text` if it is one short word, such as a status."""
    is_word = text is not None and re.compile(r"[0-9A-Za-z_-]{1,12}").fullmatch(text)
    return Word(text) if text is not None and is_word else None


@lru_cache(1024)
def address(text: str | None) -> Word | None:
    """Return `text` if it is an IP address."""
    try:
        known = str(ip_address(text or ""))
    except ValueError:
        return None
    # The zone of a link-local address is any text.
    return None if "%" in known else Word(known)
