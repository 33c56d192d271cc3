"""Contract variants: what HostUp's documentation leaves open, with every way to fill the gap.

A client is correct only if it works under all of them. The defaults are the likeliest.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Variants:
    """One way to fill all gaps. Each field is a point that the documentation does not settle."""

    # Jobs
    job_envelope: Literal["legacy", "operation", "data_operation"] = "legacy"
    running_word: str = "in_progress"
    done_word: str = "completed"
    failed_word: str = "failed"
    job_flags: bool = True
    """Whether the legacy envelope carries isCompleted, isFailed, isRunning, isWaiting."""
    failure_reason: Literal["message", "result", "error", "none"] = "message"
    job_result: Literal["ids", "null"] = "ids"
    job_vanishes: bool = False
    """Whether polling a job that is over gives 404."""
    job_errors: Literal["problem", "legacy"] = "problem"
    job_scope: str | None = None
    poll_url: Literal["jobs", "null", "other_host", "operations"] = "jobs"
    """`operations` serves the job under /api/v2/operations only; the others under /api/jobs."""
    done_at_once: bool = False
    """Whether a job is already over when its write is accepted."""

    # Backups
    running_backup_listed: bool = False
    backup_order: Literal["newest_first", "oldest_first", "by_id"] = "newest_first"
    null_quota: Literal["unlimited", "none"] = "unlimited"
    from_vps_gate: Literal["absent", "backups", "details"] = "absent"
    source_sizes: Literal["number", "integer"] = "number"
    source_extras: bool = False
    """Whether the backups of restore sources carry their type and note too."""
    note_limit: int | None = None
    delete_during_job: Literal[204, 409] = 409

    # Restores
    restore_response: Literal["202", "200", "204"] = "202"
    restore_of_running: Literal["stops_it", "refused"] = "stops_it"
    """Whether a running server is stopped for a restore in place, or must be stopped first."""
    restored_power: Literal["as_before", "running", "stopped"] = "as_before"
    payg_response: Literal["operation", "deployment"] = "operation"
    payg_status: Literal[200, 201, 202] = 202

    # Snapshots and schedules
    snapshot_delete: Literal[200, 202, 204] = 204
    snapshot_tail: bool = True
    """Whether limits, available and actions follow the list of snapshots."""
    schedule_status: Literal[200, 201, 204] = 200
    schedule_response: Literal["schedule", "schedules", "none"] = "schedule"
    schedule_delete: Literal[200, 204] = 204
    schedule_tail: bool = True
    """Whether settings, limits, history and actions follow the list of schedules."""
    day_specifier: Literal["number", "name"] = "number"

    # Gates
    gate_code: Literal["when_blocked", "always"] = "when_blocked"
    gates_fold_permission: bool = True
    """Whether a key without `backup:vm` sees the backup gates closed."""
    busy_write: Literal["refused", "queued"] = "refused"
    """What happens to a second write while a job holds the server."""

    # Inventory
    list_envelope: Literal["has_more", "cursor_only"] = "has_more"
    default_page: int = 20
    vps_actions: bool = False
    vps_extras: bool = False
    """Whether servers carry further fields that the documentation only mentions."""
    pending_tasks: Literal["objects", "strings", "count", "absent"] = "objects"
    me: Literal["flat", "data", "absent"] = "flat"

    # Errors and limits
    missing_scope_code: str = "forbidden"
    missing_vps_code: str = "vps_not_found"
    rate_limit_code: Literal["rate_limited", "rate_limit_exceeded"] = "rate_limited"
    rate_headers: Literal["on_429", "always"] = "on_429"
    problem_media_type: Literal["application/problem+json", "application/json"] = (
        "application/problem+json"
    )


DEFAULT_VARIANTS = Variants()
