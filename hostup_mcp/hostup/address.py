"""Which base URLs a key may be sent to, and how hosts and origins are compared."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

KEYS_PAGE = "https://cloud.hostup.se/api-management"
"""The page where API keys are created."""

# Only what every URL parser reads alike: no user, query, fragment, space or control character.
_PLAIN = re.compile(
    r"https?://([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(:[0-9]*)?(/[!\"$->@-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
# A host whose last part is a number is an address, or invalid.
_NUMERIC = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)

# A name may end with the dot of the root: it is the same name.
_HOST = r"([a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\](?!\.))\.?(?::([0-9]{1,5}|\*))?"
_ORIGIN = re.compile(rf"([a-z][a-z0-9+.-]*)://{_HOST}", re.IGNORECASE | re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def is_safe_base_url(text: str) -> bool:
    """Return whether `text` is a plain https URL, or a plain http URL of a loopback host."""
    if not _PLAIN.fullmatch(text):
        return False
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
        if ":" in host or _NUMERIC.fullmatch(host):
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


class Host(NamedTuple):
    """A host in lower case. Its port is empty for 80 and 443, and `*` for any."""

    name: str
    port: str


def read_host(text: str) -> Host | None:
    """Read `host`, `host:port` or `host:*`; None if it is none of these."""
    match = re.fullmatch(_HOST, text, re.IGNORECASE | re.ASCII)
    return None if match is None else _host(match[1], match[2])


def read_origin(text: str) -> str | None:
    """Return an origin as browsers write it: lower case, without the default port.

    None if it is not a scheme and a host.
    """
    match = _ORIGIN.fullmatch(text)
    if match is None or match[3] == "*":
        return None
    scheme, name, port = match[1].lower(), match[2].lower(), match[3]
    is_default = port is None or port == _DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{name}" if is_default else f"{scheme}://{name}:{port}"


def host_of_origin(origin: str) -> Host | None:
    """Return the host of an http or https origin that `read_origin` returned."""
    match = _ORIGIN.fullmatch(origin)
    return _host(match[2], match[3]) if match and match[1] in _DEFAULT_PORTS else None


def _host(name: str, port: str | None) -> Host:
    return Host(name.lower(), "" if port in (None, "80", "443") else port)
