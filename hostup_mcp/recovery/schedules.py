"""Whether backup schedules do what they are said to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hostup_mcp.hostup.models import BackupRun, BackupSchedule, BackupSchedules, parse_time
from hostup_mcp.recovery.schedule_findings import (
    MoreRunsFailed,
    NoScheduleOn,
    RunFailed,
    ScheduleFinding,
    ScheduleNeverRan,
    ScheduleOverdue,
)
from hostup_mcp.recovery.spans import age

INTERVALS: Mapping[str, timedelta] = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
}
"""The longest time between two runs, by HostUp's word for the frequency."""

MOST_FAILURES = 3
"""How many failed runs are told, the newest first."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)

_NOT_FAILED = frozenset(
    {
        *("", "active", "deleted", "pending", "queued", "waiting", "scheduled", "running"),
        *("in_progress", "processing", "completed", "success", "succeeded", "successful", "done"),
    }
)
"""Words for a run that has not failed; any other may mean that it has."""

DAYS: Mapping[str, str | None] = {"daily": None, "weekly": "dayOfWeek", "monthly": "dayOfMonth"}
"""Which argument names the day of a run, by frequency."""

_DAY_RANGES: Mapping[str, range] = {"dayOfWeek": range(7), "dayOfMonth": range(1, 32)}
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

GRACE = timedelta(days=1)
"""How late a run may be: HostUp states no time zone, and a backup takes a while."""


def assess_schedules(found: BackupSchedules, now: datetime) -> tuple[ScheduleFinding, ...]:
    """Return the problems with the schedules in `found` at `now`."""
    enabled = [schedule for schedule in found.schedules if schedule.enabled]
    findings: list[ScheduleFinding] = []
    for schedule in enabled:
        findings += _check_runs(schedule, now)
    scheduled = found.settings.scheduled_backups_active if found.settings is not None else None
    if scheduled and is_any_on(found) is False:
        findings.append(NoScheduleOn(scheduled))
    return (*findings, *_failures(found.history))


def is_any_on(found: BackupSchedules) -> bool | None:
    """Return whether a schedule is on; None if HostUp does not say."""
    if any(schedule.enabled for schedule in found.schedules):
        return True
    is_hidden = found.is_incomplete or any(
        each.is_left_out and not each.field.startswith("history.") for each in found.unread
    )
    are_all_off = all(schedule.enabled is False for schedule in found.schedules)
    return False if are_all_off and not is_hidden else None


def settings_of(schedule: BackupSchedule) -> dict[str, str | int]:
    """Return the parts of a schedule that can be parsed, as the arguments that would set it."""
    frequency = _frequency_of(schedule)
    known = {
        "frequency": frequency if frequency in DAYS else None,
        "retentionCount": schedule.retention_count,
        "name": schedule.name or None,
    }
    settings: dict[str, str | int] = {k: value for k, value in known.items() if value is not None}
    hour = schedule.time and schedule.time.split(":")[0]
    if hour and hour.isdecimal() and int(hour) <= 23:
        settings["hour"] = int(hour)
    day = DAYS.get(frequency) if frequency else None
    specifier = schedule.day_specifier and schedule.day_specifier.lower()
    if day is None or not specifier:
        return settings
    if specifier.isdecimal() and int(specifier) in _DAY_RANGES[day]:
        settings[day] = int(specifier)
    elif day == "dayOfWeek" and specifier in _WEEKDAYS:
        settings[day] = _WEEKDAYS.index(specifier)
    return settings


def _frequency_of(schedule: BackupSchedule) -> str | None:
    return schedule.frequency.strip().lower() if schedule.frequency else None


def _check_runs(schedule: BackupSchedule, now: datetime) -> list[ScheduleFinding]:
    last_run = parse_time(schedule.last_run)
    since = age(last_run, now)
    if last_run is None or since is None:
        return [ScheduleNeverRan(schedule.id)]
    frequency = _frequency_of(schedule)
    longest = max(INTERVALS.values())
    # Another word may stand for any interval.
    interval = longest if frequency is None else INTERVALS.get(frequency)
    is_overdue = interval is not None and since > interval + GRACE
    return [ScheduleOverdue(schedule.id, frequency, last_run)] if is_overdue else []


def _failures(history: tuple[BackupRun, ...]) -> list[RunFailed | MoreRunsFailed]:
    failures = [
        RunFailed(parse_time(run.created_at), run.status, run.reason)
        for run in history
        if run.reason or (run.status or "").strip().lower() not in _NOT_FAILED
    ]
    # HostUp does not promise an order. Those without a date come last, in the order they came.
    failures.sort(key=lambda failed: failed.at or _BEGINNING, reverse=True)
    more = len(failures) - MOST_FAILURES
    return [*failures[:MOST_FAILURES], *([MoreRunsFailed(more)] if more > 0 else [])]
