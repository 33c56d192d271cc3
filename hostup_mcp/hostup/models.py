"""Models of the responses of the HostUp API: frozen, with unknown fields kept.

Field names are the API's in snake_case; on the wire they are camelCase. Times stay the texts that
came (`created_at`), with the parsed moment beside them (`created`): a date that cannot be read is
an unknown date, not an error. Sizes are in the API's GB.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import to_jsonable_python

from hostup_mcp.hostup.text import Json


def _whole(value: Any) -> Any:
    """Take 3.0 for 3: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


T = TypeVar("T")
Integer = Annotated[int, BeforeValidator(_whole)]
Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A JSON array, kept as a tuple."""


class Model(BaseModel):
    """Base of all models: frozen; unknown fields are kept unchanged."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="allow",
        # Strict, so that a value outside the contract is noticed instead of converted.
        strict=True,
        # Built at first use, so that a session starts fast.
        defer_build=True,
    )


def documented(model: Model) -> dict[str, Json]:
    """The documented fields of `model` at every level, under the API's names, as JSON values.

    Fields that the model does not name are left out, so that two responses compare equal where
    nothing documented differs between them.
    """
    fields = type(model).model_fields
    return {to_camel(name): _documented_value(getattr(model, name)) for name in fields}


def _documented_value(value: object) -> Json:
    if isinstance(value, Model):
        return documented(value)
    if isinstance(value, tuple):
        return [_documented_value(item) for item in value]
    plain: Json = to_jsonable_python(value)
    return plain


def parse_time(text: str | None) -> datetime | None:
    """The moment an ISO 8601 text names, in UTC; None where there is none or it cannot be read."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Gate(Model):
    """An action gate: whether the platform allows an action now. Read, never recomputed."""

    allowed: bool
    reason: str | None
    code: str | None = None


class Backup(Model):
    """One entry of `GET /api/v2/vps/{id}/backups`. There is no status or verification in it."""

    id: str
    display_id: str
    storage_key: str
    created_at: str | None
    size_gb: float
    backup_type: str
    note: str | None

    @property
    def created(self) -> datetime | None:
        """When it was made, or None where that is unknown."""
        return parse_time(self.created_at)


class QuotaInfo(Model):
    """How many backups are kept of how many allowed; what a null limit means is not documented."""

    used: Integer
    limit: Integer | None
    remaining: Integer | None


class BackupActions(Model):
    """The gates of `GET /api/v2/vps/{id}/backups`.

    `can_restore_from_another_vps` is named elsewhere in the API's pages, not on this one.
    """

    can_create_backup: Gate
    can_restore: Gate
    can_restore_from_another_vps: Gate | None = None


class BackupList(Model):
    """`GET /api/v2/vps/{id}/backups`: backups in no promised order, quota and gates."""

    backups: Many[Backup]
    quota_info: QuotaInfo
    actions: BackupActions


class OperatingSystem(Model):
    """What runs on a VPS, as far as HostUp knows."""

    display_name: str | None = None
    family: str | None = None
    version: str | None = None
    variant: str | None = None


class Billing(Model):
    """How a VPS is paid for; `is_payg` means by use."""

    is_payg: bool | None = None
    billing_cycle: str | None = None


class Resources(Model):
    """Size of a VPS."""

    cpu_cores: float | None = None
    memory_gb: float | None = None
    storage_gb: float | None = None


class Vps(Model):
    """One VPS of `GET /api/v2/vps` or `GET /api/v2/vps/{id}`; only the id is sure to be there."""

    id: str
    name: str | None = None
    primary_ip: str | None = None
    service_status: str | None = None
    power_state: str | None = None
    operating_system: OperatingSystem | None = None
    billing: Billing | None = None
    resources: Resources | None = None


class VpsPage(Model):
    """One page of `GET /api/v2/vps`; `next_cursor` is None on the last one."""

    data: Many[Vps]
    has_more: bool | None = None
    next_cursor: str | None = None


class VpsStatus(Model):
    """`GET /api/v2/vps/{id}/status`: live state. The shape of `pending_tasks` is not documented."""

    id: str | None = None
    power_state: str | None = None
    pending_tasks: Any = None


class SourceBackup(Model):
    """A backup of another server, as `restore-sources` lists it."""

    id: str
    display_id: str
    storage_key: str
    created_at: str | None
    size_gb: float

    @property
    def created(self) -> datetime | None:
        """When it was made, or None where that is unknown."""
        return parse_time(self.created_at)


class RestoreSource(Model):
    """A server, or what is kept of a terminated one, whose backups may be restored elsewhere."""

    id: str
    name: str
    service_status: str
    source_type: str
    backups: Many[SourceBackup]


class RestoreSources(Model):
    """`GET /api/v2/vps/{id}/backups/restore-sources`."""

    sources: Many[RestoreSource]


class Snapshot(Model):
    """A local rollback point of about a day; its name is its id."""

    display_id: str
    name: str
    description: str | None
    created_at: str | None
    expires_at: str | None
    includes_memory_state: bool
    parent_name: str | None

    @property
    def created(self) -> datetime | None:
        """When it was made, or None where that is unknown."""
        return parse_time(self.created_at)

    @property
    def expires(self) -> datetime | None:
        """When it is removed, or None where that is unknown."""
        return parse_time(self.expires_at)


class SnapshotLimits(Model):
    """How many snapshots the plan has; 0 means none at all."""

    total_snapshots: Integer | None = None


class SnapshotActions(Model):
    """Gates of snapshots; each may be missing."""

    can_create: Gate | None = None
    can_restore: Gate | None = None


class SnapshotList(Model):
    """`GET /api/v2/vps/{id}/snapshots`; everything but the list may be missing."""

    data: Many[Snapshot]
    available: bool | None = None
    reason: str | None = None
    limits: SnapshotLimits | None = None
    actions: SnapshotActions = SnapshotActions()


class BackupSchedule(Model):
    """When HostUp makes a backup by itself. The time zone of `time` is not documented."""

    id: str
    name: str
    frequency: str
    time: str | None
    day_specifier: str | None
    retention_count: Integer
    enabled: bool
    last_run: str | None


class BackupSettings(Model):
    """Retention of all backups of a server."""

    total_backup_limit: Integer | None = None
    manual_backups_active: Integer | None = None
    scheduled_backups_active: Integer | None = None
    available_scheduled_slots: Integer | None = None
    auto_delete_oldest: bool | None = None


class ScheduleActions(Model):
    """Gate of schedules; it may be missing."""

    can_create: Gate | None = None


class BackupSchedules(Model):
    """`GET /api/v2/vps/{id}/backup-schedules`; everything but the list may be missing."""

    schedules: Many[BackupSchedule]
    settings: BackupSettings | None = None
    actions: ScheduleActions = ScheduleActions()
