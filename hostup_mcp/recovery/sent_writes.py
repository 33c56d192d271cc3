"""What became of a write whose response was lost: HostUp's audit log, and what can be concluded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.recovery.effects import SETTLED, Shows, Sight

EARLIEST = timedelta(minutes=2)
"""How far before the send time a row may be: clocks differ a little."""

LATEST = timedelta(minutes=5)
"""How long after the send time the request can still have arrived."""


class Trace(StrEnum):
    """What was found of a write in the audit log."""

    ACCEPTED = "accepted"
    """Our request is there, and HostUp accepted it."""
    REFUSED = "refused"
    """Our request is there, and HostUp refused it."""
    RECEIVED = "received"
    """Our request is there; what HostUp made of it cannot be told."""
    MATCHING = "matching"
    """A request of the same kind at that time, possibly ours."""
    NONE = "none"
    """No matching row was found, or the log could not be read, which proves nothing."""
    FORBIDDEN = "forbidden"
    """The key may not read the audit log."""


class Outcome(StrEnum):
    """What can be concluded about a write. Only our own row in the audit log confirms anything."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    PROBABLY_DONE = "probably_done"
    PROBABLY_STARTED = "probably_started"
    PROBABLY_NOT_DONE = "probably_not_done"
    UNKNOWN = "unknown"


class NextStep(StrEnum):
    """What to do about a write whose response was lost."""

    LOOK_AGAIN = "look_again"
    """Look again, up to `SETTLED` after it was sent: more may be known by then."""
    CHECK = "check"
    """Look at the server: it was accepted, or probably carried out."""
    WAIT = "wait"
    """Wait until the gate is open again: a job seems to be running."""
    DECIDE = "decide"
    """The user decides whether to send it again: more will hardly be known."""
    START_OVER = "start_over"
    """Nothing was changed, so the user can ask for it again."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is known of a write, and what to do."""

    outcome: Outcome
    next_step: NextStep

    @property
    def is_final(self) -> bool:
        """Whether looking again would hardly show more."""
        return self.next_step is not NextStep.LOOK_AGAIN


def conclude(trace: Trace, sight: Sight, since_sent: timedelta) -> Conclusion:
    """Return what can be concluded from the audit log and from a read of the server."""
    if trace is Trace.REFUSED:
        return Conclusion(Outcome.REFUSED, NextStep.START_OVER)
    if trace is Trace.ACCEPTED:
        return Conclusion(Outcome.ACCEPTED, NextStep.CHECK)
    is_late = since_sent >= SETTLED
    outcome = _probable(sight, is_late=is_late)
    can_be_confirmed = trace is not Trace.FORBIDDEN or sight.shows is not Shows.DONE
    if not is_late and can_be_confirmed:
        return Conclusion(outcome, NextStep.LOOK_AGAIN)
    if sight.shows is Shows.STARTED:
        return Conclusion(outcome, NextStep.WAIT)
    is_probable = outcome in (Outcome.PROBABLY_DONE, Outcome.PROBABLY_STARTED)
    return Conclusion(outcome, NextStep.CHECK if is_probable else NextStep.DECIDE)


def _probable(sight: Sight, *, is_late: bool) -> Outcome:
    if sight.shows is Shows.DONE:
        return Outcome.PROBABLY_DONE
    # Later, another job may be what closes the gate.
    if sight.was_started or (sight.shows is Shows.STARTED and not is_late):
        return Outcome.PROBABLY_STARTED
    is_missing = sight.shows is Shows.NOT_DONE and sight.effect.is_immediate
    return Outcome.PROBABLY_NOT_DONE if is_missing and is_late else Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class SentWrite:
    """A write that was sent, as the audit log would show it."""

    id: str
    """Unique to this write; its User-Agent ends in it."""
    method: str
    path: str
    sent_at: datetime


def find_trace(write: SentWrite, rows: Iterable[AuditRow]) -> tuple[Trace, AuditRow | None]:
    """Return what `rows` say about `write`, and the row that says it."""
    matching = None
    for row in rows:
        if row.write_id == write.id:
            return _outcome(row), row
        if matching is None and _matches(write, row):
            matching = row
    return (Trace.NONE if matching is None else Trace.MATCHING), matching


def _outcome(row: AuditRow) -> Trace:
    status = row.status_code
    if row.success is not True:
        is_refused = status is not None and 400 <= status < 500
        return Trace.REFUSED if is_refused else Trace.RECEIVED
    # Of the others, a 200 among them, HostUp does not document that they accept a write.
    is_accepted = status in (202, 204) and not row.error_message
    return Trace.ACCEPTED if is_accepted else Trace.RECEIVED


def _matches(write: SentWrite, row: AuditRow) -> bool:
    at = row.occurred
    return (
        row.method == write.method
        and at is not None
        and write.sent_at - EARLIEST <= at <= write.sent_at + LATEST
        and row.path is not None
        and _is_same_path(write.path, row.path)
        # Another write of this program is not this one.
        and row.write_id is None
    )


def _is_same_path(sent: str, recorded: str) -> bool:
    if recorded.startswith("/api/v2/"):
        return recorded == sent
    # HostUp may record an older, internal path; its end is all that can be compared.
    below_server = sent.split("/", 5)[-1]
    return recorded.endswith("/" + below_server)
