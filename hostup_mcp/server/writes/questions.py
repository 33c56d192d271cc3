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
    """The account's other servers of the same name, whatever its case."""
    are_all: bool = True
    """Whether `others` are known to be all of them."""

    @property
    def to_type(self) -> str:
        """What the user types to confirm; no other server of the account goes by it.

        The name; of servers with one name, with the last part of the address; else the id.
        """
        name, part = _usable_name(self.vps), _last_part(self.vps)
        if name is None or not self.are_all:
            return self.vps.id
        if not self.others:
            return name
        is_told_apart = part is not None and all(_last_part(o) != part for o in self.others)
        return f"{name} {part}" if is_told_apart else self.vps.id

    @property
    def facts(self) -> Mapping[str, Json]:
        """What identifies the server: name, address, and the others of that name."""
        others: list[Json] = [
            {"id": other.id, "address": other.primary_ip}
            for other in sorted(self.others, key=lambda other: other.id)
        ]
        return {"name": self.vps.name, "address": self.vps.primary_ip, "sameName": others}


async def find_subject(hostup: ReadingClient, vps: Vps) -> Subject:
    """Return `vps` as the subject of a question that is answered by typing.

    One read, of the servers with its name; none if its id has to be typed anyway.
    """
    name = _usable_name(vps)
    if name is None:
        return Subject(vps)
    page = await hostup.list_vps(limit=100, name=name)
    others = tuple(o for o in page.data if o.id != vps.id and folded(o.name or "") == folded(name))
    return Subject(vps, others, are_all=page.is_whole and not page.next_cursor)


def folded(name: str) -> str:
    """Return `name` so that names a user could confuse are equal: no case, no outer spaces."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def describe_server(vps: Vps) -> str:
    """Describe a server by name, id and address, so that the user knows which one is meant."""
    name = quoted(vps.name) if vps.name else "the server without a name"
    return f"{name} ({vps.id}, {vps.primary_ip or 'no IP'})"


def type_to_confirm(name: str) -> str:
    """Return the last line of a question that is answered by typing `name`."""
    return f"To go ahead, type: {name}"


def _usable_name(vps: Vps) -> str | None:
    """Return the name, unless it is empty, too long to type, or looks like a server id."""
    name = (vps.name or "").strip()
    is_usable = 0 < len(name) <= MAX_TYPED and not folded(name).startswith(_ID_PREFIX)
    return name if is_usable else None


def _last_part(vps: Vps) -> str | None:
    """Return the last part of the address, such as 10 for 192.0.2.10."""
    found = re.search(r"[.:]([0-9A-Fa-f]+)$", vps.primary_ip or "")
    return found[1] if found else None
