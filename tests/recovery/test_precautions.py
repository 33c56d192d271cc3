"""Before something is overwritten: keep the current state, and never at the way back's cost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.backups import is_full
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import CannotBackUp, EvictsOldest, SlotsUsed
from hostup_mcp.recovery.precautions import new_server, precautions
from hostup_mcp.recovery.reasons import GateClosed

from .listings import NOW, backup, closed, listing, listings

OLD, MIDDLE, NEW = "2026-04-20T10:00:00Z", "2026-04-26T10:00:00Z", "2026-04-27T10:00:00Z"
OLD_DATE, MIDDLE_DATE = datetime(2026, 4, 20, 10, tzinfo=UTC), datetime(2026, 4, 26, 10, tzinfo=UTC)
FULL = {"used": 3, "limit": 3, "remaining": 0}
NO_SLOTS = {**FULL, "create": closed("No slots.", code="full")}
CANNOT = CannotBackUp(GateClosed("No slots.", "full"))


def some(*dates: str | None, **rest: Any) -> BackupList:
    return listing(*(backup(f"bkp_{n}", date) for n, date in enumerate(dates)), **rest)


def test_back_up_first_where_allowed() -> None:
    assert precautions(some(OLD), NOW) == (Code.BACK_UP_FIRST,)
    assert precautions(some(OLD), NOW, keep="bkp_0") == (Code.BACK_UP_FIRST,)


def test_full_without_backups_evicts_none() -> None:
    assert precautions(some(**FULL), NOW) == (Code.BACK_UP_FIRST,)


@pytest.mark.parametrize(
    ("dates", "keep", "expected"),
    [
        ([MIDDLE, OLD, NEW], None, EvictsOldest("bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], "bkp_2", EvictsOldest("bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], "bkp_1", Code.EVICTS_POINT),
        ([None, NEW], None, Code.EVICTS_UNDATED),
        ([None, NEW], "bkp_0", Code.MAY_EVICT_POINT),
        ([None, NEW], "bkp_1", Code.MAY_EVICT_POINT),
    ],
)
def test_eviction_of_the_point_is_told(
    dates: list[str | None], keep: str | None, expected: Any
) -> None:
    """The gate is open though the slots are full: HostUp deletes the oldest by itself."""
    assert precautions(some(*dates, **FULL), NOW, keep) == (expected,)


@pytest.mark.parametrize(
    ("create", "because"),
    [
        (closed("Suspended."), GateClosed("Suspended.", None)),
        (closed(code="pending_order"), GateClosed(None, "pending_order")),
        (closed(), GateClosed(None, None)),
    ],
)
def test_closed_gate_says_why_no_backup(create: dict[str, Any], because: GateClosed) -> None:
    assert precautions(some(OLD, create=create), NOW) == (CannotBackUp(because),)


@pytest.mark.parametrize(
    ("dates", "keep", "expected"),
    [
        # the oldest of all, and the oldest beside the one to go back to
        ([MIDDLE, OLD, NEW], None, SlotsUsed(3, "bkp_1", OLD_DATE, False, False)),
        ([MIDDLE, OLD, NEW], "bkp_2", SlotsUsed(3, "bkp_1", OLD_DATE, False, True)),
        ([MIDDLE, OLD, NEW], "bkp_1", SlotsUsed(3, "bkp_0", MIDDLE_DATE, False, True)),
        ([MIDDLE, OLD, NEW], "bkp_9", SlotsUsed(3, "bkp_1", OLD_DATE, False, False)),
        # beside an unknown date it is only the oldest that has one
        ([None, OLD, NEW], None, SlotsUsed(3, "bkp_1", OLD_DATE, True, False)),
        ([None, OLD, NEW], "bkp_2", SlotsUsed(3, "bkp_1", OLD_DATE, True, True)),
        ([None, OLD, NEW], "bkp_0", SlotsUsed(3, "bkp_1", OLD_DATE, False, True)),
    ],
)
def test_full_slots_name_the_oldest(
    dates: list[str | None], keep: str | None, expected: SlotsUsed
) -> None:
    assert precautions(some(*dates, **NO_SLOTS), NOW, keep) == (CANNOT, expected)


@pytest.mark.parametrize(
    ("dates", "keep"),
    [
        ([], None),
        ([OLD], "bkp_0"),
        ([None, "yesterday"], None),
        (["2031-01-01T00:00:00.000Z"], None),
    ],
)
def test_unknown_oldest_is_not_named(dates: list[str | None], keep: str | None) -> None:
    assert precautions(some(*dates, **NO_SLOTS), NOW, keep) == (CANNOT,)


@pytest.mark.parametrize(
    ("used", "limit", "remaining"), [(3, None, None), (3, 4, 1), (2, 3, None), (3, 3, 1)]
)
def test_free_slots_name_no_backup(used: int, limit: int | None, remaining: int | None) -> None:
    full = {"create": NO_SLOTS["create"], "used": used, "limit": limit, "remaining": remaining}
    assert precautions(some(OLD, NEW, **full), NOW) == (CANNOT,)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(listings)
def test_no_slot_freed_while_gate_open(own: BackupList) -> None:
    first, *more = precautions(own, NOW, keep=own.backups[0].id if own.backups else None)
    assert isinstance(first, CannotBackUp) is not own.actions.can_create_backup.allowed
    assert (first is Code.BACK_UP_FIRST) is (
        own.actions.can_create_backup.allowed
        and not (is_full(own.quota_info) and bool(own.backups))
    )
    assert not more or not own.actions.can_create_backup.allowed
    for slots in more:
        assert isinstance(slots, SlotsUsed)
        assert slots.backup_id != own.backups[0].id


@pytest.mark.parametrize(
    ("own", "offered"),
    [
        (some(OLD), True),
        (some(), False),
        (some(OLD, restore=closed("A restore is running.")), False),
    ],
)
def test_new_server_needs_gate_and_backup(own: BackupList, offered: bool) -> None:
    assert new_server(own) == ((Code.USE_NEW_SERVER,) if offered else ())
