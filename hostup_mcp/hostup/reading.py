"""Reads the resources of one HostUp account. Nothing here can change anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from math import inf
from typing import Protocol, TypeVar
from urllib.parse import unquote

from hostup_mcp.hostup.audit import AuditLog, AuditPage, AuditRow
from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.budget import Budget
from hostup_mcp.hostup.endpoints import AUDIT, BACKUP, BILLING, READ, vps_path
from hostup_mcp.hostup.jobs import Document, Job, is_path_on_host, job
from hostup_mcp.hostup.live import Cancellation, GuestAgent, VpsStatus, VpsStorage
from hostup_mcp.hostup.models import (
    BackupList,
    BackupSchedules,
    RestoreSources,
    SnapshotList,
    Vps,
    VpsPage,
)
from hostup_mcp.hostup.payg import BillingBreakdown, PaygLimits, PaygPreflight
from hostup_mcp.hostup.problems import ServerFaultError, WrongSubjectError
from hostup_mcp.hostup.responses import stated_error
from hostup_mcp.hostup.text import clean_text

M = TypeVar("M", bound=Model)

_JOB = "job_"


class Reads(Protocol):
    """The part of `Http` that a reading client needs; writing through it is a type error."""

    clock_offset: float | None

    async def read(
        self,
        model: type[M],
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        scopes: tuple[str, ...] = (),
        budget: Budget | None = None,
    ) -> M:
        """GET `path` and parse the response as `model`."""

    async def close(self) -> None:
        """Close the connections."""


class ReadingClient:
    """One account's servers, backups and jobs, read-only.

    Each method may raise `HostUpError` (see `problems`), and ValueError for an id that cannot be
    part of a path.
    """

    def __init__(self, http: Reads, budget: Budget | None = None) -> None:
        """`budget` is set by `within`; without it, each request has the budget of `http`."""
        self._http = http
        self._budget = budget

    async def close(self) -> None:
        """Close the connections, which are shared with all views and the writing client."""
        await self._http.close()

    def within(self, seconds: float, *, stops_at_limit: bool = False) -> ReadingClient:
        """Return a view of the same account whose requests share a budget of `seconds`.

        Retries and the waits between them count. Once the time is up, reads raise `TimedOutError`
        without sending anything. A view of a view never has more time than the first. With
        `stops_at_limit`, a 429 that does not say how long to wait is not retried.
        """
        budget = Budget.starting_now(seconds, stops_at_limit=stops_at_limit)
        if self._budget is not None and self._budget.deadline <= budget.deadline:
            budget = replace(self._budget, stops_at_limit=stops_at_limit)
        return ReadingClient(self._http, budget)

    @property
    def seconds_left(self) -> float:
        """Seconds left in the budget of `within`, at least 0; infinite without one."""
        return inf if self._budget is None else self._budget.left

    @property
    def clock_offset(self) -> float | None:
        """Seconds that HostUp's clock is ahead of this one, as of the last response.

        None before the first response with a `Date` header, which is exact to a second.
        """
        return self._http.clock_offset

    async def list_vps(
        self,
        *,
        limit: int = 50,
        cursor: str | None = None,
        primary_ip: str | None = None,
        name: str | None = None,
    ) -> VpsPage:
        """GET /api/v2/vps: one page; `limit` is 1 to 100, `name` whole and case-insensitive.

        Servers that do not match `primary_ip` or `name` are left out: the page's `unmatched` says
        how many HostUp returned. A `next_cursor` that equals `cursor` is dropped, as it leads
        nowhere, and the page is incomplete.
        """
        given = {"limit": limit, "cursor": cursor, "primaryIp": primary_ip, "name": name}
        params = {key: value for key, value in given.items() if value is not None}
        page = await self._read(VpsPage, "/api/v2/vps", params)
        matching = tuple(vps for vps in page.data if _matches(vps, primary_ip, name))
        return page.checked(
            matching, repeats_cursor=cursor is not None and page.next_cursor == cursor
        )

    async def get_vps(self, vps_id: str) -> Vps:
        """GET /api/v2/vps/{id}: one server, in the shape of the list.

        Raises:
            WrongSubjectError: the response is about another server.
        """
        vps = await self._read(Vps, vps_path(vps_id))
        _check_subject("server", vps_id, vps.id)
        return vps

    async def list_backups(self, vps_id: str) -> BackupList:
        """GET /api/v2/vps/{id}/backups: backups, quota and gates; not paged."""
        return await self._read(BackupList, f"{vps_path(vps_id)}/backups")

    async def get_status(self, vps_id: str) -> VpsStatus:
        """GET /api/v2/vps/{id}/status: live state.

        Raises:
            WrongSubjectError: the response is about another server.
        """
        status = await self._read(VpsStatus, f"{vps_path(vps_id)}/status")
        _check_subject("server", vps_id, status.id)
        return status

    async def get_storage(self, vps_id: str) -> VpsStorage:
        """GET /api/v2/vps/{id}/storage: the disks, with their sizes as far as HostUp has them."""
        return await self._read(VpsStorage, f"{vps_path(vps_id)}/storage")

    async def get_guest_agent(self, vps_id: str) -> GuestAgent:
        """GET /api/v2/vps/{id}/agent/exec: whether the guest agent answers; runs nothing.

        HostUp's pages disagree on whether `read:vm` is enough, so it may be refused with 403.
        """
        return await self._read(GuestAgent, f"{vps_path(vps_id)}/agent/exec")

    async def get_cancellation(self, vps_id: str) -> Cancellation:
        """GET /api/v2/vps/{id}/cancellation: whether the server is cancelled, and to when.

        Raises:
            WrongSubjectError: the response is about another server.
        """
        found = await self._read(Cancellation, f"{vps_path(vps_id)}/cancellation")
        _check_subject("server", vps_id, found.vps_id)
        return found

    async def get_billing_breakdown(self, vps_id: str) -> BillingBreakdown:
        """GET /api/v2/vps/{id}/billing-breakdown: what a pay-as-you-go server costs a month."""
        path = f"{vps_path(vps_id)}/billing-breakdown"
        return await self._read(BillingBreakdown, path, scopes=BILLING)

    async def get_payg_preflight(self) -> PaygPreflight:
        """GET /api/v2/vps/payg/deployments: whether the account may have a new server; prices."""
        return await self._read(PaygPreflight, "/api/v2/vps/payg/deployments")

    async def get_payg_limits(self) -> PaygLimits:
        """GET /api/v2/vps/payg/limits: what all pay-as-you-go servers together may have."""
        return await self._read(PaygLimits, "/api/v2/vps/payg/limits")

    async def list_restore_sources(self, vps_id: str) -> RestoreSources:
        """GET /api/v2/vps/{id}/backups/restore-sources: backups of other servers."""
        path = f"{vps_path(vps_id)}/backups/restore-sources"
        return await self._read(RestoreSources, path, scopes=BACKUP)

    async def list_snapshots(self, vps_id: str) -> SnapshotList:
        """GET /api/v2/vps/{id}/snapshots: snapshots, limits and gates."""
        return await self._read(SnapshotList, f"{vps_path(vps_id)}/snapshots")

    async def list_backup_schedules(self, vps_id: str) -> BackupSchedules:
        """GET /api/v2/vps/{id}/backup-schedules: schedules, retention and gates."""
        return await self._read(BackupSchedules, f"{vps_path(vps_id)}/backup-schedules")

    async def audit_log(self, start_at: datetime, *, pages: int = 3) -> AuditLog:
        """GET /api/v2/audit-log: what was requested with this account since `start_at`.

        Reads at most `pages` pages of 100 rows, without reads and DNS events. A row that is not
        there proves nothing: HostUp does not document when rows appear, or how long they stay.
        """
        params: dict[str, str | int] = {
            "limit": 100,
            "startAt": start_at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "hideGet": "true",
            "includeDnsEvents": "false",
        }
        rows: list[AuditRow] = []
        for _ in range(pages):
            page = await self._read(AuditPage, "/api/v2/audit-log", params, scopes=AUDIT)
            rows += page.data
            if page.next_cursor in (None, "", params.get("cursor")):
                is_complete = not page.is_incomplete and not page.next_cursor
                return AuditLog(tuple(rows), is_complete)
            params["cursor"] = page.next_cursor
        return AuditLog(tuple(rows), is_complete=False)

    async def get_job(self, poll_url: str) -> Job:
        """GET the `pollUrl` of an operation, usually /api/jobs/{jobId}.

        Raises:
            NotFoundError: HostUp does not know the job (any more).
            ValueError: `poll_url` is not a plain path, so it might lead to another host.
            WrongSubjectError: the response is about another job.
        """
        if not is_path_on_host(poll_url):
            raise ValueError("a poll URL must be a path on HostUp's own host")
        document = await self._read(Document, poll_url, scopes=())
        if not any(document.get(key) for key in ("operation", "data")):
            # Nothing of a job: an error with status 200, say.
            stated = stated_error(document.model_extra or {}, 200, ServerFaultError)
            if stated is not None:
                raise stated
        requested = _job_id(poll_url)
        if requested is not None:
            # The older envelope may carry an internal id, which cannot be compared.
            older = document.text("data", "jobId")
            _check_subject(
                "job",
                requested,
                document.text("operation", "jobId"),
                document.text("data", "operation", "jobId"),
                older if older is not None and older.startswith(_JOB) else None,
            )
        return job(document)

    async def _read(
        self,
        model: type[M],
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        scopes: tuple[str, ...] = READ,
    ) -> M:
        return await self._http.read(model, path, params, scopes=scopes, budget=self._budget)


def _same_text(requested: str, received: str) -> bool:
    return clean_text(requested).casefold() == received.casefold()


def _matches(vps: Vps, primary_ip: str | None, name: str | None) -> bool:
    """Return whether `vps` fits a filter, as far as its fields are known."""
    if name is not None and vps.name is not None and not _same_text(name, vps.name):
        return False
    if primary_ip is None or vps.primary_ip is None:
        return True
    try:
        return ip_address(primary_ip.strip()) == ip_address(vps.primary_ip)
    except ValueError:
        return primary_ip.strip() == vps.primary_ip


def _job_id(poll_url: str) -> str | None:
    """Return the job id in `poll_url`, or None if it holds none of the documented form."""
    parts = (unquote(part) for part in poll_url.partition("?")[0].split("/"))
    return next((part for part in parts if part.startswith(_JOB)), None)


def _check_subject(kind: str, requested: str, *received: str | None) -> None:
    # Received ids have been cleaned, so the requested one is cleaned before they are compared.
    if any(id_ is not None and id_ != clean_text(requested) for id_ in received):
        raise WrongSubjectError(f"HostUp responded about another {kind} than the one requested")
