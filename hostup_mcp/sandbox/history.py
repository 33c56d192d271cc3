"""The history of backup runs, of which the documentation shows only the older API's fields."""

import re
from datetime import timedelta

from .models import Backup, Schedule, Server
from .responses import Json, iso, iso_or_null
from .variants import Variants

_SPAN = timedelta(days=7)


def history(server: Server, variants: Variants) -> list[Json]:
    """Return runs, newest first: those that left a backup, then a failed one per schedule."""
    if variants.history == "empty":
        return []
    rows = [_made(each) for each in server.backups if each.created_at is not None]
    rows += [_failed(each) for each in server.schedules if each.last_run is not None]
    rows.sort(key=lambda row: str(row["createdAt"]), reverse=True)
    if variants.history == "camel_case":
        return list(rows)
    return [{_snake_case(name): value for name, value in row.items()} for row in rows]


def _made(backup: Backup) -> dict[str, Json]:
    return {
        "backupType": backup.backup_type,
        "status": "active",
        "createdAt": iso_or_null(backup.created_at),
        "deletedAt": None,
        "errorMessage": None,
        "scheduleId": None,
        "notes": backup.note,
    }


def _failed(schedule: Schedule) -> dict[str, Json]:
    failed_at = None if schedule.last_run is None else iso(schedule.last_run - _SPAN)
    return {
        "backupType": "scheduled",
        "status": "failed",
        "createdAt": failed_at,
        "deletedAt": None,
        "errorMessage": "Backup storage is unavailable",
        "scheduleId": schedule.id,
        "notes": None,
    }


def _snake_case(name: str) -> str:
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)
