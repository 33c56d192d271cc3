"""Removes the API key from whatever HostUp, or something in front of it, echoes in a response."""

from __future__ import annotations

import re
from collections.abc import Callable

from hostup_mcp.hostup.keys import SHORTEST_KEY

REDACTED = b"***"


def redactor(secret: str) -> Callable[[bytes], bytes]:
    """Return a function that replaces `secret` in JSON, in a URL and in plain text.

    It is found however JSON or a URL may write its characters; nothing else is changed.
    """
    if len(secret) < SHORTEST_KEY:  # no key; it would be found in ordinary words
        return lambda content: content
    plain = secret.encode()
    pattern = re.compile(b"".join(map(_written, plain)))

    def replace(found: re.Match[bytes]) -> bytes:
        before = found.string[max(0, found.start() - 64) : found.start()]
        # After an odd number of backslashes, the next byte belongs to the last one.
        is_escaped = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
        return found[0][:1] + REDACTED if is_escaped else REDACTED

    def redact(content: bytes) -> bytes:
        if plain not in content and b"\\" not in content and b"%" not in content:
            return content
        return pattern.sub(replace, content)

    return redact


def _written(byte: int) -> bytes:
    """Return a pattern of the ways in which one byte of ASCII may be written."""
    char = re.escape(bytes([byte]))
    short = rb"\\" + char + b"|" if byte in b'\\"/' else b""
    return rb"(?:%s%s|\\u00(?i:%02x)|%%(?i:%02x))" % (short, char, byte, byte)
