"""The HostUp endpoints this product uses, one method each."""

from __future__ import annotations

from urllib.parse import quote

from hostup_mcp.hostup import answers
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import Document, Job, Started, is_path_on_host, job, started
from hostup_mcp.hostup.models import (
    BackupList,
    BackupSchedules,
    RestoreSources,
    SnapshotList,
    Vps,
    VpsPage,
    VpsStatus,
)
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.text import Json

READ = ("read:vm",)
WRITE = ("write:vm",)
BACKUP = ("backup:vm",)
SPEND = ("backup:vm", "write:billing")


class HostUpClient:
    """One account's servers and backups. Each method may raise `HostUpError` (see `problems`)."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def list_vps(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        primary_ip: str | None = None,
        name: str | None = None,
    ) -> VpsPage:
        """GET /api/v2/vps: one page; `limit` 1 to 100, `name` whole and case-blind."""
        given = {"limit": limit, "cursor": cursor, "primaryIp": primary_ip, "name": name}
        params = {key: value for key, value in given.items() if value is not None}
        return await self._http.read(VpsPage, "/api/v2/vps", params, scopes=READ)

    async def get_vps(self, vps_id: str) -> Vps:
        """GET /api/v2/vps/{id}: one server as in the list."""
        return await self._http.read(Vps, _vps(vps_id), scopes=READ)

    async def list_backups(self, vps_id: str) -> BackupList:
        """GET /api/v2/vps/{id}/backups: backups, quota and gates; not paged."""
        return await self._http.read(BackupList, f"{_vps(vps_id)}/backups", scopes=READ)

    async def get_status(self, vps_id: str) -> VpsStatus:
        """GET /api/v2/vps/{id}/status: live state."""
        return await self._http.read(VpsStatus, f"{_vps(vps_id)}/status", scopes=READ)

    async def list_restore_sources(self, vps_id: str) -> RestoreSources:
        """GET /api/v2/vps/{id}/backups/restore-sources: what else may be restored onto it."""
        path = f"{_vps(vps_id)}/backups/restore-sources"
        return await self._http.read(RestoreSources, path, scopes=BACKUP)

    async def list_snapshots(self, vps_id: str) -> SnapshotList:
        """GET /api/v2/vps/{id}/snapshots."""
        return await self._http.read(SnapshotList, f"{_vps(vps_id)}/snapshots", scopes=READ)

    async def list_backup_schedules(self, vps_id: str) -> BackupSchedules:
        """GET /api/v2/vps/{id}/backup-schedules."""
        path = f"{_vps(vps_id)}/backup-schedules"
        return await self._http.read(BackupSchedules, path, scopes=READ)

    async def get_job(self, poll_url: str) -> Job:
        """GET the `pollUrl` of an operation, usually /api/jobs/{jobId}.

        Raises:
            ValueError: it is not a plain path, so it might lead elsewhere.
        """
        if not is_path_on_host(poll_url):
            raise ValueError("a poll URL must be a path on HostUp's own host")
        return job(await self._http.read(Document, poll_url))

    async def create_backup(self, vps_id: str, note: str | None) -> Started:
        """POST /api/v2/vps/{id}/backups: queue a backup; takes a slot. Write."""
        body: dict[str, Json] | None = None if note is None else {"note": note}
        return await self._write("POST", f"{_vps(vps_id)}/backups", body)

    async def delete_backup(self, vps_id: str, backup_id: str) -> Started:
        """DELETE /api/v2/vps/{id}/backups/{backupId}: at once and for good. Write."""
        return await self._write("DELETE", f"{_vps(vps_id)}/backups/{segment(backup_id)}")

    async def restore_backup(self, vps_id: str, backup_id: str) -> Started:
        """POST /api/v2/vps/{id}/backups/{backupId}/actions/restore: replaces the disk. Write."""
        path = f"{_vps(vps_id)}/backups/{segment(backup_id)}/actions/restore"
        return await self._write("POST", path)

    async def restore_from_vps(self, vps_id: str, source_id: str, backup_id: str) -> Started:
        """POST /api/v2/vps/{id}/backups/actions/restore-from-vps: replaces `vps_id`. Write."""
        body: dict[str, Json] = {"sourceVpsId": source_id, "backupId": backup_id}
        return await self._write("POST", f"{_vps(vps_id)}/backups/actions/restore-from-vps", body)

    async def restore_to_payg(
        self, vps_id: str, backup_id: str, wishes: dict[str, Json]
    ) -> Started:
        """POST .../backups/{backupId}/actions/restore-to-payg: a new, paid server. Write."""
        path = f"{_vps(vps_id)}/backups/{segment(backup_id)}/actions/restore-to-payg"
        return await self._write("POST", path, wishes, scopes=SPEND)

    async def create_snapshot(self, vps_id: str, name: str, description: str | None) -> Started:
        """POST /api/v2/vps/{id}/snapshots: queue a snapshot. Write."""
        body: dict[str, Json] = {"name": name}
        if description is not None:
            body["description"] = description
        return await self._write("POST", f"{_vps(vps_id)}/snapshots", body)

    async def delete_snapshot(self, vps_id: str, name: str) -> Started:
        """DELETE /api/v2/vps/{id}/snapshots/{name}. Write."""
        return await self._write("DELETE", f"{_vps(vps_id)}/snapshots/{segment(name)}")

    async def restore_snapshot(self, vps_id: str, name: str) -> Started:
        """POST /api/v2/vps/{id}/snapshots/{name}/actions/restore: rolls the disk back. Write."""
        path = f"{_vps(vps_id)}/snapshots/{segment(name)}/actions/restore"
        return await self._write("POST", path)

    async def set_backup_schedule(self, vps_id: str, schedule: dict[str, Json]) -> Started:
        """POST /api/v2/vps/{id}/backup-schedules: create or replace. Write."""
        path = f"{_vps(vps_id)}/backup-schedules"
        return await self._write("POST", path, schedule, scopes=WRITE)

    async def set_backup_retention(self, vps_id: str, settings: dict[str, Json]) -> Started:
        """PATCH /api/v2/vps/{id}/backup-schedules: retention of all backups. Write."""
        path = f"{_vps(vps_id)}/backup-schedules"
        return await self._write("PATCH", path, settings, scopes=WRITE)

    async def _write(
        self,
        method: str,
        path: str,
        body: dict[str, Json] | None = None,
        scopes: tuple[str, ...] = BACKUP,
    ) -> Started:
        answer = await self._http.write(method, path, body, scopes=scopes)
        if answer.status == 204:
            return Started()
        try:
            return started(answers.parse(Document, answer.status, answer.headers, answer.body))
        except HostUpError as error:
            error.scopes = scopes
            raise


def segment(value: str) -> str:
    """`value` as one segment of a path, so that an id can never reach another endpoint.

    Raises:
        ValueError: nothing, or a dot segment, which no encoding makes safe.
    """
    if value in ("", ".", ".."):
        raise ValueError(f"not an id: {value!r}")
    return quote(value, safe="")


def _vps(vps_id: str) -> str:
    return f"/api/v2/vps/{segment(vps_id)}"
