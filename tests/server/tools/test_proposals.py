"""What a writing tool asks, and what it takes for done, from what HostUp returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from hostup_mcp.config import Group
from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.tolerance import read_model
from hostup_mcp.server.plans import Plans
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools import (
    create_vps_backup,
    delete_vps_backup,
    delete_vps_snapshot,
    set_backup_retention,
    set_backup_schedule,
)
from hostup_mcp.server.writes.proposal import Destructive, Harmless, Proposal, fingerprint
from hostup_mcp.wording.viewer import Viewer

M = TypeVar("M", bound=Model)

VPS = "vps_abcdef12"
NOW = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)
OPEN = {"allowed": True, "reason": None}
ACTIONS = {"canCreateBackup": OPEN, "canRestore": OPEN}
OLD, NEW = "2026-04-20T10:00:00Z", "2026-04-27T10:00:00Z"


def backup(id_: str, created: str | None = OLD, size: float = 12, **rest: Any) -> dict[str, Any]:
    return {"id": id_, "createdAt": created, "sizeGb": size, "backupType": "manual", **rest}


def backups(*listed: dict[str, Any], used: int | None = None, **rest: Any) -> dict[str, Any]:
    used = len(listed) if used is None else used
    quota = {"used": used, "limit": used, "remaining": 0}
    return {"backups": [*listed], "quotaInfo": quota, "actions": ACTIONS, **rest}


def schedules(*listed: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"schedules": [*listed], "actions": {"canCreate": OPEN}, **rest}


class HostUp:
    """Responds to reads with the document of the path's last part."""

    def __init__(self, **documents: Any) -> None:
        self.documents = {
            VPS: {"id": VPS, "name": "web-01", "primaryIp": "192.0.2.10"},
            "status": {"id": VPS, "powerState": "running", "pendingTasks": []},
            "vps": {"data": [{"id": VPS, "name": "web-01"}]},
            "backups": backups(backup("bkp_1")),
            "backup-schedules": schedules(),
            "snapshots": {"data": [{"name": "snap"}], "actions": {"canRestore": OPEN}},
        } | {name.replace("_", "-"): document for name, document in documents.items()}
        self.clock_offset = 0.0

    async def read(self, model: type[M], path: str, *_: Any, **__: Any) -> M:
        return read_model(model, deepcopy(self.documents[path.rsplit("/", 1)[-1]]))


def client(**documents: Any) -> ReadingClient:
    return ReadingClient(cast("Any", HostUp(**documents)))


Propose = Callable[..., Awaitable[Proposal]]


async def proposed(
    propose: Propose, documents: dict[str, Any] | None = None, **given: Any
) -> Proposal:
    plans = cast("Plans", SimpleNamespace())
    reader = Reader(
        client(**documents or {}), plans, NOW, frozenset(Group), Viewer(), shows_panel=False
    )
    return await propose(reader, VPS, **given)


async def asked(propose: Propose, documents: dict[str, Any], **given: Any) -> tuple[str, bool]:
    """The question, and whether the name has to be typed."""
    proposal = await proposed(propose, documents, **given)
    assert isinstance(proposal, Destructive)
    question = proposal.question
    typed = question.message.endswith(f"\nTo go ahead, type: {question.to_type}")
    assert typed is not question.plain_yes
    return question.message, typed


# Questions ----------------------------------------------------------------------------------------

HIDDEN = "and 3 that are not listed"
OTHERS = "and others that are not listed"


@pytest.mark.parametrize(
    ("listed", "keep", "says", "typed"),
    [
        (backups(), 2, "0 {kind} now", False),
        (backups(used=3), 3, HIDDEN, False),
        (backups(used=3), 2, HIDDEN, True),
        (backups(backup("a", backupType="scheduled"), used=4), 3, HIDDEN, True),
        (backups(nextCursor="c"), 9, OTHERS, True),
        (backups(hasMore=True), 9, OTHERS, True),
    ],
)
async def test_unlisted_backups_count(
    listed: dict[str, Any], keep: int, says: str, typed: bool
) -> None:
    documents = {"backups": listed}
    propose: Propose = set_backup_retention.propose
    message, is_typed = await asked(propose, documents, maxTotalBackups=keep)
    assert says.format(kind="backups") in message
    assert ("DELETE" in message) is is_typed is typed
    timing = {"enabled": True, "frequency": "daily", "hour": 3}
    propose = set_backup_schedule.propose
    message, is_typed = await asked(propose, documents, retentionCount=keep, **timing)
    assert ("that are not listed" in message) is ("DELETE" in message) is is_typed is typed


GOOD_IS_OLDEST = backups(backup("bkp_empty", NEW, 0), backup("bkp_good"))
GOOD_IS_NEWEST = backups(backup("bkp_good", NEW), backup("bkp_empty", OLD, 0))
UNDATED = backups(backup("bkp_empty", None, 0), backup("bkp_good"))
LAST = "This may remove the LAST backup that looks complete."


@pytest.mark.parametrize(
    ("listed", "is_last"),
    [
        (GOOD_IS_OLDEST, True),
        (GOOD_IS_NEWEST, False),
        (UNDATED, True),
        (backups(backup("a", NEW), backup("b")), False),
    ],
)
async def test_losing_the_last_good_one_is_told(listed: dict[str, Any], is_last: bool) -> None:
    documents = {"backups": listed}
    message, typed = await asked(create_vps_backup.propose, documents)
    assert (LAST in message) is typed is is_last
    for given in ({"maxTotalBackups": 1}, {"autoDeleteOldest": True}):
        message, typed = await asked(set_backup_retention.propose, documents, **given)
        assert typed
        assert (LAST in message) is is_last, given
    message, _ = await asked(set_backup_retention.propose, documents, autoDeleteOldest=False)
    assert LAST not in message


async def test_no_victim_is_named_if_more_are_listed() -> None:
    listed = backups(backup("bkp_new", NEW), backup("bkp_old"))
    message, _ = await asked(create_vps_backup.propose, {"backups": listed})
    assert "the oldest backup, bkp_old from" in message
    message, _ = await asked(create_vps_backup.propose, {"backups": listed | {"nextCursor": "c"}})
    assert "bkp_" not in message
    assert "a backup that is not listed" in message


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (schedules(), "No schedule is on now."),
        (schedules({"id": "bks_1", "enabled": False}), "No schedule is on now."),
        (schedules({"id": "bks_1", "enabled": True}), "Now: bks_1"),
        (schedules({"id": None, "enabled": True}), "does not show whether a schedule is on"),
        (schedules({"id": "bks_1", "enabled": "true"}), "does not show whether a schedule is on"),
    ],
)
async def test_the_current_schedule_is_told(listed: dict[str, Any], says: str) -> None:
    off = {"enabled": False, "frequency": "daily", "hour": 3, "retentionCount": 2}
    message, _ = await asked(set_backup_schedule.propose, {"backup_schedules": listed}, **off)
    assert says in message


# Facts that are compared --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"displayId": "another"}, {"createdAt": "2026-04-20T10:00:00.000Z"}]
)
async def test_a_label_does_not_change_the_facts(change: dict[str, Any]) -> None:
    async def both(propose: Propose, **given: Any) -> None:
        first, second = [
            await proposed(propose, {"backups": backups(one)}, **given)
            for one in (backup("bkp_1"), backup("bkp_1") | change)
        ]
        assert fingerprint(first) == fingerprint(second)

    await both(delete_vps_backup.propose, backupId="bkp_1")
    await both(create_vps_backup.propose)


# What a read shows after a response that says nothing ---------------------------------------------

SETTINGS = {"totalBackupLimit": 5, "autoDeleteOldest": False}


@pytest.mark.parametrize(
    ("propose", "given", "after", "is_done"),
    [
        *(
            (delete_vps_backup.propose, {"backupId": "bkp_1"}, {"backups": listed}, is_done)
            for listed, is_done in (
                (backups(), True),
                (backups(backup("bkp_2")), True),
                (backups(backup("bkp_1")), False),
                (backups(used=1), False),
                (backups({"id": None}), False),
                (backups(hasMore=True), False),
                (backups(nextCursor="c"), False),
            )
        ),
        *(
            (delete_vps_snapshot.propose, {"snapshotName": "snap"}, {"snapshots": listed}, is_done)
            for listed, is_done in (
                ({"data": []}, True),
                ({"data": [], "available": True}, True),
                ({"data": [], "available": False}, False),
                ({"data": [], "hasMore": True}, False),
                ({"data": [{"name": "snap"}]}, False),
            )
        ),
        *(
            (
                set_backup_retention.propose,
                given,
                {"backup_schedules": schedules(settings=settings)},
                is_done,
            )
            for given, settings, is_done in (
                ({"maxTotalBackups": 5}, SETTINGS, True),
                ({"maxTotalBackups": 5, "autoDeleteOldest": False}, SETTINGS, True),
                ({"autoDeleteOldest": False}, SETTINGS, True),
                ({"maxTotalBackups": 4}, SETTINGS, False),
                ({"maxTotalBackups": 5, "autoDeleteOldest": True}, SETTINGS, False),
                ({"maxTotalBackups": 5}, {}, False),
                ({"autoDeleteOldest": False}, {}, False),
                ({"autoDeleteOldest": False}, None, False),
            )
        ),
        *(
            (
                set_backup_schedule.propose,
                {"enabled": False, "frequency": "daily", "hour": 3, "retentionCount": 2},
                {"backup_schedules": listed},
                is_done,
            )
            for listed, is_done in (
                (schedules({"id": "bks_1", "enabled": False}), True),
                (schedules({"id": "bks_1", "enabled": None}), False),
                (schedules({"id": None, "enabled": True}), False),
            )
        ),
    ],
)
async def test_one_read_settles_an_unclear_end(
    propose: Propose, given: dict[str, Any], after: dict[str, Any], is_done: bool
) -> None:
    proposal = await proposed(propose, **given)
    assert not isinstance(proposal, Harmless)
    assert proposal.follow_up.is_done is not None
    assert await proposal.follow_up.is_done(client(**after)) is is_done
