"""The result of a write that HostUp accepted."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.jobs import JobState, Started
from hostup_mcp.hostup.text import clean_text, quoted, safe_word
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.names import MAX_NAME, ServerName
from hostup_mcp.server.output import as_data
from hostup_mcp.server.result import to_result
from hostup_mcp.server.writes.consent import THE_NAME, Consent
from hostup_mcp.server.writes.proposal import Destructive, Proposal
from hostup_mcp.wording.questions import what_text
from hostup_mcp.wording.render import for_model

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
    name: str | None = Field(description="Its name, shortened; user-supplied; null if unknown.")
    address: str | None = Field(description="Its main IP address; null if unknown.")
    agreed: dict[str, Any] = Field(
        description="By whom (user, client, nobody), how, and to what; null if nobody was asked."
    )
    wayBack: str | dict[str, Any] | None = Field(
        description="After a restore: the newest backup from before it, as code and facts."
    )
    message: str = Field(description="What happens now.")


class RestoreResult(WriteResult):
    """How far an accepted restore has come."""

    recoveryId: str = Field(description="Its record: hostup://recoveries/{recoveryId}.")


def describe(
    started: Started,
    consent: Consent,
    known: ServerName,
    zone: tzinfo,
    recovery_id: str | None = None,
    seen: str = "",
) -> CallToolResult:
    """Return the result for a write that HostUp accepted.

    `known` is the server as last listed, `seen` what a read showed since.

    `recovery_id` is of the record of a restore.

    Raises:
        RefusalError: HostUp accepted it, and its response says that it failed.
    """
    proposal, server = consent.proposal, _server(consent.proposal, known)
    follow_up = proposal.follow_up
    doing = follow_up.doing_to(str(server))
    if (end := _BAD_ENDS.get(started.state)) is not None:
        said = f"HostUp said: {quoted(started.reason)}." if started.reason else ""
        disk = _DISK if follow_up.restored_point is not None else ""
        raise refuse(texts.JOB_FAILED, doing=doing, end=end, said=f"{said} {disk}".strip())
    done = started.state is JobState.SUCCEEDED or (
        follow_up.effect.is_immediate and started.job_id is None and started.state is None
    )
    # A completed job is not yet a power state that is reached.
    done = done and follow_up.leads_to is None
    verify = "" if recovery_id is None else "verify_recovery shows whether the server is back."
    if done:
        state, next_step = "done", verify or "Done."
    elif started.job_id:
        state = "started"
        then = f", then {verify}" if verify else "."
        next_step = f"Started as job {safe_word(started.job_id)}; follow it with get_job{then}"
    else:
        state = "accepted"
        look = follow_up.where_to_look
        next_step = f"HostUp accepted it and gave no job that can be followed. {look}"
    to = what_text(proposal.question, zone) if isinstance(proposal, Destructive) else None
    parts = [
        f"{doing}.",
        next_step,
        seen,
        f"New server: {safe_word(started.vps_id)}." if started.vps_id else "",
        _agreement(consent, to),
        "" if follow_up.way_back is None else for_model(follow_up.way_back, zone),
    ]
    message = " ".join(filter(None, parts))
    about = ServerName(id=started.vps_id) if started.vps_id else server
    data = {
        "state": state,
        "jobId": started.job_id,
        "vpsId": about.id,
        "name": about.name,
        "address": about.address,
        "agreed": {**consent.as_json(), "to": to},
        "wayBack": None if follow_up.way_back is None else as_data(follow_up.way_back),
        "message": message,
    }
    if recovery_id is not None:
        data["recoveryId"] = recovery_id
    return to_result([message], data)


def _agreement(consent: Consent, to: str | None) -> str:
    """Say who agreed to what, or why nobody had to."""
    match consent.by:
        case "user":
            return f"The user {_how(consent)}, agreeing to: {to}."
        case "client":
            return f"Asking the user was left to the client ({consent.how}): {to}."
        case _:
            return f"The user was {consent.how}."


def _how(consent: Consent) -> str:
    """Say how the user agreed, with what was typed: two servers may have the same name."""
    if not isinstance(consent.proposal, Destructive):
        return consent.how
    return consent.how.replace(THE_NAME, quoted(consent.proposal.question.to_type))


def _server(proposal: Proposal, known: ServerName) -> ServerName:
    """Return the server as it was read for the question, or else as last listed."""
    if not isinstance(proposal, Destructive):
        return known
    read = proposal.question.server
    name = None if read.name is None else clean_text(read.name, MAX_NAME)
    return ServerName(id=read.id, name=name, address=read.address)
