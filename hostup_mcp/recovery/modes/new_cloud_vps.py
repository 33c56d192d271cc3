"""A new pay-as-you-go server built from a backup; the present one stays as it is."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.requests import WriteRequest, restore_to_payg
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
from hostup_mcp.recovery.reasons import BackupMissing


def plan(facts: Facts, target: Target, now: datetime) -> Plan:
    """Plan a new server built from the backup."""
    gate = facts.listing.actions.can_restore
    backup = find_backup(facts.listing, target.point)
    return Plan(
        reasons=weigh(gate, "canRestore", *([BackupMissing()] if backup is None else [])),
        data_loss=Code.NOTHING,
        side_effects=(Code.COSTS_MONEY, Code.NEW_ADDRESS, Code.MAY_BE_REFUSED),
        recommended_first=doubts_about(backup, facts.listing.backups, now),
        alternatives=(),
        point=backup,
        gate=gate,
    )


def request(target: Target) -> WriteRequest:
    """Return the request: POST .../backups/{backupId}/actions/restore-to-payg."""
    return restore_to_payg(target.vps_id, target.point, {**target.options})


NEW_CLOUD_VPS = ModeDefinition(
    mode=Mode.NEW_CLOUD_VPS,
    needs=frozenset({Argument.BACKUP_ID}),
    goes_back_to="backup",
    builds_server=True,
    plan=plan,
    request=request,
)
