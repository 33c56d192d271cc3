"""Models of the responses of the HostUp API: frozen, with unknown fields kept.

Field names are the API's in snake_case; on the wire they are camelCase. Ids and gates are strict.
Every other field is None where its value is missing or cannot be read, and the `unread` of the
response says which (see `tolerance`). Times stay the texts that came (`created_at`), with the
parsed moment beside them (`created`), which is None for a date that cannot be right. Sizes are in
the API's GB.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, BeforeValidator, Field, PrivateAttr
from pydantic.alias_generators import to_camel
from pydantic_core import to_jsonable_python

from hostup_mcp.hostup.base import Amount, Count, Id, Listing, Many, Model
from hostup_mcp.hostup.text import Json


def documented(model: Model) -> dict[str, Json]:
    """Return the documented fields of `model` at every level, with the API's names, as JSON.

    Fields that the model does not name are left out, so that two responses compare equal where
    nothing documented differs between them.
    """
    fields = type(model).model_fields
    return {to_camel(name): _documented_value(getattr(model, name)) for name in fields}


def deciding_facts(model: Model) -> dict[str, Json]:
    """Return the documented fields by which a backup, snapshot or schedule is told from another.

    Equal for two reads of the same one: the label is left out, and dates are moments.
    """
    facts = documented(model)
    facts.pop("displayId", None)
    for name in ("createdAt", "expiresAt", "lastRun"):
        text = facts.get(name)
        if isinstance(text, str) and (moment := parse_time(text)) is not None:
            facts[name] = moment.isoformat()
    return facts


def _documented_value(value: object) -> Json:
    if isinstance(value, Model):
        return documented(value)
    if isinstance(value, tuple):
        return [_documented_value(item) for item in value]
    plain: Json = to_jsonable_python(value)
    return plain


def parse_time(text: str | None) -> datetime | None:
    """Parse an ISO 8601 text as a moment in UTC; None if it is missing, unreadable or absurd."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 2000 <= moment.year < 2200 else None


class Gate(Model):
    """An action gate: whether the platform allows an action now. Read, never recomputed.

    A gate of which any field cannot be read is None as a whole: unknown, and never open.
    """

    allowed: bool
    reason: str | None = None
    code: str | None = None


class Backup(Model):
    """One entry of `GET /api/v2/vps/{id}/backups`. There is no status or verification in it."""

    id: Id
    display_id: str | None = None
    storage_key: str | None = None
    created_at: str | None = None
    size_gb: Amount | None = None
    backup_type: str | None = None
    note: str | None = None

    @property
    def created(self) -> datetime | None:
        """When it was made, or None if that is unknown."""
        return parse_time(self.created_at)


class QuotaInfo(Model):
    """How many backups are kept of how many allowed; what a null limit means is not documented."""

    used: Count | None = None
    limit: Count | None = None
    remaining: Count | None = None


class BackupActions(Model):
    """The gates of `GET /api/v2/vps/{id}/backups`.

    `can_restore_from_another_vps` is named elsewhere in the API's pages, not on this one.
    """

    can_create_backup: Gate | None = None
    can_restore: Gate | None = None
    can_restore_from_another_vps: Gate | None = None


class BackupList(Listing):
    """`GET /api/v2/vps/{id}/backups`: backups in no promised order, quota and gates."""

    backups: Many[Backup]
    quota_info: QuotaInfo = Field(default_factory=QuotaInfo)
    actions: BackupActions = Field(default_factory=BackupActions)


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

    cpu_cores: Amount | None = None
    memory_gb: Amount | None = None
    storage_gb: Amount | None = None


class PowerActions(Model):
    """The gates of power actions. HostUp's pages disagree on which responses have them."""

    can_start: Gate | None = None
    can_shutdown: Gate | None = None
    can_stop: Gate | None = None
    can_restart: Gate | None = None


class Vps(Model):
    """One VPS of `GET /api/v2/vps` or `GET /api/v2/vps/{id}`; only the id is sure to be there."""

    id: Id
    name: str | None = None
    primary_ip: str | None = None
    service_status: str | None = None
    power_state: str | None = None
    operating_system: OperatingSystem | None = None
    billing: Billing | None = None
    resources: Resources | None = None
    actions: PowerActions = Field(default_factory=PowerActions)


class VpsPage(Listing):
    """One page of `GET /api/v2/vps`; `next_cursor` is None on the last one."""

    is_paged: ClassVar = True

    data: Many[Vps]

    _repeats_cursor: bool = PrivateAttr(default=False)
    _unmatched: int = PrivateAttr(default=0)

    @property
    def is_incomplete(self) -> bool:
        """Whether there is more that cannot be requested: also where a cursor leads nowhere."""
        return self._repeats_cursor or super().is_incomplete

    @property
    def unmatched(self) -> int:
        """Servers that HostUp returned although they do not match the filter; left out of `data`.

        Not 0 where HostUp did not apply the filter.
        """
        return self._unmatched

    def checked(self, matching: tuple[Vps, ...], *, repeats_cursor: bool) -> VpsPage:
        """Return the page with only its `matching` servers, without a cursor that leads nowhere."""
        cursor = None if repeats_cursor else self.next_cursor
        page = self.model_copy(update={"data": matching, "next_cursor": cursor})
        page._repeats_cursor = repeats_cursor  # noqa: SLF001 - of the same class
        page._unmatched = len(self.data) - len(matching)  # noqa: SLF001
        return page


class SourceBackup(Model):
    """A backup of another server, as `restore-sources` lists it."""

    id: Id
    display_id: str | None = None
    storage_key: str | None = None
    created_at: str | None = None
    size_gb: Amount | None = None

    @property
    def created(self) -> datetime | None:
        """When it was made, or None if that is unknown."""
        return parse_time(self.created_at)


class RestoreSource(Model):
    """A server, or what is kept of a terminated one, whose backups may be restored elsewhere."""

    id: Id
    name: str | None = None
    service_status: str | None = None
    source_type: str | None = None
    backups: Many[SourceBackup] = ()


class RestoreSources(Listing):
    """`GET /api/v2/vps/{id}/backups/restore-sources`."""

    sources: Many[RestoreSource]


class Snapshot(Model):
    """A local rollback point of about a day; its name is its id."""

    name: Id
    display_id: str | None = None
    description: str | None = None
    created_at: str | None = None
    expires_at: str | None = None
    includes_memory_state: bool | None = None
    parent_name: str | None = None

    @property
    def created(self) -> datetime | None:
        """When it was made, or None if that is unknown."""
        return parse_time(self.created_at)

    @property
    def expires(self) -> datetime | None:
        """When it is removed, or None where that is unknown."""
        return parse_time(self.expires_at)


class SnapshotLimits(Model):
    """How many snapshots the plan has; 0 means none at all."""

    total_snapshots: Count | None = None


class SnapshotActions(Model):
    """Gates of snapshots; each may be missing."""

    can_create: Gate | None = None
    can_restore: Gate | None = None


class SnapshotList(Listing):
    """`GET /api/v2/vps/{id}/snapshots`; everything but the list may be missing."""

    data: Many[Snapshot]
    available: bool | None = None
    reason: str | None = None
    limits: SnapshotLimits | None = None
    actions: SnapshotActions = Field(default_factory=SnapshotActions)


class BackupSchedule(Model):
    """When HostUp makes a backup by itself. The time zone of `time` is not documented."""

    id: Id
    name: str | None = None
    frequency: str | None = None
    time: str | None = None
    day_specifier: str | None = None
    retention_count: Count | None = None
    enabled: bool | None = None
    last_run: str | None = None


class BackupSettings(Model):
    """Retention of all backups of a server."""

    total_backup_limit: Count | None = None
    manual_backups_active: Count | None = None
    scheduled_backups_active: Count | None = None
    available_scheduled_slots: Count | None = None
    auto_delete_oldest: bool | None = None


def _said(value: Any) -> Any:
    """Accept an object that states an error as the text in it."""
    if not isinstance(value, dict):
        return value
    texts = (value.get(key) for key in ("message", "detail", "error", "title", "reason", "code"))
    return next((text for text in texts if isinstance(text, str) and text), value)


Said = Annotated[str, BeforeValidator(_said)]


class BackupRun(Model):
    """One row of a schedule's history. Only the older API documents its fields, in snake case."""

    status: str | None = None
    created_at: str | None = Field(None, validation_alias=AliasChoices("createdAt", "created_at"))
    error_message: Said | None = Field(
        None, validation_alias=AliasChoices("errorMessage", "error_message")
    )
    error: Said | None = None

    @property
    def reason(self) -> str | None:
        """Why it failed, or None if HostUp does not say."""
        return self.error_message or self.error or None


class ScheduleActions(Model):
    """Gate of schedules; it may be missing."""

    can_create: Gate | None = None


class BackupSchedules(Listing):
    """`GET /api/v2/vps/{id}/backup-schedules`; everything but the list may be missing."""

    schedules: Many[BackupSchedule]
    history: Many[BackupRun] = ()
    settings: BackupSettings | None = None
    actions: ScheduleActions = Field(default_factory=ScheduleActions)
