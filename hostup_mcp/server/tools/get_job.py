"""`get_job`: the progress of a job."""

from __future__ import annotations

import json
import random
from typing import Annotated

import anyio
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.jobs import Job, JobState
from hostup_mcp.hostup.problems import HostUpError, NotFoundError
from hostup_mcp.hostup.text import quoted, word
from hostup_mcp.server.answer import answer
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.ids import JobId, require_job
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.wording.formats import number

MOST_WAIT = 300
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0


class JobResult(BaseModel):
    """One job as last seen."""

    jobId: str = Field(description="The job.")
    vpsId: str = Field(description="The server it works on.")
    state: str = Field(
        description="waiting, running, completed, failed, ended_otherwise, gone, unknown."
    )
    status: str | None = Field(description="HostUp's own word for the state.")
    progress: float | None = Field(description="Percent done; null if unknown.")
    message: str = Field(description="What the state means, and the next step.")


async def get_job(
    ctx: Ctx,
    jobId: JobId,
    waitSeconds: Annotated[
        int, Field(ge=0, le=MOST_WAIT, description="Longest wait for its end; 0 looks once.")
    ] = 0,
) -> CallToolResult:
    """Reports how far a backup, restore or snapshot job has come, and waits up to waitSeconds for
    its end. If it still runs then, call again. Once it has ended, or where a tool returned no
    jobId, check the server with list_vps and list_vps_backups."""
    noted = json.loads(await require_job(ctx, jobId))
    poll: str | None = noted["poll"]
    if poll is None:
        raise refuse(texts.POLL_URL_REFUSED)
    job, gone = await _follow(ctx, poll, waitSeconds)
    return _result(jobId, noted["vps"], job, gone)


async def _follow(ctx: Ctx, poll: str, wait_seconds: int) -> tuple[Job | None, bool]:
    """The job as last seen, and whether HostUp no longer knows it."""
    hostup = services(ctx).hostup
    until = anyio.current_time() + wait_seconds
    pause, shown = FIRST_PAUSE, -1.0
    job: Job | None = None
    while True:
        try:
            job = await hostup.get_job(poll)
        except NotFoundError:
            return job, True
        except HostUpError:
            # A failed read says nothing about the job; what an earlier one said still holds.
            if job is None:
                raise
        if job.progress is not None:
            if job.progress > shown:
                shown = job.progress
                await ctx.report_progress(shown, 100, job.message)
            job = job.model_copy(update={"progress": shown})
        left = until - anyio.current_time()
        if job.state.is_over or left <= 0:
            return job, False
        await anyio.sleep(min(left, pause * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter
        pause = min(LONGEST_PAUSE, pause * 1.5)


_STATES = {JobState.SUCCEEDED: "completed"}
"""Names of states in results where they differ from ours."""


def _result(job_id: str, vps_id: str, job: Job | None, gone: bool) -> CallToolResult:
    if gone or job is None:
        state, status, progress = "gone", None, None
        message = (
            "HostUp no longer knows this job, so its outcome is unknown. Call list_vps and "
            "list_vps_backups to check the current state of the server."
        )
    else:
        state, status, progress = _STATES.get(job.state, job.state), job.status, job.progress
        message = {
            JobState.SUCCEEDED: "HostUp reports success. Call list_vps to check that it runs.",
            JobState.FAILED: "HostUp reports failure. Call list_vps and list_vps_backups to check "
            "the current state of the server, then tell the user.",
            JobState.RUNNING: "It is still running, which is not a failure. Call get_job again.",
            JobState.WAITING: "It has not started yet, which is not a failure. Call get_job again.",
            JobState.ENDED_OTHERWISE: "HostUp reports that it ended without success. Call list_vps "
            "and list_vps_backups to check the current state of the server, then tell the user.",
            JobState.UNKNOWN: "It is not known whether it has ended. Call get_job again, or check "
            "the server with list_vps and list_vps_backups.",
        }[job.state]
    facts = [f"Job {word(job_id)} on {word(vps_id)}: {state}"]
    if status is not None and status != state:
        facts.append(f"HostUp's word {quoted(status)}")
    if progress is not None:
        facts.append(f"{number(progress)} %")
    if job is not None and not gone and (said := job.reason or job.message):
        facts.append(quoted(said))
    return answer(
        [f"{', '.join(facts)}. {message}"],
        {
            "jobId": job_id,
            "vpsId": vps_id,
            "state": state,
            "status": status,
            "progress": progress,
            "message": message,
        },
    )


TOOL = ReadingTool(
    name="get_job",
    title="Follow a job",
    scope="read:vm",
    read=get_job,
    result=JobResult,
)
