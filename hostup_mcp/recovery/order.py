"""The order in which backups are shown: those that can be relied on first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TypeVar

from hostup_mcp.hostup.models import Backup, Snapshot, SourceBackup
from hostup_mcp.recovery.backups import dated, newest_first
from hostup_mcp.recovery.doubts import AnyBackup
from hostup_mcp.recovery.spans import age

B = TypeVar("B", Backup, SourceBackup)
Dated = TypeVar("Dated", Backup, SourceBackup, Snapshot)

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Group(IntEnum):
    """A group of backups, in the order in which the groups are shown."""

    USABLE = 0
    """It looks complete, and its age is known."""
    DOUBTFUL = 1
    """Its age is known, but it may be incomplete."""
    UNDATED = 2
    """Its date is unknown or in the future."""


def group_of(backup: AnyBackup, doubtful: Collection[str], now: datetime) -> Group:
    """Return the group of `backup`; `doubtful` are the ids of those that may be incomplete."""
    if age(backup.created, now) is None:
        return Group.UNDATED
    return Group.DOUBTFUL if backup.id in doubtful else Group.USABLE


def by_date(points: Iterable[Dated]) -> tuple[Dated, ...]:
    """Sort backups or snapshots newest to oldest; those without a date come last, as they came."""
    return tuple(sorted(points, key=lambda point: point.created or _BEGINNING, reverse=True))


def in_order(backups: Iterable[B], doubtful: Collection[str], now: datetime) -> tuple[B, ...]:
    """Sort `backups` by group, each newest to oldest."""
    return tuple(sorted(by_date(backups), key=lambda backup: group_of(backup, doubtful, now)))


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the backups of a server, in order."""

    backups: tuple[Backup, ...]
    start: int
    """How many are before them."""
    total: int

    @property
    def left(self) -> int:
        """How many are after them."""
        return self.total - self.start - len(self.backups)


def page_of(ordered: tuple[Backup, ...], before: str | None, limit: int) -> Page | None:
    """Return the first `limit` of `ordered`, or those after the one with the id `before`.

    None if that one is not among them.
    """
    ids = [backup.id for backup in ordered]
    if before is not None and before not in ids:
        return None
    start = 0 if before is None else ids.index(before) + 1
    return Page(ordered[start : start + limit], start, len(ordered))


def oldest_dated(backups: Iterable[Backup], now: datetime) -> Backup | None:
    """Return the oldest of those whose age is known; None if there is none."""
    known = dated(newest_first(tuple(backups)), now)
    return known[-1][0] if known else None
