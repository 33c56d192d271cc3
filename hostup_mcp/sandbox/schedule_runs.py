"""When a backup schedule runs, and what a run leaves behind. HostUp names no zone: here it is UTC.

A run takes no time and no job: nobody waits for it, and the gates close for what people start.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from .effects import trim
from .models import Backup, Schedule, Server


def runs(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Return the times after `after` and up to `until` at which an enabled schedule runs."""
    day = after.date()
    while schedule.enabled and day <= until.date():
        moment = datetime.combine(day, time(schedule.hour), UTC)
        if after < moment <= until and _is_its_day(schedule, moment):
            yield moment
        day += timedelta(days=1)


def after_run(server: Server, schedule: Schedule, moment: datetime, backup_id: str) -> Server:
    """Return the server after `schedule` ran: its oldest scheduled backups made room for a new one.

    Without a slot, or on a server that is not active, a run makes nothing.
    """
    if server.service_status != "active":
        return server
    backup = Backup(
        id=backup_id,
        storage_key=f"vzdump-qemu-{server.vm_number}-{moment:%Y_%m_%d-%H_%M_%S}.vma.zst",
        created_at=moment,
        size_gb=round(server.storage_gb * 0.15, 1),
        boots=server.boots,
    )
    old = [b for b in server.backups if b.backup_type == "scheduled" and b.created_at is not None]
    old.sort(key=lambda b: (b.created_at or moment, b.id))
    doomed = {b.id for b in old[: max(0, len(old) - schedule.retention_count + 1)]}
    kept = tuple(b for b in server.backups if b.id not in doomed)
    limit = server.retention.limit
    if limit is not None and len(kept) >= limit and not server.retention.auto_delete_oldest:
        return server
    ran = tuple(replace(s, last_run=moment) if s.id == schedule.id else s for s in server.schedules)
    return trim(replace(server, backups=(*kept, backup), schedules=ran))


def _is_its_day(schedule: Schedule, moment: datetime) -> bool:
    if schedule.frequency == "weekly":
        return moment.isoweekday() % 7 == schedule.day
    return schedule.frequency == "daily" or moment.day == schedule.day
