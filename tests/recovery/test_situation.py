"""Right after a restore, what would be lost is what was written since then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.recovery.assessment import assess
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Changes, EverythingForState, RestoredSince
from hostup_mcp.recovery.situation import PastRestore, restored_since
from hostup_mcp.recovery.suggestions import NewerSnapshot

from .listings import NOW, backup, listing, snapshot, snapshots

EIGHT = timedelta(hours=8)
LOSS = Changes(NOW - EIGHT, EIGHT)
NINE = timedelta(hours=9)
RESTORED = NOW - timedelta(minutes=2)


def past(
    at: datetime = RESTORED,
    succeeded: bool | None = True,
    holds: datetime | None = NOW - EIGHT,
    *,
    is_own: bool = True,
) -> PastRestore:
    return PastRestore(at, succeeded, holds, is_own)


def since(succeeded: bool | None = True) -> RestoredSince:
    return RestoredSince(RESTORED, timedelta(minutes=2), succeeded)


@pytest.mark.parametrize(
    ("loss", "restore", "expected"),
    [
        (LOSS, past(), since()),
        (LOSS, past(succeeded=None), since(None)),
        (LOSS, past(succeeded=False), since(False)),
        (LOSS, past(NOW - NINE), None),
        (LOSS, past(NOW - EIGHT), None),
        (LOSS, past(NOW + timedelta(days=1)), None),
        (LOSS, None, None),
        (EverythingForState(EIGHT), past(), None),
        (Code.CHANGES_UNKNOWN, past(), None),
        (None, past(), None),
    ],
)
def test_a_restore_since_makes_the_loss_smaller(
    loss: Any, restore: PastRestore | None, expected: RestoredSince | None
) -> None:
    assert restored_since(loss, restore, NOW) == expected


@pytest.mark.parametrize(
    ("restore", "expected"),
    [
        (past(holds=NOW - NINE), since()),
        (past(holds=NOW - timedelta(hours=7)), None),
        (past(holds=NOW - timedelta(hours=7), succeeded=None), None),
        (past(holds=NOW - timedelta(hours=7), succeeded=False), since(False)),
        (past(holds=None), None),
        (past(holds=NOW - timedelta(hours=7), is_own=False), since()),
    ],
)
def test_what_a_newer_backup_brought_back_would_be_lost_too(
    restore: PastRestore, expected: RestoredSince | None
) -> None:
    assert restored_since(LOSS, restore, NOW) == expected


@pytest.mark.parametrize(
    ("succeeded", "code"),
    [
        (True, Code.RESTORED_SINCE),
        (None, Code.RESTORE_SENT_SINCE),
        (False, Code.RESTORE_FAILED_SINCE),
    ],
)
def test_how_it_ended_is_its_code(succeeded: bool | None, code: Code) -> None:
    assert since(succeeded).code is code


@pytest.mark.parametrize(
    ("minutes", "code"), [(0, Code.CHANGES_FEW), (4, Code.CHANGES_FEW), (5, Code.CHANGES)]
)
def test_few_changes_are_called_few(minutes: int, code: Code) -> None:
    span = timedelta(minutes=minutes)
    assert Changes(NOW - span, span).code is code


def test_a_listing_is_advised_by_its_situation() -> None:
    old = backup("old", "2026-04-27T04:00:00Z")
    found = assess(listing(old), NOW, snapshots=snapshots(snapshot()), restored=past())
    at = datetime(2026, 4, 27, 10, tzinfo=UTC)
    assert found.advice == (
        since(),
        NewerSnapshot("snap", at, timedelta(hours=2), is_instead=False),
    )
    (instead,) = assess(listing(), NOW, snapshots=snapshots(snapshot())).advice
    assert isinstance(instead, NewerSnapshot)
    assert instead.is_instead
