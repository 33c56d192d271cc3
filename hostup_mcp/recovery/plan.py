"""Planning a recovery: is it possible, what is lost, what else happens, what comes first.

Four ways back: a backup over its own server, a backup of another server over this one, a new
server built from a backup, and a snapshot. Each has one function that weighs what HostUp said;
what HostUp did not say makes the verdict unknown, never possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    Gate,
    RestoreSources,
    Snapshot,
    SnapshotList,
    SourceBackup,
    Vps,
)
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.assessment import is_full, newest_first
from hostup_mcp.recovery.findings import Finding, Reason, Source, Verdict
from hostup_mcp.recovery.gates import allowed_because, closed_because
from hostup_mcp.recovery.spans import age, words


class Mode(StrEnum):
    """The ways back."""

    IN_PLACE = "in_place"
    FROM_OTHER_VPS = "from_other_vps"
    NEW_CLOUD_VPS = "new_cloud_vps"
    SNAPSHOT = "snapshot"


class Plan(Finding):
    """What carrying out one recovery would mean. It is only a description; nothing is changed."""

    mode: Mode = Field(description="The way back.")
    verdict: Verdict = Field(description="possible, blocked, or unknown if HostUp does not tell.")
    reasons: tuple[Reason, ...] = Field(description="Why.")
    lost: str = Field(description="What would be lost.")
    happens: tuple[str, ...] = Field(description="What else happens.")
    first: tuple[str, ...] = Field(description="What to do before.")
    alternatives: tuple[str, ...] = Field(description="Ways that risk less.")


def plan_in_place(vps: Vps, listing: BackupList, backup_id: str, now: datetime) -> Plan:
    """A backup over its own server."""
    backup = find_backup(listing, backup_id)
    verdict, reasons = _decide(
        [*_blocks(listing.actions.can_restore), *_missing(backup)], [], listing.actions.can_restore
    )
    return Plan(
        mode=Mode.IN_PLACE,
        verdict=verdict,
        reasons=reasons,
        lost=lost_since(vps, backup, now),
        happens=(
            "The disk is replaced, so the server is down meanwhile.",
            "HostUp does not say whether it is started again: its power state is to be checked.",
        ),
        first=before(listing, now, keep=backup_id),
        alternatives=(*_new_server(listing), _SNAPSHOTS),
    )


def plan_from_other_vps(
    vps: Vps,
    listing: BackupList,
    sources: RestoreSources,
    source_id: str,
    backup_id: str,
    now: datetime,
) -> Plan:
    """A backup of another server (or of a terminated one) over this one."""
    gate = listing.actions.can_restore_from_another_vps
    backup = find_source_backup(sources, source_id, backup_id)
    doubts = _too_small(vps, backup)
    blocks = [*_blocks(listing.actions.can_restore), *_missing(backup)]
    if gate is None:
        doubts.append(_gate_missing("canRestoreFromAnotherVps"))
    else:
        blocks += _blocks(gate)
    verdict, reasons = _decide(blocks, doubts, gate or listing.actions.can_restore)
    return Plan(
        mode=Mode.FROM_OTHER_VPS,
        verdict=verdict,
        reasons=reasons,
        lost=f"Everything on {_name(vps)} would be lost.{_brings(backup, now)}",
        happens=(
            "The server is stopped and its disk replaced.",
            "Its own network settings are applied again; the other server is not touched.",
        ),
        first=before(listing, now),
        alternatives=(_NEW_SERVER,),
    )


def plan_new_cloud_vps(listing: BackupList, backup_id: str) -> Plan:
    """A new pay-as-you-go server built from a backup; the present one stays as it is."""
    gate = listing.actions.can_restore
    missing = _missing(find_backup(listing, backup_id))
    verdict, reasons = _decide([*_blocks(gate), *missing], [], gate)
    return Plan(
        mode=Mode.NEW_CLOUD_VPS,
        verdict=verdict,
        reasons=reasons,
        lost="Nothing: the present server stays as it is.",
        happens=(
            "A new server is made and costs money for as long as it exists; the price is in "
            "HostUp's panel.",
            "It gets an address of its own, so DNS still points at the present server.",
            "HostUp may answer that the account cannot use Cloud VPS yet.",
        ),
        first=(),
        alternatives=(),
    )


def plan_snapshot(
    vps: Vps, snapshots: SnapshotList, listing: BackupList, name: str, now: datetime
) -> Plan:
    """A snapshot over its own server."""
    snapshot = find_snapshot(snapshots, name)
    gate = snapshots.actions.can_restore
    blocks, doubts = [], []
    if gate is None:
        doubts.append(_gate_missing("canRestore"))
    else:
        blocks += _blocks(gate)
    none_at_all = snapshots.limits is not None and snapshots.limits.total_snapshots == 0
    if snapshots.available is False or none_at_all:
        message = snapshots.reason or "This server has no snapshots."
        blocks.append(Reason(code="no_snapshots", message=message, source=Source.STATE))
    if snapshot is None:
        message = "This snapshot is not there (any more); they last about 24 hours."
        blocks.append(Reason(code="snapshot_missing", message=message, source=Source.STATE))
    elif snapshot.expires is not None and snapshot.expires <= now:
        message = f"It was to be removed at {snapshot.expires_at}; it may be gone at any moment."
        doubts.append(Reason(code="snapshot_expired", message=message, source=Source.UNKNOWN))
    verdict, reasons = _decide(blocks, doubts, gate)
    memory = snapshot is not None and snapshot.includes_memory_state
    return Plan(
        mode=Mode.SNAPSHOT,
        verdict=verdict,
        reasons=reasons,
        lost=lost_since(vps, snapshot, now),
        happens=(
            "The disk goes back to the snapshot; the server is down for a moment.",
            "What was running then runs on from there."
            if memory
            else "The server starts as after a power cut.",
        ),
        first=before(listing, now),
        alternatives=_new_server(listing),
    )


def lost_since(vps: Vps, point: Backup | Snapshot | None, now: datetime) -> str:
    """What going back to `point` destroys on `vps`."""
    if point is None:
        return "Unknown: what to go back to was not found."
    span = age(point.created, now)
    if span is None:
        return (
            f"Everything written on {_name(vps)} since then. When that was is unknown, so how "
            "much is unknown."
        )
    return f"Everything written on {_name(vps)} since {point.created_at}: {words(span)} of changes."


def before(listing: BackupList, now: datetime, keep: str | None = None) -> tuple[str, ...]:
    """What to do before something is overwritten: keep the present state, where possible.

    The backup `keep` is what to go back to, so its slot is never the one to be freed.
    """
    gate = listing.actions.can_create_backup
    if gate.allowed and is_full(listing.quota_info) and listing.backups:
        return (_pushes_out(listing, now, keep),)
    if gate.allowed:
        return ("Back up the present state first, so that this step can itself be undone.",)
    reason = closed_because(gate)
    steps = [f"The present state cannot be backed up now: {quoted(reason.message)}"]
    others = [b for b in newest_first(listing.backups) if b.id != keep]
    dated = _dated(others, now)
    if is_full(listing.quota_info) and dated:
        last = dated[-1]
        which = "oldest" if len(dated) == len(others) else "oldest dated"
        beside = " beside the one to go back to" if len(others) < len(listing.backups) else ""
        steps.append(
            f"All {listing.quota_info.used} slots are in use; the {which} backup{beside} is "
            f"{last.id} of {last.created_at}. Whether it may go or slots are bought is the "
            "person's choice."
        )
    return tuple(steps)


def oldest(listing: BackupList, now: datetime) -> Backup | None:
    """The backup that goes first where HostUp makes room by itself; None where dates are unknown.

    A single backup of unknown date may be older than all others.
    """
    dated = _dated(newest_first(listing.backups), now)
    return dated[-1] if dated and len(dated) == len(listing.backups) else None


def _dated(backups: Iterable[Backup], now: datetime) -> list[Backup]:
    """Those of `backups` whose age is known."""
    return [b for b in backups if age(b.created, now) is not None]


def _pushes_out(listing: BackupList, now: datetime, keep: str | None) -> str:
    """Backing up first, where the slots read as full and HostUp takes one more all the same."""
    going = oldest(listing, now)
    full = "All slots read as used: for one more backup HostUp may remove the oldest"
    if keep is not None and (going is None or going.id == keep):
        which = "may be" if going is None else "is"
        return (
            f"{full}, which {which} the one to go back to. So no backup before this step; a "
            "snapshot, where the server may have one, takes no slot."
        )
    named = "" if going is None else f", {going.id} of {going.created_at}"
    return f"{full}{named}. Whether the present state is backed up first is the person's choice."


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


_NEW_SERVER = (
    "new_cloud_vps: a new, paid server from the backup; the present one stays untouched, and "
    "single files can be copied over."
)
_SNAPSHOTS = "list_vps_snapshots: a snapshot of the last day may lose less."


def _new_server(listing: BackupList) -> tuple[str, ...]:
    """The new server as a way out, only where HostUp would build it."""
    return (_NEW_SERVER,) if listing.backups and listing.actions.can_restore.allowed else ()


def _brings(backup: SourceBackup | None, now: datetime) -> str:
    if backup is None:
        return ""
    span = age(backup.created, now)
    if span is None:
        return " It then holds the other server as it was at a time that is unknown."
    return f" It then holds the other server as it was {words(span)} ago."


def _name(vps: Vps) -> str:
    return quoted(vps.name) if vps.name else "the server"


def _decide(
    blocks: list[Reason], doubts: list[Reason], gate: Gate | None
) -> tuple[Verdict, tuple[Reason, ...]]:
    """Blocked by anything that blocks, unknown by any doubt, possible only without either."""
    if blocks:
        return Verdict.BLOCKED, (*blocks, *doubts)
    if doubts or gate is None:
        return Verdict.UNKNOWN, tuple(doubts)
    return Verdict.POSSIBLE, (allowed_because(gate),)


def _blocks(gate: Gate) -> list[Reason]:
    return [] if gate.allowed else [closed_because(gate)]


def _gate_missing(name: str) -> Reason:
    message = f"HostUp's answer has no gate {name}, so whether it allows this is not known."
    return Reason(code="gate_missing", message=message, source=Source.UNKNOWN)


def _missing(backup: Backup | SourceBackup | None) -> list[Reason]:
    if backup is not None:
        return []
    message = "This backup is not there (any more)."
    return [Reason(code="backup_missing", message=message, source=Source.STATE)]


def _too_small(vps: Vps, backup: SourceBackup | None) -> list[Reason]:
    disk = vps.resources.storage_gb if vps.resources is not None else None
    if backup is None or (disk is not None and backup.size_gb <= disk):
        return []
    if disk is None:
        message = "HostUp does not say how large the server's disk is, so the backup may not fit."
        return [Reason(code="disk_size_missing", message=message, source=Source.UNKNOWN)]
    message = (
        f"The backup has {backup.size_gb:g} GB and the server's disk {disk:g} GB: it may not fit."
    )
    return [Reason(code="may_not_fit", message=message, source=Source.UNKNOWN)]
