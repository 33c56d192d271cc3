"""A backup over its own server."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.requests import WriteRequest, restore_backup
from hostup_mcp.recovery.assessment import loss_since
from hostup_mcp.recovery.backups import find_backup
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import doubts_about
from hostup_mcp.recovery.gates import weigh
from hostup_mcp.recovery.modes.definition import (
    Argument,
    Facts,
    Mode,
    ModeDefinition,
    Plan,
    Target,
)
from hostup_mcp.recovery.precautions import new_server, newer_snapshot, precautions
from hostup_mcp.recovery.reasons import BackupMissing
from hostup_mcp.recovery.situation import Situation, Suggestions
from hostup_mcp.recovery.steps import next_step


def plan(facts: Facts, target: Target, now: datetime) -> Plan:
    """Plan a restore of the backup over its own server."""
    listing, gate = facts.listing, facts.listing.actions.can_restore
    backup = find_backup(listing, target.point)
    missing = () if backup else (BackupMissing(),)
    return Plan(
        reasons=weigh(gate, "canRestore", *missing),
        data_loss=Code.LOSS_UNKNOWN if backup is None else loss_since(backup, now),
        side_effects=(Code.DISK_REPLACED, Code.POWER_STATE_UNKNOWN),
        doubts=doubts_about(backup, listing.backups, now),
        point=backup,
        gate=gate,
        steps=next_step(gate, facts.vps.service_status, missing),
    )


def suggest(facts: Facts, target: Target, situation: Situation, now: datetime) -> Suggestions:
    """Suggest a backup of the current state first, a new server, and a newer snapshot."""
    listing, backup = facts.listing, find_backup(facts.listing, target.point)
    status, created = facts.vps.service_status, None if backup is None else backup.created
    return Suggestions(
        precautions(listing, situation.backup, now, status, target.point, situation.unconfirmed),
        (
            *new_server(listing, situation.new_server),
            *newer_snapshot(situation.snapshots, created, now),
        ),
    )


def request(target: Target) -> WriteRequest:
    """Return the request: POST .../backups/{backupId}/actions/restore."""
    return restore_backup(target.vps_id, target.point)


IN_PLACE = ModeDefinition(
    mode=Mode.IN_PLACE,
    needs=frozenset({Argument.BACKUP_ID}),
    goes_back_to="backup",
    plan=plan,
    suggest=suggest,
    compares_snapshots=True,
    request=request,
)
