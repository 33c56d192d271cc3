"""`get_job`: the progress of a job, or what became of a write whose response was lost."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import anyio
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.jobs import Job, JobState
from hostup_mcp.hostup.problems import HostUpError, NotFoundError
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.backups import find_backup
from hostup_mcp.recovery.findings import WayBack
from hostup_mcp.server.caller import caller
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import describe as describe_failure
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.ids import JobId, WriteId
from hostup_mcp.server.jobs import TrackedJob
from hostup_mcp.server.lost_writes import Found, WriteRecord, describe, look_up
from hostup_mcp.server.names import ServerName, about_subject, recall_name
from hostup_mcp.server.output import as_data
from hostup_mcp.server.power import follow_power
from hostup_mcp.server.progress import Report, growing_progress
from hostup_mcp.server.recoveries import own
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.server.tracked import require_job, require_write
from hostup_mcp.server.unconfirmed import note_job
from hostup_mcp.server.verifying import note_job_end
from hostup_mcp.state.store import StateUnavailableError
from hostup_mcp.wording import formats
from hostup_mcp.wording.formats import number
from hostup_mcp.wording.phrases import now_text
from hostup_mcp.wording.render import for_model

MOST_WAIT = 300
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
WRITE_PAUSE = 20.0
"""Between looks for a write, each of which takes several requests."""


class JobResult(BaseModel):
    """One job, or one write, as last seen."""

    jobId: str | None = Field(description="The job; null for a write.")
    writeId: str | None = Field(description="The write; null for a job.")
    vpsId: str = Field(description="The server that it changes.")
    name: str | None = Field(description="Its name, shortened; user-supplied; null if unknown.")
    address: str | None = Field(description="Its main IP address; null if unknown.")
    now: str = Field(description="The time by HostUp's clock.")
    state: str = Field(
        description="For a job: waiting, running, succeeded, failed, ended_otherwise, gone or "
        "unknown. For a write: accepted, refused, probably_done, probably_started, "
        "probably_not_done or unknown."
    )
    status: str | None = Field(description="HostUp's own status, or the HTTP status of a write.")
    progress: float | None = Field(description="Percent done; null if unknown.")
    seenAt: str | None = Field(description="When HostUp last said so; null if never.")
    wayBack: str | dict[str, Any] | None = Field(
        default=None, description="After a restore: the newest backup from before it."
    )
    message: str = Field(description="What the state means, and the next step.")


async def get_job(
    ctx: Ctx,
    jobId: JobId | None = None,
    writeId: WriteId | None = None,
    waitSeconds: Annotated[int, Field(ge=0, le=MOST_WAIT, description="0 checks once.")] = 0,
) -> CallToolResult:
    """Reports how far a job has come, waiting up to waitSeconds for it to finish; call again while
    it runs. Give a jobId, or else a writeId to find out what became of a request whose response was
    lost. After a restore, call verify_recovery; after others, or without either, check the server
    with list_vps and list_vps_backups."""
    services_ = services(ctx)
    if writeId is not None and jobId is None:
        record = WriteRecord.model_validate_json(await require_write(services_, writeId))
        async with growing_progress(ctx.report_progress):
            found = await _look_for(services_, record, waitSeconds)
        return describe(services_, record, await recall_name(services_, record.vps_id), found)
    if jobId is None:
        raise refuse(texts.MISSING_ARGUMENTS, tool="get_job", arguments="jobId, or with writeId")
    if writeId is not None:
        raise refuse(texts.EXCLUSIVE_ARGUMENTS, tool="get_job", arguments="jobId or writeId")
    job = TrackedJob.model_validate_json(await require_job(services_, jobId))
    if job.poll is None:
        raise refuse(texts.POLL_URL_REFUSED)
    until = anyio.current_time() + waitSeconds
    server = await recall_name(services_, job.vps_id)
    after, power = "", None
    async with growing_progress(ctx.report_progress) as report:
        seen = await _follow(services_, job.poll, until, report)
        if job.leads_to is not None and seen.has_succeeded:
            power = await follow_power(services_, jobId, job, until)
    await note_job(services_, jobId, job, _state(seen))
    if power is not None:
        return _result(services_, jobId, server, seen, "", message=power)
    way_back = job.way_back if seen.has_succeeded else None
    if job.recovery_id is not None:
        await _note_end(services_, job.recovery_id, seen)
        if seen.has_succeeded:
            verify = _verify(job.restored_vps_id)
            return _result(services_, jobId, server, seen, "", message=verify, way_back=way_back)
    if job.restored_point is not None and _did_not_succeed(seen):
        after = await _describe_disk(services_, job, seen)
    check = _CHECK
    if job.recovery_id is not None and job.restored_vps_id is not None:
        check = f"Call verify_recovery with id {safe_word(job.restored_vps_id)}"
    return _result(services_, jobId, server, seen, after, check=check, way_back=way_back)


@dataclass(frozen=True)
class _Seen:
    """A job as last seen."""

    job: Job | None
    """None if HostUp never described it."""
    at: datetime
    """When HostUp last responded about it."""
    is_gone: bool = False
    """Whether HostUp no longer knows it."""
    failure: HostUpError | None = None
    """Why the last read failed, if it did."""

    @property
    def has_succeeded(self) -> bool:
        """Whether HostUp says that the job succeeded."""
        return self.job is not None and self.job.state is JobState.SUCCEEDED and not self.is_gone


async def _follow(services_: Services, poll: str, until: float, report: Report) -> _Seen:
    pause, shown = FIRST_PAUSE, -1.0
    job: Job | None = None
    at, failure = services_.now(), None
    while True:
        try:
            job = await services_.hostup.get_job(poll)
            at, failure = services_.now(), None
        except NotFoundError:
            return _Seen(job, services_.now(), is_gone=True)
        except HostUpError as error:
            # A failed read says nothing about the job; what an earlier one said still holds.
            if job is None:
                raise
            failure = error
        if job.progress is not None:
            if job.progress > shown:
                shown = job.progress
                await report(shown, 100, job.message)
            job = job.model_copy(update={"progress": shown})
        left = until - anyio.current_time()
        if job.state.is_over or left <= 0 or services_.in_flight.is_stopping:
            return _Seen(job, at, failure=failure)
        await services_.in_flight.sleep(min(left, pause * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter
        pause = min(LONGEST_PAUSE, pause * 1.5)


async def _look_for(services_: Services, write: WriteRecord, wait_seconds: int) -> Found:
    """Look for a write whose response was lost, until more will hardly be known or time is up."""
    until = anyio.current_time() + wait_seconds
    while True:
        found = await look_up(services_, write)
        left = until - anyio.current_time()
        if found.conclusion.is_final or left <= 0 or services_.in_flight.is_stopping:
            return found
        await services_.in_flight.sleep(min(left, WRITE_PAUSE * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter


def _state(seen: _Seen) -> JobState:
    return JobState.GONE if seen.is_gone or seen.job is None else seen.job.state


def _did_not_succeed(seen: _Seen) -> bool:
    return _state(seen) not in (JobState.WAITING, JobState.RUNNING, JobState.SUCCEEDED)


async def _note_end(services_: Services, recovery_id: str, seen: _Seen) -> None:
    """Record that a restore has ended: HostUp may not know its job for long."""
    if seen.job is None:
        return
    with suppress(StateUnavailableError):
        kept = await own(services_, caller(), recovery_id)
        if kept is not None:
            await note_job_end(services_, kept, seen.job)


def _verify(vps_id: str | None) -> str:
    """Say what to do after a restore that HostUp calls complete."""
    if vps_id is None:
        return "HostUp reports success. Call list_vps to find the new server."
    step = f"Call verify_recovery with id {safe_word(vps_id)}"
    return f"HostUp reports success, which does not show that the server is back. {step}."


async def _describe_disk(services_: Services, job: TrackedJob, seen: _Seen) -> str:
    """Say what is known after a restore that is not known to have succeeded."""
    lines = ["The state of the disk is unknown: even a running server may be damaged."]
    if job.is_own_backup and (point := job.restored_point) is not None:
        lines.append(await _describe_backup(services_, job.vps_id, point))
    if seen.is_gone or seen.job is None or seen.job.state is not JobState.UNKNOWN:
        lines.append("Whether to try again is the user's decision.")
    return " ".join(lines)


async def _describe_backup(services_: Services, vps_id: str, backup_id: str) -> str:
    """Say whether the backup that was restored is still listed."""
    backup = safe_word(backup_id)
    try:
        listing = await services_.hostup.list_backups(vps_id)
    except HostUpError:
        return f"Whether the backup {backup} is still listed could not be read."
    if find_backup(listing, backup_id) is None:
        return f"The backup {backup} is not listed any more."
    return f"The backup {backup} is still listed."


def _result(
    services_: Services,
    job_id: str,
    server: ServerName,
    seen: _Seen,
    after: str,
    *,
    message: str | None = None,
    check: str = "",
    way_back: WayBack | None = None,
) -> CallToolResult:
    """Return the result; `message` is in place of the usual one of the job's state.

    `check` says how to look at the server.
    """
    job = None if seen.is_gone else seen.job
    state = _state(seen)
    message = message or _MESSAGES[state].format(check=check)
    if seen.failure is not None:
        why = describe_failure(from_hostup(seen.failure))
        message = f"The last status request failed: {why} {_SINCE_THEN.get(state, message)}"
    if after:
        message = f"{message} {after}"
    now, zone = hostup_now(services_.hostup, services_.now()), services_.viewer.zone
    if way_back is not None:
        message = f"{message} {for_model(way_back, zone)}"
    facts = [f"Job {safe_word(job_id)} on {server}: {state}"]
    if job is not None:
        if job.status is not None and job.status != state:
            facts.append(f"HostUp's word {quoted(job.status)}")
        if job.progress is not None:
            facts.append(f"{number(job.progress)} %")
        said = job.reason or (job.message if state is not JobState.SUCCEEDED else None)
        if said and said not in facts:
            facts.append(quoted(said))
    if seen.failure is not None:
        facts.append(f"last seen {formats.stamp(seen.at, zone)}")
    return to_result(
        [f"{', '.join(facts)}. {now_text(now, zone)}", message],
        {
            "jobId": job_id,
            "writeId": None,
            **about_subject(server, now),
            "state": state,
            "status": None if job is None else job.status,
            "progress": None if job is None else job.progress,
            "seenAt": formats.iso(seen.at),
            "wayBack": None if way_back is None else as_data(way_back),
            "message": message,
        },
    )


_CHECK = "Call list_vps and list_vps_backups to check the current state of the server"

_MESSAGES = {
    JobState.WAITING: "It has not started yet, which is not a failure. Call get_job again.",
    JobState.RUNNING: "It is still running, which is not a failure. Call get_job again.",
    JobState.SUCCEEDED: "HostUp reports success.",
    JobState.FAILED: "HostUp reports failure. {check}, then tell the user.",
    JobState.ENDED_OTHERWISE: "HostUp reports that it ended without success. {check}, then tell "
    "the user.",
    JobState.GONE: "HostUp no longer knows this job, so its outcome is unknown. {check}.",
    JobState.UNKNOWN: "It is not known whether it has finished. Call get_job again, or check the "
    "server with list_vps and list_vps_backups.",
}

_SINCE_THEN = {
    JobState.WAITING: "Whether it has started since is not known. Call get_job again.",
    JobState.RUNNING: "Whether it is still running is not known. Call get_job again.",
}
"""In place of `_MESSAGES`, where the last status request failed."""


TOOL = ReadingTool(
    name="get_job",
    title="Follow a job",
    scope="read:vm",
    read=get_job,
    result=JobResult,
)
