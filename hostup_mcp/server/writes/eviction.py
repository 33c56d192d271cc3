"""What a question says about backups that HostUp may remove on its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hostup_mcp.hostup.models import Backup, BackupList, deciding_facts
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.backups import oldest
from hostup_mcp.recovery.doubts import may_lose_complete
from hostup_mcp.recovery.quota import find_hidden
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Part, Quote, say


@dataclass(frozen=True, slots=True)
class Eviction:
    """The backups that HostUp may remove: the likeliest, and whether none may be left."""

    likeliest: tuple[Backup, datetime] | None
    """The oldest, with its date; None if it is not known which is."""
    loses_last: bool
    """Whether the last backup that looks complete may be removed."""
    is_any: bool
    """Whether there is a backup that could be removed."""
    is_any_hidden: bool
    """Whether there are backups that are not listed."""

    @property
    def parts(self) -> list[Part]:
        """What a question says about it."""
        return [
            *([self._which] if self.is_any else []),
            *([Words.LAST_COMPLETE] if self.loses_last else []),
        ]

    @property
    def quotes(self) -> list[Quote]:
        """The note of the likeliest."""
        note = None if self.likeliest is None else self.likeliest[0].note
        return [Quote(Words.LIKELIEST_NOTE, note)] if note else []

    @property
    def ids(self) -> list[str]:
        """The id of the likeliest."""
        return [] if self.likeliest is None else [self.likeliest[0].id]

    @property
    def facts(self) -> dict[str, Json]:
        """What a proposal depends on."""
        oldest_ = None if self.likeliest is None else deciding_facts(self.likeliest[0])
        return {"oldest": oldest_, "losesLast": self.loses_last}

    @property
    def _which(self) -> Part:
        if self.likeliest is not None:
            return say(Words.LIKELIEST, made=self.likeliest[1])
        return Words.LIKELIEST_UNLISTED if self.is_any_hidden else Words.LIKELIEST_UNKNOWN


def find_eviction(
    listing: BackupList, removed: int, now: datetime, among: tuple[Backup, ...] | None = None
) -> Eviction:
    """Return what may be lost if HostUp removes `removed` backups; `among` as for `oldest`."""
    is_any_hidden = find_hidden(listing) is not None
    return Eviction(
        oldest(listing, now, among),
        may_lose_complete(listing, removed, now, among),
        is_any=is_any_hidden or bool(listing.backups if among is None else among),
        is_any_hidden=is_any_hidden,
    )


def count_part(kind: Words, listed: int, unlisted: int | None) -> Part:
    """Say how many backups of a `kind` there are; `unlisted` as `count_unlisted` returns it."""
    if unlisted is None:
        return say(Words.COUNT_OTHERS, count=listed, kind=kind)
    if unlisted == 0:
        return say(Words.COUNT, count=listed, kind=kind)
    return say(Words.COUNT_UNLISTED, count=listed, kind=kind, unlisted=unlisted)
