"""One authenticated request on its way through a handler."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from . import gates
from .access import Key
from .answers import Answer, json_answer
from .facts import Server
from .jobs import Job, JobKind, timetable
from .problems import FieldError, ProblemError, invalid
from .readings import Readings
from .recording import RecordedRequest
from .state import State
from .validation import Fields, read_body, read_query
from .wire_jobs import operation


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler needs to know; `job_failure` is the reason why a started job will fail."""

    request: RecordedRequest
    params: Mapping[str, str]
    key: Key
    state: State
    readings: Readings
    now: datetime
    request_id: str
    job_failure: str | None = None

    def server(self) -> Server:
        """The caller's server named in the path; absent and foreign ones answer alike."""
        return self.server_with(self.params["id"])

    def server_with(self, server_id: str) -> Server:
        """The caller's server with this id, or a 404 problem."""
        found = self.state.servers.get(server_id)
        if found is None or found.owner != self.key.owner:
            code = self.readings.missing_vps_code
            raise ProblemError(404, code, "There is no such server on this account.")
        return found

    def view(self, server: Server) -> gates.View:
        """The server as the gates see it."""
        busy = self.state.busy(server.id, self.now)
        return gates.View(server, busy, self.key, self.readings)

    def writing(self, server: Server) -> gates.View:
        """The same for a write, which under one reading may queue behind a running job."""
        busy = self.state.busy(server.id, self.now)
        if self.readings.busy_write == "queued":
            busy = None
        return gates.View(server, busy, self.key, self.readings)

    def query(
        self, known: Collection[str] = (), repeatable: Collection[str] = ()
    ) -> dict[str, str]:
        """The checked query."""
        return read_query(self.request.query, known, repeatable)

    def fields(self, *known: str) -> Fields:
        """The checked body."""
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
        """A job on the server, timed but not yet taken in."""
        seconds = 0.0 if self.readings.done_at_once else self.state.durations.of(kind)
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
            failure=self.job_failure,
            power_after=self.readings.restored_power,
        )

    def start(self, job: Job, status: int = 202) -> Answer:
        """Take the job in and answer with its operation."""
        taken = self.state.add_job(job, self.now)
        return json_answer(status, {"operation": operation(taken, self.now, self.readings)})
