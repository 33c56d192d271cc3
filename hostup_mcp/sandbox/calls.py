"""A request as it arrived, and what its handler is given."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from . import gates
from .access import Key
from .jobs import Job, JobKind, timetable
from .models import Server
from .problems import FieldError, ProblemError, invalid
from .responses import Response, json_response
from .state import State
from .validation import Fields, read_body, read_query
from .variants import Anomalies, Variants
from .wire_jobs import operation


@dataclass(frozen=True, slots=True)
class Handled:
    """What the account made of a request, whatever became of its response."""

    owner: str
    status: int
    request_id: str


@dataclass(slots=True)
class RecordedRequest:
    """One request as it arrived, and how far it came.

    `status` is None until a response has started, `handled` until the account has answered it.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes
    at: datetime
    number: int
    status: int | None = None
    """The status that was sent."""
    handled: Handled | None = None

    @property
    def is_write(self) -> bool:
        """Whether the method may change something."""
        return self.method in {"POST", "PATCH", "PUT", "DELETE"}


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request; a job that it starts fails with `job_failure`, if that is set.

    `log` has the latest requests, this one last.
    """

    request: RecordedRequest
    params: Mapping[str, str]
    key: Key
    state: State
    variants: Variants
    anomalies: Anomalies
    log: Sequence[RecordedRequest]
    now: datetime
    request_id: str
    job_failure: str | None = None

    def server(self) -> Server:
        """Return the caller's server in the path; unknown and foreign ids get the same 404."""
        return self.server_with(self.params["id"])

    def server_with(self, server_id: str) -> Server:
        """Return the caller's server with this id, or a 404 problem."""
        found = self.state.servers.get(server_id)
        if found is None or found.owner != self.key.owner:
            code = self.variants.missing_vps_code
            raise ProblemError(404, code, "There is no such server on this account.")
        return found

    def view(self, server: Server) -> gates.View:
        """Return the server as the gates see it."""
        busy = self.state.busy(server.id, self.now)
        return gates.View(server, busy, self.key, self.variants)

    def writing(self, server: Server) -> gates.View:
        """Return the view for a write, which one variant lets queue behind a running job."""
        busy = self.state.busy(server.id, self.now)
        if self.variants.busy_write == "queued":
            busy = None
        return gates.View(server, busy, self.key, self.variants)

    def query(
        self, known: Collection[str] = (), repeatable: Collection[str] = ()
    ) -> dict[str, str]:
        """Return the checked query."""
        return read_query(self.request.query, known, repeatable)

    def fields(self, *known: str) -> Fields:
        """Return the checked body."""
        content_type = self.request.headers.get("content-type", "")
        return read_body(self.request.body, content_type, known)

    def no_body(self) -> None:
        """Refuse a body where none is documented; an empty object passes."""
        self.fields().finish()

    def need_body(self) -> None:
        """Refuse an absent body where one is required."""
        if not self.request.body:
            raise invalid(FieldError("", "A body is required.", "missing_required"))

    def new_job(self, kind: JobKind, server: Server) -> Job:
        """Return a job on the server that has its times but is not in the account yet."""
        end = self.anomalies.job_end
        seconds = 0.0 if self.variants.done_at_once else self.state.durations.of(kind)
        waits = kind != "restore_to_payg"
        free_from = self.state.free_from(server.id, self.now) if waits else None
        begins, ends = timetable(self.now, seconds, free_from)
        return Job(
            id=self.state.new_id("job"),
            kind=kind,
            owner=self.key.owner,
            server_id=server.id,
            created_at=self.now,
            begins_at=begins,
            ends_at=ends,
            failure=self.job_failure or (None if end == "completed" else "Disk quota exceeded."),
            failure_shown="failed" if end == "completed" else end,
            fails_at=self.anomalies.job_fails_at,
            power_after=self.variants.restored_power,
            power_lag=self.variants.power_lag,
        )

    def start(self, job: Job, status: int = 202) -> Response:
        """Add the job to the account, and return the response with its operation."""
        taken = self.state.add_job(job, self.now)
        return json_response(status, {"operation": operation(taken, self.now, self.variants)})
