"""What a write was to bring about, and whether a read of its server shows it.

Somebody else may have made the same change, and HostUp may list a change late. So a sight is
evidence of what became of a write whose response was lost, and no proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.hostup.live import Cancellation, CancellationState
from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    BackupSchedules,
    BackupSettings,
    Gate,
    SnapshotList,
    Vps,
    VpsPage,
)
from hostup_mcp.hostup.requests import PowerAction
from hostup_mcp.recovery.backups import find_backup, find_snapshot
from hostup_mcp.recovery.power import RESTING
from hostup_mcp.recovery.quota import find_hidden
from hostup_mcp.recovery.schedules import is_any_on, settings_of

SETTLED = timedelta(minutes=15)
"""How long after it was sent looking again may show more of a write.

By then the request has arrived, or never will, and HostUp has had time to list what came of it and
to add it to its audit log. HostUp documents no time for either.
"""

_SLACK = timedelta(seconds=1)
"""HostUp's clock is known to a second, and some of its dates are no finer."""


# Effects. Each is stored until it is looked for; `kind` tells them apart then.


@dataclass(frozen=True, slots=True)
class BackupMade:
    """A new backup; `before` are the ids of those that were listed before."""

    before: tuple[str, ...]
    kind: Literal["backup_made"] = "backup_made"

    is_immediate: ClassVar = False


@dataclass(frozen=True, slots=True)
class BackupDeleted:
    """This backup is gone."""

    backup_id: str
    kind: Literal["backup_deleted"] = "backup_deleted"

    is_immediate: ClassVar = True


@dataclass(frozen=True, slots=True)
class SnapshotMade:
    """A snapshot with this name, which no other had."""

    name: str
    kind: Literal["snapshot_made"] = "snapshot_made"

    is_immediate: ClassVar = False


@dataclass(frozen=True, slots=True)
class SnapshotDeleted:
    """This snapshot is gone."""

    name: str
    kind: Literal["snapshot_deleted"] = "snapshot_deleted"

    is_immediate: ClassVar = True


@dataclass(frozen=True, slots=True)
class ScheduleSet:
    """A schedule with these settings is on; with none, no schedule is."""

    settings: Mapping[str, str | int]
    """As `settings_of` returns them."""
    was_so: bool = False
    """Whether that was so before the write, too."""
    kind: Literal["schedule_set"] = "schedule_set"

    is_immediate: ClassVar = True


@dataclass(frozen=True, slots=True)
class RetentionSet:
    """This retention; None for what was not changed."""

    total_backup_limit: int | None
    auto_delete_oldest: bool | None
    kind: Literal["retention_set"] = "retention_set"

    is_immediate: ClassVar = True


@dataclass(frozen=True, slots=True)
class PowerSet:
    """The power state that this action leads to."""

    action: PowerAction
    kind: Literal["power_set"] = "power_set"

    is_immediate: ClassVar = False


@dataclass(frozen=True, slots=True)
class DiskRestored:
    """The disk of the server is replaced, which no read shows; a running job closes the gate."""

    from_snapshot: bool
    kind: Literal["disk_restored"] = "disk_restored"

    is_immediate: ClassVar = False


@dataclass(frozen=True, slots=True)
class ServerBuilt:
    """A new server."""

    name: str
    """The name that was sent, which no other server has."""
    kind: Literal["server_built"] = "server_built"

    is_immediate: ClassVar = False


@dataclass(frozen=True, slots=True)
class ServerCancelled:
    """The server is cancelled, and gone once HostUp has processed that."""

    kind: Literal["server_cancelled"] = "server_cancelled"

    is_immediate: ClassVar = False


Effect: TypeAlias = (
    BackupMade
    | BackupDeleted
    | SnapshotMade
    | SnapshotDeleted
    | ScheduleSet
    | RetentionSet
    | PowerSet
    | DiskRestored
    | ServerBuilt
    | ServerCancelled
)
"""`is_immediate` tells whether HostUp carries it out before it responds."""


# Sights


class Shows(StrEnum):
    """What a read shows of an effect."""

    DONE = "done"
    """It is there."""
    AS_BEFORE = "as_before"
    """It is there, as it was before the write."""
    STARTED = "started"
    """The gate that was open just before the write is closed, as while a job runs."""
    NOT_DONE = "not_done"
    """It is not there, or not yet."""
    NOTHING = "nothing"
    """The read does not show whether it is there."""
    UNREAD = "unread"
    """The server was not read, or could not be."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a read shows of an effect, and the facts that it shows."""

    effect: Effect
    shows: Shows
    backup: Backup | None = None
    """The new backup."""
    gate: Gate | None = None
    """The gate that a running job closes; None if it was not read."""
    power_state: str | None = None
    server: Vps | None = None
    """The new server."""
    cancellation: Cancellation | None = None
    was_started: bool = False
    """Whether an earlier read, soon after the write, showed it as started."""

    @property
    def is_proof(self) -> bool:
        """Whether the server is as it was to be, whoever has made it so."""
        made = (BackupMade, SnapshotMade, ServerBuilt)
        is_there = self.shows in (Shows.DONE, Shows.AS_BEFORE)
        return is_there and not isinstance(self.effect, made)


def see_new_backup(effect: BackupMade, listing: BackupList, sent_at: datetime) -> Sight:
    """Look for the backup that a write made; `sent_at` is by HostUp's clock."""
    new = [backup for backup in listing.backups if _may_be_it(effect, backup, sent_at)]
    # One without a date is the weaker evidence.
    new.sort(key=lambda backup: (backup.created is None, backup.created or sent_at))
    if new:
        return Sight(effect, Shows.DONE, backup=new[0])
    gate = listing.actions.can_create_backup
    return Sight(effect, Shows.STARTED if _is_closed(gate) else Shows.NOT_DONE, gate=gate)


def _may_be_it(effect: BackupMade, backup: Backup, sent_at: datetime) -> bool:
    kind, created = backup.backup_type, backup.created
    is_scheduled = kind is not None and kind.strip().lower() == "scheduled"
    if backup.id in effect.before or is_scheduled:
        return False
    return created is None or sent_at - _SLACK <= created <= sent_at + SETTLED


def see_deleted_backup(effect: BackupDeleted, listing: BackupList) -> Sight:
    """Look whether a backup is gone. An incomplete list does not show it."""
    if find_backup(listing, effect.backup_id) is not None:
        return Sight(effect, Shows.NOT_DONE)
    is_complete = listing.is_whole and find_hidden(listing) is None
    return Sight(effect, Shows.DONE if is_complete else Shows.NOTHING)


def see_snapshot(effect: SnapshotMade | SnapshotDeleted, listing: SnapshotList) -> Sight:
    """Look whether a snapshot is there, or is gone. An incomplete list does not show the latter."""
    is_listed = find_snapshot(listing, effect.name) is not None
    if isinstance(effect, SnapshotMade):
        return Sight(effect, Shows.DONE if is_listed else Shows.NOT_DONE)
    if is_listed:
        return Sight(effect, Shows.NOT_DONE)
    is_complete = listing.is_whole and listing.available is not False
    return Sight(effect, Shows.DONE if is_complete else Shows.NOTHING)


def see_schedule(effect: ScheduleSet, listing: BackupSchedules) -> Sight:
    """Look for a schedule. HostUp may show one in other words than were sent."""
    is_on = is_any_on(listing)
    done = Shows.AS_BEFORE if effect.was_so else Shows.DONE
    if not effect.settings:
        shows = {False: done, True: Shows.NOT_DONE, None: Shows.NOTHING}[is_on]
        return Sight(effect, shows)
    wanted = effect.settings.items()
    if any(s.enabled and wanted <= settings_of(s).items() for s in listing.schedules):
        return Sight(effect, done)
    return Sight(effect, Shows.NOT_DONE if is_on is False else Shows.NOTHING)


def see_retention(effect: RetentionSet, listing: BackupSchedules) -> Sight:
    """Compare the retention settings with those that were sent."""
    now = listing.settings or BackupSettings()
    pairs = (
        (effect.total_backup_limit, now.total_backup_limit),
        (effect.auto_delete_oldest, now.auto_delete_oldest),
    )
    compared = [(sent, shown) for sent, shown in pairs if sent is not None]
    if any(shown is None for _, shown in compared):
        return Sight(effect, Shows.NOTHING)
    is_done = all(sent == shown for sent, shown in compared)
    return Sight(effect, Shows.DONE if is_done else Shows.NOT_DONE)


def see_power(effect: PowerSet, state: str | None) -> Sight:
    """Compare HostUp's word for the power state. A server that restarts was running before, too."""
    if state is None or effect.action is PowerAction.RESTART:
        return Sight(effect, Shows.NOTHING, power_state=state)
    is_done = state == RESTING[effect.action]
    return Sight(effect, Shows.DONE if is_done else Shows.NOT_DONE, power_state=state)


def see_restore(effect: DiskRestored, gate: Gate | None) -> Sight:
    """Read the restore gate, which was open just before the restore was sent."""
    return Sight(effect, Shows.STARTED if _is_closed(gate) else Shows.NOTHING, gate=gate)


def see_server(effect: ServerBuilt, page: VpsPage) -> Sight:
    """Look for the new server by its name; HostUp may give it another one."""
    found = next((vps for vps in page.data if vps.name == effect.name), None)
    return Sight(effect, Shows.NOTHING if found is None else Shows.DONE, server=found)


def see_cancellation(effect: ServerCancelled, found: Cancellation) -> Sight:
    """Read the cancellation of the server."""
    shows = _CANCELLED.get(found.state, Shows.DONE)
    return Sight(effect, shows, cancellation=found)


_CANCELLED = {
    CancellationState.NONE: Shows.NOT_DONE,
    CancellationState.REVOKED: Shows.NOT_DONE,
    CancellationState.UNKNOWN: Shows.NOTHING,
}


def _is_closed(gate: Gate | None) -> bool:
    return gate is not None and not gate.allowed
