"""The result of a write that HostUp accepted."""

from __future__ import annotations

from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.jobs import JobState, Started
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.result import to_result
from hostup_mcp.server.writes.proposal import Proposal

_BAD_ENDS: dict[JobState | None, str] = {
    JobState.FAILED: "failed",
    JobState.ENDED_OTHERWISE: "ended without success",
}
_DISK = "The state of the disk is unknown: even a running server may be damaged."


class WriteResult(BaseModel):
    """How far an accepted change has come."""

    state: str = Field(description="done, started, or accepted (HostUp gave no job to follow).")
    jobId: str | None = Field(description="Job to follow with get_job; null if none.")
    vpsId: str | None = Field(description="The server it is about; a new one if one was made.")
    message: str = Field(description="What happens now.")


def describe(started: Started, proposal: Proposal) -> CallToolResult:
    """Return the result for a write that HostUp accepted.

    Raises:
        RefusalError: HostUp accepted it, and its response says that it failed.
    """
    doing = proposal.follow_up.doing
    if (end := _BAD_ENDS.get(started.state)) is not None:
        said = f"HostUp said: {quoted(started.reason)}." if started.reason else ""
        disk = _DISK if proposal.follow_up.restored_point is not None else ""
        raise refuse(texts.JOB_FAILED, doing=doing, end=end, said=f"{said} {disk}".strip())
    done = started.state is JobState.SUCCEEDED or (
        proposal.follow_up.is_immediate and started.job_id is None and started.state is None
    )
    # A completed job is not yet a power state that is reached.
    done = done and proposal.follow_up.leads_to is None
    if done:
        state, next_step = "done", "Done."
    elif started.job_id:
        state = "started"
        next_step = f"Started as job {safe_word(started.job_id)}; follow it with get_job."
    else:
        state = "accepted"
        look = proposal.follow_up.where_to_look
        next_step = f"HostUp accepted it and gave no job that can be followed. {look}"
    new = f" New server: {safe_word(started.vps_id)}." if started.vps_id else ""
    message = f"{doing}. {next_step}{new}"
    data = {
        "state": state,
        "jobId": started.job_id,
        "vpsId": started.vps_id or proposal.vps_id,
        "message": message,
    }
    return to_result([message], data)
