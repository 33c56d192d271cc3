"""What a server's backups allow: can one be restored, can one be made, and why (not)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hostup_mcp.hostup.models import Backup, BackupList, Snapshot, SnapshotList
from hostup_mcp.recovery.backups import note_of, oldest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import complete, find_doubts, newest_complete
from hostup_mcp.recovery.findings import (
    Advice,
    Changes,
    ClocksDiffer,
    Doubt,
    Loss,
    WriteUnsettled,
)
from hostup_mcp.recovery.gates import is_open, weigh
from hostup_mcp.recovery.precautions import newer_snapshot
from hostup_mcp.recovery.quota import Slots, find_hidden, read_slots
from hostup_mcp.recovery.reasons import (
    EvictsHidden,
    NoBackups,
    QuotaReadsFull,
    QuotaUnknown,
    Reason,
    WouldEvict,
    verdict_of,
)
from hostup_mcp.recovery.situation import PastRestore, restored_since
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.steps import step_to_create, step_to_restore
from hostup_mcp.recovery.suggestions import Step
from hostup_mcp.recovery.verdicts import Verdict

RECENT = timedelta(hours=24)
"""A backup older than this is not a recent one."""


@dataclass(frozen=True, slots=True)
class Overwrites:
    """What restoring one backup over its server would destroy."""

    backup: Backup
    data_loss: Loss


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether one action is possible now, why or why not, and what would unblock it."""

    reasons: tuple[Reason, ...]
    to_unblock: tuple[Step, ...]
    """Empty if the action is possible, or if nothing is known to unblock it."""

    @property
    def verdict(self) -> Verdict:
        """The verdict that follows from the reasons."""
        return verdict_of(self.reasons)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the backups of one server mean."""

    restore: Explanation
    """Whether a backup can be restored over this server."""
    overwrites: Overwrites | None
    """What restoring the newest backup that looks complete would destroy, if there is one."""
    create: Explanation
    """Whether a backup can be made."""
    advice: tuple[Advice, ...]
    doubts: Mapping[str, Doubt]
    """Which backups may be incomplete, by id, and why."""


def assess(
    listing: BackupList,
    now: datetime,
    *,
    status: str | None = None,
    clocks: ClocksDiffer | None = None,
    snapshots: SnapshotList | None = None,
    restored: PastRestore | None = None,
    unsettled: WriteUnsettled | None = None,
) -> Assessment:
    """Assess `listing` at `now`, by HostUp's clock.

    `status` is the server's `serviceStatus`, `restored` its last restore, `unsettled` a change
    whose outcome is unknown, and `snapshots` are the server's, as far as they are known.
    """
    backups, good = listing.backups, complete(listing.backups, now)
    newest = newest_complete(backups, now)
    overwrites = None if newest is None else Overwrites(newest, loss_since(newest, now))
    loss = None if overwrites is None else overwrites.data_loss
    since = restored_since(loss, restored, now)
    return Assessment(
        restore=assess_restore(listing, status),
        overwrites=overwrites,
        create=assess_create(listing, now, status),
        advice=(
            *([] if unsettled is None else [unsettled]),
            *_contradictions(listing, clocks),
            *_advise(listing, good, now),
            *([] if since is None else [since]),
            *newer_snapshot(snapshots, None if newest is None else newest.created, now),
        ),
        doubts=find_doubts(backups, now),
    )


def assess_restore(listing: BackupList, status: str | None = None) -> Explanation:
    """Assess whether a backup in `listing` can be restored over its server.

    An open gate with nothing to restore is no way back; a closed gate stays closed however many
    backups there are. Backups that are counted but not listed leave it unknown.
    """
    gate, hidden = listing.actions.can_restore, find_hidden(listing)
    others: tuple[Reason, ...] = () if listing.backups else (hidden or NoBackups(),)
    return Explanation(weigh(gate, "canRestore", *others), step_to_restore(listing, status))


def assess_create(listing: BackupList, now: datetime, status: str | None = None) -> Explanation:
    """Assess whether a backup can be made now. The gate decides, even against the quota."""
    gate, quota = listing.actions.can_create_backup, listing.quota_info
    slots = read_slots(quota)
    reasons = weigh(gate, "canCreateBackup")
    if not is_open(gate):
        return Explanation(reasons, step_to_create(listing, status))
    if slots is not Slots.FREE:
        kind = QuotaReadsFull if slots is Slots.FULL else QuotaUnknown
        reasons += (kind(quota.used, quota.limit, quota.remaining),)
        evicted = oldest(listing, now)
        if evicted is not None:
            backup, created = evicted
            reasons += (WouldEvict(backup.id, created, note_of(backup)),)
        elif find_hidden(listing) is not None:
            reasons += (EvictsHidden(),)
    return Explanation(reasons, ())


def loss_since(point: Backup | Snapshot, now: datetime) -> Loss:
    """Return what restoring `point` would destroy on its own server."""
    created, span = point.created, age(point.created, now)
    if created is None or span is None:
        return Code.CHANGES_UNKNOWN
    return Changes(created, span)


def _contradictions(listing: BackupList, clocks: ClocksDiffer | None) -> list[Advice]:
    found: list[Advice] = []
    hidden = find_hidden(listing)
    if hidden is not None and listing.backups:
        found.append(hidden)
    if clocks is not None:
        found.append(clocks)
    return found


def _advise(listing: BackupList, good: tuple[Backup, ...], now: datetime) -> list[Advice]:
    dated = [b for b in listing.backups if b.created is not None]
    advice: list[Advice] = []
    if len(dated) < len(listing.backups):
        advice.append(Code.DATES_UNKNOWN)
    if any(age(b.created, now) is None for b in dated):
        advice.append(Code.DATES_IN_FUTURE)
    if listing.backups and not good:
        advice.append(Code.NO_COMPLETE_BACKUP)
    ages = [span for b in good if (span := age(b.created, now)) is not None]
    if good and (not ages or min(ages) > RECENT):
        advice.append(Code.NO_RECENT_BACKUP)
    return advice
