"""What is recommended before something is overwritten: keep the current state, where possible."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.backups import dated, newest_first, oldest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import (
    Alternative,
    CannotBackUp,
    EvictsOldest,
    Precaution,
    SlotsUsed,
)
from hostup_mcp.recovery.gates import closed_reason, is_open
from hostup_mcp.recovery.quota import Slots, find_hidden, read_slots
from hostup_mcp.recovery.reasons import EvictsHidden


def precautions(
    listing: BackupList, now: datetime, keep: str | None = None
) -> tuple[Precaution, ...]:
    """Return what to do before the server of `listing` is overwritten.

    The backup `keep` is the one to go back to, so it is never the one to make room.
    """
    gate, slots = listing.actions.can_create_backup, read_slots(listing.quota_info)
    if gate is None:
        return (Code.MAY_BACK_UP,)
    if gate.allowed:
        return (Code.BACK_UP_FIRST if slots is Slots.FREE else _evicts(listing, now, keep),)
    cannot = CannotBackUp(closed_reason(gate))
    # Nothing can be deleted to make room while the restore gate is closed.
    makes_room = slots is Slots.FULL and is_open(listing.actions.can_restore)
    used = _oldest_to_replace(listing, now, keep) if makes_room else None
    return (cannot,) if used is None else (cannot, used)


def new_server(listing: BackupList) -> tuple[Alternative, ...]:
    """Return a new server as a less risky alternative, if HostUp would build it."""
    is_possible = listing.backups and is_open(listing.actions.can_restore)
    return (Code.USE_NEW_SERVER,) if is_possible else ()


def _evicts(listing: BackupList, now: datetime, keep: str | None) -> Precaution:
    """Return the precaution if no slot is known to be free: HostUp may remove the oldest backup."""
    evicted, hidden = oldest(listing, now), find_hidden(listing)
    if not listing.backups and hidden is None:
        return Code.BACK_UP_FIRST
    if evicted is not None:
        backup, created = evicted
        return Code.EVICTS_POINT if backup.id == keep else EvictsOldest(backup.id, created)
    if keep is not None:
        return Code.MAY_EVICT_POINT
    return Code.EVICTS_UNDATED if hidden is None else EvictsHidden()


def _oldest_to_replace(listing: BackupList, now: datetime, keep: str | None) -> SlotsUsed | None:
    others = [b for b in newest_first(listing.backups) if b.id != keep]
    known = dated(others, now)
    if not known:
        return None
    backup, created = known[-1]
    return SlotsUsed(
        backup_id=backup.id,
        created=created,
        is_among_dated=len(known) < len(others) or find_hidden(listing) is not None,
        is_beside_point=len(others) < len(listing.backups),
    )
