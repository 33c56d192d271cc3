"""Reasons: what speaks for or against an action, and the verdict that they come to.

`weight` is the verdict that a reason asks for, `source` where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code


class Verdict(StrEnum):
    """Whether an action can be done now. Unknown is never rounded up to possible."""

    POSSIBLE = "possible"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a reason comes from: a gate, what the account holds, or missing or unclear facts."""

    GATE = "gate"
    STATE = "state"
    UNKNOWN = "unknown"


GateName: TypeAlias = Literal["canCreateBackup", "canRestore", "canRestoreFromAnotherVps"]
"""The name of a gate, in the API's spelling."""

Counted: TypeAlias = Literal[
    Code.CPU_CORES, Code.GB_OF_MEMORY, Code.GB_OF_STORAGE, Code.CLOUD_SERVERS
]
"""What is counted, as a finding of its own: its text is the word for it."""


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


# A new pay-as-you-go server


@dataclass(frozen=True, slots=True)
class AccountBlocked:
    """HostUp says that the account may not have a new server, and has no gate for it."""

    said: str | None

    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.GATE

    @property
    def code(self) -> Code:
        """With or without HostUp's reason."""
        return Code.ACCOUNT_BLOCKED_REASON if self.said else Code.ACCOUNT_BLOCKED


@dataclass(frozen=True, slots=True)
class AccountContradiction:
    """The gate for a new server is open, and HostUp says also that something is in the way."""

    code: ClassVar = Code.ACCOUNT_CONTRADICTION
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


BLOCKER_WORDS: Mapping[str, Code] = {
    "not_verified": Code.ACCOUNT_NOT_VERIFIED,
    "no_cloud_access": Code.NO_CLOUD_ACCESS,
    "no_card_on_file": Code.NO_CARD,
    "cpu_limit_exceeded": Code.CPU_LIMIT,
    "memory_limit_exceeded": Code.MEMORY_LIMIT,
    "storage_limit_exceeded": Code.STORAGE_LIMIT,
    "instance_limit_exceeded": Code.SERVER_LIMIT,
    "has_unpaid_invoice": Code.UNPAID_INVOICE,
}
"""What each word stands for that HostUp documents for what is in the way of a new server."""


@dataclass(frozen=True, slots=True)
class AccountBlocker:
    """One `word` of HostUp for what keeps the account from a new server."""

    word: str
    is_gate_open: bool
    """Whether HostUp's gate allows a new server all the same."""

    source: ClassVar = Source.GATE

    @property
    def weight(self) -> Verdict:
        """It blocks, unless it contradicts the gate."""
        return Verdict.UNKNOWN if self.is_gate_open else Verdict.BLOCKED

    @property
    def code(self) -> Code:
        """What the word stands for; the set of words is open."""
        return BLOCKER_WORDS.get(self.word.lower(), Code.OTHER_BLOCKER)


@dataclass(frozen=True, slots=True)
class AboveLimit:
    """The new server needs more than the account's limit leaves."""

    wanted: int
    left: int
    of: Counted

    code: ClassVar = Code.ABOVE_LIMIT
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The new server is larger than HostUp builds any."""

    wanted: int
    most: int
    of: Counted

    code: ClassVar = Code.TOO_LARGE
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class TooSmall:
    """The new server is smaller than HostUp builds any."""

    wanted: int
    least: int
    of: Counted

    code: ClassVar = Code.TOO_SMALL
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class NewDiskSmall:
    """The backup is larger than the new server's disk; both in GB."""

    backup_gb: float
    disk_gb: int

    code: ClassVar = Code.NEW_DISK_SMALL
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class NewSizeUnknown:
    """Neither the source's size nor a default is known; `missing` names the arguments to give."""

    missing: str

    code: ClassVar = Code.NEW_SIZE_UNKNOWN
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class RegionUnknown:
    """HostUp lists regions, and this one is not among them."""

    region: str
    listed: str

    code: ClassVar = Code.REGION_UNKNOWN
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


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
    | AccountBlocked
    | AccountContradiction
    | AccountBlocker
    | AboveLimit
    | TooLarge
    | TooSmall
    | NewDiskSmall
    | NewSizeUnknown
    | RegionUnknown
)


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    """Return blocked if any reason blocks, possible if all of them allow it, else unknown."""
    weights = {reason.weight for reason in reasons}
    if Verdict.BLOCKED in weights:
        return Verdict.BLOCKED
    return Verdict.POSSIBLE if weights == {Verdict.POSSIBLE} else Verdict.UNKNOWN
