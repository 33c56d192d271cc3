"""Findings about schedules: whether HostUp makes backups by itself as it is said to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias

from hostup_mcp.recovery.codes import Code


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
    """A schedule made backups, but none is on now, so no more will be made."""

    count: int

    code: ClassVar = Code.NO_SCHEDULE_ON


ScheduleFinding: TypeAlias = (
    ScheduleOverdue | ScheduleNeverRan | RunFailed | MoreRunsFailed | NoScheduleOn
)
"""A problem with the schedules of a server."""
