"""The order in which backups are shown, page by page."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.order import Group, Page, group_of, in_order, oldest_dated, page_of

from .listings import NOW, backup, listing

NEW, MIDDLE, OLD = (f"2026-04-2{day}T10:00:00Z" for day in (7, 6, 5))
FUTURE = "2026-05-01T10:00:00Z"


def page(ids: str, before: str | None, limit: int) -> Page | None:
    return page_of(listing(*map(backup, ids)).backups, before, limit)


def test_usable_ones_come_first() -> None:
    some = listing(
        backup("future", FUTURE),
        backup("none", None),
        backup("old", OLD),
        backup("doubtful", NEW),
        backup("new", MIDDLE),
    )
    ordered = in_order(some.backups, {"doubtful"}, NOW)
    assert [one.id for one in ordered] == ["new", "old", "doubtful", "future", "none"]
    groups = [group_of(one, {"doubtful", "none"}, NOW) for one in ordered]
    assert groups == [Group.USABLE, Group.USABLE, Group.DOUBTFUL, Group.UNDATED, Group.UNDATED]


@given(
    st.lists(st.sampled_from([NEW, MIDDLE, OLD, FUTURE, None, "yesterday"]), max_size=9),
    st.sets(st.integers(0, 9)),
    st.integers(1, 4),
)
def test_pages_hold_each_backup_once(
    dates: list[str | None], doubtful: set[int], limit: int
) -> None:
    some = listing(*(backup(str(n), date) for n, date in enumerate(dates)))
    doubts = {str(n) for n in doubtful}
    ordered = in_order(some.backups, doubts, NOW)
    assert sorted(one.id for one in ordered) == sorted(one.id for one in some.backups)
    for one, following in pairwise(ordered):
        groups = group_of(one, doubts, NOW), group_of(following, doubts, NOW)
        assert groups[0] <= groups[1]
        if groups[0] is groups[1] and one.created and following.created:
            assert one.created >= following.created
    shown: list[str] = []
    while True:
        part = page_of(ordered, shown[-1] if shown else None, limit)
        assert part is not None
        assert part.start == len(shown)
        shown += [one.id for one in part.backups]
        assert part.left == part.total - len(shown)
        if not part.left:
            break
    assert shown == [one.id for one in ordered]


def test_a_page_goes_on_after_its_mark() -> None:
    after = page("abcde", "b", 2)
    assert after is not None
    assert [one.id for one in after.backups] == ["c", "d"]
    assert (after.start, after.total, after.left) == (2, 5, 1)
    end = page("abcde", "e", 2)
    assert end is not None
    assert (end.backups, end.start, end.left) == ((), 5, 0)
    assert page("abcde", "f", 2) is None, "no longer listed"


@pytest.mark.parametrize(
    ("dates", "found"),
    [([MIDDLE, None, OLD, NEW], "2"), ([FUTURE, NEW], "1"), ([FUTURE, None], None), ([], None)],
)
def test_the_oldest_has_a_known_age(dates: list[str | None], found: str | None) -> None:
    some: BackupList = listing(*(backup(str(n), date) for n, date in enumerate(dates)))
    oldest = oldest_dated(some.backups, NOW)
    assert (None if oldest is None else oldest.id) == found
