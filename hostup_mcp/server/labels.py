"""What a user could call a server, and which of that they type to confirm a write to it."""

from __future__ import annotations

import unicodedata

from hostup_mcp.hostup.models import Vps
from hostup_mcp.wording.words import address

MAX_TYPED = 64
"""Where more than this would have to be typed, it is the id instead."""

_ID_PREFIX = "vps_"


def labels(vps: Vps) -> frozenset[str]:
    """Return what a user could call `vps`, folded: name, id, address, and name with its end."""
    known = (vps.name, vps.id, vps.primary_ip, *typed_names(vps))
    return frozenset(label for text in known if (label := folded(text or "")))


def folded(name: str) -> str:
    """Return `name` so that names a user could confuse are equal: no case, no spaces."""
    if name.isascii():
        return "".join(name.lower().split())  # the same, but faster
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


def typed_names(vps: Vps) -> list[str]:
    """Return what the user may be asked to type for `vps` instead of its id, shortest first."""
    name, whole = _usable_name(vps), address(vps.primary_ip)
    if name is None:
        return []
    longer = [] if whole is None else [f"{name} {_last_part(whole)}", f"{name} {whole}"]
    return [name, *(text for text in longer if len(text) <= MAX_TYPED)]


def _usable_name(vps: Vps) -> str | None:
    """Return the name, unless it is empty, too long to type, or looks like a server id."""
    name = (vps.name or "").strip()
    is_usable = 0 < len(name) <= MAX_TYPED and not folded(name).startswith(_ID_PREFIX)
    return name if is_usable else None


def _last_part(whole: str) -> str:
    """Return the last part of an address, such as 10 for 192.0.2.10."""
    return whole[1 + max(whole.rfind("."), whole.rfind(":")) :]
