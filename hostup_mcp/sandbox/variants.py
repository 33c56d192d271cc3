"""Contract variants: what HostUp's documentation leaves open, with every way to fill the gap.

A client is correct only if it works under all variants. The defaults are the likeliest.

Anomalies, beside them, are what goes wrong at HostUp in the field, within the contract or against
it. They may keep a client from its work. It is correct if it does not crash, reports nothing as
done that was not, and still shows everything else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from math import nan
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .ids import IdStyle
from .payg import BlockerWord


@dataclass(frozen=True, slots=True)
class Variants:
    """One way to fill all gaps. Each field is a point that the documentation does not settle."""

    # Jobs
    job_envelope: Literal["legacy", "operation", "data_operation"] = "legacy"
    waiting_word: str | None = None
    """One word for `pending` and `queued`; None for those two."""
    running_word: str = "in_progress"
    done_word: str = "completed"
    failed_word: str = "failed"
    job_flags: bool = True
    """Whether the legacy envelope carries isCompleted, isFailed, isRunning, isWaiting."""
    failure_reason: Literal["message", "result", "error", "error_object", "outside", "none"] = (
        "message"
    )
    """`error` and `error_object` stand in the job, `outside` beside it."""
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
    payg_response: Literal["operation", "deployment", "both"] = "both"
    """Whether a new server is answered with a job, its id and its order's, or all of these."""
    payg_status: Literal[200, 201, 202] = 202
    payg_listed: Literal["at_once", "when_done"] = "at_once"
    """When the list of servers has a new one."""
    payg_name: Literal["as_requested", "generated"] = "as_requested"
    """Whether the requested name becomes the display name."""

    # Pay-as-you-go: may this account, and for how much
    payg_access: Literal["object", "null"] = "object"
    payg_regions: Literal["objects", "strings", "absent"] = "objects"
    preflight_limits: Literal["by_bound", "by_resource", "absent"] = "by_bound"
    blockers_shown: Literal["preflight", "deploy"] = "preflight"
    """Whether the preflight knows what keeps an account from a new server, or only the write."""
    blocker_place: Literal["extensions", "top_level"] = "extensions"
    blocker_code: str | None = None
    """The problem's code beside the blockers; None for the default of its status."""
    fixed_breakdown: Literal["flag", "problem"] = "flag"
    """What the cost of a server that is not pay-as-you-go is answered with."""

    # Power
    power_lag: float = 0.0
    """Seconds from the end of a job until its server has the power state that it led to."""
    power_noop: Literal["refused", "accepted"] = "refused"
    """What happens to an action whose power state the server already has."""
    shutdown: Literal["obeyed", "ignored", "fails"] = "obeyed"
    """What the guest does with a shutdown; with `fails` one that it ignores fails."""
    status_actions: bool = False
    """Whether the power gates are in the live status too."""

    # Guest agent and storage
    guest_agent: Literal["as_installed", "none"] = "as_installed"
    agent_scope: Literal["read:vm", "write:vm"] = "read:vm"
    """Whether reading its state needs `write:vm` as well."""
    agent_response: Literal["full", "bare"] = "full"
    """Whether more than `available` is sent."""
    disk_sizes: Literal["known", "with_agent", "null", "zero", "absent"] = "known"
    """Whether the space in use is known; `zero` is 0 GB, `absent` leaves all sizes out."""

    # Cancellations
    cancel_status: Literal[200, 202] = 200
    cancel_response: Literal["lookup_pending", "cancellation", "nested"] = "lookup_pending"
    """Whether it says to look shortly, or is the cancellation itself or a field with it."""
    cancel_reason: Literal["required", "optional"] = "required"
    cancellation_shown: Literal["pending", "scheduled", "none_first"] = "pending"
    """What an immediate one reads as until it is carried out; with `none_first` it is not there
    for a while."""
    cancellation_delete: Literal[200, 204] = 204
    cancelled_server: Literal["terminated", "cancelled", "gone"] = "terminated"
    """What becomes of the service; with `gone` the server is in no response any more."""

    # Snapshots and schedules
    snapshot_delete: Literal[200, 202, 204] = 204
    snapshot_extra_fields: bool = True
    """Whether limits, available and actions follow the list of snapshots."""
    schedule_status: Literal[200, 201, 204] = 200
    schedule_response: Literal["schedule", "schedules", "none"] = "schedule"
    schedule_delete: Literal[200, 204] = 204
    schedule_extra_fields: bool = True
    """Whether settings, limits, history and actions follow the list of schedules."""
    day_specifier: Literal["number", "name"] = "number"
    history: Literal["empty", "camel_case", "snake_case"] = "empty"
    """Whether the schedules' history has rows, a failed run among them, and how it names fields."""

    # Gates
    gate_code: Literal["when_blocked", "always"] = "when_blocked"
    gates_fold_permission: bool = True
    """Whether a key without `backup:vm` sees the backup gates closed."""
    busy_write: Literal["refused", "queued"] = "refused"
    """What happens to a second write while a job holds the server."""

    reason_language: Literal["en", "sv"] = "en"

    # Ids
    ids: IdStyle = "ulid"
    """How ids look; takes effect when the sandbox is made."""

    # Inventory
    list_envelope: Literal["has_more", "cursor_only"] = "has_more"
    default_page: int = 20
    vps_actions: bool = False
    vps_extras: bool = False
    """Whether servers carry further fields that the documentation only mentions."""
    pending_tasks: Literal["objects", "strings", "count", "absent"] = "objects"
    me: Literal["flat", "data", "absent"] = "flat"

    # Audit log
    audit_delay: float = 0.0
    """Seconds until a request appears."""
    audit_path: Literal["v2", "internal"] = "v2"
    """Whether rows name the requested path or one of the older API behind it."""
    audit_user_agent: bool = True

    # Errors and limits
    missing_scope_code: str = "forbidden"
    missing_vps_code: str = "vps_not_found"
    rate_limit_code: Literal["rate_limited", "rate_limit_exceeded"] = "rate_limited"
    rate_headers: Literal["on_429", "always"] = "on_429"
    problem_media_type: Literal["application/problem+json", "application/json"] = (
        "application/problem+json"
    )


DEFAULT_VARIANTS = Variants()


@dataclass(frozen=True, slots=True)
class Anomalies:
    """Which anomalies are switched on; none by default."""

    write_response: Literal[
        "documented",
        "success_false",
        "error_list",
        "problem_with_200",
        "maintenance_page",
        "locked",
        "empty_object",
    ] = "documented"
    """How each write is answered. Only `empty_object` is carried out; the others do nothing."""
    deploy_response: Literal["documented", "neither", "shape_invalid"] = "documented"
    """How a new server is answered: with neither id nor job, or with a 502. It is built."""
    payg_blocker: Literal["none", "unnamed", BlockerWord] = "none"
    """What keeps the account from a new server; `unnamed` has no `blockerReasons`."""
    prices_rise: bool = False
    """Whether each read of the preflight finds rates that are ten percent of the first higher."""
    invoice_overdue: bool = False
    """Whether a cancellation is refused because of an invoice, and auto-renewal switched off."""
    cancellation_end: Literal["completed", "pending", "revoked"] = "completed"
    """What becomes of an accepted cancellation; `revoked` is HostUp's doing."""
    job_end: Literal["completed", "failed", "cancelled", "failed_result"] = "completed"
    """How each new job ends. With `failed_result` it is `completed`, and its result says failed."""
    job_fails_at: int = 40
    """The progress, in percent, at which a job that fails does so."""
    polls_fail_from: int | None = None
    """The progress of a job, in percent, from which polling it gives 500."""
    backups_unlisted: bool = False
    """Whether backups are counted in `quotaInfo` and missing from `backups`."""
    newest_backup_empty: bool = False
    """Whether the newest backup is four minutes old and has 0 GB."""
    odd_field: str | None = None
    """One field of a read, as `RESPONSE/POINTER=JSON`, or without `=JSON` to leave it out.

    RESPONSE is the last fixed part of the path: `backups/backups/0/sizeGb="12"`, or
    `vps/data/1/name`. Where the pointer leads nowhere, the response is unchanged.
    """
    gates_checked_at: bool = False
    """Whether each gate has a `checkedAt` that differs at each read."""
    filters_ignored: bool = False
    """Whether the list of servers ignores `name` and `primaryIp`."""
    cursor: Literal["works", "repeats", "missing"] = "works"
    """Whether the next page has the same cursor again, or `hasMore` comes without one."""
    schedules_abandoned: bool = False
    """Whether enabled schedules have not run for three months and do not run."""
    clock_hours_ahead: float = 0.0
    """How far HostUp's clock, and its `Date` header, is ahead of the sandbox's."""
    edge_refuses: bool = False
    """Whether the edge in front of the API refuses every request with a plain text 403."""

    @property
    def clock_offset(self) -> timedelta:
        """`clock_hours_ahead` as a span."""
        return timedelta(hours=self.clock_hours_ahead)


NO_ANOMALIES = Anomalies()


def parse_variants(words: Iterable[str]) -> tuple[Variants, Anomalies]:
    """Parse `NAME=VALUE` words into variants and anomalies. Raises ValueError for a wrong one."""
    chosen: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for word in words:
        name, _, value = word.partition("=")
        for kind, values in zip((Variants, Anomalies), chosen, strict=True):
            if name in {field.name for field in fields(kind)}:
                values[name] = _parse(name, value, get_type_hints(kind)[name])
                break
        else:
            raise ValueError(f"There is no variant `{name}`.")
    return Variants(**chosen[0]), Anomalies(**chosen[1])


_LARGEST = 1_000_000
"""The largest number; there is no date a billion hours from now."""


def _parse(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        choices: dict[str, Any] = {"true": True, "false": False}
    elif get_origin(kind) is Literal:
        choices = {str(choice): choice for choice in get_args(kind)}
    elif str in (kind, *get_args(kind)):
        return text
    else:
        try:
            number = float(text) if kind is float else int(text)
        except ValueError:
            number = nan
        if abs(number) <= _LARGEST:
            return number
        raise ValueError(f"`{name}` must be a number up to {_LARGEST}.")
    if text not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(choices)}.")
    return choices[text]
