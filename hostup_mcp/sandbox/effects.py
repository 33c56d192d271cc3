"""What a job does to its server. Pure functions from server to server."""

from dataclasses import replace
from datetime import datetime, timedelta

from . import power
from .jobs import DISK_KINDS, POWER_KINDS, Job
from .models import Backup, Server, Snapshot

USED_SHARE = 0.31
"""The part of a disk that is in use."""


def begin(server: Server, job: Job) -> Server:
    """Return the server at the moment the work starts: a disk job stops it and opens its disk."""
    if job.kind in POWER_KINDS:
        return power.begin(server, job.kind)
    if job.kind not in DISK_KINDS:
        return server
    disk = f"being replaced by {_origin(job)}"
    return replace(server, power_state="stopped", power_change=None, disk=disk, boots=False)


def end(server: Server, job: Job, snapshot_life: float, *, boots: bool) -> Server:
    """Return the server when the job is over, whether it went well or not.

    `boots` tells whether what was written to its disk starts.
    """
    if job.kind in POWER_KINDS:
        return power.end(server, job)
    if job.failure is not None:
        return _broken(server, job)
    if job.kind in DISK_KINDS:
        state = job.power_before if job.power_after == "as_before" else job.power_after
        restored = replace(server, disk=f"state as of {_origin(job)}", boots=boots)
        return power.reach(restored, state, job)
    if job.kind == "backup":
        return trim(replace(server, backups=(*server.backups, finished_backup(server, job))))
    if job.kind == "snapshot":
        return _with_snapshot(server, job, snapshot_life)
    if job.kind == "snapshot_delete":
        return without_snapshot(server, job.snapshot_name or "")
    return server


def trim(server: Server) -> Server:
    """Drop the oldest dated backups above the limit, where the server does that on its own."""
    limit = server.retention.limit
    if limit is None or not server.retention.auto_delete_oldest:
        return server
    dated = [(each.created_at, each.id) for each in server.backups if each.created_at]
    doomed = {each_id for _, each_id in sorted(dated)[: max(0, len(server.backups) - limit)]}
    return replace(server, backups=tuple(b for b in server.backups if b.id not in doomed))


def without_backup(server: Server, backup_id: str) -> Server:
    """Return the server after one backup was deleted."""
    return replace(server, backups=tuple(b for b in server.backups if b.id != backup_id))


def without_snapshot(server: Server, name: str) -> Server:
    """Return the server after one snapshot was deleted."""
    return replace(server, snapshots=tuple(s for s in server.snapshots if s.name != name))


def unexpired(server: Server, now: datetime) -> Server:
    """Return the server with only those snapshots whose time is not over."""
    kept = tuple(each for each in server.snapshots if each.expires_at > now)
    return server if len(kept) == len(server.snapshots) else replace(server, snapshots=kept)


def finished_backup(server: Server, job: Job) -> Backup:
    """Return the backup that a backup job leaves behind."""
    stamp = job.begins_at.strftime("%Y_%m_%d-%H_%M_%S")
    return Backup(
        id=job.backup_id or "",
        storage_key=f"vzdump-qemu-{server.vm_number}-{stamp}.vma.zst",
        created_at=job.begins_at,
        size_gb=round(server.storage_gb * USED_SHARE, 1),
        backup_type="manual",
        note=job.note,
        boots=server.boots,
    )


def _origin(job: Job) -> str:
    if job.kind == "snapshot_restore":
        return f"snapshot {job.snapshot_name}"
    return f"backup {job.backup_id}"


def _broken(server: Server, job: Job) -> Server:
    if job.kind in DISK_KINDS:
        return replace(server, power_state="stopped", disk=f"incomplete copy of {_origin(job)}")
    return server


def _with_snapshot(server: Server, job: Job, life: float) -> Server:
    added = Snapshot(
        name=job.snapshot_name or "",
        created_at=job.begins_at,
        expires_at=job.begins_at + timedelta(seconds=life),
        description=job.note,
        parent_name=server.snapshots[-1].name if server.snapshots else None,
        boots=server.boots,
    )
    return replace(server, snapshots=(*server.snapshots, added))
