"""Requests that change something at HostUp, as data: one function for each endpoint.

Building one sends nothing; `writing.WritingClient` sends it. Equal requests make the same
change. Each function raises ValueError for an id that cannot be part of a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from urllib.parse import unquote

from hostup_mcp.hostup.endpoints import BACKUP, CANCEL, POWER, SPEND, WRITE, segment, vps_path
from hostup_mcp.hostup.text import Json

MAX_REASON = 500
"""Characters of the reason for a cancellation."""


class Expected(StrEnum):
    """The shape of a response that accepts a write. 204 accepts all but an undocumented one."""

    OPERATION = "operation"
    NEW_SERVER = "new_server"
    """The operation, or the new server and its order."""
    SETTINGS = "settings"
    """The retention settings, with the values that were sent."""
    CANCELLATION = "cancellation"
    """The operation, the cancellation, or that its status can be read shortly."""
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

    @property
    def vps_id(self) -> str:
        """The VPS in `path`: the one that is changed, or from whose backup a new one is built."""
        return unquote(self.path.split("/")[4])


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


@dataclass(frozen=True, slots=True)
class NewServer:
    """What is built by `restore_to_payg`: HostUp chooses neither its name nor its size.

    `region` is None for HostUp's default region.
    """

    name: str
    cpu_cores: int
    memory_gb: int
    storage_gb: int
    region: str | None = None

    @property
    def options(self) -> dict[str, Json]:
        """The body of the request."""
        body: dict[str, Json] = {
            "name": self.name,
            "cpuCores": self.cpu_cores,
            "memoryGb": self.memory_gb,
            "storageGb": self.storage_gb,
        }
        return body if self.region is None else body | {"region": self.region}


def restore_to_payg(vps_id: str, backup_id: str, new: NewServer) -> WriteRequest:
    """POST /api/v2/vps/{id}/backups/{backupId}/actions/restore-to-payg: create a paid VPS."""
    path = f"{_backup(vps_id, backup_id)}/actions/restore-to-payg"
    return WriteRequest("POST", path, new.options, scopes=SPEND, expected=Expected.NEW_SERVER)


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


class PowerAction(StrEnum):
    """What can be done with the power of a VPS."""

    START = "start"
    SHUTDOWN = "shutdown"
    """A normal shutdown, which the guest may ignore."""
    RESTART = "restart"
    """A normal restart through the guest."""
    STOP = "stop"
    """Power off at once: what was not yet written to disk is lost."""


# The page of `restart` asks for no body. The pages of `start` and `shutdown` are not known, but a
# client that sends an empty object.
_POWER_BODIES: Mapping[PowerAction, Mapping[str, Json]] = {
    PowerAction.START: {},
    PowerAction.SHUTDOWN: {},
}


def set_power(vps_id: str, action: PowerAction) -> WriteRequest:
    """POST /api/v2/vps/{id}/actions/{action}: start, shut down, restart or stop the VPS.

    A completed job is not yet a reached state: the power state may follow up to a minute later.
    """
    path = f"{vps_path(vps_id)}/actions/{action}"
    return WriteRequest("POST", path, _POWER_BODIES.get(action), scopes=POWER)


def cancel_vps(vps_id: str, reason: str) -> WriteRequest:
    """POST /api/v2/vps/{id}/actions/cancel: end the VPS as soon as HostUp processes it.

    Raises:
        ValueError: as above, or `reason` is empty, or longer than the 500 characters allowed.
    """
    if not 1 <= len(reason.strip()) <= len(reason) <= MAX_REASON:
        raise ValueError(f"a reason has 1 to {MAX_REASON} characters")
    body = {"reason": reason, "cancelType": "immediate"}
    path = f"{vps_path(vps_id)}/actions/cancel"
    return WriteRequest("POST", path, body, scopes=CANCEL, expected=Expected.CANCELLATION)


def _backup(vps_id: str, backup_id: str) -> str:
    return f"{vps_path(vps_id)}/backups/{segment(backup_id)}"


def _snapshot(vps_id: str, name: str) -> str:
    return f"{vps_path(vps_id)}/snapshots/{segment(name)}"


def _schedules(vps_id: str) -> str:
    return f"{vps_path(vps_id)}/backup-schedules"
