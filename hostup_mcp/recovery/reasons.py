"""Reasons: what speaks for or against an action, and the verdict that they come to.

`weight` is the verdict that a reason asks for, `source` where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.account_reasons import AccountReason
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.verdicts import Source, Verdict

GateName: TypeAlias = Literal["canCreateBackup", "canRestore", "canRestoreFromAnotherVps"]
"""The name of a gate, in the API's spelling."""


# Reasons: what speaks for or against an action. `weight` is the verdict that one asks for.


@dataclass(frozen=True, slots=True)
class GateOpen:
    """HostUp allows the action. `said` is its remark, `hostup_code` its code, if any came."""

    said: str | None
    hostup_code: str | None

    weight: ClassVar = Verdict.POSSIBLE
    source: ClassVar = Source.GATE

    @property
    def code(self) -> Code:
        """Which of the forms of an open gate this is."""
        return Code.GATE_OPEN_REMARK if self.said else Code.GATE_OPEN


@dataclass(frozen=True, slots=True)
class GateClosed:
    """HostUp does not allow the action. `said` is its reason, `hostup_code` its code, if given."""

    said: str | None
    hostup_code: str | None

    weight: ClassVar = Verdict.BLOCKED

    @property
    def source(self) -> Source:
        """The gate, where it says anything at all."""
        return Source.GATE if self.said or self.hostup_code else Source.UNKNOWN

    @property
    def code(self) -> Code:
        """Which of the forms of a closed gate this is."""
        if self.said:
            return Code.GATE_CLOSED_REASON
        return Code.GATE_CLOSED_CODE if self.hostup_code else Code.GATE_CLOSED


@dataclass(frozen=True, slots=True)
class GateMissing:
    """HostUp's response has no gate of this name."""

    gate: GateName

    code: ClassVar = Code.GATE_MISSING
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class QuotaReadsFull:
    """No backup slot is left by the numbers, though the gate is open."""

    used: int | None
    limit: int | None
    remaining: int | None

    code: ClassVar = Code.QUOTA_READS_FULL
    weight: ClassVar = Verdict.POSSIBLE
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class QuotaUnknown:
    """The gate is open, and the numbers do not say whether a slot is left."""

    used: int | None
    limit: int | None
    remaining: int | None

    code: ClassVar = Code.QUOTA_UNKNOWN
    weight: ClassVar = Verdict.POSSIBLE
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class WouldEvict:
    """The backup that is likeliest to be evicted for another: the oldest."""

    backup_id: str
    created: datetime
    note: str | None

    weight: ClassVar = Verdict.POSSIBLE
    source: ClassVar = Source.STATE

    @property
    def code(self) -> Code:
        """With or without its note."""
        return Code.WOULD_EVICT_NOTED if self.note else Code.WOULD_EVICT


@dataclass(frozen=True, slots=True)
class EvictsHidden:
    """A new backup may evict one that HostUp counts but does not list."""

    code: ClassVar = Code.EVICTS_HIDDEN
    weight: ClassVar = Verdict.POSSIBLE
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class BackupsHidden:
    """There are more backups than can be listed. With none listed, it is unknown what they are.

    `counted` is None if HostUp says that the list goes on, but not how many there are.
    """

    counted: int | None
    listed: int

    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN

    @property
    def code(self) -> Code:
        """With or without the number of them."""
        return Code.BACKUPS_INCOMPLETE if self.counted is None else Code.BACKUPS_HIDDEN


@dataclass(frozen=True, slots=True)
class NoBackups:
    """The server has no backup to restore."""

    code: ClassVar = Code.NO_BACKUPS
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class BackupMissing:
    """The backup to restore is not listed."""

    code: ClassVar = Code.BACKUP_MISSING
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class NoSnapshots:
    """The server cannot have snapshots. `said` is HostUp's reason, if one came."""

    said: str | None

    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE

    @property
    def code(self) -> Code:
        """With or without HostUp's reason."""
        return Code.NO_SNAPSHOTS_REASON if self.said else Code.NO_SNAPSHOTS


@dataclass(frozen=True, slots=True)
class SnapshotMissing:
    """The snapshot to restore is not listed."""

    code: ClassVar = Code.SNAPSHOT_MISSING
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class SnapshotExpired:
    """The snapshot is past the moment at which HostUp was to remove it."""

    expired: datetime

    code: ClassVar = Code.SNAPSHOT_EXPIRED
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class MayNotFit:
    """The backup is larger than the disk it would go onto; both in GB."""

    backup_gb: float
    disk_gb: float

    code: ClassVar = Code.MAY_NOT_FIT
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class SizeMissing:
    """HostUp does not say how large the backup, or the disk that it would go onto, is."""

    code: ClassVar = Code.SIZE_MISSING
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


Reason: TypeAlias = (
    GateOpen
    | GateClosed
    | GateMissing
    | QuotaReadsFull
    | QuotaUnknown
    | WouldEvict
    | EvictsHidden
    | BackupsHidden
    | NoBackups
    | BackupMissing
    | NoSnapshots
    | SnapshotMissing
    | SnapshotExpired
    | MayNotFit
    | SizeMissing
    | AccountReason
)


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    """Return blocked if any reason blocks, possible if all of them allow it, else unknown."""
    weights = {reason.weight for reason in reasons}
    if Verdict.BLOCKED in weights:
        return Verdict.BLOCKED
    return Verdict.POSSIBLE if weights == {Verdict.POSSIBLE} else Verdict.UNKNOWN
