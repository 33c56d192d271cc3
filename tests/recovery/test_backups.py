"""Which backup is which, and how full the slots are."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from hostup_mcp.hostup.models import Backup
from hostup_mcp.recovery.backups import (
    dated,
    find_backup,
    find_snapshot,
    find_source_backup,
    newest_first,
    note_of,
    oldest,
    scheduled,
)

from .listings import NOW, backup, backup_tuples, listing, snapshot, snapshots, sources

OLD, MIDDLE, NEW = "2026-04-20T10:00:00Z", "2026-04-26T10:00:00Z", "2026-04-27T10:00:00Z"
FUTURE = "2031-01-01T00:00:00.000Z"


def ids(*backups: dict[str, Any]) -> list[str]:
    return [one.id for one in newest_first(listing(*backups).backups)]


def test_newest_first_unknown_dates_last() -> None:
    assert ids(
        backup("unknown", None),
        backup("old", "2026-04-01T10:00:00Z"),
        backup("unreadable", "last week"),
        backup("new", "2026-04-27T10:00:00Z"),
        backup("middle", "2026-04-26T23:00:00-05:00"),
    ) == ["new", "middle", "old", "unknown", "unreadable"]


def test_same_dates_keep_their_order() -> None:
    assert ids(backup("c"), backup("a"), backup("b")) == ["c", "a", "b"]
    assert ids(backup("c", None), backup("a", "?"), backup("b", None)) == ["c", "a", "b"]


def test_time_zones_are_compared() -> None:
    same = backup("a", "2026-04-27T10:00:00Z"), backup("b", "2026-04-27T12:00:00+02:00")
    assert ids(*same) == ["a", "b"]


def test_an_absurd_date_is_never_the_oldest() -> None:
    absurd, known = backup("absurd", "0001-01-01T00:00:00Z"), backup("known")
    assert ids(absurd, known) == ["known", "absurd"]


@settings(max_examples=200)
@given(backup_tuples)
def test_ordering_loses_no_backup(backups: tuple[Backup, ...]) -> None:
    ordered = newest_first(backups)
    assert sorted(map(id, ordered)) == sorted(map(id, backups))
    known = [one.created for one in ordered if one.created is not None]
    assert known == sorted(known, reverse=True)
    assert all(one.created is None for one in ordered[len(known) :])
    places = {id(one): place for place, one in enumerate(backups)}
    for one, following in pairwise(ordered):
        if one.created == following.created:
            assert places[id(one)] < places[id(following)]


def test_dated_skips_unknown_and_future() -> None:
    some = listing(backup("a", None), backup("b", FUTURE), backup("c", OLD), backup("d", "?"))
    found = [(one.id, created) for one, created in dated(some.backups, NOW)]
    assert found == [("c", datetime(2026, 4, 20, 10, tzinfo=UTC))]


@pytest.mark.parametrize(
    ("dates", "evicted"),
    [
        ([MIDDLE, OLD, NEW], "1"),
        ([OLD], "0"),
        ([], None),
        ([MIDDLE, None, OLD], None),
        ([MIDDLE, FUTURE, OLD], None),
    ],
)
def test_oldest_needs_all_dates(dates: list[str | None], evicted: str | None) -> None:
    some = listing(*(backup(str(n), date) for n, date in enumerate(dates)))
    found = oldest(some, NOW)
    assert (None if found is None else found[0].id) == evicted
    assert found is None or found[1] == found[0].created
    assert oldest(listing(*(backup(date) for date in "ab"), used=3), NOW) is None


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        (None, None),
        ("", None),
        ("before the migration", "before the migration"),
        ("n" * 60, "n" * 60),
        ("n" * 61, "n" * 59 + "…"),
    ],
)
def test_a_note_is_cut_at_sixty_characters(note: str | None, kept: str | None) -> None:
    assert note_of(Backup.model_validate(backup() | {"note": note})) == kept


def test_found_by_exact_id_only() -> None:
    some = listing(backup("bkp_1"), backup("bkp_2"))
    assert find_backup(some, "bkp_2") is some.backups[1]
    assert find_backup(some, "BKP_2") is None
    taken = snapshots(snapshot("a"), snapshot("b"))
    assert find_snapshot(taken, "b") is taken.data[1]
    assert find_snapshot(taken, "B") is None


@pytest.mark.parametrize(("source", "point"), [("vps_3", "bkp_1"), ("vps_2", "bkp_2")])
def test_backup_belongs_to_its_source(source: str, point: str) -> None:
    both = (*sources(backup("bkp_1")).sources, *sources(backup("bkp_2"), id_="vps_3").sources)
    offered = sources().model_copy(update={"sources": both})
    assert find_source_backup(offered, source, point) is None
    assert find_source_backup(offered, "vps_3", "bkp_2") is both[1].backups[0]


def test_duplicate_source_is_searched_too() -> None:
    twice = (*sources().sources, *sources(backup()).sources)
    offered = sources().model_copy(update={"sources": twice})
    assert find_source_backup(offered, "vps_2", "bkp_1") is twice[1].backups[0]


def test_the_oldest_of_some() -> None:
    manual, scheduled_ = backup("manual", "2026-04-01T10:00:00Z"), backup("scheduled")
    found = listing(manual, scheduled_ | {"backupType": "scheduled"})
    of_schedule = oldest(found, NOW, scheduled(found))
    assert of_schedule is not None
    assert of_schedule[0].id == "scheduled"
    assert oldest(found, NOW, ()) is None
