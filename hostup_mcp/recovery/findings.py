"""Findings: what was concluded, as a stable code and the facts behind it.

A finding without facts is its code alone; one with facts is a frozen class, whose `code` follows
from its type and facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.reasons import GateClosed, GateMissing, Reason

Step: TypeAlias = Literal[
    Code.COMPLETE_ORDER,
    Code.CHECK_SCOPE,
    Code.ASK_HOW,
    Code.ASK_WHY,
    Code.ONLY_CURRENT_STATE,
    Code.GET_SLOTS,
]
"""What would have to change for a blocked action to become possible."""

Advice: TypeAlias = Literal[Code.DATES_UNKNOWN, Code.DATES_IN_FUTURE, Code.NO_RECENT_BACKUP]
"""What else the user should know to choose."""


# Data loss: what a restore destroys.


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything written since a moment; `age` is how long ago that is."""

    since: datetime
    age: timedelta

    code: ClassVar = Code.CHANGES


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

SideEffect: TypeAlias = Literal[
    Code.DISK_REPLACED,
    Code.POWER_STATE_UNKNOWN,
    Code.SERVER_STOPPED,
    Code.NETWORK_KEPT,
    Code.COSTS_MONEY,
    Code.NEW_ADDRESS,
    Code.MAY_BE_REFUSED,
    Code.DISK_ROLLED_BACK,
    Code.MEMORY_RESUMED,
    Code.COLD_START,
]
"""What else a recovery does."""

Alternative: TypeAlias = Literal[Code.USE_NEW_SERVER, Code.USE_SNAPSHOT]
"""A way back that risks less."""


# Precautions: what is recommended before something is overwritten.


@dataclass(frozen=True, slots=True)
class EvictsOldest:
    """All slots read as used: a backup made first may evict this one, the oldest."""

    backup_id: str
    created: datetime

    code: ClassVar = Code.EVICTS_OLDEST


@dataclass(frozen=True, slots=True)
class CannotBackUp:
    """The current state cannot be backed up now."""

    because: GateClosed | GateMissing

    code: ClassVar = Code.CANNOT_BACK_UP


@dataclass(frozen=True, slots=True)
class SlotsUsed:
    """All slots are in use, and this is the oldest backup that is not the one to go back to."""

    used: int | None
    backup_id: str
    created: datetime
    is_among_dated: bool
    """Whether it is the oldest only of those whose date is known."""
    is_beside_point: bool
    """Whether the backup to go back to was left out."""

    @property
    def code(self) -> Code:
        """Which backup it is the oldest of."""
        if self.is_among_dated:
            return Code.OLDEST_OTHER_DATED if self.is_beside_point else Code.OLDEST_DATED
        return Code.OLDEST_OTHER if self.is_beside_point else Code.OLDEST


Precaution: TypeAlias = (
    EvictsOldest
    | CannotBackUp
    | SlotsUsed
    | Literal[Code.BACK_UP_FIRST, Code.EVICTS_UNDATED, Code.EVICTS_POINT, Code.MAY_EVICT_POINT]
)

Rarity: TypeAlias = Literal[Code.ONLY_BACKUP, Code.NEWEST_BACKUP]
"""What makes a backup hard to replace."""

Finding: TypeAlias = Reason | Step | Advice | Loss | SideEffect | Alternative | Precaution | Rarity
