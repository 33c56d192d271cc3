"""Backups as lines: how many, which, in which group, and how to get the others."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from hostup_mcp.hostup.models import Backup
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import BackupUnconfirmed, Doubt
from hostup_mcp.recovery.order import Page
from hostup_mcp.wording.backups import describe_backup, page_lines

NOW = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)
OLDEST = Backup.model_validate({"id": "old", "createdAt": "2025-04-27T12:00:00Z", "sizeGb": 3})


def backup(id_: str, created: str | None = "2026-04-27T10:00:00Z", **fields: object) -> Backup:
    return Backup.model_validate({"id": id_, "createdAt": created, "sizeGb": 12.4} | fields)


def lines(
    page: Page,
    doubts: Mapping[str, Doubt] | None = None,
    oldest: Backup | None = OLDEST,
    *,
    is_all: bool = True,
    unconfirmed: Mapping[str, BackupUnconfirmed] | None = None,
) -> list[str]:
    known = unconfirmed or {}
    return page_lines(page, oldest, doubts or {}, NOW, UTC, is_all=is_all, unconfirmed=known)


@pytest.mark.parametrize(
    ("page", "is_all", "first", "last"),
    [
        (Page((backup("a"),), 0, 1), True, "1 backup, newest first:", "a ·"),
        (Page((backup("a"), backup("b")), 0, 2), True, "All 2 backups, newest first:", "b ·"),
        (Page((backup("a"), backup("b")), 0, 2), False, "2 backups, newest first:", "b ·"),
        (
            Page((backup("a"), backup("b")), 20, 400),
            True,
            "400 backups, 21 to 22 shown, newest first; the oldest is old · Sun 2025-04-27 12:00 "
            "UTC · 1 year old · 3 GB · type unknown:",
            "378 more: call list_vps_backups with before b.",
        ),
        (
            Page((backup("a"), OLDEST), 20, 22),
            True,
            "22 backups, 21 to 22 shown, newest first:",
            "old ·",
        ),
        (Page((), 3, 3), True, "There are no more; 3 backups in all.", "There are no more;"),
    ],
)
def test_pages_say_where_they_are(page: Page, is_all: bool, first: str, last: str) -> None:
    said = lines(page, is_all=is_all)
    assert said[0] == first
    assert said[-1].startswith(last)


def test_groups_have_headings() -> None:
    some = (backup("a"), backup("b"), backup("c", "2027-01-01T00:00:00Z"), backup("d", None))
    said = lines(Page(some, 0, 4), {"b": Code.BACKUP_EMPTY, "d": Code.BACKUP_EMPTY})
    assert [line.split(" · ")[0] for line in said[1:]] == [
        *("a", "May be incomplete:", "b", "Date unknown or in the future:", "c", "d")
    ]
    assert "probably empty" in said[3]
    assert "probably empty" in said[-1]


def test_what_is_known_of_its_request_stands_beside_a_backup() -> None:
    """It stays where it is: the request says nothing against it."""
    unconfirmed = {"b": BackupUnconfirmed(NOW, has_failed=False)}
    _, *said = lines(Page((backup("a"), backup("b")), 0, 2), unconfirmed=unconfirmed)
    assert [line.split(" · ")[0] for line in said] == ["a", "b"]
    remark = "This backup may come from the request of Mon 2026-04-27 12:00 UTC, whose outcome is"
    assert [remark in line for line in said] == [False, True]


def test_a_line_has_what_is_known() -> None:
    usual = "2026-04-27T10:00:00Z (vzdump-1)"
    facts = {"storageKey": "vzdump-1", "displayId": usual, "backupType": "manual"}
    plain = "a · Mon 2026-04-27 10:00 UTC · 2 hours old · 12.4 GB · manual"
    assert describe_backup(backup("a", **facts), NOW, None, UTC) == plain
    named = backup("a", **facts | {"displayId": "mine", "note": 'so "it" is'})
    assert describe_backup(named, NOW, None, UTC) == (
        f'{plain} · label "mine" · note "so \\"it\\" is"'
    )
    unknown = describe_backup(backup("a", "then", sizeGb=None), NOW, None, UTC)
    assert unknown == (
        'a · date unknown (HostUp says "then") · age unknown · size unknown · type unknown'
    )
