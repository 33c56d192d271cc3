"""Which base URLs a key may be sent to: https, or http to a loopback address."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

KEYS_PAGE = "https://cloud.hostup.se/api-management"
"""The page where API keys are created."""

# Only what every URL parser reads alike: no user, query, fragment, space or control character.
_PLAIN = re.compile(
    r"https?://([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]*)?(/[!\"$->@-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_NUMBERS = re.compile(r"[0-9.]+")


def is_safe_base_url(text: str) -> bool:
    """Return whether `text` is a plain https URL, or a plain http URL of a loopback host."""
    if not _PLAIN.fullmatch(text):
        return False
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
        if ":" in host or _NUMBERS.fullmatch(host):
            ip_address(host)
    except ValueError:
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Return whether `host` (a name or an address, without port) is a loopback address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
