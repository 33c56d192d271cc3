"""Asynchronous jobs: when they begin and end, and their status at any time in between."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .models import Server

JobKind = Literal[
    "backup",
    "restore",
    "restore_from_vps",
    "restore_to_payg",
    "snapshot",
    "snapshot_restore",
    "snapshot_delete",
    "start",
    "shutdown",
    "stop",
    "restart",
    "reset",
]
Phase = Literal["pending", "queued", "in_progress", "completed", "failed"]
FailureShown = Literal["failed", "cancelled", "failed_result"]
"""How a failed job is shown: with that word, or `completed` with a result that says failed."""
PowerAfter = Literal["as_before", "running", "stopped"]

DISK_KINDS: frozenset[JobKind] = frozenset({"restore", "restore_from_vps", "snapshot_restore"})
"""The kinds that stop the server and replace its disk."""
POWER_KINDS: frozenset[JobKind] = frozenset({"start", "shutdown", "stop", "restart", "reset"})

_WAITING_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Durations:
    """How long things take, in seconds of clock time."""

    backup: float = 20.0
    restore: float = 40.0
    snapshot: float = 3.0
    snapshot_life: float = 24 * 3600.0
    power: float = 6.0
    boot: float = 10.0
    """From the power state `running` until the guest agent and the ports answer."""
    cancellation: float = 30.0

    def of(self, kind: JobKind) -> float:
        """Return the seconds from the request to the end of a job of this kind."""
        if kind == "backup":
            return self.backup
        if kind in POWER_KINDS:
            return self.power
        return self.snapshot if kind.startswith("snapshot") else self.restore


FAST_DURATIONS = Durations(
    backup=4.0, restore=6.0, snapshot=1.0, power=2.0, boot=2.0, cancellation=4.0
)
"""For demos: what takes minutes elsewhere takes seconds."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work on `server_id`; it fails with `failure`, if that is set."""

    id: str
    kind: JobKind
    owner: str
    server_id: str
    created_at: datetime
    begins_at: datetime
    ends_at: datetime
    backup_id: str | None = None
    source_id: str | None = None
    snapshot_name: str | None = None
    note: str | None = None
    new_server: Server | None = None
    failure: str | None = None
    failure_shown: FailureShown = "failed"
    fails_at: int = 40
    """The progress, in percent, at which it fails."""
    power_after: PowerAfter = "as_before"
    power_before: str | None = None
    power_lag: float = 0.0
    """Seconds from the end of the job until its server has the power state."""
    is_ignored: bool = False
    """Whether the guest does not react to this power action."""
    begun: bool = False
    ended: bool = False

    @property
    def holds_server(self) -> bool:
        """Whether other writes on the server must wait; not for a PAYG restore."""
        return self.kind != "restore_to_payg"


def timetable(
    created: datetime, seconds: float, free_from: datetime | None
) -> tuple[datetime, datetime]:
    """Return when a job of `seconds` begins and ends on a server that is busy until `free_from`."""
    begins = created + timedelta(seconds=seconds * _WAITING_SHARE)
    if free_from is not None and free_from > begins:
        begins = free_from
    return begins, begins + timedelta(seconds=seconds * (1 - _WAITING_SHARE))


def phase(job: Job, now: datetime) -> Phase:
    """Return the documented status word at this time."""
    if now >= job.ends_at:
        return "failed" if job.failure is not None else "completed"
    if now >= job.begins_at:
        return "in_progress"
    return "queued" if now >= job.created_at + (job.begins_at - job.created_at) / 3 else "pending"


def progress(job: Job, now: datetime) -> int:
    """Return the whole percentage done; a job that fails goes no further than `fails_at`."""
    is_failing = job.failure is not None and job.failure_shown != "failed_result"
    last = job.fails_at if is_failing else 100
    if now >= job.ends_at:
        return last
    done = (now - job.begins_at) / (job.ends_at - job.begins_at)
    return max(0, min(99, int(done * last)))
