"""Before something is overwritten: only what exists for this user, never at the way back's cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.here import Here, JobRunning
from hostup_mcp.recovery.precautions import (
    new_server,
    newer_snapshot,
    precautions,
    snapshots_matter,
)
from hostup_mcp.recovery.quota import Slots, read_slots
from hostup_mcp.recovery.reasons import GateClosed
from hostup_mcp.recovery.suggestions import (
    BackedUp,
    BackUpFirst,
    CannotBackUp,
    Evicts,
    NewerSnapshot,
)

from .listings import NOW, OPEN, backup, closed, listing, listings, snapshot, snapshots

OLD, MIDDLE, NEW = "2026-04-20T10:00:00Z", "2026-04-26T10:00:00Z", "2026-04-27T10:00:00Z"
OLD_DATE, NEW_DATE = datetime(2026, 4, 20, 10, tzinfo=UTC), datetime(2026, 4, 27, 10, tzinfo=UTC)
FULL = {"limit": None, "remaining": 0}
UNKNOWN = {"limit": None, "remaining": None}
HERE = Here()
ELSEWHERE = Here((Code.STORE_UNAVAILABLE,))
NOWHERE = Here((JobRunning(NOW),))
WITH_TOOL = Code.WITH_TOOL


def some(*dates: str | None, **rest: Any) -> BackupList:
    return listing(*(backup(f"bkp_{n}", date) for n, date in enumerate(dates)), **rest)


def first(
    own: BackupList, here: Here = HERE, status: str | None = "active", keep: str | None = None
) -> tuple[Any, ...]:
    return precautions(own, here, NOW, status, keep)


@pytest.mark.parametrize(
    ("here", "expected"),
    [
        (HERE, (BackUpFirst(Code.WITH_TOOL),)),
        (ELSEWHERE, (BackUpFirst(Code.IN_PANEL),)),
        (NOWHERE, ()),
    ],
)
def test_back_up_first_where_it_can_be_done(here: Here, expected: tuple[Any, ...]) -> None:
    assert first(some(OLD), here) == expected
    assert first(some(OLD), here, keep="bkp_0") == expected
    assert first(some(OLD, used=2), here) == expected


@pytest.mark.parametrize(
    ("minutes", "unconfirmed", "relied_on"),
    [(20, (), True), (20, ("bkp_0",), False), (20, ("bkp_1",), True), (14, ("bkp_0",), True)],
)
def test_an_unconfirmed_backup_is_not_relied_on(
    minutes: int, unconfirmed: tuple[str, ...], relied_on: bool
) -> None:
    """While it is new, it is waited for: another request may be one too many."""
    own = some((NOW - timedelta(minutes=minutes)).isoformat(), OLD)
    (found,) = precautions(own, HERE, NOW, "active", unconfirmed=unconfirmed)
    assert isinstance(found, BackedUp if relied_on else BackUpFirst)


@pytest.mark.parametrize("numbers", [FULL, UNKNOWN])
def test_without_backups_none_is_evicted(numbers: dict[str, Any]) -> None:
    assert first(some(**numbers)) == (BackUpFirst(WITH_TOOL),)


@pytest.mark.parametrize("numbers", [FULL, UNKNOWN])
@pytest.mark.parametrize(
    ("dates", "used", "keep", "expected"),
    [
        ([MIDDLE, OLD, NEW], 3, None, Evicts(WITH_TOOL, "bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], 2, None, Evicts(WITH_TOOL, "bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], 3, "bkp_2", Evicts(WITH_TOOL, "bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], 3, "bkp_1", Code.EVICTS_POINT),
        ([None, NEW], 2, None, Evicts(WITH_TOOL)),
        ([None, NEW], 2, "bkp_0", Code.MAY_EVICT_POINT),
        ([None, NEW], 2, "bkp_1", Code.MAY_EVICT_POINT),
        # one that is counted but not listed may be older than all others
        ([MIDDLE, OLD], 3, None, Evicts(WITH_TOOL)),
        ([MIDDLE, OLD], 3, "bkp_1", Code.MAY_EVICT_POINT),
        ([], 1, None, Evicts(WITH_TOOL)),
    ],
)
def test_evicting_the_restored_backup_is_reported(
    dates: list[str | None], used: int, keep: str | None, expected: Any, numbers: dict[str, Any]
) -> None:
    """The gate is open though no slot is known to be free: HostUp may delete the oldest."""
    assert first(some(*dates, used=used, **numbers), keep=keep) == (expected,)


def test_an_evicted_backup_is_named_by_its_note() -> None:
    noted = backup("bkp_0", OLD) | {"note": "before the migration, keep " * 5}
    (found,) = first(listing(noted, backup("bkp_1", NEW), **FULL), ELSEWHERE)
    assert (found.backup_id, found.where) == ("bkp_0", Code.IN_PANEL)
    assert found.code is Code.EVICTS_NOTED
    assert found.note == ("before the migration, keep " * 5)[:59] + "…"


@pytest.mark.parametrize(
    ("create", "because", "step"),
    [
        (closed("Nej."), GateClosed("Nej.", None), Code.EXPLAIN_REASON),
        (
            closed(code="pending_order"),
            GateClosed(None, "pending_order"),
            Code.COMPLETE_ORDER,
        ),
        (closed(), GateClosed(None, None), Code.ASK_WHY),
    ],
)
def test_closed_gate_says_why_no_backup(
    create: dict[str, Any], because: GateClosed, step: Code
) -> None:
    assert first(some(OLD, create=create)) == (CannotBackUp(because, step),)


def test_full_slots_can_be_bought_not_freed() -> None:
    own = some(OLD, create=closed("No slots."), **FULL)
    cannot = GateClosed("No slots.", None)
    assert first(own) == (CannotBackUp(cannot, Code.GET_SLOTS),)
    assert first(own, status="suspended") == (CannotBackUp(cannot, Code.LIFT_SUSPENSION),)
    (ended,) = first(own, status="terminated")
    assert (ended.step, ended.code) == (None, Code.CANNOT_BACK_UP)


def test_unknown_gate_may_allow_a_backup() -> None:
    """The tool would refuse it."""
    for here in (HERE, ELSEWHERE):
        assert first(some(OLD, create=None, **FULL), here) == (Code.MAY_BACK_UP,)


@pytest.mark.parametrize(
    ("minutes", "keep", "expected"),
    [
        (3, None, BackedUp("bkp_0", timedelta(minutes=3), is_new=True)),
        (40, None, BackedUp("bkp_0", timedelta(minutes=40), is_new=False)),
        (40, "bkp_0", BackUpFirst(WITH_TOOL)),
        (61, None, BackUpFirst(WITH_TOOL)),
    ],
)
def test_a_recent_backup_is_enough(minutes: int, keep: str | None, expected: Any) -> None:
    made = (NOW - timedelta(minutes=minutes)).isoformat()
    assert first(some(made, OLD), keep=keep) == (expected,)
    if isinstance(expected, BackedUp):
        code = Code.BACKED_UP_NOW if expected.is_new else Code.BACKED_UP
        assert expected.code is code


def test_the_newest_recent_backup_is_named() -> None:
    """Of two that were made at the same moment, the first that HostUp lists."""
    ages = (50, 40, 40)
    made = [(NOW - timedelta(minutes=minutes)).isoformat() for minutes in ages]
    expected = BackedUp("bkp_1", timedelta(minutes=40), is_new=False)
    assert first(some(*made)) == (expected,)


def test_an_empty_recent_backup_is_not_enough() -> None:
    own = listing(backup("bkp_0", (NOW - timedelta(minutes=30)).isoformat(), 0), backup("b", OLD))
    assert first(own) == (BackUpFirst(WITH_TOOL),)


@settings(max_examples=200)
@given(listings)
def test_no_slot_freed_while_gate_open(own: BackupList) -> None:
    keep = own.backups[0].id if own.backups else None
    (found,) = first(own, keep=keep)
    gate = own.actions.can_create_backup
    is_open = gate is not None and gate.allowed
    assert isinstance(found, CannotBackUp) is (gate is not None and not is_open)
    if is_open and read_slots(own.quota_info) is Slots.FREE:
        assert isinstance(found, BackUpFirst | BackedUp)
    assert getattr(found, "backup_id", None) is None or found.backup_id != keep
    assert first(own, NOWHERE) == ()


# Less risky ways.


@pytest.mark.parametrize(
    ("own", "is_offered"),
    [
        (some(OLD), True),
        (some(), False),
        (some(OLD, restore=closed("A restore is running.")), False),
        (some(OLD, restore=None), False),
    ],
)
def test_new_server_as_what_it_is_here(own: BackupList, is_offered: bool) -> None:
    for here, code in (
        (HERE, Code.USE_NEW_SERVER),
        (ELSEWHERE, Code.NEW_SERVER_ELSEWHERE),
    ):
        assert new_server(own, here) == ((code,) if is_offered else ())
    assert new_server(own, NOWHERE) == ()


AT_TEN = NewerSnapshot("snap", NEW_DATE, timedelta(hours=2), is_instead=False)


@pytest.mark.parametrize(
    ("taken", "than", "expected"),
    [
        (snapshots(snapshot()), OLD_DATE, (AT_TEN,)),
        (snapshots(snapshot("a", createdAt=MIDDLE), snapshot()), OLD_DATE, (AT_TEN,)),
        (snapshots(snapshot()), NEW_DATE, ()),
        (
            snapshots(snapshot()),
            None,
            (NewerSnapshot("snap", NEW_DATE, timedelta(hours=2), is_instead=True),),
        ),
        (snapshots(snapshot(expiresAt=None)), OLD_DATE, (AT_TEN,)),
        (snapshots(snapshot(expiresAt="2026-04-27T12:00:00Z")), OLD_DATE, ()),
        (snapshots(snapshot(createdAt=None)), OLD_DATE, ()),
        (snapshots(snapshot(createdAt="2031-01-01T00:00:00Z")), OLD_DATE, ()),
        (snapshots(snapshot(), restore=closed("Busy.")), OLD_DATE, ()),
        (snapshots(snapshot(), restore=None), OLD_DATE, ()),
        (snapshots(snapshot(), available=False), OLD_DATE, ()),
        (snapshots(snapshot(), restore=OPEN, available=None), OLD_DATE, (AT_TEN,)),
        (snapshots(), OLD_DATE, ()),
        (None, OLD_DATE, ()),
    ],
)
def test_a_snapshot_is_named_if_it_is_newer(
    taken: Any, than: datetime | None, expected: tuple[NewerSnapshot, ...]
) -> None:
    assert newer_snapshot(taken, than, NOW) == expected
    for found in expected:
        code = Code.SNAPSHOT_INSTEAD if found.is_instead else Code.NEWER_SNAPSHOT
        assert found.code is code


def test_snapshots_matter_without_a_recent_backup() -> None:
    assert snapshots_matter(None, NOW)
    assert snapshots_matter(NOW - timedelta(minutes=61), NOW)
    assert not snapshots_matter(NOW - timedelta(minutes=60), NOW)
    assert snapshots_matter(NOW + timedelta(days=3), NOW), "its age is not known"
