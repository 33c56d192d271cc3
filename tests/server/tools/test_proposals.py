"""What a writing tool asks, and what it takes for done, from what HostUp returns."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.lost_writes import WriteRecord, look
from hostup_mcp.server.tools import (
    create_vps_backup,
    delete_vps_backup,
    delete_vps_snapshot,
    set_backup_retention,
    set_backup_schedule,
)
from hostup_mcp.server.writes.proposal import Destructive, Harmless, fingerprint
from hostup_mcp.wording.questions import question_text
from hostup_mcp.wording.viewer import Viewer

from .documents import NEW, NOW, OLD, Propose, backup, backups, client, proposed, schedules


async def asked(propose: Propose, documents: dict[str, Any], **given: Any) -> tuple[str, bool]:
    """The question, and whether the name has to be typed."""
    proposal = await proposed(propose, documents, **given)
    assert isinstance(proposal, Destructive)
    question, text = proposal.question, question_text(proposal.question, Viewer())
    typed = text.endswith(f"\nTo go ahead, type: {question.to_type}")
    assert typed is not question.plain_yes
    return text, typed


# Questions ----------------------------------------------------------------------------------------

HIDDEN = "and 3 that are not listed"
OTHERS = "and others that are not listed"


@pytest.mark.parametrize(
    ("listed", "keep", "says", "typed"),
    [
        (backups(), 2, "now: 0", False),
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
    assert says in message
    assert ("DELETE" in message) is is_typed is typed
    timing = {"enabled": True, "frequency": "daily", "hour": 3}
    propose = set_backup_schedule.propose
    message, is_typed = await asked(propose, documents, retentionCount=keep, **timing)
    assert ("that are not listed" in message) is ("DELETE" in message) is is_typed is typed


GOOD_IS_OLDEST = backups(backup("bkp_empty", NEW, 0), backup("bkp_good"))
GOOD_IS_NEWEST = backups(backup("bkp_good", NEW), backup("bkp_empty", OLD, 0))
UNDATED = backups(backup("bkp_empty", None, 0), backup("bkp_good"))
KEEP_ONE = {"enabled": True, "frequency": "daily", "hour": 3, "retentionCount": 1}
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
    as_scheduled = deepcopy(documents)
    for each in as_scheduled["backups"]["backups"]:
        each["backupType"] = "scheduled"
    for some, expected in ((as_scheduled, is_last), (documents, False)):
        message, _ = await asked(set_backup_schedule.propose, some, **KEEP_ONE)
        assert (LAST in message) is expected
    message, _ = await asked(set_backup_retention.propose, documents, autoDeleteOldest=False)
    assert LAST not in message


async def test_no_victim_is_named_if_more_are_listed() -> None:
    listed = backups(backup("bkp_new", NEW), backup("bkp_old"))
    message, _ = await asked(create_vps_backup.propose, {"backups": listed})
    assert "Likeliest to be deleted: the oldest, from Mon 2026-04-20 10:00 UTC" in message
    assert message.endswith("\nIDs: vps_abcdef12, bkp_old")
    message, _ = await asked(create_vps_backup.propose, {"backups": listed | {"nextCursor": "c"}})
    assert "bkp_" not in message
    assert "it may be one that is not listed" in message


DAILY = {"id": "bks_1", "frequency": "daily", "time": "02:00", "retentionCount": 3} | {
    "enabled": True
}
WEEKLY = DAILY | {"frequency": "weekly", "daySpecifier": "1"}


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (schedules(), "No schedule is on now."),
        (schedules({"id": "bks_1", "enabled": False}), "No schedule is on now."),
        (schedules({"id": "bks_1", "enabled": True}), "cannot be read completely"),
        (schedules(DAILY), "Now: daily at 02:00, keeping 3."),
        (schedules(DAILY | {"time": "02:30"}), "cannot be read completely"),
        (schedules(DAILY | {"frequency": "hourly"}), "cannot be read completely"),
        (schedules(WEEKLY), "Now: weekly on Monday at 02:00, keeping 3."),
        (schedules(WEEKLY | {"daySpecifier": "sunday"}), "Now: weekly on Sunday at 02:00"),
        (schedules(WEEKLY | {"daySpecifier": "7"}), "cannot be read completely"),
        (schedules({"id": None, "enabled": True}), "Whether a schedule is on now is not known."),
        (schedules(DAILY | {"enabled": "true"}), "Whether a schedule is on now is not known."),
    ],
)
async def test_the_current_schedule_is_told(listed: dict[str, Any], says: str) -> None:
    off = {"enabled": False, "frequency": "daily", "hour": 3, "retentionCount": 2}
    message, _ = await asked(set_backup_schedule.propose, {"backup_schedules": listed}, **off)
    assert says in message


@pytest.mark.parametrize(
    ("given", "says", "typed"),
    [
        ({}, "Now: daily at 02:00, keeping 3; this is sent again unchanged", False),
        (
            {"frequency": "daily", "hour": 2, "retentionCount": 3},
            "Now: daily at 02:00, keeping 3; this is sent again unchanged",
            False,
        ),
        (
            {"frequency": "monthly", "dayOfMonth": 5, "hour": 4, "retentionCount": 2},
            "Sent with it: monthly on day 5 at 04:00, keeping 2. Now: daily at 02:00, keeping 3.",
            False,
        ),
        (
            {"frequency": "daily", "hour": 2, "retentionCount": 1},
            "keeping 1. Scheduled backups now: 2. More than are kept: HostUp may DELETE",
            True,
        ),
    ],
)
async def test_what_turning_off_sends_is_told(
    given: dict[str, Any], says: str, typed: bool
) -> None:
    """C4: the request never has more than the question."""
    two = backups(backup("a", backupType="scheduled"), backup("b", NEW, backupType="scheduled"))
    documents = {"backup_schedules": schedules(DAILY), "backups": two}
    message, is_typed = await asked(set_backup_schedule.propose, documents, enabled=False, **given)
    assert 'Turn the automatic backups of "web-01" (192.0.2.10) OFF?' in message
    assert says in message
    assert is_typed is typed


async def test_part_of_a_schedule_is_refused() -> None:
    with pytest.raises(RefusalError) as refusal:
        await proposed(set_backup_schedule.propose, enabled=False, retentionCount=1)
    assert refusal.value.failure.fields == ("frequency: is required", "hour: is required")


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
    record = WriteRecord(
        id="0123456789abcdef",
        vps_id=proposal.vps_id,
        method=proposal.request.method,
        path=proposal.request.path,
        sent_at=NOW,
        where_to_look=proposal.follow_up.where_to_look,
        effect=proposal.follow_up.effect,
    )
    stored = WriteRecord.model_validate_json(record.model_dump_json())
    assert stored == record
    assert (await look(client(**after), stored)).is_proof is is_done
