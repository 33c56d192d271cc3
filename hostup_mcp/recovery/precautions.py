"""What is recommended before something is overwritten: keep the current state, where possible."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.backups import dated, is_full, newest_first, oldest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import (
    Alternative,
    CannotBackUp,
    EvictsOldest,
    Precaution,
    SlotsUsed,
)
from hostup_mcp.recovery.gates import not_open_reason


def precautions(
    listing: BackupList, now: datetime, keep: str | None = None
) -> tuple[Precaution, ...]:
    """What to do before the server of `listing` is overwritten.

    The backup `keep` is the one to go back to, so it is never the one to make room.
    """
    gate = listing.actions.can_create_backup
    if gate is not None and gate.allowed:
        makes_room = is_full(listing.quota_info) and bool(listing.backups)
        return (_evicts(listing, now, keep) if makes_room else Code.BACK_UP_FIRST,)
    cannot = CannotBackUp(not_open_reason(gate, "canCreateBackup"))
    slots = _oldest_to_replace(listing, now, keep) if is_full(listing.quota_info) else None
    return (cannot,) if slots is None else (cannot, slots)


def new_server(listing: BackupList) -> tuple[Alternative, ...]:
    """A new server as a way that risks less, only where HostUp would build it."""
    gate = listing.actions.can_restore
    return (Code.USE_NEW_SERVER,) if listing.backups and gate is not None and gate.allowed else ()


def _evicts(listing: BackupList, now: datetime, keep: str | None) -> Precaution:
    """A backup made first where the slots read as full: HostUp deletes the oldest by itself."""
    evicted = oldest(listing, now)
    if evicted is None:
        return Code.EVICTS_UNDATED if keep is None else Code.MAY_EVICT_POINT
    backup, created = evicted
    return Code.EVICTS_POINT if backup.id == keep else EvictsOldest(backup.id, created)


def _oldest_to_replace(listing: BackupList, now: datetime, keep: str | None) -> SlotsUsed | None:
    others = [b for b in newest_first(listing.backups) if b.id != keep]
    known = dated(others, now)
    if not known:
        return None
    backup, created = known[-1]
    return SlotsUsed(
        used=listing.quota_info.used,
        backup_id=backup.id,
        created=created,
        is_among_dated=len(known) < len(others),
        is_beside_point=len(others) < len(listing.backups),
    )
