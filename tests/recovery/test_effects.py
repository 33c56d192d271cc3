"""What a read shows of a write: what is there, what may have begun, and what nobody can tell."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.hostup.live import Cancellation
from hostup_mcp.hostup.models import BackupList, BackupSchedules, Gate, SnapshotList, VpsPage
from hostup_mcp.hostup.requests import PowerAction
from hostup_mcp.recovery.effects import (
    SETTLED,
    BackupDeleted,
    BackupMade,
    DiskRestored,
    Effect,
    PowerSet,
    RetentionSet,
    ScheduleSet,
    ServerBuilt,
    ServerCancelled,
    Shows,
    Sight,
    SnapshotDeleted,
    SnapshotMade,
    see_cancellation,
    see_deleted_backup,
    see_new_backup,
    see_power,
    see_restore,
    see_retention,
    see_schedule,
    see_server,
    see_snapshot,
)

from .listings import NOW, OPEN, backup, closed, listing, snapshot, snapshots

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
OLD = backup("bkp_old")


def made(at: datetime | None, name: str = "bkp_new", **rest: Any) -> dict[str, Any]:
    return backup(name, None if at is None else at.isoformat()) | rest


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([made(NOW)], "bkp_new"),
        ([made(NOW - SECOND)], "bkp_new"),
        ([made(NOW - SECOND - MILLISECOND)], None),
        ([made(NOW + SETTLED)], "bkp_new"),
        ([made(NOW + SETTLED + MILLISECOND)], None),
        ([made(None)], "bkp_new"),
        ([made(NOW, backupType="Scheduled ")], None),
        ([made(NOW, backupType="")], "bkp_new"),
        ([made(NOW, backupType=None)], "bkp_new"),
        ([made(NOW, "bkp_old")], None),
        # The first after the request is the likeliest; one without a date the least likely.
        ([made(None), made(NOW + 2 * SECOND, "b"), made(NOW + SECOND, "a")], "a"),
        ([], None),
    ],
)
def test_a_new_backup_is_looked_for(listed: list[dict[str, Any]], found: str | None) -> None:
    effect = BackupMade((OLD["id"],))
    seen = see_new_backup(effect, listing(*listed), NOW)
    assert (seen.backup and seen.backup.id) == found
    assert seen.shows is (Shows.NOT_DONE if found is None else Shows.DONE)
    assert not seen.is_proof


@pytest.mark.parametrize(
    ("gate", "shows"),
    [(OPEN, Shows.NOT_DONE), (None, Shows.NOT_DONE), (closed("b"), Shows.STARTED)],
)
def test_a_closed_gate_shows_a_start(gate: dict[str, Any] | None, shows: Shows) -> None:
    found = listing(OLD, create=gate)
    effect = BackupMade((OLD["id"],))
    expected = Sight(effect, shows, gate=found.actions.can_create_backup)
    assert see_new_backup(effect, found, NOW) == expected
    done = see_new_backup(effect, listing(OLD, made(NOW), create=gate), NOW)
    assert done.shows is Shows.DONE


def unread(**rest: Any) -> BackupList:
    return BackupList.model_validate({"backups": [], "quotaInfo": {}, "actions": {}, **rest})


@pytest.mark.parametrize(
    ("found", "shows"),
    [
        (listing(backup("bkp_1")), Shows.NOT_DONE),
        (listing(backup("bkp_2")), Shows.DONE),
        (listing(), Shows.DONE),
        (listing(used=1), Shows.NOTHING),
        (unread(hasMore=True), Shows.NOTHING),
        (unread(hasMore=True, backups=[backup("bkp_1")]), Shows.NOT_DONE),
    ],
)
def test_a_deleted_backup_is_not_listed(found: BackupList, shows: Shows) -> None:
    assert_shows(see_deleted_backup(BackupDeleted("bkp_1"), found), shows)


@pytest.mark.parametrize(
    ("found", "made", "deleted"),
    [
        (snapshots(snapshot("snap")), Shows.DONE, Shows.NOT_DONE),
        (snapshots(snapshot("other")), Shows.NOT_DONE, Shows.DONE),
        (snapshots(available=True), Shows.NOT_DONE, Shows.DONE),
        (snapshots(available=False), Shows.NOT_DONE, Shows.NOTHING),
        (snapshots(hasMore=True), Shows.NOT_DONE, Shows.NOTHING),
        (snapshots(snapshot("snap"), hasMore=True), Shows.DONE, Shows.NOT_DONE),
    ],
)
def test_a_snapshot_is_listed_or_not(found: SnapshotList, made: Shows, deleted: Shows) -> None:
    seen = see_snapshot(SnapshotMade("snap"), found)
    assert (seen.shows, seen.is_proof) == (made, False)
    assert_shows(see_snapshot(SnapshotDeleted("snap"), found), deleted)


DAILY = {"frequency": "daily", "hour": 3, "retentionCount": 2}
LISTED = {"id": "bks_1", "frequency": "Daily", "time": "03:00", "retentionCount": 2}


def schedules(*listed: dict[str, Any], **rest: Any) -> BackupSchedules:
    return BackupSchedules.model_validate({"schedules": [*listed], **rest})


@pytest.mark.parametrize(
    ("settings", "listed", "shows"),
    [
        (DAILY, [LISTED | {"enabled": True}], Shows.DONE),
        (DAILY, [LISTED | {"enabled": True, "name": "more than was sent"}], Shows.DONE),
        (DAILY, [{"id": "bks_0", "enabled": False}, LISTED | {"enabled": True}], Shows.DONE),
        (DAILY, [LISTED | {"enabled": True, "time": "04:00"}], Shows.NOTHING),
        (DAILY, [LISTED | {"enabled": None}], Shows.NOTHING),
        (DAILY, [LISTED | {"enabled": False}], Shows.NOT_DONE),
        (DAILY, [], Shows.NOT_DONE),
        ({}, [LISTED | {"enabled": True}], Shows.NOT_DONE),
        ({}, [LISTED | {"enabled": None}], Shows.NOTHING),
        ({}, [LISTED | {"enabled": False}], Shows.DONE),
        ({}, [], Shows.DONE),
    ],
)
def test_a_schedule_is_shown_or_not(
    settings: dict[str, Any], listed: list[dict[str, Any]], shows: Shows
) -> None:
    assert_shows(see_schedule(ScheduleSet(settings), schedules(*listed)), shows)


@pytest.mark.parametrize(("settings", "listed"), [(DAILY, [LISTED | {"enabled": True}]), ({}, [])])
def test_a_schedule_that_was_so_before_shows_no_change(
    settings: dict[str, Any], listed: list[dict[str, Any]]
) -> None:
    seen = see_schedule(ScheduleSet(settings, was_so=True), schedules(*listed))
    assert seen.shows is Shows.AS_BEFORE
    assert seen.is_proof


@pytest.mark.parametrize(
    ("sent", "shown", "shows"),
    [
        ((5, None), (5, True), Shows.DONE),
        ((5, True), (5, True), Shows.DONE),
        ((None, False), (5, False), Shows.DONE),
        ((4, None), (5, True), Shows.NOT_DONE),
        ((5, False), (5, True), Shows.NOT_DONE),
        ((4, True), (5, True), Shows.NOT_DONE),
        ((5, None), (None, True), Shows.NOTHING),
        ((5, True), (5, None), Shows.NOTHING),
        ((5, True), (4, None), Shows.NOTHING),
        ((5, None), None, Shows.NOTHING),
    ],
)
def test_retention_is_compared(
    sent: tuple[int | None, bool | None],
    shown: tuple[int | None, bool | None] | None,
    shows: Shows,
) -> None:
    names = ("totalBackupLimit", "autoDeleteOldest")
    settings = None if shown is None else dict(zip(names, shown, strict=True))
    assert_shows(see_retention(RetentionSet(*sent), schedules(settings=settings)), shows)


@pytest.mark.parametrize(
    ("action", "state", "shows"),
    [
        (PowerAction.START, "running", Shows.DONE),
        (PowerAction.START, "starting", Shows.NOT_DONE),
        (PowerAction.STOP, "stopped", Shows.DONE),
        (PowerAction.SHUTDOWN, "running", Shows.NOT_DONE),
        (PowerAction.SHUTDOWN, None, Shows.NOTHING),
        (PowerAction.RESTART, "running", Shows.NOTHING),
    ],
)
def test_the_power_state_is_compared(action: PowerAction, state: str | None, shows: Shows) -> None:
    seen = see_power(PowerSet(action), state)
    assert seen.power_state == state
    assert_shows(seen, shows)


@pytest.mark.parametrize(
    ("gate", "shows"),
    [(OPEN, Shows.NOTHING), (closed("Busy."), Shows.STARTED), (None, Shows.NOTHING)],
)
def test_a_restore_closes_its_gate(gate: dict[str, Any] | None, shows: Shows) -> None:
    effect = DiskRestored(from_snapshot=False)
    found = None if gate is None else Gate.model_validate(gate)
    seen = see_restore(effect, found)
    assert seen == Sight(effect, shows, gate=found)
    assert not seen.is_proof


@pytest.mark.parametrize(
    ("name", "listed", "shows"),
    [
        ("new", ["old", "new"], Shows.DONE),
        ("new", ["New", "new-1"], Shows.NOTHING),
        ("new", [], Shows.NOTHING),
        ("new", [None], Shows.NOTHING),
    ],
)
def test_a_new_server_is_found_by_its_name(
    name: str, listed: list[str | None], shows: Shows
) -> None:
    servers = [{"id": f"vps_{each}", "name": each} for each in listed]
    seen = see_server(ServerBuilt(name), VpsPage.model_validate({"data": servers}))
    assert seen.shows is shows
    assert (seen.server and seen.server.id) == (f"vps_{name}" if shows is Shows.DONE else None)
    assert not seen.is_proof


@pytest.mark.parametrize(
    ("status", "shows"),
    [
        ("none", Shows.NOT_DONE),
        ("revoked", Shows.NOT_DONE),
        ("pending", Shows.DONE),
        ("scheduled", Shows.DONE),
        ("completed", Shows.DONE),
        ("archived", Shows.NOTHING),
        (None, Shows.NOTHING),
    ],
)
def test_a_cancellation_shows_by_its_status(status: str | None, shows: Shows) -> None:
    found = Cancellation(status=status)
    seen = see_cancellation(ServerCancelled(), found)
    assert_shows(seen, shows)
    assert seen.cancellation is found


def assert_shows(seen: Sight, shows: Shows) -> None:
    """What these show is proof where it is there: the server is as it was to be."""
    assert (seen.shows, seen.is_proof) == (shows, shows is Shows.DONE)


def test_deletions_and_settings_are_immediate() -> None:
    effects: dict[Effect, bool] = {
        BackupDeleted("bkp_1"): True,
        SnapshotDeleted("snap"): True,
        RetentionSet(5, None): True,
        BackupMade(()): False,
        SnapshotMade("snap"): False,
        PowerSet(PowerAction.START): False,
        ServerCancelled(): False,
        DiskRestored(from_snapshot=True): False,
        ServerBuilt("new"): False,
    }
    assert {effect: effect.is_immediate for effect in effects} == effects
    assert ScheduleSet({}).is_immediate
