"""Findings of a check of all servers: what is wrong with the backups of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.reasons import BackupsHidden, GateClosed, GateMissing, NoBackups


@dataclass(frozen=True, slots=True)
class NewestOld:
    """The newest backup that looks complete is older than `limit`."""

    limit: timedelta

    code: ClassVar = Code.NEWEST_OLD


@dataclass(frozen=True, slots=True)
class RecencyUnknown:
    """No backup is known to be recent, and this many that look complete have no usable date."""

    undated: int

    code: ClassVar = Code.RECENCY_UNKNOWN


@dataclass(frozen=True, slots=True)
class NewestDoubtful:
    """The newest backup may be incomplete, though an older one is recent enough."""

    backup_id: str

    code: ClassVar = Code.NEWEST_DOUBTFUL


@dataclass(frozen=True, slots=True)
class SlotsFull:
    """All slots are in use. This backup is the likeliest to be removed for another, if known."""

    backup_id: str | None
    created: datetime | None

    @property
    def code(self) -> Code:
        """With or without the backup."""
        return Code.SLOTS_FULL_UNDATED if self.backup_id is None else Code.SLOTS_FULL


@dataclass(frozen=True, slots=True)
class RestoreClosed:
    """There are backups, but none can be restored now."""

    because: GateClosed

    code: ClassVar = Code.RESTORE_CLOSED


@dataclass(frozen=True, slots=True)
class CreateClosed:
    """A backup is needed, but none can be made now."""

    because: GateClosed

    code: ClassVar = Code.CREATE_CLOSED


@dataclass(frozen=True, slots=True)
class ServiceNotActive:
    """HostUp's `serviceStatus` is another than active."""

    status: str

    @property
    def code(self) -> Code:
        """Suspended, or anything else."""
        is_suspended = self.status.lower() == "suspended"
        return Code.SERVICE_SUSPENDED if is_suspended else Code.SERVICE_NOT_ACTIVE


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The backups or schedules of a server could not be read. `error` is the kind of error."""

    what: Literal["backups", "schedules"]
    error: str

    @property
    def code(self) -> Code:
        """Which of them."""
        is_backups = self.what == "backups"
        return Code.BACKUPS_UNREADABLE if is_backups else Code.SCHEDULES_UNREADABLE


HealthFinding: TypeAlias = (
    NoBackups
    | BackupsHidden
    | NewestOld
    | RecencyUnknown
    | NewestDoubtful
    | SlotsFull
    | RestoreClosed
    | GateMissing
    | CreateClosed
    | ServiceNotActive
    | Unreadable
    | Literal[Code.NONE_COMPLETE]
)
"""What is wrong with the backups of a server, but for its schedules."""
