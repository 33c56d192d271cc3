"""What became of a write whose response was lost, in words for a model."""

from datetime import UTC, datetime, timedelta

import pytest

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.hostup.live import Cancellation
from hostup_mcp.hostup.models import Backup, Gate, Vps
from hostup_mcp.hostup.requests import PowerAction
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
from hostup_mcp.wording.lost_writes import (
    describe_lead,
    describe_outcome,
    describe_sight,
    describe_step,
    describe_trace,
)

SENT = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
MADE, RESTORED = BackupMade(()), DiskRestored(from_snapshot=False)
BUSY, SILENT = Gate(allowed=False, reason="Busy."), Gate(allowed=False)
OPEN = Gate(allowed=True)
UNFINISHED = "HostUp does not say whether it is finished."
LISTED_LATE = "No new backup is listed; HostUp may list it only once it is finished."
CHARGE = (
    "HostUp does not document when the hourly charge stops; assume that it goes on until the "
    "server is gone."
)
CLOSED = "which was open just before the request was sent, is closed now"


def backup(after: timedelta | None, size: float | None = 12.5) -> Backup:
    created = None if after is None else (SENT + after).isoformat()
    return Backup(id="bkp_1", created_at=created, size_gb=size)


@pytest.mark.parametrize(
    ("sight", "words"),
    [
        (
            Sight(MADE, Shows.DONE, backup=backup(timedelta(seconds=9))),
            "The backup bkp_1 (Mon 2026-04-27 10:00 UTC, 12.5 GB) was created less than a minute "
            f"after the request was sent; {UNFINISHED}",
        ),
        (
            Sight(MADE, Shows.DONE, backup=backup(timedelta(minutes=3), None)),
            "The backup bkp_1 (Mon 2026-04-27 10:03 UTC, size unknown) was created 3 minutes "
            f"after the request was sent; {UNFINISHED}",
        ),
        (
            Sight(MADE, Shows.DONE, backup=backup(timedelta(seconds=-1))),
            "The backup bkp_1 (Mon 2026-04-27 09:59 UTC, 12.5 GB) was created less than a minute "
            f"after the request was sent; {UNFINISHED}",
        ),
        (
            Sight(MADE, Shows.DONE, backup=backup(None)),
            f"A new backup is listed, bkp_1 (date unknown, 12.5 GB); {UNFINISHED}",
        ),
        (
            Sight(MADE, Shows.STARTED, gate=BUSY),
            f'No new backup is listed yet, but HostUp\'s gate for new backups, {CLOSED} ("Busy.").',
        ),
        (
            Sight(MADE, Shows.STARTED, gate=SILENT),
            f"No new backup is listed yet, but HostUp's gate for new backups, {CLOSED}.",
        ),
        (Sight(MADE, Shows.NOT_DONE, gate=OPEN), LISTED_LATE),
        (
            Sight(MADE, Shows.NOT_DONE, gate=OPEN, was_started=True),
            f"{LISTED_LATE} HostUp's gate for new backups was closed soon after the request was "
            "sent, as while a job runs.",
        ),
        (Sight(BackupDeleted("bkp_1"), Shows.DONE), "The backup bkp_1 is no longer listed."),
        (Sight(BackupDeleted("bkp_1"), Shows.NOT_DONE), "The backup bkp_1 is still listed."),
        (
            Sight(BackupDeleted("bkp_1"), Shows.NOTHING),
            "The backup bkp_1 is not listed, but the list may be incomplete.",
        ),
        (Sight(SnapshotDeleted("s"), Shows.DONE), "The snapshot s is no longer listed."),
        (Sight(SnapshotMade("s"), Shows.DONE), f"The snapshot s is listed; {UNFINISHED}"),
        (
            Sight(SnapshotMade("s"), Shows.NOT_DONE),
            "The snapshot s is not listed; it may not be finished.",
        ),
        (
            Sight(ScheduleSet({"hour": 3}), Shows.DONE),
            "HostUp shows the schedule that was sent.",
        ),
        (
            Sight(ScheduleSet({"hour": 3}), Shows.NOT_DONE),
            "HostUp shows no schedule that is on.",
        ),
        (
            Sight(ScheduleSet({"hour": 3}), Shows.NOTHING),
            "HostUp does not show this schedule, unless in other words.",
        ),
        (
            Sight(ScheduleSet({"hour": 3}), Shows.AS_BEFORE),
            "HostUp shows the schedule that was sent, as it did before the request.",
        ),
        (Sight(ScheduleSet({}), Shows.DONE), "HostUp shows no schedule that is on."),
        (
            Sight(ScheduleSet({}), Shows.AS_BEFORE),
            "HostUp shows no schedule that is on, as before the request.",
        ),
        (Sight(ScheduleSet({}), Shows.NOT_DONE), "HostUp still shows a schedule that is on."),
        (
            Sight(ScheduleSet({}), Shows.NOTHING),
            "HostUp does not say whether a schedule is on.",
        ),
        (Sight(RetentionSet(5, None), Shows.DONE), "HostUp shows the retention that was sent."),
        (Sight(RetentionSet(5, None), Shows.NOT_DONE), "HostUp shows another retention."),
        (Sight(RetentionSet(5, None), Shows.NOTHING), "HostUp does not show the retention."),
        (
            Sight(PowerSet(PowerAction.STOP), Shows.NOT_DONE, power_state="running"),
            "The power state of the server is running; a change may take a minute to show.",
        ),
        (
            Sight(PowerSet(PowerAction.STOP), Shows.NOTHING),
            "HostUp does not state the power state of the server.",
        ),
        (Sight(RESTORED, Shows.STARTED, gate=SILENT), f"HostUp's restore gate, {CLOSED}."),
        (
            Sight(RESTORED, Shows.STARTED, gate=BUSY, was_started=True),
            f'HostUp\'s restore gate, {CLOSED} ("Busy.").',
        ),
        (
            Sight(RESTORED, Shows.NOTHING, gate=OPEN),
            "HostUp's restore gate is open: the restore was not carried out, has not begun yet, "
            "or has ended.",
        ),
        (
            Sight(RESTORED, Shows.NOTHING, gate=OPEN, was_started=True),
            "HostUp's restore gate was closed soon after the request was sent, as while a job "
            "runs, and is open again.",
        ),
        (
            Sight(RESTORED, Shows.NOTHING),
            "HostUp does not say whether a job is running on the server.",
        ),
        (
            Sight(ServerCancelled(), Shows.DONE, cancellation=Cancellation(status="pending")),
            f"HostUp shows the cancellation as pending. {CHARGE}",
        ),
        (
            Sight(
                ServerCancelled(),
                Shows.DONE,
                cancellation=Cancellation(
                    status="scheduled",
                    scheduled_at="2026-04-27T10:00:00Z",
                    cancelled_pending_order=True,
                ),
            ),
            "HostUp shows the cancellation as scheduled. It is due at Mon 2026-04-27 10:00 UTC. "
            f"Only an order that was still pending was cancelled. {CHARGE}",
        ),
        (
            Sight(ServerCancelled(), Shows.NOT_DONE, cancellation=Cancellation(status="none")),
            f"HostUp shows no cancellation (yet). {CHARGE}",
        ),
        (
            Sight(ServerCancelled(), Shows.NOT_DONE, cancellation=Cancellation(status="revoked")),
            f"HostUp shows the cancellation as revoked. {CHARGE}",
        ),
        (
            Sight(ServerCancelled(), Shows.NOTHING, cancellation=Cancellation(status="archived")),
            f'HostUp\'s cancellation is "archived", which is not known. {CHARGE}',
        ),
        (
            Sight(ServerCancelled(), Shows.NOTHING),
            f"HostUp's cancellation has no status, which is not known. {CHARGE}",
        ),
        (
            Sight(ServerBuilt("api-x"), Shows.NOTHING),
            'No server named "api-x" is listed; HostUp may give it another name.',
        ),
        (
            Sight(ServerBuilt("api-x"), Shows.DONE, server=Vps(id="vps_2", name="api-x")),
            'A server with the name that only this request has, "api-x", is listed (vps_2) and '
            "costs money.",
        ),
        *(
            (Sight(effect, Shows.UNREAD), "The current state of the server could not be read.")
            for effect in (MADE, BackupDeleted("bkp_1"), ScheduleSet({}), RESTORED)
        ),
    ],
)
def test_words_of_what_is_seen(sight: Sight, words: str) -> None:
    assert describe_sight(sight, SENT, UTC) == words


@pytest.mark.parametrize(
    ("outcome", "lead", "soon", "at_last"),
    [
        (Outcome.ACCEPTED, "", "Accepted by HostUp", None),
        (Outcome.REFUSED, "", "Refused by HostUp; nothing was changed", None),
        (
            Outcome.PROBABLY_DONE,
            "It was probably carried out.",
            "Probably carried out, but not confirmed",
            None,
        ),
        (
            Outcome.PROBABLY_STARTED,
            "It was probably started.",
            "Probably started, but not confirmed",
            None,
        ),
        (Outcome.PROBABLY_NOT_DONE, "", "Probably not carried out", None),
        (Outcome.UNKNOWN, "", "Not known yet", "Not known, and likely to stay so"),
    ],
)
def test_words_of_each_outcome(outcome: Outcome, lead: str, soon: str, at_last: str | None) -> None:
    assert describe_lead(outcome) == lead
    assert describe_outcome(Conclusion(outcome, NextStep.LOOK_AGAIN)) == soon
    assert describe_outcome(Conclusion(outcome, NextStep.DECIDE)) == (at_last or soon)


NO_MORE = "Looking again will hardly show more."
DECIDE = f"{NO_MORE} Tell the user; they may now decide whether to send it again, with a new call."
AFTER_ALL = "If this request was carried out after all,"


@pytest.mark.parametrize(
    ("conclusion", "effect", "words"),
    [
        (
            Conclusion(Outcome.UNKNOWN, NextStep.LOOK_AGAIN),
            MADE,
            "Tell the user what is known. Call get_job with this writeId again at 10:15, or "
            "earlier to see whether more is known; do not send the request again before then.",
        ),
        (Conclusion(Outcome.ACCEPTED, NextStep.CHECK), MADE, "Tell the user."),
        (Conclusion(Outcome.PROBABLY_DONE, NextStep.CHECK), MADE, f"{NO_MORE} Tell the user."),
        (
            Conclusion(Outcome.UNKNOWN, NextStep.WAIT),
            MADE,
            f"{NO_MORE} A job may be running: wait until the gate is open again, then check the "
            "server. Do not send the request again before that.",
        ),
        (
            Conclusion(Outcome.REFUSED, NextStep.START_OVER),
            MADE,
            "Tell the user; if they still want it, it takes a new call.",
        ),
        *(
            (Conclusion(Outcome.UNKNOWN, NextStep.DECIDE), effect, f"{DECIDE}{risk}")
            for effect, risk in (
                (MADE, f" {AFTER_ALL} there will be two backups."),
                (RESTORED, f" {AFTER_ALL} the server will be overwritten a second time."),
                (ServerBuilt("api-x"), f" {AFTER_ALL} there will be two paid servers."),
                (
                    PowerSet(PowerAction.RESTART),
                    f" {AFTER_ALL} the server will restart a second time.",
                ),
                (PowerSet(PowerAction.START), ""),
                (BackupDeleted("bkp_1"), ""),
                (SnapshotMade("s"), ""),
            )
        ),
    ],
)
def test_words_of_each_step(conclusion: Conclusion, effect: Effect, words: str) -> None:
    assert describe_step(conclusion, effect, "10:15") == words


ROW = AuditRow(
    occurred_at="2026-04-27T10:00:01Z", status_code=409, error_message="no", request_id="r"
)
LOG = "HostUp's audit log shows this request"


@pytest.mark.parametrize(
    ("trace", "row", "is_immediate", "words"),
    [
        (
            Trace.ACCEPTED,
            AuditRow(status_code=202),
            False,
            f"{LOG} as accepted (status 202). It does not show whether the job succeeded.",
        ),
        (Trace.ACCEPTED, AuditRow(), True, f"{LOG} as accepted."),
        (
            Trace.REFUSED,
            ROW,
            False,
            f"{LOG} as refused (at Mon 2026-04-27 10:00 UTC, status 409, error "
            '"no", request id r).',
        ),
        (Trace.RECEIVED, AuditRow(), False, f"{LOG}, but not whether it was accepted."),
        (
            Trace.MATCHING,
            AuditRow(status_code=202),
            False,
            "HostUp's audit log shows a matching request, possibly this one (status 202).",
        ),
        (
            Trace.NONE,
            None,
            False,
            "HostUp's audit log does not show this request, which proves nothing: entries may be "
            "late or missing.",
        ),
        (
            Trace.FORBIDDEN,
            None,
            False,
            "This key may not read HostUp's audit log, which could show whether the request "
            "arrived; a key with the scope audit:read can.",
        ),
    ],
)
def test_words_of_the_audit_log(
    trace: Trace, row: AuditRow | None, is_immediate: bool, words: str
) -> None:
    assert describe_trace(trace, row, UTC, is_immediate=is_immediate) == words
