"""Parts of the questions to the user."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json, quoted

MAX_TYPED = 64
"""A server with a longer name is confirmed by typing its id."""

_ID_PREFIX = "vps_"


@dataclass(frozen=True, slots=True)
class Subject:
    """The server that a question is about."""

    vps: Vps
    others: tuple[Vps, ...] = ()
    """The account's other servers that the user could mean by its name."""
    are_all: bool = True
    """Whether `others` are known to be all of them."""

    @property
    def to_type(self) -> str:
        """What the user types to confirm; no other server of the account goes by it.

        The name; if that is ambiguous, with the last part of the address; else the id.
        """
        if not self.are_all:
            return self.vps.id
        taken = frozenset[str]().union(*(labels(other) for other in self.others))
        free = (text for text in _typed_names(self.vps) if folded(text) not in taken)
        return next(free, self.vps.id)

    @property
    def facts(self) -> Mapping[str, Json]:
        """What identifies the server: name, address, and the others that it could mean."""
        others: list[Json] = [
            {"id": other.id, "address": other.primary_ip}
            for other in sorted(self.others, key=lambda other: other.id)
        ]
        return {"name": self.vps.name, "address": self.vps.primary_ip, "sameName": others}


async def find_subject(hostup: ReadingClient, vps: Vps) -> Subject:
    """Return `vps` as the subject of a question that is answered by typing.

    One read, of the first 100 servers; none if its id has to be typed anyway. HostUp's filter for
    names is of no use: it leaves out names that differ by a space.
    """
    ours = {folded(text) for text in _typed_names(vps)}
    if not ours:
        return Subject(vps)
    page = await hostup.list_vps(limit=100)
    others = tuple(o for o in page.data if o.id != vps.id and not ours.isdisjoint(labels(o)))
    return Subject(vps, others, are_all=page.is_whole and not page.next_cursor)


def labels(vps: Vps) -> frozenset[str]:
    """Return what a user could call `vps`, folded: name, id, address, and name with its end."""
    known = (vps.name, vps.id, vps.primary_ip, *_typed_names(vps))
    return frozenset(label for text in known if (label := folded(text or "")))


def folded(name: str) -> str:
    """Return `name` so that names a user could confuse are equal: no case, no spaces."""
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


def describe_server(vps: Vps) -> str:
    """Describe a server by name, id and address, so that the user knows which one is meant."""
    name = quoted(vps.name) if vps.name else "the server without a name"
    return f"{name} ({vps.id}, {vps.primary_ip or 'no IP'})"


def type_to_confirm(name: str) -> str:
    """Return the last line of a question that is answered by typing `name`."""
    return f"To go ahead, type: {name}"


def _typed_names(vps: Vps) -> list[str]:
    """Return what the user may be asked to type for `vps` instead of its id, shortest first."""
    name, part = _usable_name(vps), _last_part(vps)
    if name is None:
        return []
    return [name] if part is None else [name, f"{name} {part}"]


def _usable_name(vps: Vps) -> str | None:
    """Return the name, unless it is empty, too long to type, or looks like a server id."""
    name = (vps.name or "").strip()
    is_usable = 0 < len(name) <= MAX_TYPED and not folded(name).startswith(_ID_PREFIX)
    return name if is_usable else None


def _last_part(vps: Vps) -> str | None:
    """Return the last part of the address, such as 10 for 192.0.2.10."""
    found = re.search(r"[.:]([0-9A-Fa-f]+)$", vps.primary_ip or "")
    return found[1] if found else None
