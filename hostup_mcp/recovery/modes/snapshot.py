"""A snapshot over its own server."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.models import Snapshot, SnapshotList
from hostup_mcp.hostup.requests import WriteRequest, restore_snapshot
from hostup_mcp.recovery.assessment import loss_since
from hostup_mcp.recovery.backups import find_snapshot
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.gates import weigh
from hostup_mcp.recovery.modes.definition import (
    Argument,
    Facts,
    Mode,
    ModeDefinition,
    Plan,
    Read,
    Target,
)
from hostup_mcp.recovery.precautions import new_server, precautions
from hostup_mcp.recovery.reasons import NoSnapshots, Reason, SnapshotExpired, SnapshotMissing
from hostup_mcp.recovery.situation import Situation, Suggestions
from hostup_mcp.recovery.steps import next_step


def plan(facts: Facts, target: Target, now: datetime) -> Plan:
    """Plan a rollback to the snapshot."""
    gate = facts.snapshots.actions.can_restore
    snapshot = find_snapshot(facts.snapshots, target.point)
    has_memory = snapshot is not None and snapshot.includes_memory_state
    against = (*_unsupported(facts.snapshots), *_doubts(snapshot, now))
    return Plan(
        reasons=weigh(gate, "canRestore", *against),
        data_loss=Code.LOSS_UNKNOWN if snapshot is None else loss_since(snapshot, now),
        side_effects=(
            Code.DISK_ROLLED_BACK,
            Code.MEMORY_RESUMED if has_memory else Code.COLD_START,
        ),
        doubts=(),
        point=snapshot,
        gate=gate,
        steps=next_step(gate, facts.vps.service_status, against),
    )


def suggest(facts: Facts, target: Target, situation: Situation, now: datetime) -> Suggestions:
    """Suggest a backup of the current state first, and a new server."""
    del target
    status = facts.vps.service_status
    return Suggestions(
        precautions(
            facts.listing, situation.backup, now, status, unconfirmed=situation.unconfirmed
        ),
        new_server(facts.listing, situation.new_server),
    )


def request(target: Target) -> WriteRequest:
    """Return the request: POST .../snapshots/{snapshotId}/actions/restore."""
    return restore_snapshot(target.vps_id, target.point)


def _unsupported(snapshots: SnapshotList) -> list[Reason]:
    has_no_slot = snapshots.limits is not None and snapshots.limits.total_snapshots == 0
    if snapshots.available is False or has_no_slot:
        return [NoSnapshots(snapshots.reason or None)]
    return []


def _doubts(snapshot: Snapshot | None, now: datetime) -> list[Reason]:
    if snapshot is None:
        return [SnapshotMissing()]
    expires = snapshot.expires
    return [SnapshotExpired(expires)] if expires is not None and expires <= now else []


SNAPSHOT = ModeDefinition(
    mode=Mode.SNAPSHOT,
    needs=frozenset({Argument.SNAPSHOT_NAME}),
    goes_back_to="snapshot",
    may_resume=True,
    reads=frozenset({Read.SNAPSHOTS}),
    plan=plan,
    suggest=suggest,
    request=request,
)
