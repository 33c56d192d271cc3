"""Work that continues after the response: what a write started, and the state of a job.

Two envelopes are in use, `{"operation": {...}}` and `{"data": {...}}` with flags, and the words
for states are an open set. A word that is not known is never taken for an end, nor for a success.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias, cast

from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.models import parse_time
from hostup_mcp.hostup.stated import ERROR_KEYS, REFUSALS, holders, states_error, text_of

Steps: TypeAlias = tuple[str, ...]


class JobState(StrEnum):
    """The state of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ENDED_OTHERWISE = "ended_otherwise"
    """It finished without success, for example because it was cancelled."""
    GONE = "gone"
    """HostUp no longer knows the job, so its outcome is unknown."""
    UNKNOWN = "unknown"
    """HostUp's word for the state is not known, so the job may or may not have finished."""

    @property
    def is_over(self) -> bool:
        """Whether the job has finished."""
        return self not in (JobState.WAITING, JobState.RUNNING, JobState.UNKNOWN)


BAD_ENDS = (JobState.FAILED, JobState.ENDED_OTHERWISE)
"""HostUp said that the job finished without success."""

_WORDS = {
    **dict.fromkeys(("pending", "queued", "waiting", "delayed"), JobState.WAITING),
    **dict.fromkeys(("in_progress", "running", "processing"), JobState.RUNNING),
    "completed": JobState.SUCCEEDED,
    **dict.fromkeys(("failed", "failure", "error"), JobState.FAILED),
    **dict.fromkeys(
        ("cancelled", "canceled", "aborted", "expired", "timed_out", "timeout", *REFUSALS),
        JobState.ENDED_OTHERWISE,
    ),
}


class Document(Model):
    """Any JSON object; its fields are looked at one by one."""

    may_state_error: ClassVar[bool] = True

    def get(self, *path: str) -> Any:
        """Return the value at `path`, or None if a step is missing."""
        value: Any = self.model_extra
        for key in path:
            value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
        return value

    def text(self, *path: str) -> str | None:
        """Return the text at `path`, or None."""
        value = self.get(*path)
        return value if isinstance(value, str) and value else None


class Started(Model):
    """What a write started: a job to follow (`job_id`), nothing that continues, or not stated.

    `reason` is why it failed or ended at once, in HostUp's words. `vps_id` is a new server, with
    the order that pays for it.
    """

    job_id: str | None = None
    poll_url: str | None = None
    state: JobState | None = None
    reason: str | None = None
    vps_id: str | None = None
    order_id: str | None = None


class Job(Model):
    """A job as HostUp describes it.

    `progress` is 0 to 100, `status` HostUp's own word for the state, and `reason` why it failed,
    ended or may have failed, in HostUp's words.
    """

    state: JobState
    status: str | None = None
    progress: float | None = None
    message: str | None = None
    reason: str | None = None
    finished_at: str | None = None

    @property
    def finished(self) -> datetime | None:
        """When it ended, by HostUp's clock, or None if that is unknown."""
        return parse_time(self.finished_at)


def state_of(word: str | None) -> JobState | None:
    """Return the state that HostUp's `word` stands for; None if it is unknown."""
    return None if word is None else _WORDS.get(word.lower())


def operation_path(document: Document) -> Steps:
    """Return the path of the operation: the top level, or `data`."""
    top = document.text("operation", "status") or document.text("operation", "jobId")
    nested = isinstance(document.get("data", "operation"), dict)
    return ("data", "operation") if nested and not top else ("operation",)


def job(document: Document) -> Job:
    """Return the state of a job, from either envelope."""
    operation = operation_path(document)
    progress, message = _progress(document, operation), _message(document, operation)
    state = _state(document, progress)
    has_ended_badly = state in BAD_ENDS
    reason = None
    if has_ended_badly or state is JobState.UNKNOWN:
        reason = _reason(document, operation, _ERROR_KEYS)
    if reason is None and has_ended_badly:
        reason = _reason(document, operation, ("detail", "message")) or message
        reason = reason or _result_text(document)
    return Job(
        state=state,
        status=document.text(*operation, "status")
        or document.text("data", "status")
        or document.text("data", "state"),
        progress=progress,
        message=message,
        reason=reason,
        finished_at=document.text(*operation, "finishedAt") or document.text("data", "finishedAt"),
    )


def is_path_on_host(poll_url: str) -> bool:
    """Return whether `poll_url` is a plain path, which cannot lead to another host."""
    return (
        poll_url.startswith("/")
        and not poll_url.startswith("//")
        and "\\" not in poll_url
        and poll_url.isascii()
        and poll_url.isprintable()
        and all(part not in (".", "..") for part in poll_url.split("?")[0].split("/"))
    )


_FLAGS = {
    "isFailed": JobState.FAILED,
    "isCompleted": JobState.SUCCEEDED,
    "isRunning": JobState.RUNNING,
    "isWaiting": JobState.WAITING,
}
_ENVELOPES: tuple[Steps, ...] = (("operation",), ("data", "operation"), ("data",))


def _state(document: Document, progress: float | None) -> JobState:
    """Return the state on which all words and flags agree; a failure outweighs the others."""
    said = {state_of(document.text(*place, "status")) for place in _ENVELOPES}
    said.add(state_of(document.text("data", "state")))
    for place in _ENVELOPES:
        said |= {state for flag, state in _FLAGS.items() if document.get(*place, flag) is True}
    if JobState.FAILED in said:
        return JobState.FAILED
    is_error = _states_error(document)
    if said & {JobState.WAITING, JobState.RUNNING}:
        if is_error or said & {JobState.SUCCEEDED, JobState.ENDED_OTHERWISE}:
            return JobState.UNKNOWN
        has_begun = JobState.RUNNING in said or bool(progress)
        return JobState.RUNNING if has_begun else JobState.WAITING
    if JobState.ENDED_OTHERWISE in said:
        return JobState.ENDED_OTHERWISE
    if JobState.SUCCEEDED not in said:
        return JobState.UNKNOWN
    if is_error:
        return JobState.FAILED
    is_open = document.get("data", "isCompleted") is False
    return JobState.UNKNOWN if is_open else JobState.SUCCEEDED


def _states_error(document: Document) -> bool:
    """Return whether anything but the state itself says that the job went wrong."""
    words = [document.get("status"), document.get("state")]
    for place in _RESULTS:
        words += [document.get(*place), document.get(*place, "status")]
    return any(map(states_error, holders(document.model_extra or {}))) or any(
        isinstance(word, str) and state_of(word) in BAD_ENDS for word in words
    )


_RESULTS: tuple[Steps, ...] = (
    ("operation", "result"),
    ("data", "operation", "result"),
    ("data", "result"),
    ("result",),
)
_ERROR_KEYS = (*ERROR_KEYS, "reason")


def _reason(document: Document, operation: Steps, keys: tuple[str, ...]) -> str | None:
    inner = (document.get(*place) for place in (operation, ("data",), *_RESULTS))
    for holder in (*inner, document.model_extra):
        for key in keys:
            if isinstance(holder, dict) and (text := text_of(holder.get(key))) is not None:
                return text
    return None


def _result_text(document: Document) -> str | None:
    """Return a result that is a text, unless it is only a word for the state."""
    texts = (document.text(*place) for place in _RESULTS)
    return next((text for text in texts if text and state_of(text) is None), None)


def _progress(document: Document, operation: Steps) -> float | None:
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


def _message(document: Document, operation: Steps) -> str | None:
    return (
        document.text(*operation, "message")
        or document.text("data", "progressDetails", "message")
        or document.text("data", "progressMessage")
    )
