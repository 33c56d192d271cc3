"""What a question says of the backups that HostUp may remove, and what a proposal depends on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.backups import scheduled
from hostup_mcp.server.writes.eviction import count_part, find_eviction
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Part, Quote, say

from ..tools.documents import NEW, NOW, OLD, backup, backups

OLD_DATE, NEW_DATE = datetime(2026, 4, 20, 10, tzinfo=UTC), datetime(2026, 4, 27, 10, tzinfo=UTC)
OLDEST = say(Words.LIKELIEST, made=OLD_DATE)


def listing(*listed: dict[str, Any], used: int | None = None) -> BackupList:
    return BackupList.model_validate(backups(*listed, used=used))


@pytest.mark.parametrize(
    ("listed", "used", "removed", "parts", "ids"),
    [
        ([backup("b", NEW), backup("a", OLD)], 2, 1, [OLDEST], ["a"]),
        # All of them, or the only one that is not empty.
        ([backup("b", NEW), backup("a", OLD)], 2, 2, [OLDEST, Words.LAST_COMPLETE], ["a"]),
        ([backup("b", NEW, 0), backup("a", OLD)], 2, 1, [OLDEST, Words.LAST_COMPLETE], ["a"]),
        # The order is not known, and one of the two may go.
        ([backup("b", NEW), backup("a", None)], 2, 1, [Words.LIKELIEST_UNKNOWN], []),
        # One that is not listed may be older than all others.
        ([backup("b", NEW), backup("a", OLD)], 3, 1, [Words.LIKELIEST_UNLISTED], []),
        ([], 1, 1, [Words.LIKELIEST_UNLISTED], []),
        # Nothing is there that could be removed.
        ([], 0, 1, [], []),
    ],
)
def test_which_backup_goes(
    listed: list[dict[str, Any]], used: int, removed: int, parts: list[Part], ids: list[str]
) -> None:
    found = find_eviction(listing(*listed, used=used), removed, NOW)
    assert (found.parts, found.ids, found.quotes) == (parts, ids, [])
    oldest = found.facts["oldest"]
    assert (oldest["id"] if isinstance(oldest, dict) else None) == (ids[0] if ids else None)
    assert found.facts["losesLast"] is (Words.LAST_COMPLETE in parts)


def test_the_note_of_the_oldest_is_quoted() -> None:
    found = find_eviction(listing(backup("b", NEW), backup("a", OLD, note="keep")), 1, NOW)
    assert found.quotes == [Quote(Words.LIKELIEST_NOTE, "keep")]


def test_only_those_of_the_schedule_go() -> None:
    """The manual backup is the oldest, and stays."""
    own = listing(backup("a", OLD), backup("b", NEW, backupType="scheduled"))
    found = find_eviction(own, 1, NOW, scheduled(own))
    assert (found.parts, found.ids) == ([say(Words.LIKELIEST, made=NEW_DATE)], ["b"])
    only_manual = listing(backup("a", OLD))
    none = find_eviction(only_manual, 1, NOW, scheduled(only_manual))
    assert (none.parts, none.ids) == ([], [])


@pytest.mark.parametrize(
    ("unlisted", "part"),
    [
        (0, say(Words.COUNT, count=2, kind=Words.BACKUPS)),
        (1, say(Words.COUNT_UNLISTED, count=2, kind=Words.BACKUPS, unlisted=1)),
        (3, say(Words.COUNT_UNLISTED, count=2, kind=Words.BACKUPS, unlisted=3)),
        (None, say(Words.COUNT_OTHERS, count=2, kind=Words.BACKUPS)),
    ],
)
def test_a_count_tells_what_is_not_listed(unlisted: int | None, part: Part) -> None:
    assert count_part(Words.BACKUPS, 2, unlisted) == part
