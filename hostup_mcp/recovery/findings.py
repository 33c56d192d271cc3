"""Findings: what was concluded, as a stable code and the facts behind it.

A finding without facts is its code alone; one with facts is a frozen class, whose `code` follows
from its type and facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.evidence import Evidence, Look
from hostup_mcp.recovery.health_findings import HealthFinding
from hostup_mcp.recovery.here import Obstacle, RememberedUntil, UnlockBySetting, UnlockForCaller
from hostup_mcp.recovery.reasons import BackupsHidden, Counted, Reason
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

    code: ClassVar = Code.RESTORED_SINCE


Advice: TypeAlias = (
    BackupsHidden
    | ClocksDiffer
    | RestoredSince
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


# Money


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, as its ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ServerPrice:
    """What a new server costs: processor, memory, storage and IP address, without traffic."""

    per_hour: Money
    per_month: Money
    """For 720 hours."""

    code: ClassVar = Code.PRICE


@dataclass(frozen=True, slots=True)
class RehearsalPrice:
    """The same for a server that is built for a rehearsal, and ended after it."""

    per_hour: Money
    two_hours: Money

    code: ClassVar = Code.REHEARSAL_PRICE


@dataclass(frozen=True, slots=True)
class PricesDiffer:
    """HostUp states two hourly prices for the same server."""

    per_hour: Money
    other: Money

    code: ClassVar = Code.PRICES_DIFFER


Cost: TypeAlias = ServerPrice | RehearsalPrice | PricesDiffer | Literal[Code.PRICE_UNKNOWN]
"""What a new server costs, as far as HostUp tells."""

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


# A rehearsal that is not known to be over


@dataclass(frozen=True, slots=True)
class RehearsalRuns:
    """The server of a rehearsal is there, and costs money."""

    vps_id: str
    name: str
    age: timedelta
    per_hour: Money
    spent: Money
    """What it has cost, by the hourly price that was agreed to."""

    code: ClassVar = Code.REHEARSAL_RUNS


@dataclass(frozen=True, slots=True)
class RehearsalUnpriced:
    """The server of a rehearsal is there, and what it costs is not known."""

    vps_id: str
    name: str
    age: timedelta

    code: ClassVar = Code.REHEARSAL_UNPRICED


@dataclass(frozen=True, slots=True)
class RehearsalEnding:
    """HostUp accepted to cancel the server of a rehearsal `since` then, and it is still there."""

    vps_id: str
    name: str
    since: timedelta

    code: ClassVar = Code.REHEARSAL_ENDING


@dataclass(frozen=True, slots=True)
class RehearsalLost:
    """A rehearsal was sent, and it is not known which server it built, if any."""

    name: str
    age: timedelta

    code: ClassVar = Code.REHEARSAL_LOST


RunningRehearsal: TypeAlias = RehearsalRuns | RehearsalUnpriced | RehearsalEnding | RehearsalLost

Precaution: TypeAlias = Preparation | Doubt
"""What to do or know before something is overwritten."""

Rarity: TypeAlias = Literal[
    Code.ONLY_BACKUP,
    Code.ONLY_LISTED_BACKUP,
    Code.LAST_COMPLETE_BACKUP,
    Code.LAST_COMPLETE_LISTED,
    Code.NEWEST_BACKUP,
]
"""What makes a backup hard to replace."""


# Schedules: whether HostUp makes backups by itself as it is said to.


@dataclass(frozen=True, slots=True)
class ScheduleOverdue:
    """A schedule that is on has not run when it should have.

    `frequency` is None if HostUp does not state it; then not for longer than any frequency allows.
    """

    schedule_id: str
    frequency: str | None
    last_run: datetime

    @property
    def code(self) -> Code:
        """With or without the frequency."""
        return Code.SCHEDULE_STALE if self.frequency is None else Code.SCHEDULE_OVERDUE


@dataclass(frozen=True, slots=True)
class ScheduleNeverRan:
    """A schedule is on, and HostUp does not say that it has ever run."""

    schedule_id: str

    code: ClassVar = Code.SCHEDULE_NEVER_RAN


@dataclass(frozen=True, slots=True)
class RunFailed:
    """A backup that HostUp started failed. `said` is its reason, `status` its word, if given."""

    at: datetime | None
    status: str | None
    said: str | None

    @property
    def code(self) -> Code:
        """With or without HostUp's reason."""
        return Code.RUN_FAILED_REASON if self.said else Code.RUN_FAILED


@dataclass(frozen=True, slots=True)
class MoreRunsFailed:
    """So many earlier runs failed too, as far as HostUp lists them."""

    count: int

    code: ClassVar = Code.MORE_RUNS_FAILED


@dataclass(frozen=True, slots=True)
class NoScheduleOn:
    """There are scheduled backups, but no schedule is on, so no more will be made."""

    count: int

    code: ClassVar = Code.NO_SCHEDULE_ON


ScheduleFinding: TypeAlias = (
    ScheduleOverdue | ScheduleNeverRan | RunFailed | MoreRunsFailed | NoScheduleOn
)
"""A problem with the schedules of a server."""


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
    | Literal[Code.END_REHEARSAL]
    | HealthFinding
    | Evidence
    | Look
)
