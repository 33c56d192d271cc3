"""What HostUp's audit log proves of a lost write, what it does not, and what is concluded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.recovery.effects import (
    SETTLED,
    BackupDeleted,
    BackupMade,
    DiskRestored,
    Effect,
    ScheduleSet,
    Shows,
    Sight,
)
from hostup_mcp.recovery.sent_writes import (
    EARLIEST,
    LATEST,
    Conclusion,
    NextStep,
    Outcome,
    SentWrite,
    Trace,
    conclude,
    find_trace,
)

SENT = datetime(2026, 4, 27, 11, 32, tzinfo=UTC)
PATH = "/api/v2/vps/vps_1/backups/bkp_1/actions/restore"
WRITE = SentWrite("0123456789abcdef", "POST", PATH, SENT)
OURS = "hostup-mcp/1.0 (write 0123456789abcdef)"
SECOND = timedelta(seconds=1)


def row(at: datetime | None = SENT, **fields: Any) -> AuditRow:
    known: dict[str, Any] = {
        "method": "POST",
        "path": PATH,
        "user_agent": None,
        "status_code": 202,
        "success": True,
        "occurred_at": None if at is None else at.isoformat(),
        **fields,
    }
    return AuditRow(**known)


@pytest.mark.parametrize(
    ("status", "success", "trace"),
    [
        (200, True, Trace.RECEIVED),
        (202, True, Trace.ACCEPTED),
        (204, True, Trace.ACCEPTED),
        (201, True, Trace.RECEIVED),
        (202, False, Trace.RECEIVED),
        (202, None, Trace.RECEIVED),
        (None, True, Trace.RECEIVED),
        (500, False, Trace.RECEIVED),
        (399, False, Trace.RECEIVED),
        (400, False, Trace.REFUSED),
        (409, None, Trace.REFUSED),
        (499, False, Trace.REFUSED),
        (409, True, Trace.RECEIVED),
    ],
)
def test_our_row_gives_the_outcome(status: int | None, success: bool | None, trace: Trace) -> None:
    ours = row(user_agent=OURS, status_code=status, success=success)
    assert find_trace(WRITE, [row(), ours]) == (trace, ours)


def test_a_row_with_an_error_is_not_accepted() -> None:
    ours = row(user_agent=OURS, error_message="disk quota")
    assert find_trace(WRITE, [ours]) == (Trace.RECEIVED, ours)


def test_our_row_counts_despite_other_fields() -> None:
    ours = row(None, user_agent=OURS, method=None, path=None)
    assert find_trace(WRITE, [ours]) == (Trace.ACCEPTED, ours)


@pytest.mark.parametrize(
    "like",
    [
        row(),
        row(user_agent="curl/8"),
        row(SENT - EARLIEST),
        row(SENT + LATEST),
        row(path="/api/vm/101/backups/bkp_1/actions/restore"),
    ],
)
def test_a_similar_row_is_only_possibly_ours(like: AuditRow) -> None:
    assert find_trace(WRITE, [like, row()]) == (Trace.MATCHING, like)


@pytest.mark.parametrize(
    "other",
    [
        row(None),
        row(SENT - EARLIEST - SECOND),
        row(SENT + LATEST + SECOND),
        row(method="DELETE"),
        row(method=None),
        row(path=None),
        row(path="/api/v2/vps/vps_2/backups/bkp_1/actions/restore"),
        row(path="/api/vm/101/backups/bkp_2/actions/restore"),
        row(path="/api/vm/101/snapshots/bkp_1/actions/restore"),
        row(path="/api/vm/101/other-backups/bkp_1/actions/restore/now"),
        row(user_agent="hostup-mcp/1.0 (write fedcba9876543210)"),
    ],
)
def test_other_rows_are_not_ours(other: AuditRow) -> None:
    assert find_trace(WRITE, [other]) == (Trace.NONE, None)


def test_no_rows_prove_nothing() -> None:
    assert find_trace(WRITE, []) == (Trace.NONE, None)


SOON, LATE = SETTLED - SECOND, SETTLED
DELETED, MADE, RESTORED = BackupDeleted("bkp_1"), BackupMade(()), DiskRestored(from_snapshot=False)
OFF = ScheduleSet({}, was_so=True)
OPEN_ENDED = [Trace.NONE, Trace.MATCHING, Trace.RECEIVED, Trace.FORBIDDEN]


@pytest.mark.parametrize("trace", OPEN_ENDED)
@pytest.mark.parametrize(
    ("effect", "shows", "was_started", "soon", "late", "at_last"),
    [
        (MADE, Shows.DONE, False, Outcome.PROBABLY_DONE, Outcome.PROBABLY_DONE, NextStep.CHECK),
        (MADE, Shows.DONE, True, Outcome.PROBABLY_DONE, Outcome.PROBABLY_DONE, NextStep.CHECK),
        (MADE, Shows.STARTED, False, Outcome.PROBABLY_STARTED, Outcome.UNKNOWN, NextStep.WAIT),
        (
            RESTORED,
            Shows.STARTED,
            True,
            Outcome.PROBABLY_STARTED,
            Outcome.PROBABLY_STARTED,
            NextStep.WAIT,
        ),
        (
            RESTORED,
            Shows.NOTHING,
            True,
            Outcome.PROBABLY_STARTED,
            Outcome.PROBABLY_STARTED,
            NextStep.CHECK,
        ),
        (
            MADE,
            Shows.UNREAD,
            True,
            Outcome.PROBABLY_STARTED,
            Outcome.PROBABLY_STARTED,
            NextStep.CHECK,
        ),
        (MADE, Shows.NOT_DONE, False, Outcome.UNKNOWN, Outcome.UNKNOWN, NextStep.DECIDE),
        (
            DELETED,
            Shows.NOT_DONE,
            False,
            Outcome.UNKNOWN,
            Outcome.PROBABLY_NOT_DONE,
            NextStep.DECIDE,
        ),
        (OFF, Shows.AS_BEFORE, False, Outcome.UNKNOWN, Outcome.UNKNOWN, NextStep.DECIDE),
        (DELETED, Shows.NOTHING, False, Outcome.UNKNOWN, Outcome.UNKNOWN, NextStep.DECIDE),
        (DELETED, Shows.UNREAD, False, Outcome.UNKNOWN, Outcome.UNKNOWN, NextStep.DECIDE),
    ],
)
def test_what_is_concluded_soon_and_at_last(
    trace: Trace,
    effect: Effect,
    shows: Shows,
    was_started: bool,
    soon: Outcome,
    late: Outcome,
    at_last: NextStep,
) -> None:
    sight = Sight(effect, shows, was_started=was_started)
    # Without the log, what is there already cannot be confirmed by looking again.
    is_all = trace is Trace.FORBIDDEN and shows is Shows.DONE
    first = NextStep.CHECK if is_all else NextStep.LOOK_AGAIN
    assert conclude(trace, sight, SOON) == Conclusion(soon, first)
    assert conclude(trace, sight, LATE) == Conclusion(late, at_last)


@pytest.mark.parametrize("since", [SOON, LATE])
@pytest.mark.parametrize("shows", Shows)
@pytest.mark.parametrize(
    ("trace", "outcome", "step"),
    [
        (Trace.ACCEPTED, Outcome.ACCEPTED, NextStep.CHECK),
        (Trace.REFUSED, Outcome.REFUSED, NextStep.START_OVER),
    ],
)
def test_our_row_decides_whatever_is_seen(
    trace: Trace, outcome: Outcome, step: NextStep, shows: Shows, since: timedelta
) -> None:
    assert conclude(trace, Sight(DELETED, shows), since) == Conclusion(outcome, step)


@pytest.mark.parametrize("step", NextStep)
def test_only_a_last_look_is_final(step: NextStep) -> None:
    assert Conclusion(Outcome.UNKNOWN, step).is_final is (step is not NextStep.LOOK_AGAIN)


def test_the_request_has_arrived_by_the_last_look() -> None:
    assert LATEST < SETTLED
