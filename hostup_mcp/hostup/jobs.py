"""Work that continues after the response: what a write started, and the state of a job.

Two envelopes are in use, `{"operation": {...}}` and `{"data": {...}}` with flags, and the words
for states are an open set. A word that is not known is never taken for an end, nor for a success.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, TypeAlias, cast

from hostup_mcp.hostup.base import Model

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


_WORDS = {
    **dict.fromkeys(("pending", "queued", "waiting", "delayed"), JobState.WAITING),
    **dict.fromkeys(("in_progress", "running", "processing"), JobState.RUNNING),
    "completed": JobState.SUCCEEDED,
    **dict.fromkeys(("failed", "failure", "error"), JobState.FAILED),
    **dict.fromkeys(
        ("cancelled", "canceled", "aborted", "expired", "timed_out", "timeout", "rejected"),
        JobState.ENDED_OTHERWISE,
    ),
}


class Document(Model):
    """Any JSON object; its fields are looked at one by one."""

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
    """What a write started: a job to follow (`job_id`), nothing that continues, or not stated."""

    job_id: str | None = None
    poll_url: str | None = None
    state: JobState | None = None
    vps_id: str | None = None


class Job(Model):
    """A job as HostUp describes it.

    `progress` is 0 to 100, `status` HostUp's own word for the state, and `reason` why it failed or
    ended, in HostUp's words.
    """

    state: JobState
    status: str | None = None
    progress: float | None = None
    message: str | None = None
    reason: str | None = None


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
    status = document.text(*operation, "status")
    state = state_of(status)
    status = status or document.text("data", "status") or document.text("data", "state")
    for flag, flagged in _END_FLAGS:
        if state is None and document.get("data", flag) is True:
            state = flagged
    state = state or state_of(status) or _flagged_as_going(document)
    if state is JobState.SUCCEEDED:
        state = _contradiction(document, operation) or state
    state = state or JobState.UNKNOWN
    message = _message(document, operation)
    has_failed = state in (JobState.FAILED, JobState.ENDED_OTHERWISE)
    return Job(
        state=state,
        status=status,
        progress=_progress(document, operation),
        message=message,
        reason=(_reason(document, operation) or message) if has_failed else None,
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


_END_FLAGS = (("isFailed", JobState.FAILED), ("isCompleted", JobState.SUCCEEDED))


def _flagged_as_going(document: Document) -> JobState | None:
    if document.get("data", "isRunning") is True:
        return JobState.RUNNING
    return JobState.WAITING if document.get("data", "isWaiting") is True else None


def _contradiction(document: Document, operation: Steps) -> JobState | None:
    """Return the state that contradicts a job's "completed"; None if nothing does."""
    places = (("operation", "status"), ("data", "operation", "status"), ("data", "status"))
    words = (document.text(*place) for place in (*places, ("data", "state")))
    said = {state_of(word) for word in words} - {None, JobState.SUCCEEDED}
    if (
        JobState.FAILED in said
        or document.get("data", "isFailed") is True
        or any(_has_failed(result) for result in _results(document, operation))
    ):
        return JobState.FAILED
    if JobState.ENDED_OTHERWISE in said:
        return JobState.ENDED_OTHERWISE
    going = said or _flagged_as_going(document) or document.get("data", "isCompleted") is False
    return JobState.UNKNOWN if going else None


def _results(document: Document, operation: Steps) -> Iterator[dict[str, Any]]:
    for place in ((*operation, "result"), ("data", "result"), ("result",)):
        if isinstance(result := document.get(*place), dict):
            yield result


def _has_failed(result: dict[str, Any]) -> bool:
    word = result.get("status")
    return (
        result.get("success") is False
        or _text(result.get("error")) is not None
        or (isinstance(word, str) and state_of(word) is JobState.FAILED)
    )


def _reason(document: Document, operation: Steps) -> str | None:
    holders = (document.get(*operation), document.get("data"), *_results(document, operation))
    for holder in (*holders, document.model_extra):
        for key in _REASON_KEYS:
            if isinstance(holder, dict) and (text := _text(holder.get(key))) is not None:
                return text
    return None


_REASON_KEYS = ("error", "errorMessage", "failureReason", "failedReason", "reason")
_TEXT_KEYS = ("message", "detail", "title", "reason", "error", "code")


def _text(value: object) -> str | None:
    """Return the text of an error, given as a text or as an object with one."""
    if isinstance(value, dict):
        return next((text for key in _TEXT_KEYS if (text := _text(value.get(key)))), None)
    return value if isinstance(value, str) and value else None


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
