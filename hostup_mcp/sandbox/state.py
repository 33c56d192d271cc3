"""The live account: its servers and jobs at a time. It changes only when `settle` is called."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from . import effects, schedule_runs
from .ids import IdStyle, make_id
from .jobs import Durations, Job, phase
from .models import Retained, Server


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that is there when the sandbox starts."""

    servers: tuple[Server, ...]
    retained: tuple[Retained, ...] = ()
    jobs: tuple[Job, ...] = ()
    payg_owners: frozenset[str] = frozenset()
    """The owners who may order pay-as-you-go servers."""


class State:
    """Servers by id, jobs by id, and how the passing of time changes them."""

    def __init__(self, account: Account, durations: Durations, ids: IdStyle = "ulid") -> None:
        self.servers: dict[str, Server] = {each.id: each for each in account.servers}
        self.retained: dict[str, Retained] = {each.id: each for each in account.retained}
        self.jobs: dict[str, Job] = {each.id: each for each in account.jobs}
        self.payg_owners = account.payg_owners
        self.durations = durations
        self.schedules_run = True
        self._ids = ids
        self._numbers = count(1)
        self._settled: datetime | None = None

    def by_name(self, name: str) -> Server:
        """Return the server with this display name; KeyError if there is none."""
        for server in self.servers.values():
            if server.name == name:
                return server
        raise KeyError(name)

    def owned(self, owner: str) -> list[Server]:
        """Return an owner's servers, in the order in which they were created."""
        return [each for each in self.servers.values() if each.owner == owner]

    def busy(self, server_id: str, now: datetime) -> Job | None:
        """Return the job that holds the server now; of several, the one that is over first."""
        held = self._holding(server_id, now)
        return min(held, key=lambda job: job.ends_at, default=None)

    def free_from(self, server_id: str, now: datetime) -> datetime | None:
        """Return when the last of the server's jobs is over; None if it has none now."""
        held = self._holding(server_id, now)
        return max((job.ends_at for job in held), default=None)

    def running(self, server_id: str, now: datetime) -> list[Job]:
        """Return all unfinished jobs that name the server, oldest first."""
        return [
            job for job in self.jobs.values() if job.server_id == server_id and now < job.ends_at
        ]

    def new_id(self, prefix: str) -> str:
        """Return an id that was not used before."""
        return make_id(prefix, f"live-{next(self._numbers)}", self._ids)

    def put(self, server: Server) -> None:
        """Make this the current state of the server."""
        self.servers[server.id] = server

    def add_job(self, job: Job, now: datetime) -> Job:
        """Add a job; returns it as it is now (it may be over at once)."""
        self.jobs[job.id] = job
        self.settle(now)
        return self.jobs[job.id]

    def settle(self, now: datetime) -> None:
        """Bring everything up to `now`, in the order in which it was due."""
        for _, _, job_id, step in sorted(self._due(now), key=lambda due: due[:2]):
            step(self.jobs[job_id])
        since, self._settled = self._settled or now, now
        for server in list(self.servers.values()):
            if self.schedules_run:
                self._run_schedules(server, since, now)
            self.put(effects.unexpired(self.servers[server.id], now))

    def _run_schedules(self, server: Server, since: datetime, now: datetime) -> None:
        for schedule in server.schedules:
            for moment in schedule_runs.runs(schedule, since, now):
                changed = self.servers[server.id]
                self.put(schedule_runs.after_run(changed, schedule, moment, self.new_id("bkp")))

    def _holding(self, server_id: str, now: datetime) -> list[Job]:
        return [job for job in self.running(server_id, now) if job.holds_server]

    def _due(self, now: datetime) -> Iterator[tuple[datetime, int, str, Callable[[Job], None]]]:
        for job in self.jobs.values():
            if not job.begun and job.begins_at <= now:
                yield job.begins_at, 0, job.id, self._begin
            if not job.ended and job.ends_at <= now:
                yield job.ends_at, 1, job.id, self._end

    def _begin(self, job: Job) -> None:
        server = self.servers[job.server_id]
        self.jobs[job.id] = replace(job, begun=True, power_before=server.power_state)
        self.put(effects.begin(server, job))

    def _end(self, job: Job) -> None:
        if self._lost_its_backup(job):
            job = replace(job, failure="The backup is no longer there.")
        self.jobs[job.id] = replace(job, ended=True)
        self.put(effects.end(self.servers[job.server_id], job, self.durations.snapshot_life))
        if job.new_server is not None:
            self._deliver(job.new_server, failed=job.failure is not None)

    def _lost_its_backup(self, job: Job) -> bool:
        if job.kind not in {"restore", "restore_from_vps", "restore_to_payg"}:
            return False
        source = job.source_id or job.server_id
        holder = self.servers.get(source) or self.retained.get(source)
        return holder is None or holder.backup(job.backup_id or "") is None

    def _deliver(self, server: Server, *, failed: bool) -> None:
        if not failed:
            self.put(replace(server, service_status="active", power_state="running"))
        elif server.id in self.servers:
            self.put(replace(server, power_state="error"))


def is_over(job: Job, now: datetime) -> bool:
    """Return whether the job has finished, successfully or not."""
    return phase(job, now) in {"completed", "failed"}
