"""Requests that change something at HostUp, as data: one function for each endpoint.

Building one sends nothing; `writing.WritingClient` sends it. Equal requests make the same
change. Each function raises ValueError for an id that cannot be part of a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

from hostup_mcp.hostup.endpoints import BACKUP, SPEND, WRITE, segment, vps_path
from hostup_mcp.hostup.text import Json


class Expected(StrEnum):
    """The shape of a response that accepts a write. 204 accepts all but an undocumented one."""

    OPERATION = "operation"
    NEW_SERVER = "new_server"
    """The operation, or the new server and its order."""
    SETTINGS = "settings"
    """The retention settings, with the values that were sent."""
    UNDOCUMENTED = "undocumented"
    """No response accepts it; only reading the resource afterwards shows the change."""


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One request that changes something: `path` is quoted, `scopes` are what the key needs."""

    method: str
    path: str
    body: Mapping[str, Json] | None = None
    _: KW_ONLY
    scopes: tuple[str, ...]
    expected: Expected = Expected.OPERATION


def create_backup(vps_id: str, note: str | None) -> WriteRequest:
    """POST /api/v2/vps/{id}/backups: queue a backup, which takes a slot of the quota."""
    body = None if note is None else {"note": note}
    return WriteRequest("POST", f"{vps_path(vps_id)}/backups", body, scopes=BACKUP)


def delete_backup(vps_id: str, backup_id: str) -> WriteRequest:
    """DELETE /api/v2/vps/{id}/backups/{backupId}: permanently delete a backup, at once."""
    return WriteRequest("DELETE", _backup(vps_id, backup_id), scopes=BACKUP)


def restore_backup(vps_id: str, backup_id: str) -> WriteRequest:
    """POST /api/v2/vps/{id}/backups/{backupId}/actions/restore: replace the disk of the VPS."""
    return WriteRequest("POST", f"{_backup(vps_id, backup_id)}/actions/restore", scopes=BACKUP)


def restore_from_vps(vps_id: str, source_id: str, backup_id: str) -> WriteRequest:
    """POST /api/v2/vps/{id}/backups/actions/restore-from-vps: replace the disk of `vps_id`.

    `backup_id` is a backup of `source_id`.
    """
    path = f"{vps_path(vps_id)}/backups/actions/restore-from-vps"
    body = {"sourceVpsId": source_id, "backupId": backup_id}
    return WriteRequest("POST", path, body, scopes=BACKUP)


def restore_to_payg(vps_id: str, backup_id: str, options: Mapping[str, Json]) -> WriteRequest:
    """POST /api/v2/vps/{id}/backups/{backupId}/actions/restore-to-payg: create a paid VPS.

    `options` are the body, all optional: `name`, `region`, `cpuCores`, `memoryGb`, `storageGb`.
    """
    path = f"{_backup(vps_id, backup_id)}/actions/restore-to-payg"
    return WriteRequest("POST", path, dict(options), scopes=SPEND, expected=Expected.NEW_SERVER)


def create_snapshot(vps_id: str, name: str, description: str | None) -> WriteRequest:
    """POST /api/v2/vps/{id}/snapshots: queue a snapshot; `name` becomes its id."""
    body = {"name": name} if description is None else {"name": name, "description": description}
    return WriteRequest("POST", f"{vps_path(vps_id)}/snapshots", body, scopes=BACKUP)


def delete_snapshot(vps_id: str, name: str) -> WriteRequest:
    """DELETE /api/v2/vps/{id}/snapshots/{snapshotId}: permanently delete a snapshot."""
    return WriteRequest("DELETE", _snapshot(vps_id, name), scopes=BACKUP)


def restore_snapshot(vps_id: str, name: str) -> WriteRequest:
    """POST /api/v2/vps/{id}/snapshots/{snapshotId}/actions/restore: roll the disk back."""
    return WriteRequest("POST", f"{_snapshot(vps_id, name)}/actions/restore", scopes=BACKUP)


def set_backup_schedule(vps_id: str, schedule: Mapping[str, Json]) -> WriteRequest:
    """POST /api/v2/vps/{id}/backup-schedules: create the schedule, or replace it."""
    return WriteRequest(
        "POST", _schedules(vps_id), dict(schedule), scopes=WRITE, expected=Expected.UNDOCUMENTED
    )


def set_backup_retention(vps_id: str, settings: Mapping[str, Json]) -> WriteRequest:
    """PATCH /api/v2/vps/{id}/backup-schedules: change the retention of all backups."""
    return WriteRequest(
        "PATCH", _schedules(vps_id), dict(settings), scopes=WRITE, expected=Expected.SETTINGS
    )


def _backup(vps_id: str, backup_id: str) -> str:
    return f"{vps_path(vps_id)}/backups/{segment(backup_id)}"


def _snapshot(vps_id: str, name: str) -> str:
    return f"{vps_path(vps_id)}/snapshots/{segment(name)}"


def _schedules(vps_id: str) -> str:
    return f"{vps_path(vps_id)}/backup-schedules"
