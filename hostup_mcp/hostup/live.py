"""Models of what one server is doing now: power, disks, guest agent, cancellation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from hostup_mcp.hostup.base import Amount, Count, Listing, Many, Model
from hostup_mcp.hostup.models import PowerActions, parse_time


class VpsStatus(Model):
    """`GET /api/v2/vps/{id}/status`: live state. The shape of `pending_tasks` is not documented."""

    id: str | None = None
    power_state: str | None = None
    uptime_seconds: Amount | None = None
    pending_tasks: Any = None
    actions: PowerActions = Field(default_factory=PowerActions)

    @property
    def has_pending_tasks(self) -> bool | None:
        """Whether HostUp has tasks to do on the server; None if that cannot be read."""
        return _any_in(self.pending_tasks)


def _any_in(value: Any) -> bool | None:
    """Return whether `value` is, lists or counts anything; None where that is not clear."""
    match value:
        case bool():
            return value
        case int() | float():
            return value > 0
        case list() | tuple():
            return bool(value)
        case dict():
            inside = [_any_in(each) for each in value.values()]
            return True if True in inside else None if None in inside else False
    return None


class DiskCapacity(Model):
    """Size of a disk, and how much of it is in use. Each may be missing."""

    total_gb: Amount | None = None
    used_gb: Amount | None = None
    free_gb: Amount | None = None
    usage_percent: Amount | None = None


class Disk(Model):
    """A disk or CD-ROM drive of a server. No request names it, so its id is not strict."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    device: str | None = None
    is_cdrom: bool | None = None
    boot_order: Count | None = None
    capacity: DiskCapacity | None = None


class VpsStorage(Listing):
    """`GET /api/v2/vps/{id}/storage`: the disks of a server."""

    disks: Many[Disk]


class GuestAgent(Model):
    """`GET /api/v2/vps/{id}/agent/exec`: whether the QEMU guest agent answers in the server."""

    available: bool | None = None
    reason: str | None = None
    vm_running: bool | None = None


class CancellationState(StrEnum):
    """The state of a cancellation."""

    NONE = "none"
    """The server is not cancelled."""
    PENDING = "pending"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """HostUp's word for the state is missing or not known, so it may be cancelled or not."""


class Cancellation(Model):
    """`GET /api/v2/vps/{id}/cancellation`, which responds for a server without one too."""

    vps_id: str | None = None
    status: str | None = None
    cancelled_at: str | None = None
    scheduled_at: str | None = None
    reason: str | None = None
    cancel_type: str | None = None
    revokable: bool | None = None
    cancelled_pending_order: bool | None = None

    @property
    def state(self) -> CancellationState:
        """What `status` stands for. A word that is not known is never taken for another."""
        return cancellation_state(self.status)

    @property
    def cancelled(self) -> datetime | None:
        """When it was requested, or None if that is unknown."""
        return parse_time(self.cancelled_at)

    @property
    def scheduled(self) -> datetime | None:
        """When the server ends, or None if that is unknown."""
        return parse_time(self.scheduled_at)


def cancellation_state(word: str | None) -> CancellationState:
    """Return the state that HostUp's `word` stands for."""
    try:
        return CancellationState((word or "").lower())
    except ValueError:
        return CancellationState.UNKNOWN
