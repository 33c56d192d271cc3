"""Whether a server can be restored, and why (not): every situation that a user may be in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import listings as documents

from hostup_mcp.hostup.models import Backup, BackupList
from hostup_mcp.hostup.text import clean_json
from hostup_mcp.recovery.assessment import (
    Overwrites,
    assess,
    assess_create,
    assess_restore,
    loss_since,
)
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Changes
from hostup_mcp.recovery.reasons import GateClosed, GateOpen, NoBackups, QuotaReadsFull, Verdict

from .listings import NOW, backup, closed, listing, listings

TWO_HOURS_AGO = datetime(2026, 4, 27, 10, tzinfo=UTC)
PENDING = closed("There is a pending order.", code="pending_order")
ORDER = GateClosed("There is a pending order.", "pending_order")

TWENTY = [backup(f"bkp_{n}") for n in range(20)]
RUNNING = closed("A restore is running.", code="job_running")


@pytest.mark.parametrize(
    ("some", "verdict", "reasons", "steps"),
    [
        (listing(backup()), Verdict.POSSIBLE, [GateOpen(None, None)], []),
        (listing(), Verdict.BLOCKED, [NoBackups()], [Code.ONLY_CURRENT_STATE]),
        (
            listing(*TWENTY, restore=RUNNING),
            Verdict.BLOCKED,
            [GateClosed("A restore is running.", "job_running")],
            [Code.ASK_HOW],
        ),
        (
            listing(restore=PENDING),
            Verdict.BLOCKED,
            [ORDER, NoBackups()],
            [Code.COMPLETE_ORDER, Code.ONLY_CURRENT_STATE],
        ),
    ],
    ids=["open", "open without backups", "closed", "closed without backups"],
)
def test_restore_needs_gate_and_backup(
    some: BackupList, verdict: Verdict, reasons: list[Any], steps: list[Code]
) -> None:
    restore = assess_restore(some)
    assert restore.verdict is verdict
    assert restore.reasons == tuple(reasons)
    assert restore.to_unblock == tuple(steps)


def test_gates_do_not_affect_each_other() -> None:
    no_create = assess(listing(backup(), create=closed("Full."), used=3, remaining=0), NOW)
    assert no_create.restore.verdict is Verdict.POSSIBLE
    assert no_create.create.verdict is Verdict.BLOCKED
    no_restore = assess(listing(backup(), restore=closed("Busy.")), NOW)
    assert no_restore.restore.verdict is Verdict.BLOCKED
    assert no_restore.create.verdict is Verdict.POSSIBLE


# What a restore overwrites.


@pytest.mark.parametrize("gate", [{"allowed": True, "reason": None}, closed()])
def test_newest_backup_decides_the_loss(gate: dict[str, Any]) -> None:
    old, new = backup("bkp_old", "2026-04-20T10:00:00.000Z"), backup("bkp_new")
    found = assess(listing(old, new, restore=gate), NOW).overwrites
    assert found is not None
    assert found.backup.id == "bkp_new"
    assert found.loss == Changes(TWO_HOURS_AGO, timedelta(hours=2))


def test_no_backups_overwrite_nothing() -> None:
    assert assess(listing(), NOW).overwrites is None


@pytest.mark.parametrize(
    "created", [None, "yesterday", "", "2026-02-30T10:00:00Z", "2026-05-01T10:00:00.000Z"]
)
def test_loss_since_odd_date_is_unknown(
    created: str | None,
) -> None:
    assert loss_since(Backup.model_validate(backup(created=created)), NOW) is Code.CHANGES_UNKNOWN


def test_small_clock_skew_counts_as_now() -> None:
    ahead = Backup.model_validate(backup(created="2026-04-27T12:05:00.000Z"))
    assert loss_since(ahead, NOW) == Changes(NOW + timedelta(minutes=5), timedelta())


FULL = {"used": 3, "limit": 3, "remaining": 0}


@pytest.mark.parametrize(
    ("some", "verdict", "reasons", "steps"),
    [
        (listing(), Verdict.POSSIBLE, [GateOpen(None, None)], []),
        (
            listing(**FULL | {"limit": 4}),
            Verdict.POSSIBLE,
            [GateOpen(None, None), QuotaReadsFull(3, 4, 0)],
            [],
        ),
        (
            listing(create=closed("Suspended.")),
            Verdict.BLOCKED,
            [GateClosed("Suspended.", None)],
            [Code.ASK_HOW],
        ),
        (
            listing(create=closed("No slots."), **FULL),
            Verdict.BLOCKED,
            [GateClosed("No slots.", None)],
            [Code.ASK_HOW, Code.GET_SLOTS],
        ),
    ],
    ids=["open", "open though full", "closed though free", "closed and full"],
)
def test_create_gate_decides_not_quota(
    some: BackupList, verdict: Verdict, reasons: list[Any], steps: list[Code]
) -> None:
    create = assess_create(some)
    assert create.verdict is verdict
    assert create.reasons == tuple(reasons)
    assert create.to_unblock == tuple(steps)


# Advice.

DAY_OLD, OLDER, FUTURE = "2026-04-26T12:00:00Z", "2026-04-26T11:59:59Z", "2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("dates", "advice"),
    [
        (["2026-04-27T10:00:00Z"], []),
        ([DAY_OLD], []),
        ([OLDER], [Code.NO_RECENT_BACKUP]),
        ([OLDER, DAY_OLD], []),
        ([], [Code.NO_RECENT_BACKUP]),
        ([None], [Code.DATES_UNKNOWN, Code.NO_RECENT_BACKUP]),
        (["yesterday", DAY_OLD], [Code.DATES_UNKNOWN]),
        ([FUTURE], [Code.DATES_IN_FUTURE, Code.NO_RECENT_BACKUP]),
        ([FUTURE, DAY_OLD], [Code.DATES_IN_FUTURE]),
        ([FUTURE, None, DAY_OLD], [Code.DATES_UNKNOWN, Code.DATES_IN_FUTURE]),
    ],
)
def test_advice_on_dates(dates: list[str | None], advice: list[Code]) -> None:
    some = listing(*(backup(f"bkp_{n}", date) for n, date in enumerate(dates)))
    assert assess(some, NOW).advice == tuple(advice)


# All together.

moments = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(listings, moments | st.just(NOW))
@example(listing(backup(created="9999-12-31T23:59:59Z")), datetime.min.replace(tzinfo=UTC))
@example(listing(backup(created="0001-01-01T00:00:00Z")), datetime.max.replace(tzinfo=UTC))
def test_verdict_never_exceeds_gates(some: BackupList, now: datetime) -> None:
    found = assess(some, now)
    allowed = some.actions.can_restore.allowed and bool(some.backups)
    assert found.restore.verdict is (Verdict.POSSIBLE if allowed else Verdict.BLOCKED)
    assert (found.create.verdict is Verdict.POSSIBLE) is some.actions.can_create_backup.allowed
    for explanation in (found.restore, found.create):
        assert (explanation.to_unblock == ()) is (explanation.verdict is Verdict.POSSIBLE)
    assert isinstance(found.overwrites, Overwrites) is bool(some.backups)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(listings)
def test_gate_reason_and_code_unchanged(some: BackupList) -> None:
    for gate, reasons in (
        (some.actions.can_restore, assess_restore(some).reasons),
        (some.actions.can_create_backup, assess_create(some).reasons),
    ):
        if not gate.allowed:
            assert reasons[0] == GateClosed(gate.reason or None, gate.code or None)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(documents, st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_every_valid_response_is_assessed(document: dict[str, Any], later: timedelta) -> None:
    assess(BackupList.model_validate(clean_json(document)), NOW + later)
