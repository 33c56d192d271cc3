"""Where a key may travel: over https, or over plain http to this machine itself."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

KEYS_PAGE = "https://cloud.hostup.se/api-management"
"""Where people make API keys."""

# Only what every reader of addresses reads alike: no user, query, fragment, space or control.
_PLAIN = re.compile(
    r"https?://([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]*)?(/[!\"$->@-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
_NUMBERS = re.compile(r"[0-9.]+")


def is_safe_base_url(text: str) -> bool:
    """Whether `text` is an https address, or plain http to a loopback host, and nothing more."""
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
    """Whether `host` (a name or an address, without port) is this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
