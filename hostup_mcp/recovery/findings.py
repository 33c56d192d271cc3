"""Findings: what was concluded, as a stable code and the facts behind it.

A finding without facts is its code alone; one with facts is a frozen class, whose `code` follows
from its type and facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.account_reasons import Counted
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import Cost, RunningRehearsal
from hostup_mcp.recovery.evidence import Evidence, Look
from hostup_mcp.recovery.health_findings import HealthFinding
from hostup_mcp.recovery.here import Obstacle, RememberedUntil, UnlockBySetting, UnlockForCaller
from hostup_mcp.recovery.reasons import BackupsHidden, Reason
from hostup_mcp.recovery.schedule_findings import ScheduleFinding
from hostup_mcp.recovery.suggestions import Alternative, NewerSnapshot, Preparation, Step


@dataclass(frozen=True, slots=True)
class ClocksDiffer:
    """The clock of this machine differs from HostUp's. Ages are by HostUp's."""

    by: timedelta
    is_behind: bool
    """Whether it is this machine's clock that is behind."""

    @property
    def code(self) -> Code:
        """Which way they differ."""
        return Code.CLOCK_BEHIND if self.is_behind else Code.CLOCK_AHEAD


@dataclass(frozen=True, slots=True)
class RestoredSince:
    """A restore of the server was sent after the backup was made; `ago` is how long ago."""

    at: datetime
    ago: timedelta
    succeeded: bool | None
    """What HostUp said of its job; None if how it ended is not known."""

    @property
    def code(self) -> Code:
        """How it ended."""
        if self.succeeded is None:
            return Code.RESTORE_SENT_SINCE
        return Code.RESTORED_SINCE if self.succeeded else Code.RESTORE_FAILED_SINCE


@dataclass(frozen=True, slots=True)
class WriteUnsettled:
    """A change was `sent`, and what became of it may still be found out, until then."""

    sent: datetime
    until: datetime
    write_id: str

    code: ClassVar = Code.WRITE_UNSETTLED


Advice: TypeAlias = (
    BackupsHidden
    | ClocksDiffer
    | RestoredSince
    | WriteUnsettled
    | NewerSnapshot
    | Literal[
        Code.DATES_UNKNOWN,
        Code.DATES_IN_FUTURE,
        Code.NO_RECENT_BACKUP,
        Code.NO_COMPLETE_BACKUP,
    ]
)
"""What else the user should know to choose."""


@dataclass(frozen=True, slots=True)
class BackupSmall:
    """The backup is far smaller than the server's other ones; both in GB."""

    size_gb: float
    usual_gb: float

    code: ClassVar = Code.BACKUP_SMALL


Doubt: TypeAlias = BackupSmall | Literal[Code.BACKUP_EMPTY, Code.BACKUP_NEW]
"""Why a backup may be incomplete."""


@dataclass(frozen=True, slots=True)
class BackupUnconfirmed:
    """The backup may come from a request that was `sent`, and is not known to have succeeded."""

    sent: datetime
    has_failed: bool
    """Whether HostUp said that its job did not succeed; otherwise its outcome is not known."""

    @property
    def code(self) -> Code:
        """What is known of the request."""
        return Code.BACKUP_OF_FAILED_JOB if self.has_failed else Code.BACKUP_UNCONFIRMED


# Data loss: what a restore destroys.

FEW_CHANGES = timedelta(minutes=5)
"""Changes of less than this are few."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything written since a moment; `age` is how long ago that is."""

    since: datetime
    age: timedelta

    @property
    def code(self) -> Code:
        """Whether they are worth measuring."""
        return Code.CHANGES_FEW if self.age < FEW_CHANGES else Code.CHANGES


@dataclass(frozen=True, slots=True)
class EverythingForState:
    """All that the server holds; it then holds another server as it was `age` ago."""

    age: timedelta

    code: ClassVar = Code.EVERYTHING_FOR_STATE


Loss: TypeAlias = (
    Changes
    | EverythingForState
    | Literal[
        Code.CHANGES_UNKNOWN,
        Code.EVERYTHING_FOR_UNKNOWN,
        Code.EVERYTHING,
        Code.NOTHING,
        Code.LOSS_UNKNOWN,
    ]
)


SideEffect: TypeAlias = (
    Cost
    | Literal[
        Code.DISK_REPLACED,
        Code.POWER_STATE_UNKNOWN,
        Code.POWER_STATE_STARTABLE,
        Code.SERVER_STOPPED,
        Code.NETWORK_KEPT,
        Code.TWIN_STARTS,
        Code.REHEARSAL_STAYS,
        Code.NEW_ADDRESS,
        Code.MAY_BE_REFUSED,
        Code.DISK_ROLLED_BACK,
        Code.MEMORY_RESUMED,
        Code.COLD_START,
    ]
)
"""What else a recovery does."""


Precaution: TypeAlias = Preparation | Doubt | BackupUnconfirmed
"""What to do or know before something is overwritten."""

Rarity: TypeAlias = Literal[
    Code.ONLY_BACKUP,
    Code.ONLY_LISTED_BACKUP,
    Code.LAST_COMPLETE_BACKUP,
    Code.LAST_COMPLETE_LISTED,
    Code.NEWEST_BACKUP,
]
"""What makes a backup hard to replace."""


# The way back: what a restore can be undone with.


@dataclass(frozen=True, slots=True)
class NewestBefore:
    """The newest backup of the server from before a restore: the nearest to what was overwritten.

    `created` is None if its date is unknown.
    """

    backup_id: str
    created: datetime | None

    code: ClassVar = Code.WAY_BACK


WayBack: TypeAlias = (
    NewestBefore | Literal[Code.WAY_BACK_RESTORED, Code.WAY_BACK_UNKNOWN, Code.NO_WAY_BACK]
)
"""That backup, or why there is none to go back to."""

Remedy: TypeAlias = (
    UnlockBySetting
    | UnlockForCaller
    | RememberedUntil
    | Literal[
        Code.USE_ASKING_CLIENT,
        Code.USE_NEWER_CLIENT,
        Code.CHECKED_AGAIN,
        Code.USE_PANEL,
        Code.WITH_TOOL,
        Code.IN_PANEL,
    ]
)
"""What can be done where an action cannot be carried out from here."""

Finding: TypeAlias = (
    Reason
    | Counted
    | Step
    | Obstacle
    | Remedy
    | Advice
    | Doubt
    | Loss
    | SideEffect
    | Alternative
    | Precaution
    | Rarity
    | WayBack
    | ScheduleFinding
    | RunningRehearsal
    | Literal[Code.END_REHEARSAL, Code.CANCEL_IN_PANEL]
    | HealthFinding
    | Evidence
    | Look
)
