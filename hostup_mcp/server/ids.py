"""Id arguments: how they look, where they come from, and that they came from there."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.server import failures
from hostup_mcp.server.memory import MemoryAway
from hostup_mcp.server.services import Ctx, caller, services

VpsId = Annotated[
    str,
    Field(
        pattern=r"^vps_[0-9A-Za-z]+$",
        min_length=8,
        max_length=64,
        description="data[].id of list_vps, unchanged. Never invent it; a name or IP is not an id.",
    ),
]

_BACKUP = r"^bkp_[0-9A-Za-z]+$"
BackupId = Annotated[
    str,
    Field(
        pattern=_BACKUP,
        min_length=8,
        max_length=64,
        description="backups[].id of list_vps_backups of this VPS.",
    ),
]

SnapshotName = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z_-]+$",
        max_length=40,
        description="data[].name of list_vps_snapshots of this VPS.",
    ),
]

JobId = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Za-z][0-9A-Za-z_.:-]+$",
        max_length=128,
        description="jobId from the answer of the tool that started it.",
    ),
]


async def require_vps(ctx: Ctx, vps_id: str) -> None:
    """Refuse a VPS id that this caller was not given.

    Raises:
        Refusal: list_vps has to be called first.
    """
    await _require(ctx, vps_id, "id", "list_vps", "data[].id")


async def require_backup(ctx: Ctx, vps_id: str, backup_id: str) -> None:
    """Refuse a backup id that this caller was not given for this very VPS."""
    await _require(ctx, f"{vps_id}/{backup_id}", "backupId", "list_vps_backups", "backups[].id")


async def require_source(ctx: Ctx, vps_id: str, source_id: str, backup_id: str) -> None:
    """Refuse a source that this caller was not given for this target."""
    name, path = "sourceVpsId and backupId", "sources[].id and sources[].backups[].id"
    known = f"{vps_id}/source/{source_id}/{backup_id}"
    await _require(ctx, known, name, "list_restore_sources", path)


async def require_snapshot(ctx: Ctx, vps_id: str, name: str) -> None:
    """Refuse a snapshot name that this caller was not given for this very VPS."""
    known = f"{vps_id}/snapshot/{name}"
    await _require(ctx, known, "snapshotName", "list_vps_snapshots", "data[].name")


async def require_job(ctx: Ctx, job_id: str) -> str:
    """What was noted of a job that this caller was given; refuse any other."""
    name, path = "jobId", "the jobId"
    note = await _require(ctx, f"job/{job_id}", name, "the tool that starts the job", path)
    if note is None:
        raise failures.Refusal(failures.memory_away())
    return note


async def _require(ctx: Ctx, known: str, argument: str, tool: str, path: str) -> str | None:
    try:
        note = await services(ctx).memory.recall(caller(), known)
    except MemoryAway:
        # It cannot be checked now. HostUp refuses what is not this account's, and writes have
        # been stopped before they get here; a read goes on.
        return None
    if note is None:
        raise failures.unknown_id(argument, tool, path)
    return note
