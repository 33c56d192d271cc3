"""The server that a question is about, and what the user types for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json
from hostup_mcp.server.labels import folded, labels, typed_names
from hostup_mcp.wording.questions import Part, Question, Quote, Say, Server


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
        free = (text for text in typed_names(self.vps) if folded(text) not in taken)
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
    ours = {folded(text) for text in typed_names(vps)}
    if not ours:
        return Subject(vps)
    page = await hostup.list_vps(limit=100)
    others = tuple(o for o in page.data if o.id != vps.id and not ours.isdisjoint(labels(o)))
    return Subject(vps, others, are_all=page.is_whole and not page.next_cursor)
