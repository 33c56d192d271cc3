"""A new pay-as-you-go server built from a backup; the present one stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hostup_mcp.hostup.endpoints import SPEND
from hostup_mcp.hostup.requests import NewServer, WriteRequest, restore_to_payg
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
    Read,
    Target,
)
from hostup_mcp.recovery.payg import (
    Options,
    choose_size,
    may_deploy,
    reasons_against,
    size_of,
    steps_for,
    unique_name,
)
from hostup_mcp.recovery.prices import as_rehearsal, price_of
from hostup_mcp.recovery.reasons import BackupMissing
from hostup_mcp.recovery.steps import next_step


def settle(facts: Facts, target: Target, random: str) -> Target:
    """Choose the size and the name of the new server; the name ends in `random`."""
    backup = find_backup(facts.listing, target.point)
    chosen = choose_size(target.options, facts.vps, backup, facts.preflight)
    wanted = target.options.get("name")
    kind = "rehearsal" if target.is_rehearsal else "restore"
    name = unique_name(None if wanted is None else str(wanted), facts.vps.name, kind, random)
    return replace(target, options={**chosen, "name": name})


def plan(facts: Facts, target: Target, now: datetime) -> Plan:
    """Plan a new server built from the backup."""
    gate, preflight = facts.listing.actions.can_restore, facts.preflight
    backup = find_backup(facts.listing, target.point)
    against = reasons_against(target.options, backup, preflight, facts.limits)
    cost = price_of(size_of(target.options), preflight, facts.limits)
    cost = as_rehearsal(cost) if target.is_rehearsal else cost
    missing = () if backup else (BackupMissing(),)
    refusable = () if may_deploy(preflight) else (Code.MAY_BE_REFUSED,)
    return Plan(
        reasons=weigh(gate, "canRestore", *missing, *against),
        data_loss=Code.NOTHING,
        side_effects=(
            cost,
            *((Code.REHEARSAL_STAYS,) if target.is_rehearsal else ()),
            Code.TWIN_STARTS,
            Code.NEW_ADDRESS,
            *refusable,
        ),
        doubts=doubts_about(backup, facts.listing.backups, now),
        point=backup,
        gate=gate,
        steps=(
            *next_step(gate, facts.vps.service_status, missing),
            *steps_for(against, preflight),
        ),
        cost=cost,
    )


def request(target: Target) -> WriteRequest:
    """Return the request: POST .../backups/{backupId}/actions/restore-to-payg."""
    return restore_to_payg(target.vps_id, target.point, new_server(target.options))


def new_server(options: Options) -> NewServer:
    """Return the server with these `options`.

    Raises:
        ValueError: its name or size is not chosen.
    """
    name, region = options.get("name"), options.get("region")
    size = size_of(options)
    cores, memory, storage = size.cpu_cores, size.memory_gb, size.storage_gb
    if not isinstance(name, str) or cores is None or memory is None or storage is None:
        raise ValueError(Code.NEW_SIZE_UNKNOWN)
    return NewServer(name, cores, memory, storage, None if region is None else str(region))


NEW_CLOUD_VPS = ModeDefinition(
    mode=Mode.NEW_CLOUD_VPS,
    needs=frozenset({Argument.BACKUP_ID}),
    goes_back_to="backup",
    builds_server=True,
    reads=frozenset({Read.PAYG}),
    plan=plan,
    request=request,
    scopes=SPEND,
    settle=settle,
)
