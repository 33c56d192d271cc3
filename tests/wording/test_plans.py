"""What a plan restores and destroys, in words for a model."""

from datetime import UTC, datetime, timedelta

import pytest

from hostup_mcp.hostup.models import Backup, Snapshot
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Changes, Loss
from hostup_mcp.recovery.modes.definition import Point
from hostup_mcp.wording.plans import loss_text, point_text

MADE = "2026-04-27T10:00:00Z"
WHEN = datetime(2026, 4, 27, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (Backup(id="bkp_1", created_at=MADE), "backup from Mon 2026-04-27 10:00 UTC"),
        (Snapshot(name="bkp_1", created_at=MADE), "snapshot bkp_1 from Mon 2026-04-27 10:00 UTC"),
        (Backup(id="bkp_1", created_at="then"), 'bkp_1 (date unknown (HostUp says "then"))'),
        (Snapshot(name="bkp_1"), "bkp_1 (date unknown)"),
        (None, "bkp_1 (not listed)"),
    ],
)
def test_what_is_restored_has_a_date_or_an_id(point: Point | None, text: str) -> None:
    assert point_text("bkp_1", point, UTC) == text


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (
            Changes(WHEN, timedelta(hours=8)),
            "everything written since then, up to 8 hours of changes.",
        ),
        (Code.NOTHING, "Nothing"),
        (Code.EVERYTHING, "Everything on this VPS would be lost."),
    ],
)
def test_a_loss_refers_to_the_date_before_it(loss: Loss, text: str) -> None:
    assert loss_text(loss, UTC).startswith(text)
