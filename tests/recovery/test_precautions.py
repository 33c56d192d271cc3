"""Before something is overwritten: keep the current state, and never at the way back's cost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import CannotBackUp, EvictsOldest, SlotsUsed
from hostup_mcp.recovery.precautions import new_server, precautions
from hostup_mcp.recovery.quota import Slots, read_slots
from hostup_mcp.recovery.reasons import EvictsHidden, GateClosed

from .listings import NOW, backup, closed, listing, listings

OLD, MIDDLE, NEW = "2026-04-20T10:00:00Z", "2026-04-26T10:00:00Z", "2026-04-27T10:00:00Z"
OLD_DATE, MIDDLE_DATE = datetime(2026, 4, 20, 10, tzinfo=UTC), datetime(2026, 4, 26, 10, tzinfo=UTC)
FULL = {"limit": None, "remaining": 0}
UNKNOWN = {"limit": None, "remaining": None}
NO_SLOTS = {**FULL, "create": closed("No slots.", code="full")}
CANNOT = CannotBackUp(GateClosed("No slots.", "full"))


def some(*dates: str | None, **rest: Any) -> BackupList:
    return listing(*(backup(f"bkp_{n}", date) for n, date in enumerate(dates)), **rest)


def test_back_up_first_where_allowed() -> None:
    assert precautions(some(OLD), NOW) == (Code.BACK_UP_FIRST,)
    assert precautions(some(OLD), NOW, keep="bkp_0") == (Code.BACK_UP_FIRST,)
    assert precautions(some(OLD, used=2), NOW) == (Code.BACK_UP_FIRST,)


@pytest.mark.parametrize("numbers", [FULL, UNKNOWN])
def test_without_backups_none_is_evicted(numbers: dict[str, Any]) -> None:
    assert precautions(some(**numbers), NOW) == (Code.BACK_UP_FIRST,)


@pytest.mark.parametrize("numbers", [FULL, UNKNOWN])
@pytest.mark.parametrize(
    ("dates", "used", "keep", "expected"),
    [
        ([MIDDLE, OLD, NEW], 3, None, EvictsOldest("bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], 2, None, EvictsOldest("bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], 3, "bkp_2", EvictsOldest("bkp_1", OLD_DATE)),
        ([MIDDLE, OLD, NEW], 3, "bkp_1", Code.EVICTS_POINT),
        ([None, NEW], 2, None, Code.EVICTS_UNDATED),
        ([None, NEW], 2, "bkp_0", Code.MAY_EVICT_POINT),
        ([None, NEW], 2, "bkp_1", Code.MAY_EVICT_POINT),
        # one that is counted but not listed may be older than all others
        ([MIDDLE, OLD], 3, None, EvictsHidden()),
        ([MIDDLE, OLD], 3, "bkp_1", Code.MAY_EVICT_POINT),
        ([None, OLD], 3, None, EvictsHidden()),
        ([], 1, None, EvictsHidden()),
    ],
)
def test_evicting_the_restored_backup_is_reported(
    dates: list[str | None], used: int, keep: str | None, expected: Any, numbers: dict[str, Any]
) -> None:
    """The gate is open though no slot is known to be free: HostUp may delete the oldest."""
    assert precautions(some(*dates, used=used, **numbers), NOW, keep) == (expected,)


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
    ("dates", "used", "keep", "expected"),
    [
        # the oldest of all, and the oldest beside the one to go back to
        ([MIDDLE, OLD, NEW], 3, None, SlotsUsed("bkp_1", OLD_DATE, False, False)),
        ([MIDDLE, OLD, NEW], 3, "bkp_2", SlotsUsed("bkp_1", OLD_DATE, False, True)),
        ([MIDDLE, OLD, NEW], 3, "bkp_1", SlotsUsed("bkp_0", MIDDLE_DATE, False, True)),
        ([MIDDLE, OLD, NEW], 3, "bkp_9", SlotsUsed("bkp_1", OLD_DATE, False, False)),
        # beside an unknown date, or one not listed, it is only the oldest that has a date
        ([None, OLD, NEW], 3, None, SlotsUsed("bkp_1", OLD_DATE, True, False)),
        ([None, OLD, NEW], 3, "bkp_2", SlotsUsed("bkp_1", OLD_DATE, True, True)),
        ([None, OLD, NEW], 3, "bkp_0", SlotsUsed("bkp_1", OLD_DATE, False, True)),
        ([MIDDLE, OLD], 3, None, SlotsUsed("bkp_1", OLD_DATE, True, False)),
    ],
)
def test_full_slots_name_the_oldest(
    dates: list[str | None], used: int, keep: str | None, expected: SlotsUsed
) -> None:
    assert precautions(some(*dates, used=used, **NO_SLOTS), NOW, keep) == (CANNOT, expected)


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


@pytest.mark.parametrize("restore", [closed("Suspended."), None])
def test_nothing_to_delete_while_restores_are_closed(restore: dict[str, Any] | None) -> None:
    """A deletion is refused then."""
    assert precautions(some(MIDDLE, OLD, restore=restore, **NO_SLOTS), NOW) == (CANNOT,)


@pytest.mark.parametrize(
    ("used", "limit", "remaining"), [(2, None, None), (2, 3, 1), (2, 3, None), (3, 3, 1), (2, 3, 0)]
)
def test_free_slots_name_no_backup(used: int, limit: int | None, remaining: int | None) -> None:
    numbers = {"used": used, "limit": limit, "remaining": remaining}
    assert precautions(some(OLD, NEW, create=NO_SLOTS["create"], **numbers), NOW) == (CANNOT,)


@settings(max_examples=200)
@given(listings)
def test_no_slot_freed_while_gate_open(own: BackupList) -> None:
    first, *more = precautions(own, NOW, keep=own.backups[0].id if own.backups else None)
    gate = own.actions.can_create_backup
    is_open = gate is not None and gate.allowed
    assert isinstance(first, CannotBackUp) is (gate is not None and not is_open)
    if is_open and read_slots(own.quota_info) is Slots.FREE:
        assert first is Code.BACK_UP_FIRST
    assert not more or not is_open
    for slots in more:
        assert isinstance(slots, SlotsUsed)
        assert slots.backup_id != own.backups[0].id


@pytest.mark.parametrize(
    ("own", "offered"),
    [
        (some(OLD), True),
        (some(), False),
        (some(OLD, restore=closed("A restore is running.")), False),
        (some(OLD, restore=None), False),
    ],
)
def test_new_server_needs_gate_and_backup(own: BackupList, offered: bool) -> None:
    assert new_server(own) == ((Code.USE_NEW_SERVER,) if offered else ())


def test_unknown_gate_may_allow_a_backup() -> None:
    assert precautions(some(OLD, create=None, **FULL), NOW) == (Code.MAY_BACK_UP,)
