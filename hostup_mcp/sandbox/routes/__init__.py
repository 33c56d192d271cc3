"""The endpoints: method, path, required scopes and handler of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..calls import Call
from ..responses import Response
from ..variants import Variants
from . import (
    account,
    audit,
    backups,
    cancellation,
    guest,
    inventory,
    jobs,
    payg,
    power,
    restores,
    schedules,
    snapshots,
)

Handler = Callable[[Call], Response]
_READ = frozenset({"read:vm"})
_BACKUP = frozenset({"backup:vm"})
_WRITE = frozenset({"write:vm"})
_SPEND = frozenset({"backup:vm", "write:billing"})
_POWER = frozenset({"power:vm"})
_CANCEL = frozenset({"write:billing"})
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint; `template` holds path parameters in braces."""

    method: str
    template: str
    scopes: frozenset[str]
    handler: Handler

    @property
    def name(self) -> str:
        """The last fixed part of the path."""
        return re.sub(r"/\{\w+\}$", "", self.template).rpartition("/")[2]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the path parameters if the path is of this form."""
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template), path)
        return None if found is None else found.groupdict()


_VPS = "/api/v2/vps/{id}"
_BACKUPS = f"{_VPS}/backups"
_SCHEDULES = f"{_VPS}/backup-schedules"
_SNAPSHOTS = f"{_VPS}/snapshots"
_ACTIONS = f"{_VPS}/actions"

# Fixed segments stand before parameters in the same place: the first match wins.
_ROUTES = (
    Route("GET", "/api/v2/vps", _READ, inventory.list_servers),
    Route("GET", _VPS, _READ, inventory.get_server),
    Route("GET", f"{_VPS}/details", _READ, inventory.get_details),
    Route("GET", f"{_VPS}/status", _READ, inventory.get_status),
    Route("GET", _BACKUPS, _READ, backups.list_backups),
    Route("POST", _BACKUPS, _BACKUP, backups.create),
    Route("GET", f"{_BACKUPS}/restore-sources", _BACKUP, restores.list_sources),
    Route("POST", f"{_BACKUPS}/actions/restore-from-vps", _BACKUP, restores.from_other_server),
    Route("DELETE", f"{_BACKUPS}/{{backupId}}", _BACKUP, backups.delete),
    Route("POST", f"{_BACKUPS}/{{backupId}}/actions/restore", _BACKUP, restores.in_place),
    Route("POST", f"{_BACKUPS}/{{backupId}}/actions/restore-to-payg", _SPEND, payg.restore),
    Route("GET", _SCHEDULES, _READ, schedules.list_schedules),
    Route("POST", _SCHEDULES, _WRITE, schedules.put_schedule),
    Route("PATCH", _SCHEDULES, _WRITE, schedules.change_settings),
    Route("DELETE", f"{_SCHEDULES}/{{scheduleId}}", _WRITE, schedules.delete),
    Route("GET", _SNAPSHOTS, _READ, snapshots.list_snapshots),
    Route("POST", _SNAPSHOTS, _BACKUP, snapshots.create),
    Route("DELETE", f"{_SNAPSHOTS}/{{name}}", _BACKUP, snapshots.delete),
    Route("POST", f"{_SNAPSHOTS}/{{name}}/actions/restore", _BACKUP, snapshots.restore),
    Route("POST", f"{_ACTIONS}/start", _POWER, power.start),
    Route("POST", f"{_ACTIONS}/shutdown", _POWER, power.shutdown),
    Route("POST", f"{_ACTIONS}/stop", _POWER, power.stop),
    Route("POST", f"{_ACTIONS}/restart", _POWER, power.restart),
    Route("POST", f"{_ACTIONS}/reset", _POWER, power.reset),
    Route("GET", f"{_VPS}/storage", _READ, guest.get_storage),
    Route("GET", "/api/v2/vps/payg/deployments", _READ, payg.get_preflight),
    Route("GET", "/api/v2/vps/payg/limits", _READ, payg.get_limits),
    Route("GET", f"{_VPS}/billing-breakdown", frozenset({"read:billing"}), payg.get_breakdown),
    Route("POST", f"{_ACTIONS}/cancel", _CANCEL, cancellation.cancel),
    Route("GET", f"{_VPS}/cancellation", _READ, cancellation.get_cancellation),
    Route("DELETE", f"{_VPS}/cancellation", _CANCEL, cancellation.revoke),
    Route("GET", "/api/v2/audit-log", frozenset({"audit:read"}), audit.list_events),
    Route("GET", "/api/v2/me", _NONE, account.who_am_i),
)


def routes(variants: Variants) -> tuple[Route, ...]:
    """Return the endpoints that exist under these variants."""
    elsewhere = variants.poll_url == "operations"
    path = "/api/v2/operations/{jobId}" if elsewhere else "/api/jobs/{jobId}"
    scopes = _NONE if variants.job_scope is None else frozenset({variants.job_scope})
    agent_scopes = _READ | {variants.agent_scope}
    return (
        *_ROUTES,
        Route("GET", f"{_VPS}/agent/exec", agent_scopes, guest.get_agent),
        Route("GET", path, scopes, jobs.get_job),
    )
