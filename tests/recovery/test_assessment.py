"""Whether a server can be restored, and why (not): every situation that a user may be in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import listings as documents

from hostup_mcp.hostup.models import Backup, BackupList, Gate
from hostup_mcp.hostup.text import clean_json
from hostup_mcp.recovery.assessment import (
    Overwrites,
    assess,
    assess_create,
    assess_restore,
    loss_since,
)
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import find_doubt
from hostup_mcp.recovery.findings import Changes, ClocksDiffer, WriteUnsettled
from hostup_mcp.recovery.quota import find_hidden
from hostup_mcp.recovery.reasons import (
    BackupsHidden,
    EvictsHidden,
    GateClosed,
    GateMissing,
    GateOpen,
    NoBackups,
    QuotaReadsFull,
    QuotaUnknown,
    WouldEvict,
)
from hostup_mcp.recovery.verdicts import Verdict

from .listings import NOW, backup, closed, listing, listings


def test_a_change_whose_outcome_is_unknown_comes_first() -> None:
    lost = WriteUnsettled(NOW, NOW, "0123456789abcdef")
    found = assess(listing(), NOW, clocks=ClocksDiffer(timedelta(hours=1), True), unsettled=lost)
    assert found.advice[0] == lost
    assert lost not in assess(listing(), NOW).advice


TWO_HOURS_AGO = datetime(2026, 4, 27, 10, tzinfo=UTC)
PENDING = closed("There is a pending order.", code="pending_order")
FULL = {"limit": None, "remaining": 0}
ORDER = GateClosed("There is a pending order.", "pending_order")

TWENTY = [backup(f"bkp_{n}") for n in range(20)]
WOULD_EVICT = WouldEvict("bkp_1", TWO_HOURS_AGO, None)
RUNNING = closed("A restore is running.", code="job_running")


@pytest.mark.parametrize(
    ("some", "verdict", "reasons", "steps"),
    [
        (listing(backup()), Verdict.POSSIBLE, [GateOpen(None, None)], []),
        (listing(), Verdict.BLOCKED, [NoBackups()], [Code.ONLY_CURRENT_STATE]),
        (listing(used=3), Verdict.UNKNOWN, [BackupsHidden(3, 0)], [Code.COMPARE_PANEL]),
        (listing(backup(), used=2), Verdict.POSSIBLE, [GateOpen(None, None)], []),
        (
            listing(*TWENTY, restore=RUNNING),
            Verdict.BLOCKED,
            [GateClosed("A restore is running.", "job_running")],
            [Code.EXPLAIN_REASON],
        ),
        (
            listing(restore=PENDING, used=3),
            Verdict.BLOCKED,
            [ORDER, BackupsHidden(3, 0)],
            [Code.COMPLETE_ORDER],
        ),
        (
            listing(restore=PENDING),
            Verdict.BLOCKED,
            [ORDER, NoBackups()],
            [Code.ONLY_CURRENT_STATE],
        ),
    ],
    ids=[
        "open",
        "open without backups",
        "open, counted but not listed",
        "open, one of two listed",
        "closed",
        "closed, counted but not listed",
        "closed without backups",
    ],
)
def test_restore_needs_gate_and_backup(
    some: BackupList, verdict: Verdict, reasons: list[Any], steps: list[Code]
) -> None:
    restore = assess_restore(some)
    assert restore.verdict is verdict
    assert restore.reasons == tuple(reasons)
    assert restore.to_unblock == tuple(steps)


def test_service_status_decides_the_step() -> None:
    gate = closed("Tjänsten är avstängd.")
    found = assess(listing(backup(), restore=gate, create=gate, **FULL), NOW, status="suspended")
    assert found.restore.to_unblock == (Code.LIFT_SUSPENSION,)
    assert found.create.to_unblock == (Code.LIFT_SUSPENSION,)


def test_missing_gates_are_unknown() -> None:
    found = assess(listing(backup(), restore=None, create=None, **FULL), NOW)
    for explanation, gate in ((found.restore, "canRestore"), (found.create, "canCreateBackup")):
        assert explanation.verdict is Verdict.UNKNOWN
        assert [r.gate for r in explanation.reasons if isinstance(r, GateMissing)] == [gate]
        assert explanation.to_unblock == (Code.ASK_WHETHER,)
    assert assess_restore(listing(restore=None)).reasons == (NoBackups(), GateMissing("canRestore"))


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
    assert found.data_loss == Changes(TWO_HOURS_AGO, timedelta(hours=2))


def test_doubtful_backup_is_no_default() -> None:
    empty = backup("bkp_empty", "2026-04-27T11:56:00Z", 0)
    found = assess(listing(backup("bkp_old"), empty), NOW)
    assert found.overwrites is not None
    assert found.overwrites.backup.id == "bkp_old"
    assert found.doubts == {"bkp_empty": Code.BACKUP_EMPTY}
    assert found.restore.verdict is Verdict.POSSIBLE
    assert assess(listing(empty), NOW).overwrites is None


def test_a_future_date_is_not_the_newest() -> None:
    ahead, known = backup("ahead", "2026-04-30T10:00:00Z"), backup("known")
    found = assess(listing(ahead, known), NOW).overwrites
    assert found is not None
    assert found.backup.id == "known"
    alone = assess(listing(ahead), NOW).overwrites
    assert alone is not None
    assert (alone.backup.id, alone.data_loss) == ("ahead", Code.CHANGES_UNKNOWN)


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


@pytest.mark.parametrize(
    ("some", "verdict", "reasons", "steps"),
    [
        (listing(), Verdict.POSSIBLE, [GateOpen(None, None)], []),
        (
            listing(backup(), limit=1, remaining=0),
            Verdict.POSSIBLE,
            [GateOpen(None, None), QuotaReadsFull(1, 1, 0), WOULD_EVICT],
            [],
        ),
        (
            listing(backup() | {"note": "before the upgrade"}, limit=1, remaining=0),
            Verdict.POSSIBLE,
            [
                GateOpen(None, None),
                QuotaReadsFull(1, 1, 0),
                WouldEvict("bkp_1", TWO_HOURS_AGO, "before the upgrade"),
            ],
            [],
        ),
        (
            listing(backup(), limit=None, remaining=None),
            Verdict.POSSIBLE,
            [GateOpen(None, None), QuotaUnknown(1, None, None), WOULD_EVICT],
            [],
        ),
        (
            listing(used=3, **FULL),
            Verdict.POSSIBLE,
            [GateOpen(None, None), QuotaReadsFull(3, None, 0), EvictsHidden()],
            [],
        ),
        (listing(used=3), Verdict.POSSIBLE, [GateOpen(None, None)], []),
        (
            listing(create=closed("Suspended.")),
            Verdict.BLOCKED,
            [GateClosed("Suspended.", None)],
            [Code.EXPLAIN_REASON],
        ),
        # slots do not help where something else is known to close the gate
        (listing(create=PENDING, **FULL), Verdict.BLOCKED, [ORDER], [Code.COMPLETE_ORDER]),
    ],
    ids=[
        "open",
        "open though full",
        "open though full, the oldest has a note",
        "open, slots unknown",
        "open, full, hidden",
        "open, free, hidden",
        "closed though free",
        "closed and full with a known code",
    ],
)
def test_create_gate_decides_not_quota(
    some: BackupList, verdict: Verdict, reasons: list[Any], steps: list[Code]
) -> None:
    create = assess_create(some, NOW)
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
        ([], []),
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


@pytest.mark.parametrize(
    ("some", "advice"),
    [
        ([backup(size=0)], [Code.NO_COMPLETE_BACKUP]),
        ([backup(size=0), backup("b", OLDER)], [Code.NO_RECENT_BACKUP]),
        (
            [backup(created="2026-04-27T11:59:00Z")],
            [Code.NO_COMPLETE_BACKUP],
        ),
    ],
)
def test_advice_needs_complete_backups(some: list[dict[str, Any]], advice: list[Code]) -> None:
    assert assess(listing(*some), NOW).advice == tuple(advice)


CLOCKS = ClocksDiffer(timedelta(hours=3), is_behind=True)


def test_contradictions_are_advice() -> None:
    some = listing(backup(), used=2)
    assert assess(some, NOW).advice == (BackupsHidden(2, 1),)
    found = assess(some, NOW, clocks=CLOCKS)
    assert found.advice == (BackupsHidden(2, 1), CLOCKS)
    assert found.restore.verdict is Verdict.POSSIBLE
    assert assess(listing(used=2), NOW).advice == ()


# All together.


def by_gate(gate: Gate | None) -> Verdict:
    if gate is None:
        return Verdict.UNKNOWN
    return Verdict.POSSIBLE if gate.allowed else Verdict.BLOCKED


moments = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=250)
@given(listings, moments | st.just(NOW))
@example(listing(backup(created="9999-12-31T23:59:59Z")), datetime.min.replace(tzinfo=UTC))
@example(listing(backup(created="0001-01-01T00:00:00Z")), datetime.max.replace(tzinfo=UTC))
def test_verdict_never_exceeds_gates(some: BackupList, now: datetime) -> None:
    found = assess(some, now)
    restore, create = by_gate(some.actions.can_restore), by_gate(some.actions.can_create_backup)
    if not some.backups:
        nothing = Verdict.BLOCKED if find_hidden(some) is None else Verdict.UNKNOWN
        restore = Verdict.BLOCKED if Verdict.BLOCKED in (restore, nothing) else Verdict.UNKNOWN
    assert found.restore.verdict is restore
    assert found.create.verdict is create
    for explanation in (found.restore, found.create):
        assert (explanation.to_unblock == ()) is (explanation.verdict is Verdict.POSSIBLE)
    is_any_complete = any(find_doubt(one, some.backups, now) is None for one in some.backups)
    assert isinstance(found.overwrites, Overwrites) is is_any_complete


@settings(max_examples=250)
@given(listings)
def test_gate_reason_and_code_unchanged(some: BackupList) -> None:
    for gate, reasons in (
        (some.actions.can_restore, assess_restore(some).reasons),
        (some.actions.can_create_backup, assess_create(some, NOW).reasons),
    ):
        if gate is not None and not gate.allowed:
            assert reasons[0] == GateClosed(gate.reason or None, gate.code or None)


@settings(max_examples=100)
@given(documents, st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_every_valid_response_is_assessed(document: dict[str, Any], later: timedelta) -> None:
    assess(BackupList.model_validate(clean_json(document)), NOW + later)
