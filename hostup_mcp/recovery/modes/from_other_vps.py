"""A backup of another server, or of a terminated one, over this one."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.models import SourceBackup, Vps
from hostup_mcp.hostup.requests import WriteRequest, restore_from_vps
from hostup_mcp.recovery.backups import find_source_backup, source_backups
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import doubts_about
from hostup_mcp.recovery.findings import EverythingForState, Loss
from hostup_mcp.recovery.gates import is_open, not_open_reason, weigh
from hostup_mcp.recovery.modes.definition import (
    Argument,
    Facts,
    Mode,
    ModeDefinition,
    Plan,
    Read,
    Target,
)
from hostup_mcp.recovery.precautions import precautions
from hostup_mcp.recovery.reasons import BackupMissing, MayNotFit, Reason, SizeMissing
from hostup_mcp.recovery.situation import Situation, Suggestions
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.steps import next_step
from hostup_mcp.recovery.suggestions import NewServerFrom


def plan(facts: Facts, target: Target, now: datetime) -> Plan:
    """Plan a restore of the other server's backup over this server."""
    gates = facts.listing.actions
    backup = find_source_backup(facts.sources, target.source_id, target.point)
    offered = source_backups(facts.sources, target.source_id)
    size = [BackupMissing()] if backup is None else _size_doubts(facts.vps, backup)
    others: list[Reason] = [*size]
    # A server that takes no backup of its own takes none of another one.
    own = gates.can_restore
    if not is_open(own):
        others.insert(0, not_open_reason(own, "canRestore"))
    gate = gates.can_restore_from_another_vps
    closed = (each for each in (gate, own) if each is not None and not each.allowed)
    decides = next(closed, own if is_open(gate) else gate)
    return Plan(
        reasons=weigh(gate, "canRestoreFromAnotherVps", *others),
        data_loss=_loss(backup, now),
        side_effects=(Code.SERVER_STOPPED, Code.NETWORK_KEPT),
        doubts=doubts_about(backup, offered, now),
        point=backup,
        gate=gate,
        steps=next_step(decides, facts.vps.service_status, size),
    )


def suggest(facts: Facts, target: Target, situation: Situation, now: datetime) -> Suggestions:
    """Suggest a backup of the current state first, and a new server from the other one's backup."""
    status = facts.vps.service_status
    return Suggestions(
        precautions(
            facts.listing, situation.backup, now, status, unconfirmed=situation.unconfirmed
        ),
        tuple(
            NewServerFrom(source.id)
            for source in facts.sources.sources
            if source.id == target.source_id
            and (source.source_type, source.service_status) == ("server", "active")
        ),
    )


def request(target: Target) -> WriteRequest:
    """Return the request: POST .../backups/actions/restore-from-vps."""
    return restore_from_vps(target.vps_id, target.source_id, target.point)


def _loss(backup: SourceBackup | None, now: datetime) -> Loss:
    if backup is None:
        return Code.EVERYTHING
    span = age(backup.created, now)
    return Code.EVERYTHING_FOR_UNKNOWN if span is None else EverythingForState(span)


def _size_doubts(vps: Vps, backup: SourceBackup) -> list[Reason]:
    disk = vps.resources.storage_gb if vps.resources is not None else None
    if disk is None or backup.size_gb is None:
        return [SizeMissing()]
    return [MayNotFit(backup.size_gb, disk)] if backup.size_gb > disk else []


FROM_OTHER_VPS = ModeDefinition(
    mode=Mode.FROM_OTHER_VPS,
    needs=frozenset({Argument.BACKUP_ID, Argument.SOURCE_VPS_ID}),
    goes_back_to="backup",
    brings_other_system=True,
    reads=frozenset({Read.SOURCES}),
    plan=plan,
    suggest=suggest,
    request=request,
)
