"""Schedules that are on but make no backups are pointed out."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.hostup.models import BackupSchedule, BackupSchedules
from hostup_mcp.hostup.tolerance import read_model
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.schedule_findings import (
    MoreRunsFailed,
    NoScheduleOn,
    RunFailed,
    ScheduleFinding,
    ScheduleNeverRan,
    ScheduleOverdue,
)
from hostup_mcp.recovery.schedules import assess_schedules, is_any_on, settings_of

from .listings import NOW

DAY = timedelta(days=1)


def schedule(last_run: Any, frequency: str = "daily", *, enabled: bool = True) -> dict[str, Any]:
    return {
        "id": "bks_1",
        "name": "Nightly",
        "frequency": frequency,
        "time": "02:00",
        "daySpecifier": None,
        "retentionCount": 3,
        "enabled": enabled,
        "lastRun": last_run.isoformat() if isinstance(last_run, datetime) else last_run,
    }


def found(*schedules: dict[str, Any], **rest: Any) -> tuple[ScheduleFinding, ...]:
    listing = BackupSchedules.model_validate({"schedules": list(schedules)} | rest)
    return assess_schedules(listing, NOW)


@pytest.mark.parametrize(
    ("frequency", "late"),
    [("daily", 2 * DAY), ("weekly", 8 * DAY), ("monthly", 32 * DAY)],
)
def test_schedule_on_but_overdue(frequency: str, late: timedelta) -> None:
    assert found(schedule(NOW - late, frequency)) == ()
    last = NOW - late - timedelta(seconds=1)
    assert found(schedule(last, frequency)) == (ScheduleOverdue("bks_1", frequency, last),)
    assert found(schedule(last, frequency, enabled=False)) == ()


@pytest.mark.parametrize(("word", "frequency"), [("Daily", "daily"), (" WEEKLY ", "weekly")])
def test_case_of_the_frequency_is_ignored(word: str, frequency: str) -> None:
    last = NOW - 9 * DAY
    assert found(schedule(last, word)) == (ScheduleOverdue("bks_1", frequency, last),)


@pytest.mark.parametrize("frequency", [None, ""])
def test_no_frequency_is_overdue_in_a_month(frequency: Any) -> None:
    assert found(schedule(NOW - 32 * DAY, frequency)) == ()
    last = NOW - 33 * DAY
    overdue = ScheduleOverdue("bks_1", None, last)
    assert found(schedule(last, frequency)) == (overdue,)
    assert overdue.code is Code.SCHEDULE_STALE
    assert ScheduleOverdue("bks_1", "daily", last).code is Code.SCHEDULE_OVERDUE


def test_unknown_frequency_is_never_overdue() -> None:
    assert found(schedule(NOW - 400 * DAY, "fortnightly")) == ()


@pytest.mark.parametrize("last_run", [None, "", "never", NOW + DAY])
def test_schedule_on_but_no_known_run(last_run: Any) -> None:
    assert found(schedule(last_run)) == (ScheduleNeverRan("bks_1"),)
    assert found(schedule(last_run, enabled=False)) == ()


@pytest.mark.parametrize("settings", [None, {}, {"scheduledBackupsActive": 0}])
def test_no_scheduled_backups_need_no_schedule(settings: dict[str, Any] | None) -> None:
    assert found(settings=settings) == ()


def test_scheduled_backups_without_schedule() -> None:
    settings = {"scheduledBackupsActive": 2}
    off, on = schedule(NOW, enabled=False), schedule(NOW)
    assert found(settings=settings) == (NoScheduleOn(2),)
    assert found(off, settings=settings) == (NoScheduleOn(2),)
    assert found(off, on, settings=settings) == ()


ON, OFF = schedule(NOW), schedule(NOW, enabled=False)


@pytest.mark.parametrize(
    ("schedules", "rest", "is_on"),
    [
        ([], {}, False),
        ([OFF], {}, False),
        ([OFF, ON], {}, True),
        # a row of the history says nothing of schedules
        ([OFF], {"history": ["odd"]}, False),
        ([OFF | {"enabled": None}], {}, None),
        ([OFF | {"enabled": "true"}], {}, None),
        ([OFF, OFF | {"id": None}], {}, None),
        ([OFF, "odd"], {}, None),
        ([ON, "odd"], {}, True),
        ([], {"hasMore": True}, None),
        ([], {"nextCursor": "c"}, None),
    ],
)
def test_none_is_on_only_if_all_are_off(
    schedules: list[Any], rest: dict[str, Any], is_on: bool | None
) -> None:
    settings = {"scheduledBackupsActive": 2}
    document = {"schedules": [*schedules], "settings": settings} | rest
    listing = read_model(BackupSchedules, deepcopy(document))
    assert is_any_on(listing) is is_on
    assert (NoScheduleOn(2) in assess_schedules(listing, NOW)) is (is_on is False)


def run(status: str | None, error: str | None = None) -> dict[str, Any]:
    return {"status": status, "createdAt": "2026-04-27T12:00:00Z", "errorMessage": error}


@pytest.mark.parametrize(
    ("status", "error", "is_failed"),
    [
        ("failed", None, True),
        ("failed", "No space.", True),
        (None, "No space.", True),
        ("active", "No space.", True),
        ("something_new", "", True),
        (None, None, False),
        *((word, None, False) for word in ("active", "deleted", "pending", "running")),
        *((word, None, False) for word in ("completed", "success", "succeeded")),
        *((word, None, False) for word in ("Completed", "SUCCESS", "queued", "in_progress", "")),
        ("Failed", None, True),
    ],
)
def test_failed_runs_are_reported(status: str | None, error: str | None, is_failed: bool) -> None:
    expected = (RunFailed(NOW, status, error or None),) if is_failed else ()
    assert found(history=[run(status, error)]) == expected


def test_failures_in_snake_case() -> None:
    """The older API's names; HostUp does not document the newer ones."""
    row = {"status": "failed", "created_at": "2026-04-27T12:00:00Z", "error_message": "No space."}
    document = {"schedules": [], "history": [row, "odd", {"status": 7}]}
    listing = read_model(BackupSchedules, document)
    assert assess_schedules(listing, NOW) == (RunFailed(NOW, "failed", "No space."),)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"error": "No space."}, "No space."),
        ({"error": {"code": "disk", "message": "No space."}}, "No space."),
        ({"errorMessage": {"detail": "No space."}}, "No space."),
        ({"errorMessage": "", "error": {"code": "disk"}}, "disk"),
        ({"errorMessage": "No space.", "error": "E28"}, "No space."),
        ({"status": "failed", "error": 28}, None),
        ({"status": "failed", "error": {"message": 7}}, None),
    ],
)
def test_the_reason_of_a_failure_is_kept(row: dict[str, Any], said: str | None) -> None:
    listing = read_model(BackupSchedules, {"schedules": [], "history": [row]})
    assert [f.said for f in assess_schedules(listing, NOW) if isinstance(f, RunFailed)] == [said]


def test_the_newest_failures_come_first() -> None:
    days = [24, 27, None, 25, 26]
    runs = [
        run("failed", str(day)) | {"createdAt": None if day is None else f"2026-04-{day}T02:00:00Z"}
        for day in days
    ]
    assert [f.said for f in found(history=runs) if isinstance(f, RunFailed)] == ["27", "26", "25"]
    undated = found(history=runs[2:4])
    assert [f.said for f in undated if isinstance(f, RunFailed)] == ["25", "None"]


def test_at_most_three_failures() -> None:
    runs = [run("active"), *(run("failed", str(n)) for n in range(5))]
    assert [f.said for f in found(history=runs) if isinstance(f, RunFailed)] == ["0", "1", "2"]
    assert found(history=runs)[-1] == MoreRunsFailed(2)
    assert found(history=runs[:5])[-1] == MoreRunsFailed(1)
    assert len(found(history=runs[:4])) == 3


def test_each_schedule_is_checked() -> None:
    old = datetime(2026, 1, 27, tzinfo=UTC)
    both = schedule(None), schedule(old) | {"id": "bks_2"}
    assert found(*both) == (ScheduleNeverRan("bks_1"), ScheduleOverdue("bks_2", "daily", old))


SETTINGS = {"frequency": "daily", "retentionCount": 3, "name": "Nightly", "hour": 2}


@pytest.mark.parametrize(
    ("changed", "settings"),
    [
        ({}, SETTINGS),
        ({"frequency": " Daily "}, SETTINGS),
        ({"time": "23:59"}, SETTINGS | {"hour": 23}),
        (
            {"frequency": "weekly", "daySpecifier": "Sunday"},
            SETTINGS | {"frequency": "weekly", "dayOfWeek": 0},
        ),
        (
            {"frequency": "weekly", "daySpecifier": "6"},
            SETTINGS | {"frequency": "weekly", "dayOfWeek": 6},
        ),
        (
            {"frequency": "weekly", "daySpecifier": "someday"},
            SETTINGS | {"frequency": "weekly"},
        ),
        (
            {"frequency": "monthly", "daySpecifier": "31"},
            SETTINGS | {"frequency": "monthly", "dayOfMonth": 31},
        ),
        (
            {"frequency": "monthly", "daySpecifier": "monday"},
            SETTINGS | {"frequency": "monthly"},
        ),
        ({"daySpecifier": "1"}, SETTINGS),
        (
            {"frequency": "weekly", "daySpecifier": "7"},
            SETTINGS | {"frequency": "weekly"},
        ),
        (
            {"frequency": "monthly", "daySpecifier": "0"},
            SETTINGS | {"frequency": "monthly"},
        ),
    ],
)
def test_a_schedule_is_read_as_its_settings(
    changed: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert settings_of(BackupSchedule.model_validate(schedule(NOW) | changed)) == settings


@pytest.mark.parametrize(
    ("time", "frequency", "name"),
    [(None, None, None), ("", "", ""), ("24:00", "hourly", None), ("two", "dailyish", None)],
)
def test_what_cannot_be_read_is_left_out(
    time: str | None, frequency: str | None, name: str | None
) -> None:
    nothing = {"id": "bks_1", "time": time, "frequency": frequency, "name": name}
    assert settings_of(BackupSchedule.model_validate(nothing)) == {}
