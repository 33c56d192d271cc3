"""A backup that looks empty, incomplete or unfinished is listed, but never relied on."""

from typing import Any

import pytest

from hostup_mcp.recovery.backups import scheduled
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import complete, find_doubt, may_lose_complete, rarity
from hostup_mcp.recovery.findings import BackupSmall

from .listings import NOW, backup, listing, sources

OLD, MIDDLE, NEW = "2026-04-20T10:00:00Z", "2026-04-26T10:00:00Z", "2026-04-27T10:00:00Z"
FUTURE = "2031-01-01T00:00:00.000Z"
EMPTY = {"size": 0}


@pytest.mark.parametrize(
    ("size", "others", "created", "doubt"),
    [
        (12, [12, 13], NEW, None),
        (0, [], NEW, Code.BACKUP_EMPTY),
        (0, [12], "2026-04-27T11:56:00Z", Code.BACKUP_EMPTY),
        # nothing is said of an unknown size, nor by it
        (None, [12], NEW, None),
        (None, [12], "2026-04-27T11:56:00Z", Code.BACKUP_NEW),
        (0.1, [None], NEW, None),
        (1.1, [None, 12], NEW, BackupSmall(1.1, 12)),
        # less than a tenth of what is usual
        (0.1, [], NEW, None),
        (0.1, [0], NEW, None),
        (1.2, [12], NEW, None),
        (1.1, [12], NEW, BackupSmall(1.1, 12)),
        (1.1, [2, 12], NEW, BackupSmall(1.1, 12)),
        (1.1, [12, 12, 900], NEW, BackupSmall(1.1, 12)),
        (1.1, [0, 0, 12], NEW, BackupSmall(1.1, 12)),
        (1.1, [0.5, 12, 1.1], NEW, None),
        # minutes old
        (12, [12], "2026-04-27T11:45:01Z", Code.BACKUP_NEW),
        (12, [12], "2026-04-27T11:45:00Z", None),
        (12, [], "2026-04-27T12:00:00Z", Code.BACKUP_NEW),
        (12, [], "2026-04-27T12:05:00Z", Code.BACKUP_NEW),
        (12, [12], FUTURE, None),
        (12, [12], None, None),
    ],
)
def test_size_and_age_raise_doubts(
    size: float | None, others: list[float | None], created: str | None, doubt: Any
) -> None:
    some = [backup("bkp", created, size)]
    some += [backup(f"bkp_{n}", OLD, other) for n, other in enumerate(others)]
    backups = listing(*some).backups
    assert find_doubt(backups[0], backups, NOW) == doubt
    offered = sources(*some).sources[0].backups
    assert find_doubt(offered[0], offered, NOW) == doubt


def test_complete_ones_newest_first() -> None:
    some = listing(
        backup("old", OLD), backup("empty", NEW, 0), backup("new", MIDDLE), backup("undated", None)
    )
    assert [one.id for one in complete(some.backups, NOW)] == ["new", "old", "undated"]


@pytest.mark.parametrize(
    ("some", "rare"),
    [
        ([(OLD, 9)], [Code.ONLY_BACKUP]),
        ([(None, 0)], [Code.ONLY_BACKUP]),
        ([(OLD, 9), (NEW, 9), (MIDDLE, 9)], [None, Code.NEWEST_BACKUP, None]),
        ([(NEW, 9), (NEW, 9), (OLD, 9)], [Code.NEWEST_BACKUP, Code.NEWEST_BACKUP, None]),
        ([(None, 9), (NEW, 9), (OLD, 9)], [Code.NEWEST_BACKUP, Code.NEWEST_BACKUP, None]),
        ([(FUTURE, 9), (NEW, 9), (OLD, 9)], [Code.NEWEST_BACKUP, Code.NEWEST_BACKUP, None]),
        ([(None, 9), (None, 9)], [Code.NEWEST_BACKUP, Code.NEWEST_BACKUP]),
        # the newest one is empty: so are the newest of all and of the complete ones kept
        ([(NEW, 0), (MIDDLE, 9)], [Code.NEWEST_BACKUP, Code.LAST_COMPLETE_BACKUP]),
        ([(NEW, 9), (MIDDLE, 0)], [Code.LAST_COMPLETE_BACKUP, None]),
        (
            [(NEW, 0), (MIDDLE, 9), (OLD, 9)],
            [Code.NEWEST_BACKUP, Code.NEWEST_BACKUP, None],
        ),
        ([(NEW, 0), (OLD, 0)], [Code.NEWEST_BACKUP, None]),
    ],
)
def test_what_makes_a_backup_rare(
    some: list[tuple[str | None, float]], rare: list[Code | None]
) -> None:
    found = listing(*(backup(str(n), date, size) for n, (date, size) in enumerate(some)))
    assert [rarity(found, one, NOW) for one in found.backups] == rare


@pytest.mark.parametrize(
    ("some", "rare"),
    [
        ([(OLD, 9)], [Code.ONLY_LISTED_BACKUP]),
        ([(NEW, 9), (OLD, 0)], [Code.LAST_COMPLETE_LISTED, None]),
        ([(NEW, 9), (OLD, 9)], [Code.NEWEST_BACKUP, None]),
    ],
)
def test_hidden_ones_are_not_said_to_be_missing(
    some: list[tuple[str | None, float]], rare: list[Code | None]
) -> None:
    found = listing(*(backup(str(n), date, size) for n, (date, size) in enumerate(some)), used=5)
    assert [rarity(found, one, NOW) for one in found.backups] == rare


@pytest.mark.parametrize(
    ("some", "used", "loses"),
    [
        ([], None, [False, False]),
        ([(OLD, 9)], None, [True, True]),
        ([(OLD, 0)], None, [False, False]),
        ([(NEW, 0), (OLD, 9)], None, [True, True]),
        ([(NEW, 9), (OLD, 0)], None, [False, True]),
        ([(NEW, 9), (OLD, 9)], None, [False, True]),
        ([(NEW, 0), (MIDDLE, 9), (OLD, 9)], None, [False, True]),
        # of unknown order, any may be removed
        ([(None, 9), (OLD, 0)], None, [True, True]),
        ([(None, 9), (OLD, 9)], None, [False, True]),
        ([(NEW, 9)], 2, [True, True]),
        ([(NEW, 9), (OLD, 9)], 3, [False, True]),
    ],
)
def test_removal_may_leave_none_complete(
    some: list[tuple[str | None, float]], used: int | None, loses: list[bool]
) -> None:
    backups = (backup(str(n), date, size) for n, (date, size) in enumerate(some))
    found = listing(*backups, used=used)
    assert [may_lose_complete(found, removed, NOW) for removed in (1, 2)] == loses


@pytest.mark.parametrize(
    ("kinds", "loses"),
    [
        (("scheduled", "scheduled"), [False, True]),
        (("manual", "scheduled"), [False, False]),
        (("scheduled", "manual"), [False, False]),
        (("manual", "manual"), [False, False]),
    ],
)
def test_only_those_that_may_be_removed_count(kinds: tuple[str, str], loses: list[bool]) -> None:
    dated = zip((NEW, OLD), kinds, strict=True)
    some = [backup(kind + str(date), date) | {"backupType": kind} for date, kind in dated]
    for found in (listing(*some), listing(*some, used=5)):
        among = scheduled(found)
        assert [may_lose_complete(found, n, NOW, among) for n in (1, 2)] == loses
