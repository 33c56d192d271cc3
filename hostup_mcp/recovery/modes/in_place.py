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
from hostup_mcp.recovery.precautions import new_server, precautions
from hostup_mcp.recovery.reasons import BackupMissing


def plan(facts: Facts, target: Target, now: datetime) -> Plan:
    """Plan a restore of the backup over its own server."""
    listing, gate = facts.listing, facts.listing.actions.can_restore
    backup = find_backup(listing, target.point)
    return Plan(
        reasons=weigh(gate, "canRestore", *([BackupMissing()] if backup is None else [])),
        data_loss=Code.LOSS_UNKNOWN if backup is None else loss_since(backup, now),
        side_effects=(Code.DISK_REPLACED, Code.POWER_STATE_UNKNOWN),
        recommended_first=(
            *doubts_about(backup, listing.backups, now),
            *precautions(listing, now, keep=target.point),
        ),
        alternatives=(*new_server(listing), Code.USE_SNAPSHOT),
        point=backup,
        gate=gate,
    )


def request(target: Target) -> WriteRequest:
    """Return the request: POST .../backups/{backupId}/actions/restore."""
    return restore_backup(target.vps_id, target.point)


IN_PLACE = ModeDefinition(
    mode=Mode.IN_PLACE,
    needs=frozenset({Argument.BACKUP_ID}),
    goes_back_to="backup",
    plan=plan,
    request=request,
)
