"""What a server's backups allow: can one be restored, can one be made, and why (not)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hostup_mcp.hostup.models import Backup, BackupList, Snapshot
from hostup_mcp.recovery.backups import is_full, newest_first
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Advice, Changes, Loss, Step
from hostup_mcp.recovery.gates import steps_to_open, weigh
from hostup_mcp.recovery.reasons import NoBackups, QuotaReadsFull, Reason, Verdict, verdict_of
from hostup_mcp.recovery.spans import age

SNAPSHOT_LIFE = timedelta(hours=24)
"""About how long a snapshot is kept."""


@dataclass(frozen=True, slots=True)
class Overwrites:
    """What restoring one backup over its server would destroy."""

    backup: Backup
    loss: Loss


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether one action can be done now, because of what, and what would unblock it."""

    reasons: tuple[Reason, ...]
    to_unblock: tuple[Step, ...]
    """Empty where the action is possible, or nothing that is known would unblock it."""

    @property
    def verdict(self) -> Verdict:
        """What the reasons come to."""
        return verdict_of(self.reasons)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the backups of one server mean."""

    restore: Explanation
    """Whether a backup can be restored over this server."""
    overwrites: Overwrites | None
    """What restoring the backup listed first would destroy; None without backups."""
    create: Explanation
    """Whether a backup can be made."""
    advice: tuple[Advice, ...]


def assess(listing: BackupList, now: datetime) -> Assessment:
    """What `listing` means at `now`."""
    backups = newest_first(listing.backups)
    return Assessment(
        restore=assess_restore(listing),
        overwrites=Overwrites(backups[0], loss_since(backups[0], now)) if backups else None,
        create=assess_create(listing),
        advice=_advice(listing, now),
    )


def assess_restore(listing: BackupList) -> Explanation:
    """Whether some backup of `listing` can be restored over its server.

    An open gate with nothing to restore is no way back; a closed gate stays closed however many
    backups there are.
    """
    gate = listing.actions.can_restore
    to_unblock = steps_to_open(gate)
    if listing.backups:
        return Explanation(weigh(gate, "canRestore"), to_unblock)
    reasons = weigh(gate, "canRestore", NoBackups())
    return Explanation(reasons, (*to_unblock, Code.ONLY_CURRENT_STATE))


def assess_create(listing: BackupList) -> Explanation:
    """Whether a backup can be made now. The gate decides, also where the quota reads otherwise."""
    gate, quota = listing.actions.can_create_backup, listing.quota_info
    reasons = weigh(gate, "canCreateBackup")
    if gate is None or not gate.allowed:
        slots: tuple[Step, ...] = (Code.GET_SLOTS,) if gate is not None and is_full(quota) else ()
        return Explanation(reasons, (*steps_to_open(gate), *slots))
    if is_full(quota):
        reasons += (QuotaReadsFull(quota.used, quota.limit, quota.remaining),)
    return Explanation(reasons, ())


def loss_since(point: Backup | Snapshot, now: datetime) -> Loss:
    """What going back to `point` destroys on its own server."""
    created, span = point.created, age(point.created, now)
    if created is None or span is None:
        return Code.CHANGES_UNKNOWN
    return Changes(created, span)


def _advice(listing: BackupList, now: datetime) -> tuple[Advice, ...]:
    dated = [b for b in listing.backups if b.created is not None]
    ages = [span for b in dated if (span := age(b.created, now)) is not None]
    advice: list[Advice] = []
    if len(dated) < len(listing.backups):
        advice.append(Code.DATES_UNKNOWN)
    if len(ages) < len(dated):
        advice.append(Code.DATES_IN_FUTURE)
    if not ages or min(ages) > SNAPSHOT_LIFE:
        advice.append(Code.NO_RECENT_BACKUP)
    return tuple(advice)
