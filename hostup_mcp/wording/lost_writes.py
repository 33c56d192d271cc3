"""What became of a write whose response was lost, in words for a model."""

from __future__ import annotations

from datetime import datetime, tzinfo

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.hostup.live import Cancellation, CancellationState
from hostup_mcp.hostup.models import Gate, Vps
from hostup_mcp.hostup.requests import PowerAction
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.effects import (
    BackupDeleted,
    BackupMade,
    DiskRestored,
    Effect,
    PowerSet,
    RetentionSet,
    ScheduleSet,
    ServerBuilt,
    ServerCancelled,
    Shows,
    Sight,
    SnapshotDeleted,
    SnapshotMade,
)
from hostup_mcp.recovery.sent_writes import Conclusion, NextStep, Outcome, Trace
from hostup_mcp.wording import formats
from hostup_mcp.wording.phrases import date_text

_UNFINISHED = "HostUp does not say whether it is finished"
_JUST_BEFORE = "which was open just before the request was sent, is closed now"


def describe_sight(sight: Sight, sent_at: datetime, zone: tzinfo) -> str:
    """Say what a read of the server shows; `sent_at` is by HostUp's clock."""
    if sight.shows is Shows.UNREAD:
        return "The current state of the server could not be read."
    match sight.effect:
        case BackupMade():
            return _new_backup(sight, sent_at, zone)
        case BackupDeleted(id_):
            return f"The backup {safe_word(id_)} {_LISTED[sight.shows]}."
        case SnapshotDeleted(name):
            return f"The snapshot {safe_word(name)} {_LISTED[sight.shows]}."
        case SnapshotMade(name):
            if sight.shows is Shows.DONE:
                return f"The snapshot {safe_word(name)} is listed; {_UNFINISHED}."
            return f"The snapshot {safe_word(name)} is not listed; it may not be finished."
        case ScheduleSet(settings):
            return (_SCHEDULE if settings else _NO_SCHEDULE)[sight.shows]
        case RetentionSet():
            return _RETENTION[sight.shows]
        case PowerSet():
            if sight.power_state is None:
                return "HostUp does not state the power state of the server."
            state = safe_word(sight.power_state)
            return f"The power state of the server is {state}; a change may take a minute to show."
        case DiskRestored():
            return _restore_gate(sight)
        case ServerBuilt(name):
            return _new_server(name, sight.server)
        case ServerCancelled():
            return _cancellation(sight.cancellation or Cancellation(), zone)


_LISTED = {
    Shows.DONE: "is no longer listed",
    Shows.NOT_DONE: "is still listed",
    Shows.NOTHING: "is not listed, but the list may be incomplete",
}
_SCHEDULE = {
    Shows.DONE: "HostUp shows the schedule that was sent.",
    Shows.AS_BEFORE: "HostUp shows the schedule that was sent, as it did before the request.",
    Shows.NOT_DONE: "HostUp shows no schedule that is on.",
    Shows.NOTHING: "HostUp does not show this schedule, unless in other words.",
}
_NO_SCHEDULE = {
    Shows.DONE: "HostUp shows no schedule that is on.",
    Shows.AS_BEFORE: "HostUp shows no schedule that is on, as before the request.",
    Shows.NOT_DONE: "HostUp still shows a schedule that is on.",
    Shows.NOTHING: "HostUp does not say whether a schedule is on.",
}
_RETENTION = {
    Shows.DONE: "HostUp shows the retention that was sent.",
    Shows.NOT_DONE: "HostUp shows another retention.",
    Shows.NOTHING: "HostUp does not show the retention.",
}


def _new_server(name: str, found: Vps | None) -> str:
    if found is None:
        return f"No server named {quoted(name)} is listed; HostUp may give it another name."
    return (
        f"A server with the name that only this request has, {quoted(name)}, is listed "
        f"({safe_word(found.id)}) and costs money."
    )


def _cancellation(found: Cancellation, zone: tzinfo) -> str:
    """Say what HostUp shows of a cancellation, and what is known of when the charge stops."""
    match found.state:
        case CancellationState.NONE:
            shown = "HostUp shows no cancellation (yet)."
        case CancellationState.UNKNOWN:
            status = "has no status" if found.status is None else f"is {quoted(found.status)}"
            shown = f"HostUp's cancellation {status}, which is not known."
        case state:
            shown = f"HostUp shows the cancellation as {state}."
    if found.scheduled is not None:
        shown += f" It is due at {formats.stamp(found.scheduled, zone)}."
    if found.cancelled_pending_order:
        shown += " Only an order that was still pending was cancelled."
    return (
        f"{shown} HostUp does not document when the hourly charge stops; assume that it goes on "
        "until the server is gone."
    )


def _new_backup(sight: Sight, sent_at: datetime, zone: tzinfo) -> str:
    backup = sight.backup
    if backup is None:
        if sight.shows is Shows.STARTED:
            return (
                "No new backup is listed yet, but HostUp's gate for new backups, "
                f"{_JUST_BEFORE}{_reason(sight.gate)}."
            )
        closed = (
            " HostUp's gate for new backups was closed soon after the request was sent, as while a "
            "job runs."
        )
        listed = "No new backup is listed; HostUp may list it only once it is finished."
        return f"{listed}{closed * sight.was_started}"
    facts = f"{date_text(backup.created_at, backup.created, zone)}, {formats.size(backup.size_gb)}"
    if backup.created is None:
        return f"A new backup is listed, {safe_word(backup.id)} ({facts}); {_UNFINISHED}."
    after = formats.span(backup.created - sent_at)
    return (
        f"The backup {safe_word(backup.id)} ({facts}) was created {after} after the request was "
        f"sent; {_UNFINISHED}."
    )


def _restore_gate(sight: Sight) -> str:
    if sight.gate is None:
        return "HostUp does not say whether a job is running on the server."
    if not sight.gate.allowed:
        return f"HostUp's restore gate, {_JUST_BEFORE}{_reason(sight.gate)}."
    if sight.was_started:
        return (
            "HostUp's restore gate was closed soon after the request was sent, as while a job "
            "runs, and is open again."
        )
    return (
        "HostUp's restore gate is open: the restore was not carried out, has not begun yet, or has "
        "ended."
    )


def _reason(gate: Gate | None) -> str:
    return "" if gate is None or not gate.reason else f" ({quoted(gate.reason)})"


def describe_lead(outcome: Outcome) -> str:
    """Say, after the sentence that the outcome is not known for certain, what is probable."""
    return _LEADS.get(outcome, "")


_LEADS = {
    Outcome.PROBABLY_DONE: "It was probably carried out.",
    Outcome.PROBABLY_STARTED: "It was probably started.",
}


def describe_outcome(conclusion: Conclusion) -> str:
    """Say in a few words what is concluded."""
    if conclusion.outcome is Outcome.UNKNOWN and not conclusion.is_final:
        return "Not known yet"
    return _OUTCOMES[conclusion.outcome]


_OUTCOMES = {
    Outcome.ACCEPTED: "Accepted by HostUp",
    Outcome.REFUSED: "Refused by HostUp; nothing was changed",
    Outcome.PROBABLY_DONE: "Probably carried out, but not confirmed",
    Outcome.PROBABLY_STARTED: "Probably started, but not confirmed",
    Outcome.PROBABLY_NOT_DONE: "Probably not carried out",
    Outcome.UNKNOWN: "Not known, and likely to stay so",
}


def describe_step(conclusion: Conclusion, effect: Effect, until: str) -> str:
    """Say what to do next; `until` is when to look for the last time."""
    match conclusion.next_step:
        case NextStep.LOOK_AGAIN:
            return (
                f"Tell the user what is known. Call get_job with this writeId again at {until}, or "
                "earlier to see whether more is known; do not send the request again before then."
            )
        case NextStep.CHECK:
            more = "" if conclusion.outcome is Outcome.ACCEPTED else f"{_NO_MORE} "
            return f"{more}Tell the user."
        case NextStep.WAIT:
            return (
                f"{_NO_MORE} A job may be running: wait until the gate is open again, then check "
                "the server. Do not send the request again before that."
            )
        case NextStep.START_OVER:
            return "Tell the user; if they still want it, it takes a new call."
        case NextStep.DECIDE:
            twice = _twice(effect)
            return (
                f"{_NO_MORE} Tell the user; they may now decide whether to send it again, with a "
                f"new call. {twice and f'If this request was carried out after all, {twice}'}"
            ).strip()


_NO_MORE = "Looking again will hardly show more."


def _twice(effect: Effect) -> str:
    match effect:
        case BackupMade():
            return "there will be two backups."
        case DiskRestored():
            return "the server will be overwritten a second time."
        case ServerBuilt():
            return "there will be two paid servers."
        case PowerSet(PowerAction.RESTART):
            return "the server will restart a second time."
        case _:
            return ""


def describe_trace(trace: Trace, row: AuditRow | None, zone: tzinfo, *, is_immediate: bool) -> str:
    """Say what HostUp's audit log shows; `is_immediate` for a write that starts no job."""
    seen = "" if row is None else _facts(row, zone)
    job = "" if is_immediate else " It does not show whether the job succeeded."
    return _TRACES[trace].format(seen=seen, job=job)


_TRACES = {
    Trace.ACCEPTED: "HostUp's audit log shows this request as accepted{seen}.{job}",
    Trace.REFUSED: "HostUp's audit log shows this request as refused{seen}.",
    Trace.RECEIVED: "HostUp's audit log shows this request{seen}, but not whether it was accepted.",
    Trace.MATCHING: "HostUp's audit log shows a matching request, possibly this one{seen}.",
    Trace.NONE: "HostUp's audit log does not show this request, which proves nothing: entries may "
    "be late or missing.",
    Trace.FORBIDDEN: "This key may not read HostUp's audit log, which could show whether the "
    "request arrived; a key with the scope audit:read can.",
}

LOG_UNREADABLE = "HostUp's audit log could not be read: {why}"


def _facts(row: AuditRow, zone: tzinfo) -> str:
    at = row.occurred_at
    facts = (
        ("at", None if at is None else date_text(at, row.occurred, zone)),
        ("status", row.status_code),
        ("error", None if row.error_message is None else quoted(row.error_message)),
        ("request id", None if row.request_id is None else safe_word(row.request_id)),
    )
    known = [f"{label} {value}" for label, value in facts if value is not None]
    return f" ({', '.join(known)})" if known else ""
