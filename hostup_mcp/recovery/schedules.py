"""Whether backup schedules do what they are said to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hostup_mcp.hostup.models import BackupRun, BackupSchedule, BackupSchedules, parse_time
from hostup_mcp.recovery.findings import (
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
"""How many failed runs are told; HostUp lists the newest first."""

_NOT_FAILED = frozenset(
    {None, "active", "deleted", "pending", "running", "completed", "success", "succeeded"}
)
"""Words for a run that has not failed; any other may mean that it has."""

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


def _check_runs(schedule: BackupSchedule, now: datetime) -> list[ScheduleFinding]:
    last_run = parse_time(schedule.last_run)
    since = age(last_run, now)
    if last_run is None or since is None:
        return [ScheduleNeverRan(schedule.id)]
    return [
        ScheduleOverdue(schedule.id, frequency, last_run)
        for frequency, interval in INTERVALS.items()
        if schedule.frequency == frequency and since > interval + GRACE
    ]


def _failures(history: tuple[BackupRun, ...]) -> list[RunFailed]:
    return [
        RunFailed(parse_time(run.created_at), run.status, run.error_message)
        for run in history
        if run.error_message or run.status not in _NOT_FAILED
    ][:MOST_FAILURES]
