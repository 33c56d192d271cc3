"""The one next step that may unblock an action, for each reason why it is not possible now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hostup_mcp.hostup.models import BackupList, Gate
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.gates import closed_reason, is_open, step_to_open
from hostup_mcp.recovery.quota import Slots, find_hidden, read_slots
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    MayNotFit,
    NoSnapshots,
    Reason,
    SizeMissing,
    SnapshotExpired,
    SnapshotMissing,
)
from hostup_mcp.recovery.suggestions import Step

_STEPS: Mapping[type[Reason], Step] = {
    BackupMissing: Code.CHOOSE_BACKUP,
    SnapshotMissing: Code.CHOOSE_SNAPSHOT,
    SnapshotExpired: Code.CHOOSE_SNAPSHOT,
    NoSnapshots: Code.USE_BACKUP,
    MayNotFit: Code.GET_LARGER_DISK,
    SizeMissing: Code.ASK_WHETHER,
}

_UNEXPLAINED = frozenset({Code.EXPLAIN_REASON, Code.ASK_WHY})


def next_step(
    gate: Gate | None, status: str | None, others: Iterable[Reason] = ()
) -> tuple[Step, ...]:
    """Return the step for a `gate` that is not open, else that for the first of `others`."""
    if not is_open(gate):
        return (step_to_open(gate, status),)
    return tuple(step for reason in others if (step := _STEPS.get(type(reason))))[:1]


def steps_without_restore(gate: Gate | None, status: str | None) -> tuple[Step, ...]:
    """Return the step for a `gate` of anything but a restore: nothing brings a server back whose
    hosting has ended, but its backups may go elsewhere."""
    return tuple(step for step in next_step(gate, status) if step is not Code.USE_OTHER_SERVER)


def step_to_restore(listing: BackupList, status: str | None) -> tuple[Step, ...]:
    """Return what would have to change before one of the server's backups can be restored."""
    gate, hidden = listing.actions.can_restore, find_hidden(listing)
    if listing.backups or (hidden is not None and gate is not None and not gate.allowed):
        return next_step(gate, status)
    return (Code.ONLY_CURRENT_STATE if hidden is None else Code.COMPARE_PANEL,)


def step_to_create(listing: BackupList, status: str | None) -> tuple[Step, ...]:
    """Return what would have to change before a backup can be made."""
    steps = steps_without_restore(listing.actions.can_create_backup, status)
    is_active = status is not None and status.lower() == "active"
    slots_help = is_active and read_slots(listing.quota_info) is Slots.FULL
    if slots_help and not _UNEXPLAINED.isdisjoint(steps) and not _closes_both(listing):
        return (Code.GET_SLOTS,)
    return steps


def _closes_both(listing: BackupList) -> bool:
    """Return whether restores are blocked for the same reason, so that it is not the slots."""
    create, restore = listing.actions.can_create_backup, listing.actions.can_restore
    if create is None or restore is None or restore.allowed:
        return False
    return closed_reason(create) == closed_reason(restore)
