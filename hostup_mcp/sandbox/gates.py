"""The action gates. Codes other than `pending_order` are the sandbox's own: the set is open."""

from dataclasses import dataclass

from .access import Key
from .jobs import POWER_KINDS, Job, JobKind
from .models import OPEN, Gate, Server
from .problems import ProblemError
from .variants import Variants

_JOB_WORDS = {
    "backup": "A backup of this server is running.",
    "restore": "A restore of this server is running.",
    "restore_from_vps": "A restore of this server is running.",
}


_CLOSED_IN = {
    True: {"running", "starting", "stopping", "provisioning"},
    False: {"stopped", "stopping", "provisioning"},
}
"""The power states in which a start is refused, and those in which the other actions are."""


@dataclass(frozen=True, slots=True)
class View:
    """A server as one key sees it, with the job that holds it, if any."""

    server: Server
    busy: Job | None
    key: Key
    variants: Variants


def can_create_backup(view: View) -> Gate:
    """Return `actions.canCreateBackup` of the backups list."""
    general = _general(view, view.server.create_gate)
    return general if not general.allowed else _quota(view)


def can_restore_backup(view: View) -> Gate:
    """Return `actions.canRestore` of the backups list; open even with nothing to restore."""
    return _general(view, view.server.restore_gate)


def can_restore_from_vps(view: View) -> Gate:
    """Return `actions.canRestoreFromAnotherVps`, wherever the variants show it."""
    return _general(view, view.server.restore_gate)


def can_create_snapshot(view: View) -> Gate:
    """Return `actions.canCreate` of the snapshots list."""
    general = can_restore_snapshot(view)
    if general.allowed and len(view.server.snapshots) >= view.server.snapshot_limit:
        return Gate(False, "All snapshot slots are taken.", "snapshot_limit_reached")
    return general


def can_restore_snapshot(view: View) -> Gate:
    """Return `actions.canRestore` of the snapshots list."""
    if view.server.snapshot_limit == 0:
        return Gate(False, "The plan has no snapshots.", "snapshots_unavailable")
    return _general(view, None)


def can_create_schedule(view: View) -> Gate:
    """Return `actions.canCreate` of the schedules; scopes play no part in it."""
    return _service(view) or _held(view.busy) or OPEN


def can_change_power(view: View, action: JobKind) -> Gate:
    """Return the gate of an action on the power, such as `actions.canRestart` for `restart`."""
    return _service(view) or _held(view.busy) or _power(view, action) or OPEN


def enforce(gate: Gate) -> None:
    """Raise the 409 problem of a closed gate, with the gate's own code where it has one."""
    if not gate.allowed:
        raise ProblemError(
            409,
            gate.code or "vps_not_ready",
            gate.reason or "The server cannot do this at the moment.",
        )


def _general(view: View, fixed: Gate | None) -> Gate:
    return _service(view) or _permission(view) or _held(view.busy) or _closed(fixed) or OPEN


def _closed(gate: Gate | None) -> Gate | None:
    return gate if gate is not None and not gate.allowed else None


def _service(view: View) -> Gate | None:
    status = view.server.service_status
    if status == "active":
        return None
    swedish = view.variants.reason_language == "sv"
    if status == "pending":
        reason = "The order for this server is not complete."
        return Gate(False, "Beställningen är inte klar." if swedish else reason, "pending_order")
    reason = f"The service is {status}."
    if swedish:
        reason = "Tjänsten är avstängd på grund av en obetald faktura."
    return Gate(False, reason, f"service_{status}")


def _permission(view: View) -> Gate | None:
    if not view.variants.gates_fold_permission or "backup:vm" in view.key.scopes:
        return None
    code = view.variants.missing_scope_code
    return Gate(False, "The API key lacks the scope backup:vm.", code)


def _held(job: Job | None) -> Gate | None:
    if job is None:
        return None
    reason = _JOB_WORDS.get(job.kind, "A snapshot operation on this server is running.")
    if job.kind in POWER_KINDS:
        reason = "A power action on this server is running."
    return Gate(False, reason, "operation_in_progress")


def _power(view: View, action: JobKind) -> Gate | None:
    state = view.server.power_state
    if view.variants.power_noop == "accepted" or state not in _CLOSED_IN[action == "start"]:
        return None
    return Gate(False, f"The server is {state}.", f"power_{state}")


def _quota(view: View) -> Gate:
    retention = view.server.retention
    if retention.limit is None:
        if view.variants.null_quota == "unlimited":
            return OPEN
        return Gate(False, "The plan has no backup slots.", "backups_unavailable")
    if retention.auto_delete_oldest or len(view.server.backups) < retention.limit:
        return OPEN
    reason = f"All {retention.limit} backup slots are taken."
    return Gate(False, reason, "backup_quota_reached")
