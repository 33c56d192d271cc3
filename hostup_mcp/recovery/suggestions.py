"""Findings that suggest something: what would unblock an action, what to do first, other ways.

Each is suggested only where it exists for this user; `situation` has what that depends on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.reasons import GateClosed

Step: TypeAlias = Literal[
    Code.COMPLETE_ORDER,
    Code.PAY_INVOICE,
    Code.LIFT_SUSPENSION,
    Code.FINISH_ORDER,
    Code.USE_OTHER_SERVER,
    Code.CONTACT_SUPPORT,
    Code.TRY_LATER,
    Code.CHECK_SCOPE,
    Code.EXPLAIN_REASON,
    Code.ASK_WHY,
    Code.ASK_WHETHER,
    Code.COMPARE_PANEL,
    Code.ONLY_CURRENT_STATE,
    Code.GET_SLOTS,
    Code.CHOOSE_BACKUP,
    Code.CHOOSE_SNAPSHOT,
    Code.USE_BACKUP,
    Code.GET_LARGER_DISK,
    Code.VERIFY_ACCOUNT,
    Code.ENABLE_CLOUD,
    Code.ADD_CARD,
    Code.RAISE_LIMIT,
    Code.RAISE_SERVER_LIMIT,
    Code.ASK_ABOUT_BLOCKER,
    Code.CHOOSE_SIZE,
    Code.CHOOSE_REGION,
]
"""What would have to change for a blocked action to become possible."""


# Less risky ways to recover.


@dataclass(frozen=True, slots=True)
class NewServerFrom:
    """A new server from the backup of another server, with the id `source_id`."""

    source_id: str

    code: ClassVar = Code.NEW_SERVER_FROM


@dataclass(frozen=True, slots=True)
class NewerSnapshot:
    """A snapshot that is newer than the backup, or that is there instead of one."""

    name: str
    created: datetime
    age: timedelta
    is_instead: bool
    """Whether there is no backup that it could be compared with."""

    @property
    def code(self) -> Code:
        """What it is better than."""
        return Code.SNAPSHOT_INSTEAD if self.is_instead else Code.NEWER_SNAPSHOT


Alternative: TypeAlias = (
    NewServerFrom | NewerSnapshot | Literal[Code.USE_NEW_SERVER, Code.NEW_SERVER_ELSEWHERE]
)
"""A less risky way to recover."""


# Precautions: what is recommended before something is overwritten.

Where: TypeAlias = Literal[Code.WITH_TOOL, Code.IN_PANEL]
"""Where the user can have a backup made."""


@dataclass(frozen=True, slots=True)
class BackUpFirst:
    """Back up the current state, for which a slot is free."""

    where: Where

    code: ClassVar = Code.BACK_UP_FIRST


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The current state was backed up a short while ago; `is_new` if that may still be going on."""

    backup_id: str
    age: timedelta
    is_new: bool

    @property
    def code(self) -> Code:
        """Whether it can be relied on already."""
        return Code.BACKED_UP_NOW if self.is_new else Code.BACKED_UP


@dataclass(frozen=True, slots=True)
class Evicts:
    """No slot is known to be free: a backup made first may evict another, likeliest the oldest.

    That one is None if it is not known.
    """

    where: Where
    backup_id: str | None = None
    created: datetime | None = None
    note: str | None = None

    @property
    def code(self) -> Code:
        """What is known of the other backup."""
        if self.backup_id is None:
            return Code.EVICTS_UNDATED
        return Code.EVICTS_NOTED if self.note else Code.EVICTS_OLDEST


@dataclass(frozen=True, slots=True)
class CannotBackUp:
    """The current state cannot be backed up now; `step` is what may change that, if anything."""

    because: GateClosed
    step: Step | None

    @property
    def code(self) -> Code:
        """With or without a step."""
        return Code.CANNOT_BACK_UP if self.step is None else Code.CANNOT_BACK_UP_STEP


Preparation: TypeAlias = (
    BackUpFirst
    | BackedUp
    | Evicts
    | CannotBackUp
    | Literal[Code.MAY_BACK_UP, Code.EVICTS_POINT, Code.MAY_EVICT_POINT]
)
"""What is recommended before something is overwritten."""
