"""Work that continues after the response: what a write started, and the state of a job.

Two envelopes are in use, `{"operation": {...}}` and `{"data": {...}}` with flags; the words for
states are an open set. A word that is not known means "still running": never success by guess.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

from hostup_mcp.hostup.models import Model


class JobState(StrEnum):
    """Where a job is. Anything unheard of counts as running."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


_WORDS = {
    "pending": JobState.WAITING,
    "queued": JobState.WAITING,
    "waiting": JobState.WAITING,
    "delayed": JobState.WAITING,
    "in_progress": JobState.RUNNING,
    "completed": JobState.COMPLETED,
    "failed": JobState.FAILED,
}


class Document(Model):
    """Any JSON object; its fields are looked at one by one."""

    def get(self, *path: str) -> Any:
        """The value at `path`, or None where a step is missing."""
        value: Any = self.model_extra
        for key in path:
            value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
        return value

    def text(self, *path: str) -> str | None:
        """The text at `path`, or None."""
        value = self.get(*path)
        return value if isinstance(value, str) and value else None


class Started(Model):
    """What a write answered: done at once, or a job to follow (`job_id`), or neither told."""

    job_id: str | None = None
    poll_url: str | None = None
    state: JobState | None = None
    vps_id: str | None = None


class Job(Model):
    """One look at a job. `progress` is 0 to 100, `status` HostUp's own word for the state."""

    state: JobState
    status: str | None = None
    progress: float | None = None
    message: str | None = None


def started(document: Document) -> Started:
    """What a write's answer says, in any of the shapes it may have."""
    operation = _operation(document)
    status = document.text(*operation, "status")
    return Started(
        job_id=document.text(*operation, "jobId"),
        poll_url=document.text(*operation, "pollUrl"),
        state=_WORDS.get(status.lower(), JobState.RUNNING) if status else None,
        vps_id=document.text("vpsId") or document.text(*operation, "result", "vpsId"),
    )


def job(document: Document) -> Job:
    """What a job says of itself, in either envelope."""
    operation = _operation(document)
    status = document.text(*operation, "status")
    if status is None:
        status = document.text("data", "status") or document.text("data", "state")
    flags = {
        JobState.FAILED: document.get("data", "isFailed"),
        JobState.COMPLETED: document.get("data", "isCompleted"),
    }
    state = _WORDS.get(status.lower()) if status and document.text(*operation, "status") else None
    state = state or next((s for s, flag in flags.items() if flag is True), None)
    state = state or (_WORDS.get(status.lower()) if status else None)
    if state is JobState.COMPLETED:
        state = _against_success(document) or state
    return Job(
        state=state or JobState.RUNNING,
        status=status,
        progress=_progress(document, operation),
        message=_message(document, operation),
    )


def is_path_on_host(poll_url: str) -> bool:
    """Whether `poll_url` is a plain path, which cannot lead to another host."""
    return (
        poll_url.startswith("/")
        and not poll_url.startswith("//")
        and "\\" not in poll_url
        and poll_url.isascii()
        and poll_url.isprintable()
        and all(part not in (".", "..") for part in poll_url.split("?")[0].split("/"))
    )


def _operation(document: Document) -> tuple[str, ...]:
    top = document.text("operation", "status") or document.text("operation", "jobId")
    nested = isinstance(document.get("data", "operation"), dict)
    return ("data", "operation") if nested and not top else ("operation",)


def _against_success(document: Document) -> JobState | None:
    """What speaks against a success in the same answer; None where nothing does."""
    places = (("operation", "status"), ("data", "operation", "status"), ("data", "status"))
    words = (document.text(*place) for place in (*places, ("data", "state")))
    said = {_WORDS.get(word.lower()) for word in words if word} - {None, JobState.COMPLETED}
    if JobState.FAILED in said or document.get("data", "isFailed") is True:
        return JobState.FAILED
    going = any(document.get("data", flag) is True for flag in ("isRunning", "isWaiting"))
    unfinished = document.get("data", "isCompleted") is False
    return JobState.RUNNING if said or going or unfinished else None


def _progress(document: Document, operation: tuple[str, ...]) -> float | None:
    for path in (
        (*operation, "progress"),
        ("data", "progressDetails", "percentage"),
        ("data", "progress"),
    ):
        value = document.get(*path)
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            # Bounded first: JSON knows whole numbers that no float can hold.
            return float(min(100, max(0, value)))
    return None


def _message(document: Document, operation: tuple[str, ...]) -> str | None:
    return (
        document.text(*operation, "message")
        or document.text("data", "progressDetails", "message")
        or document.text("data", "progressMessage")
    )
