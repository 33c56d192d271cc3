"""Which backups look incomplete. HostUp gives a backup no status, so size and age have to do."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from hostup_mcp.hostup.models import Backup, BackupList, SourceBackup
from hostup_mcp.recovery.backups import dated, newest_first, oldest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import BackupSmall, Doubt, Rarity
from hostup_mcp.recovery.quota import find_hidden
from hostup_mcp.recovery.spans import age

AnyBackup: TypeAlias = Backup | SourceBackup

SMALL = 10
"""A backup this many times smaller than the others usually are may be incomplete."""

STILL_WRITING = timedelta(minutes=15)
"""A backup younger than this may not be finished."""


class _Sizes:
    """The known sizes of a server's backups, sorted once for all of them."""

    def __init__(self, backups: Iterable[AnyBackup]) -> None:
        self._of: defaultdict[str, list[float]] = defaultdict(list)
        for backup in backups:
            if backup.size_gb:
                self._of[backup.id].append(backup.size_gb)
        self._all = sorted(size for sizes in self._of.values() for size in sizes)

    def usual_beside(self, id_: str) -> float | None:
        """Return the usual size, the median, of those with another id; None if there is none."""
        own = sorted(self._of.get(id_, ()))
        count = len(self._all) - len(own)
        if not count:
            return None
        place = count // 2
        for before, size in enumerate(own):
            # Where it is among all; of equal ones, the first that was not skipped yet.
            place += bisect_left(self._all, size) + own[:before].count(size) <= place
        return self._all[place]


def find_doubt(backup: AnyBackup, backups: Iterable[AnyBackup], now: datetime) -> Doubt | None:
    """Return why `backup`, one of its server's `backups`, may be incomplete, if it may."""
    return _find_doubt(backup, _Sizes(backups), now)


def find_doubts(backups: Collection[AnyBackup], now: datetime) -> dict[str, Doubt]:
    """Return which of a server's `backups` may be incomplete, by id, and why."""
    sizes = _Sizes(backups)
    found = ((b.id, _find_doubt(b, sizes, now)) for b in backups)
    return {id_: doubt for id_, doubt in found if doubt is not None}


def _find_doubt(backup: AnyBackup, sizes: _Sizes, now: datetime) -> Doubt | None:
    size, usual = backup.size_gb, sizes.usual_beside(backup.id)
    if size == 0:
        return Code.BACKUP_EMPTY
    if size is not None and usual is not None and SMALL * size < usual:
        return BackupSmall(size, usual)
    span = age(backup.created, now)
    return Code.BACKUP_NEW if span is not None and span < STILL_WRITING else None


def doubts_about(
    backup: AnyBackup | None, backups: Iterable[AnyBackup], now: datetime
) -> tuple[Doubt, ...]:
    """Return the doubt about `backup`, if it is known and there is one."""
    doubt = None if backup is None else find_doubt(backup, backups, now)
    return () if doubt is None else (doubt,)


def complete(backups: tuple[Backup, ...], now: datetime) -> tuple[Backup, ...]:
    """Return those of `backups` that look complete, newest first."""
    sizes = _Sizes(backups)
    return tuple(b for b in newest_first(backups) if _find_doubt(b, sizes, now) is None)


def newest_complete(backups: tuple[Backup, ...], now: datetime) -> Backup | None:
    """Return the newest of `backups` that looks complete, or None.

    One of unknown date is returned only if none has a known one. A backup dated in the future may
    be older than it looks.
    """
    good = complete(backups, now)
    known = (b for b in good if age(b.created, now) is not None)
    return next(known, good[0] if good else None)


def rarity(listing: BackupList, backup: Backup, now: datetime) -> Rarity | None:
    """Return why `backup` is hard to replace, if it is. An unknown date may be the newest."""
    are_all = find_hidden(listing) is None
    if len(listing.backups) == 1:
        return Code.ONLY_BACKUP if are_all else Code.ONLY_LISTED_BACKUP
    good = complete(listing.backups, now)
    if good == (backup,):
        return Code.LAST_COMPLETE_BACKUP if are_all else Code.LAST_COMPLETE_LISTED
    is_newest = any(_may_be_newest(backup, some, now) for some in (listing.backups, good))
    return Code.NEWEST_BACKUP if is_newest else None


def may_lose_complete(
    listing: BackupList, removed: int, now: datetime, among: tuple[Backup, ...] | None = None
) -> bool:
    """Return whether removing the `removed` oldest backups may leave none that looks complete.

    `among` are those that may be removed; by default all. False if none looks complete anyway.
    Where the order is unknown, any of them may be removed.
    """
    good = complete(listing.backups, now)
    ordered = newest_first(listing.backups if among is None else among)
    if oldest(listing, now, among) is None:
        return 0 < len(good) <= removed and all(backup in ordered for backup in good)
    gone = ordered[max(0, len(ordered) - removed) :]
    return bool(good) and all(backup in gone for backup in good)


def _may_be_newest(backup: Backup, backups: tuple[Backup, ...], now: datetime) -> bool:
    dates = [created for _, created in dated(backups, now)]
    return backup in backups and (backup.created not in dates or backup.created == max(dates))
