"""The live account: its servers and jobs at a time. It changes only when `settle` is called."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count

from . import cancellations, effects, power, schedule_runs
from .ids import IdStyle, make_id
from .jobs import Durations, Job, phase
from .models import Backup, Cancellation, PowerChange, Retained, Server, Snapshot
from .payg import DEFAULT_LIMITS, DEFAULT_RATES, Rates, Resources


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that is there when the sandbox starts."""

    servers: tuple[Server, ...]
    retained: tuple[Retained, ...] = ()
    jobs: tuple[Job, ...] = ()
    payg_owners: frozenset[str] = frozenset()
    """The owners who may order pay-as-you-go servers."""
    rates: Rates = DEFAULT_RATES
    payg_limits: Resources = DEFAULT_LIMITS
    """What the pay-as-you-go servers of one owner may use together."""


class State:
    """Servers by id, jobs by id, and how the passing of time changes them.

    `rates` and `payg_limits` may be replaced at any time. `gone` has the servers that a
    cancellation removed altogether.
    """

    def __init__(self, account: Account, durations: Durations, ids: IdStyle = "ulid") -> None:
        self.servers: dict[str, Server] = {each.id: each for each in account.servers}
        self.retained: dict[str, Retained] = {each.id: each for each in account.retained}
        self.jobs: dict[str, Job] = {each.id: each for each in account.jobs}
        self.gone: dict[str, Server] = {}
        self.payg_owners = account.payg_owners
        self.rates = account.rates
        self.payg_limits = account.payg_limits
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

    def id_of(self, prefix: str, seed: str) -> str:
        """Return the id that belongs to `seed`, the same each time."""
        return make_id(prefix, seed, self._ids)

    def rename(self, server_id: str, name: str) -> None:
        """Give a server another display name, as its owner may in HostUp's panel."""
        self.put(replace(self.servers[server_id], name=name))

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
        while due := min(self._due(now), key=lambda each: each[:2], default=None):
            due[2]()
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

    def _due(self, now: datetime) -> Iterator[tuple[datetime, int, Callable[[], None]]]:
        for job in self.jobs.values():
            if not job.begun and job.begins_at <= now:
                yield job.begins_at, 0, partial(self._begin, job)
            elif not job.ended and job.ends_at <= now:
                yield job.ends_at, 1, partial(self._end, job)
        for server in self.servers.values():
            change, ending = server.power_change, server.cancellation
            if change is not None and change.at <= now:
                yield change.at, 2, partial(self._arrive, server, change)
            if ending is not None and ending.is_due(now):
                yield ending.due_at or now, 3, partial(self._carry_out, server, ending)

    def _begin(self, job: Job) -> None:
        server = self.servers[job.server_id]
        self.jobs[job.id] = replace(job, begun=True, power_before=power.destined(server))
        self.put(effects.begin(server, job))

    def _end(self, job: Job) -> None:
        source = self._source(job)
        if source is None:
            job = replace(job, failure="The backup is no longer there.")
        self.jobs[job.id] = replace(job, ended=True)
        boots = source is None or source.boots
        server = self.servers[job.server_id]
        self.put(effects.end(server, job, self.durations.snapshot_life, boots=boots))
        if job.new_server is not None:
            self._deliver(job.new_server, job)

    def _source(self, job: Job) -> Backup | Snapshot | Server | None:
        """Return what the job copies; None if that was deleted meanwhile."""
        server = self.servers[job.server_id]
        if job.kind == "snapshot_restore":
            return server.snapshot(job.snapshot_name or "") or server
        if job.kind not in {"restore", "restore_from_vps", "restore_to_payg"}:
            return server
        source = job.source_id or job.server_id
        holder = self.servers.get(source) or self.retained.get(source)
        return None if holder is None else holder.backup(job.backup_id or "")

    def _deliver(self, ordered: Server, job: Job) -> None:
        """Hand over a new server, unless its order was cancelled meanwhile."""
        listed = self.servers.get(ordered.id)
        if ordered.id in self.gone or (listed and listed.service_status != "pending"):
            return
        server = listed or ordered
        if job.failure is None:
            active = replace(server, service_status="active")
            self.put(power.reach(active, "running", job, meanwhile="provisioning"))
        elif listed:
            self.put(replace(server, power_state="error"))

    def _arrive(self, server: Server, change: PowerChange) -> None:
        self.put(power.arrive(server, change.state, change.at))

    def _carry_out(self, server: Server, cancellation: Cancellation) -> None:
        ended = cancellations.carry_out(server, cancellation)
        self.put(ended)
        if cancellation.ends_as == "revoked":
            return
        for job in [each for each in self.jobs.values() if each.server_id == server.id]:
            if not job.ended:
                self._give_up(job, cancellation.due_at or job.ends_at)
        if cancellation.leaves == "gone":
            self.gone[server.id] = self.servers.pop(server.id)

    def _give_up(self, job: Job, at: datetime) -> None:
        failed = replace(job, begun=True, ended=True, ends_at=at, failure="The server has ended.")
        self.jobs[job.id] = failed
        if job.new_server is not None:
            self._deliver(job.new_server, failed)


def is_over(job: Job, now: datetime) -> bool:
    """Return whether the job has finished, successfully or not."""
    return phase(job, now) in {"completed", "failed"}
