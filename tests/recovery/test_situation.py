"""Right after a restore, what would be lost is what was written since then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.recovery.assessment import assess
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Changes, EverythingForState, RestoredSince
from hostup_mcp.recovery.situation import restored_since
from hostup_mcp.recovery.suggestions import NewerSnapshot

from .listings import NOW, backup, listing, snapshot, snapshots

EIGHT = timedelta(hours=8)
LOSS = Changes(NOW - EIGHT, EIGHT)
RESTORED = NOW - timedelta(minutes=2)


@pytest.mark.parametrize(
    ("loss", "restored_at", "expected"),
    [
        (LOSS, RESTORED, RestoredSince(RESTORED, timedelta(minutes=2))),
        (LOSS, NOW - timedelta(hours=9), None),
        (LOSS, NOW - EIGHT, None),
        (LOSS, NOW + timedelta(days=1), None),
        (LOSS, None, None),
        (EverythingForState(EIGHT), RESTORED, None),
        (Code.CHANGES_UNKNOWN, RESTORED, None),
        (None, RESTORED, None),
    ],
)
def test_a_restore_since_makes_the_loss_smaller(
    loss: Any, restored_at: datetime | None, expected: RestoredSince | None
) -> None:
    assert restored_since(loss, restored_at, NOW) == expected


@pytest.mark.parametrize(
    ("minutes", "code"), [(0, Code.CHANGES_FEW), (4, Code.CHANGES_FEW), (5, Code.CHANGES)]
)
def test_few_changes_are_called_few(minutes: int, code: Code) -> None:
    span = timedelta(minutes=minutes)
    assert Changes(NOW - span, span).code is code


def test_a_listing_is_advised_by_its_situation() -> None:
    old = backup("old", "2026-04-27T04:00:00Z")
    found = assess(listing(old), NOW, snapshots=snapshots(snapshot()), restored_at=RESTORED)
    at = datetime(2026, 4, 27, 10, tzinfo=UTC)
    assert found.advice == (
        RestoredSince(RESTORED, timedelta(minutes=2)),
        NewerSnapshot("snap", at, timedelta(hours=2), is_instead=False),
    )
    (instead,) = assess(listing(), NOW, snapshots=snapshots(snapshot())).advice
    assert isinstance(instead, NewerSnapshot)
    assert instead.is_instead
