"""Finding, sorting and comparing the backups that HostUp lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    RestoreSources,
    Snapshot,
    SnapshotList,
    SourceBackup,
)
from hostup_mcp.recovery.quota import find_hidden
from hostup_mcp.recovery.spans import age

LONGEST_NOTE = 60
"""Characters kept of a note where a backup is only mentioned."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def newest_first(backups: tuple[Backup, ...]) -> tuple[Backup, ...]:
    """Sort newest to oldest; those without a known date come last, in their original order."""
    return tuple(
        sorted(
            backups, key=lambda b: (b.created is not None, b.created or _BEGINNING), reverse=True
        )
    )


def dated(backups: Iterable[Backup], now: datetime) -> list[tuple[Backup, datetime]]:
    """Return those of `backups` whose age is known, with their dates, in the same order."""
    return [
        (b, created)
        for b in backups
        if (created := b.created) is not None and age(created, now) is not None
    ]


def scheduled(listing: BackupList) -> tuple[Backup, ...]:
    """Return the backups that may belong to a schedule: types are an open set, so all but manual
    ones."""
    return tuple(b for b in listing.backups if b.backup_type != "manual")


def oldest(
    listing: BackupList, now: datetime, among: tuple[Backup, ...] | None = None
) -> tuple[Backup, datetime] | None:
    """Return the backup that HostUp would remove to make room, with its date; None if unknown.

    `among` are those of `listing` that it may remove; by default all. A backup of unknown date, or
    one that is not listed, may be older than all others.
    """
    backups = listing.backups if among is None else among
    known = dated(newest_first(backups), now)
    is_known = len(known) == len(backups) and find_hidden(listing) is None
    return known[-1] if known and is_known else None


def note_of(backup: Backup) -> str | None:
    """Return the owner's note, shortened; None if there is none."""
    note = backup.note or ""
    return (note if len(note) <= LONGEST_NOTE else note[: LONGEST_NOTE - 1] + "…") or None


def find_backup(listing: BackupList, backup_id: str) -> Backup | None:
    """Return the backup with this id, or None if it is not listed."""
    return next((b for b in listing.backups if b.id == backup_id), None)


def find_source_backup(
    sources: RestoreSources, source_id: str, backup_id: str
) -> SourceBackup | None:
    """Return the backup with this id from this source, or None if it is not listed."""
    return next((b for b in source_backups(sources, source_id) if b.id == backup_id), None)


def source_backups(sources: RestoreSources, source_id: str) -> tuple[SourceBackup, ...]:
    """Return all backups of this source."""
    return tuple(b for s in sources.sources if s.id == source_id for b in s.backups)


def find_snapshot(snapshots: SnapshotList, name: str) -> Snapshot | None:
    """Return the snapshot with this name, or None if it is not listed."""
    return next((s for s in snapshots.data if s.name == name), None)
