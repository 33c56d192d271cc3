"""The server that a question is about, and what the user types for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json
from hostup_mcp.wording.questions import Part, Question, Quote, Say, Server, address

MAX_TYPED = 64
"""Where more than this would have to be typed, it is the id instead."""

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

        The name; if that is ambiguous, with the last part of the address, or the whole address;
        else the id.
        """
        if not self.are_all:
            return self.vps.id
        taken = frozenset[str]().union(*(labels(other) for other in self.others))
        free = (text for text in _typed_names(self.vps) if folded(text) not in taken)
        return next(free, self.vps.id)

    def question(
        self,
        what: Say,
        facts: Iterable[Part],
        *,
        details: Iterable[Part] = (),
        cost: Part | None = None,
        unknown: Iterable[Part] = (),
        quotes: Iterable[Quote] = (),
        ids: Iterable[str] = (),
        plain_yes: bool = False,
    ) -> Question:
        """Return the question `what` about this server."""
        return Question(
            what=what,
            server=Server.of(self.vps),
            facts=tuple(facts),
            details=tuple(details),
            cost=cost,
            unknown=tuple(unknown),
            quotes=tuple(quotes),
            ids=tuple(ids),
            to_type=self.to_type,
            plain_yes=plain_yes,
        )

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
    if name.isascii():
        return "".join(name.lower().split())  # the same, but faster
    return "".join(unicodedata.normalize("NFC", name).casefold().split())


def _typed_names(vps: Vps) -> list[str]:
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
