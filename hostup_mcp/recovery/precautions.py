"""What is recommended before something is overwritten, and less risky ways: where they exist."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from hostup_mcp.hostup.models import BackupList, SnapshotList
from hostup_mcp.recovery.backups import dated, note_of, oldest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import find_doubt
from hostup_mcp.recovery.gates import closed_reason, is_open
from hostup_mcp.recovery.here import Here
from hostup_mcp.recovery.quota import Slots, find_hidden, read_slots
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.steps import step_to_create
from hostup_mcp.recovery.suggestions import (
    Alternative,
    BackedUp,
    BackUpFirst,
    CannotBackUp,
    Evicts,
    NewerSnapshot,
    Preparation,
    Where,
)

RECENT = timedelta(hours=1)
"""A backup younger than this holds nearly the current state; no snapshot is much newer."""


def precautions(
    listing: BackupList,
    here: Here,
    now: datetime,
    status: str | None,
    keep: str | None = None,
    unconfirmed: Collection[str] = (),
) -> tuple[Preparation, ...]:
    """Return what to do before the server of `listing` is overwritten.

    `here` says whether a backup could be made from here. The backup `keep` is the one to go back
    to, so it is never the one to make room. Those that are `unconfirmed` are not relied on.
    """
    where = _where(here)
    if where is None:
        return ()
    gate = listing.actions.can_create_backup
    if gate is None:
        return (Code.MAY_BACK_UP,)
    if not gate.allowed:
        step = next(iter(step_to_create(listing, status)), None)
        return (CannotBackUp(closed_reason(gate), step),)
    recent = _backed_up(listing, now, keep)
    if recent is not None and (recent.is_new or recent.backup_id not in unconfirmed):
        return (recent,)
    is_free = read_slots(listing.quota_info) is Slots.FREE
    return (BackUpFirst(where) if is_free else _evicts(listing, where, now, keep),)


def new_server(listing: BackupList, here: Here) -> tuple[Alternative, ...]:
    """Return a new server as a less risky alternative, if HostUp would build it."""
    if not listing.backups or not is_open(listing.actions.can_restore):
        return ()
    if here.allowed:
        return (Code.USE_NEW_SERVER,)
    return (Code.NEW_SERVER_ELSEWHERE,) if here.is_possible_elsewhere else ()


def newer_snapshot(
    snapshots: SnapshotList | None, than: datetime | None, now: datetime
) -> tuple[NewerSnapshot, ...]:
    """Return the newest snapshot that can be restored, if it is newer `than` a backup.

    With no backup, or one of unknown date, any snapshot may be of use.
    """
    if snapshots is None or snapshots.available is False:
        return ()
    if not is_open(snapshots.actions.can_restore):
        return ()
    found = [
        (created, span, snapshot.name)
        for snapshot in snapshots.data
        if (created := snapshot.created) is not None
        and (span := age(created, now)) is not None
        and (snapshot.expires is None or snapshot.expires > now)
        and (than is None or created > than)
    ]
    if not found:
        return ()
    created, span, name = max(found)
    return (NewerSnapshot(name, created, span, is_instead=than is None),)


def snapshots_matter(newest: datetime | None, now: datetime) -> bool:
    """Return whether a snapshot may be of use: there is no recent complete backup."""
    span = age(newest, now)
    return span is None or span > RECENT


def _where(here: Here) -> Where | None:
    if here.allowed:
        return Code.WITH_TOOL
    return Code.IN_PANEL if here.is_possible_elsewhere else None


def _backed_up(listing: BackupList, now: datetime, keep: str | None) -> BackedUp | None:
    """Return the newest recent backup that may hold nearly the current state."""
    recent = [
        (created, backup)
        for backup, created in dated(listing.backups, now)
        if backup.id != keep
        and not snapshots_matter(created, now)
        and find_doubt(backup, listing.backups, now) in (None, Code.BACKUP_NEW)
    ]
    if not recent:
        return None
    created, backup = max(recent, key=lambda each: each[0])
    is_new = find_doubt(backup, listing.backups, now) is not None
    return BackedUp(backup.id, max(timedelta(), now - created), is_new)


def _evicts(listing: BackupList, where: Where, now: datetime, keep: str | None) -> Preparation:
    """Return the precaution if no slot is known to be free: HostUp may remove the oldest backup."""
    evicted = oldest(listing, now)
    if evicted is not None:
        backup, created = evicted
        if backup.id == keep:
            return Code.EVICTS_POINT
        return Evicts(where, backup.id, created, note_of(backup))
    if keep is not None:
        return Code.MAY_EVICT_POINT
    # Without a backup that is counted or listed, none can be removed.
    return Evicts(where) if listing.backups or find_hidden(listing) else BackUpFirst(where)
