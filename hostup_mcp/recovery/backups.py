"""Looking into what HostUp listed: which backup is which, and how full the slots are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    QuotaInfo,
    RestoreSources,
    Snapshot,
    SnapshotList,
    SourceBackup,
)
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Rarity
from hostup_mcp.recovery.spans import age

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def newest_first(backups: tuple[Backup, ...]) -> tuple[Backup, ...]:
    """Newest to oldest; those of unknown date last, in the order they came."""
    return tuple(
        sorted(
            backups, key=lambda b: (b.created is not None, b.created or _BEGINNING), reverse=True
        )
    )


def dated(backups: Iterable[Backup], now: datetime) -> list[tuple[Backup, datetime]]:
    """Those of `backups` whose age is known, with their dates, in the same order."""
    return [
        (b, created)
        for b in backups
        if (created := b.created) is not None and age(created, now) is not None
    ]


def oldest(listing: BackupList, now: datetime) -> tuple[Backup, datetime] | None:
    """The backup that HostUp would evict to make room, with its date; None where it is unknown.

    A single backup of unknown date may be older than all others.
    """
    known = dated(newest_first(listing.backups), now)
    return known[-1] if known and len(known) == len(listing.backups) else None


def rarity(listing: BackupList, backup: Backup, now: datetime) -> Rarity | None:
    """What is lost with `backup` that the others do not have. An unknown date may be the newest."""
    if len(listing.backups) == 1:
        return Code.ONLY_BACKUP
    newer = [created for _, created in dated(listing.backups, now)]
    if backup.created not in newer or backup.created == max(newer):
        return Code.NEWEST_BACKUP
    return None


def is_full(quota: QuotaInfo) -> bool:
    """Whether the numbers leave no slot; false where they are not given."""
    if quota.remaining is not None:
        return quota.remaining <= 0
    return quota.limit is not None and quota.used is not None and quota.used >= quota.limit


def find_backup(listing: BackupList, backup_id: str) -> Backup | None:
    """The backup of that id, if it is (still) there."""
    return next((b for b in listing.backups if b.id == backup_id), None)


def find_source_backup(
    sources: RestoreSources, source_id: str, backup_id: str
) -> SourceBackup | None:
    """The backup of that id of that source, if it is (still) offered."""
    return next(
        (b for s in sources.sources if s.id == source_id for b in s.backups if b.id == backup_id),
        None,
    )


def find_snapshot(snapshots: SnapshotList, name: str) -> Snapshot | None:
    """The snapshot of that name, if it is (still) there."""
    return next((s for s in snapshots.data if s.name == name), None)
