"""What the sandbox account consists of. All frozen; `state` holds the current ones."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether an action is allowed; `reason` and `code` are shown when it is not."""

    allowed: bool
    reason: str | None = None
    code: str | None = None


OPEN = Gate(allowed=True)


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """The operating system as the inventory names it."""

    display_name: str | None
    family: str | None
    version: str | None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Billing:
    """Price in `currency` per billing cycle; `cycle` None where the account has none."""

    amount: float
    cycle: str | None = "monthly"
    is_payg: bool = False
    period_years: int | None = None
    currency: str = "SEK"


@dataclass(frozen=True, slots=True)
class Backup:
    """An offsite image; `size_gb` stays an int where the API would send one.

    What is restored from one that does not boot runs, but nothing on it ever answers.
    """

    id: str
    storage_key: str
    created_at: datetime | None
    size_gb: float
    backup_type: str = "scheduled"
    note: str | None = None
    boots: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A local rollback point, addressed by its name; it expires at `expires_at`."""

    name: str
    created_at: datetime
    expires_at: datetime
    description: str | None = None
    parent_name: str | None = None
    boots: bool = True


@dataclass(frozen=True, slots=True)
class Schedule:
    """A backup schedule; `day` is the weekday (0 = Sunday) or the day of the month."""

    id: str
    name: str
    frequency: str
    hour: int
    retention_count: int
    enabled: bool
    day: int | None = None
    last_run: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """How many backups are kept; `limit` None is the quota that the API prints as null."""

    limit: int | None
    auto_delete_oldest: bool = False


@dataclass(frozen=True, slots=True)
class PowerChange:
    """A power state that the server has at `at`, after the job that led to it."""

    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A request to end a service, and what becomes of it at `due_at` (never, if that is None)."""

    reason: str | None
    kind: str
    """`immediate` or `end_of_period`."""
    requested_at: datetime
    due_at: datetime | None
    ends_as: Literal["completed", "revoked"] = "completed"
    leaves: Literal["terminated", "cancelled", "gone"] = "terminated"
    """The service's status once it is completed; `gone` is no server at all."""
    outcome: Literal["open", "completed", "revoked"] = "open"
    of_pending_order: bool = False

    def is_due(self, now: datetime) -> bool:
        """Return whether it is to be carried out at this time."""
        return self.outcome == "open" and self.due_at is not None and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Server:
    """One VPS with everything that belongs to it.

    `disk` describes what is on the disk, so that a test can check what a restore really did, and
    `boots` whether it starts. A closed `create_gate` or `restore_gate` closes that gate.
    `running_since` None means since it was created.
    """

    id: str
    owner: str
    name: str
    vm_number: int
    primary_ip: str | None
    billing: Billing
    retention: Retention
    created_at: datetime | None
    service_status: str = "active"
    power_state: str | None = "running"
    operating_system: OperatingSystem | None = None
    product_name: str | None = None
    next_due_at: datetime | None = None
    cpu_cores: int = 2
    memory_gb: int = 4
    storage_gb: int = 80
    backups_included: int = 3
    snapshot_limit: int = 2
    backups: tuple[Backup, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    create_gate: Gate | None = None
    restore_gate: Gate | None = None
    disk: str = "live"
    boots: bool = True
    has_guest_agent: bool = True
    running_since: datetime | None = None
    power_change: PowerChange | None = None
    overdue_invoice: bool = False
    auto_renew: bool = True
    cancellation: Cancellation | None = None

    def backup(self, backup_id: str) -> Backup | None:
        """Return the backup with this id, if the server has it."""
        return next((each for each in self.backups if each.id == backup_id), None)

    def snapshot(self, name: str) -> Snapshot | None:
        """Return the snapshot with this name, if the server has it."""
        return next((each for each in self.snapshots if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Retained:
    """A terminated service whose backups were kept; only ever a restore source."""

    id: str
    owner: str
    name: str
    backups: tuple[Backup, ...]
    service_status: str = "terminated"

    def backup(self, backup_id: str) -> Backup | None:
        """Return the backup with this id, if it was kept."""
        return next((each for each in self.backups if each.id == backup_id), None)
