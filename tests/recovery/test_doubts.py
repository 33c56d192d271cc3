"""A backup that looks empty, incomplete or unfinished is listed, but never relied on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.recovery.backups import scheduled
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import complete, find_doubt, find_doubts, may_lose_complete, rarity
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


SOME = st.lists(
    st.tuples(st.sampled_from("abcdefghij"), st.sampled_from([None, 0, 1, 1, 2, 11, 12, 130])),
    min_size=1,
    max_size=12,
)


@given(SOME)
def test_the_usual_size_leaves_out_the_backup_itself(some: list[tuple[str, float | None]]) -> None:
    """It is the median of those with other ids, whatever is listed twice."""
    backups = listing(*(backup(id_, OLD, size) for id_, size in some)).backups
    found: list[tuple[str, Any]] = []
    for one in backups:
        others = sorted(b.size_gb for b in backups if b.id != one.id and b.size_gb)
        usual = others[len(others) // 2] if others else 0
        doubt = Code.BACKUP_EMPTY if one.size_gb == 0 else None
        if one.size_gb and 10 * one.size_gb < usual:
            doubt = BackupSmall(one.size_gb, usual)
        assert find_doubt(one, backups, NOW) == doubt
        found.append((one.id, doubt))
    assert find_doubts(backups, NOW) == {id_: doubt for id_, doubt in found if doubt is not None}
    assert len(complete(backups, NOW)) == sum(doubt is None for _, doubt in found)


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


def test_only_the_order_of_those_that_may_be_removed_matters() -> None:
    """The manual backup of unknown date stays, so the empty older one is removed first."""
    manual = backup("manual", None, 0)
    new, old = backup("new", NEW), backup("old", OLD, 0)
    found = listing(manual, *(one | {"backupType": "scheduled"} for one in (new, old)))
    among = scheduled(found)
    assert [may_lose_complete(found, n, NOW, among) for n in (1, 2)] == [False, True]
