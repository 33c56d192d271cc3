"""Which backups look incomplete. HostUp gives a backup no status, so size and age have to do."""

from __future__ import annotations

from collections.abc import Iterable
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


def find_doubt(backup: AnyBackup, backups: Iterable[AnyBackup], now: datetime) -> Doubt | None:
    """Return why `backup`, one of its server's `backups`, may be incomplete, if it may."""
    size = backup.size_gb
    if size == 0:
        return Code.BACKUP_EMPTY
    others = sorted(b.size_gb for b in backups if b.id != backup.id and b.size_gb)
    if size is not None and others and SMALL * size < (usual := others[len(others) // 2]):
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
    return tuple(b for b in newest_first(backups) if find_doubt(b, backups, now) is None)


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
