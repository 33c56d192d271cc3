"""The text of each finding about the schedules and the health of a server's backups."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.codes import Code
from hostup_mcp.wording.text import Text, both

HEALTH: Mapping[Code, Text] = {
    # Schedules
    Code.SCHEDULE_OVERDUE: Text(
        "Schedule {schedule_id} is on ({frequency}) but last ran at {last_run:moment}: HostUp is "
        "not making backups as scheduled.",
        "A backup schedule is on ({frequency}) but last ran on {last_run:moment}: HostUp is not "
        "making backups as scheduled.",
    ),
    Code.SCHEDULE_STALE: Text(
        "Schedule {schedule_id} is on but last ran at {last_run:moment}, over a month ago: HostUp "
        "seems not to be making backups as scheduled.",
        "A backup schedule is on but last ran on {last_run:moment}, over a month ago: HostUp seems "
        "not to be making backups as scheduled.",
    ),
    Code.SCHEDULE_NEVER_RAN: Text(
        "Schedule {schedule_id} is on, but it is not known to have ever run.",
        "A backup schedule is on, but it is not known to have ever run.",
    ),
    Code.RUN_FAILED: Text(
        "The backup from {at:moment} has the status {status:quoted}: it may have failed.",
        "The backup from {at:moment} has the status “{status}”: it may have failed.",
    ),
    Code.RUN_FAILED_REASON: Text(
        "The backup from {at:moment} failed: {said:quoted}",
        "The backup from {at:moment} failed. HostUp says: “{said}”",
    ),
    Code.MORE_RUNS_FAILED: both("Earlier backups that failed too, or may have: {count}."),
    Code.NO_SCHEDULE_ON: both(
        "A schedule made {count} of its backups, but no schedule is on now: HostUp makes no more "
        "automatically."
    ),
    # Health of a server's backups
    Code.NONE_COMPLETE: both("None of its backups looks complete."),
    Code.NEWEST_OLD: both("The newest complete backup is older than {limit:span}."),
    Code.RECENCY_UNKNOWN: both(
        "Whether a backup is recent is not known; without a usable date: {undated}."
    ),
    Code.NEWEST_DOUBTFUL: Text(
        "The newest backup, {backup_id}, may be incomplete.",
        "The newest backup may be incomplete.",
    ),
    Code.SLOTS_FULL: Text(
        "All backup slots are in use; the likeliest to be removed for another is {backup_id} from "
        "{created:moment}.",
        "All backup slots are in use; the likeliest to be removed for another is the backup from "
        "{created:moment}.",
    ),
    Code.SLOTS_FULL_UNDATED: both(
        "All backup slots are in use; which backup would be removed for another is not known."
    ),
    Code.RESTORE_CLOSED: Text(
        "No backup can be restored now: {because:quoted}",
        "No backup can be restored now. {because}",
    ),
    Code.CREATE_CLOSED: Text(
        "No backup can be made now: {because:quoted}",
        "No backup can be made now. {because}",
    ),
    Code.SERVICE_SUSPENDED: both("The service is suspended."),
    Code.SERVICE_NOT_ACTIVE: Text(
        "The service is not active: {status:quoted}.",
        "The service is not active: “{status}”.",
    ),
    Code.BACKUPS_UNREADABLE: both("Its backups could not be read ({error})."),
    Code.SCHEDULES_UNREADABLE: both("Its schedules could not be read ({error})."),
}
