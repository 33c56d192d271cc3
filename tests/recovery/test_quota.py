"""What the numbers of a quota say, and what they do not."""

from typing import Any

import pytest

from hostup_mcp.hostup.models import BackupList, QuotaInfo
from hostup_mcp.hostup.tolerance import read_model
from hostup_mcp.recovery.assessment import assess_restore
from hostup_mcp.recovery.backups import oldest
from hostup_mcp.recovery.quota import Slots, count_unlisted, find_hidden, read_slots
from hostup_mcp.recovery.reasons import BackupsHidden
from hostup_mcp.recovery.verdicts import Verdict

from .listings import NOW, backup, listing


@pytest.mark.parametrize(
    ("numbers", "slots"),
    [
        ((1, 3, 2), Slots.FREE),
        ((2, 3, None), Slots.FREE),
        ((3, None, 2), Slots.FREE),
        ((3, 3, 0), Slots.FULL),
        ((0, 0, 0), Slots.FULL),
        ((3, 3, None), Slots.FULL),
        ((4, 3, None), Slots.FULL),
        ((3, None, 0), Slots.FULL),
        ((3, None, None), Slots.UNKNOWN),
        ((None, 3, None), Slots.UNKNOWN),
        ((None, 3, 0), Slots.FULL),
        ((3, 3, 1), Slots.UNKNOWN),
        ((2, 3, 0), Slots.UNKNOWN),
    ],
)
def test_slots_need_clear_numbers(
    numbers: tuple[int | None, int | None, int | None], slots: Slots
) -> None:
    """A number that did not come is neither full nor unlimited, and two must not contradict."""
    used, limit, remaining = numbers
    assert read_slots(QuotaInfo(used=used, limit=limit, remaining=remaining)) is slots


def test_unreadable_backups_are_hidden() -> None:
    """One without a readable id is not shown; an odd field costs only itself."""
    some = {"backups": [backup() | {"id": 7}, backup("bkp_2") | {"note": 7}]}
    assert find_hidden(read_model(BackupList, some)) == BackupsHidden(2, 1)
    assert find_hidden(read_model(BackupList, {"backups": [backup() | {"id": 7}]})) is not None
    assert find_hidden(read_model(BackupList, {"backups": [backup() | {"note": 7}]})) is None


@pytest.mark.parametrize(
    ("used", "listed", "hidden"),
    [
        (3, 0, BackupsHidden(3, 0)),
        (3, 2, BackupsHidden(3, 2)),
        (2, 2, None),
        (1, 2, None),
        (0, 0, None),
    ],
)
def test_hidden_are_counted_not_listed(
    used: int, listed: int, hidden: BackupsHidden | None
) -> None:
    some = listing(*(backup(f"bkp_{n}") for n in range(listed)), used=used)
    assert find_hidden(some) == hidden
    assert count_unlisted(some) == (0 if hidden is None else used - listed)


@pytest.mark.parametrize(
    ("numbers", "hidden"),
    [
        ((None, 3, 0), BackupsHidden(3, 0)),
        ((None, 3, 3), None),
        ((None, 3, 9), None),
        ((None, None, 0), None),
        ((None, 3, None), None),
        # the count that HostUp states comes first
        ((0, 3, 0), None),
        ((1, 3, 0), BackupsHidden(1, 0)),
    ],
)
def test_missing_count_follows_from_rest(
    numbers: tuple[int | None, int | None, int | None], hidden: BackupsHidden | None
) -> None:
    used, limit, remaining = numbers
    quota = {"used": used, "limit": limit, "remaining": remaining}
    assert find_hidden(read_model(BackupList, {"backups": [], "quotaInfo": quota})) == hidden


@pytest.mark.parametrize(
    "more", [{"hasMore": True}, {"nextCursor": "c"}, {"hasMore": True, "nextCursor": "c"}]
)
def test_an_incomplete_list_hides_backups(more: dict[str, Any]) -> None:
    some = read_model(BackupList, {"backups": [backup()]} | more)
    assert find_hidden(some) == BackupsHidden(None, 1)
    assert count_unlisted(some) is None
    counted = {"backups": [backup()], "quotaInfo": {"used": 3}} | more
    assert find_hidden(read_model(BackupList, counted)) == BackupsHidden(3, 1)
    assert oldest(some, NOW) is None
    restore = assess_restore(read_model(BackupList, {"backups": []} | more))
    assert restore.verdict is Verdict.UNKNOWN
