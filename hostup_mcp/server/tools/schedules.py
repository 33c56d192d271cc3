"""Backup schedules and retention: what HostUp does by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import BackupSchedule, BackupSchedules, BackupSettings
from hostup_mcp.hostup.text import Json, quoted, word
from hostup_mcp.server import failures
from hostup_mcp.server.answer import answer, gate_text
from hostup_mcp.server.consent import Consent, Question, ask, describe, require_yes, to_type
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.results import WriteResult, result_of
from hostup_mcp.server.writes import alone_on, attempt, send


class ScheduleItem(BaseModel):
    """One schedule as HostUp gave it."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="The schedule.")
    name: str = Field(description="Its name; somebody's text.")
    frequency: str = Field(description="daily, weekly or monthly.")
    time: str | None = Field(description="Time of day; HostUp does not say in which zone.")
    daySpecifier: str | None = Field(description="Day, as HostUp writes it.")
    retentionCount: int = Field(description="Backups kept of this schedule.")
    enabled: bool = Field(description="Whether it is on.")
    lastRun: str | None = Field(description="When it last ran; null if never or unknown.")


class ScheduleListing(BaseModel):
    """Schedules and retention of one server."""

    id: str = Field(description="The server asked about.")
    schedules: list[ScheduleItem] = Field(description="At most one of them is active.")
    settings: dict[str, Any] | None = Field(description="Retention; null if HostUp did not tell.")
    actions: dict[str, Any] = Field(description="Gate canCreate, if it came.")


async def list_backup_schedules(ctx: Ctx, id: VpsId) -> Annotated[CallToolResult, ScheduleListing]:
    """Read when HostUp backs a server up by itself and what it keeps or removes. For the backups
    themselves use list_vps_backups."""
    await require_vps(ctx, id)
    listing = await services(ctx).hostup.list_backup_schedules(id)
    settings = listing.settings
    return answer(
        _lines(id, listing),
        {
            "id": id,
            "schedules": [s.model_dump(mode="json", by_alias=True) for s in listing.schedules],
            "settings": None
            if settings is None
            else settings.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "actions": listing.actions.model_dump(mode="json", by_alias=True, exclude_unset=True),
        },
    )


def _lines(vps_id: str, listing: BackupSchedules) -> list[str]:
    lines = [f"Backup schedules of {vps_id}:"]
    if not any(s.enabled for s in listing.schedules):
        lines = [f"No schedule is on for {vps_id}: HostUp makes no backups of it by itself."]
    lines += [_describe(s) for s in listing.schedules]
    if listing.settings is not None:
        lines.append(f"Retention: {_retention(listing.settings)}.")
    lines.append(f"New schedule: {gate_text(listing.actions.can_create)}.")
    return lines


def _describe(schedule: BackupSchedule) -> str:
    day = f" day {quoted(schedule.day_specifier)}" if schedule.day_specifier else ""
    at = f" at {quoted(schedule.time)} (zone not stated)" if schedule.time else ""
    return (
        f"{word(schedule.id)} {quoted(schedule.name)}: {'on' if schedule.enabled else 'OFF'}, "
        f"{word(schedule.frequency)}{day}{at}, keeps {schedule.retention_count}, "
        f"last run {word(schedule.last_run) if schedule.last_run else 'unknown'}"
    )


def _retention(settings: BackupSettings) -> str:
    facts = [
        f"{label} {value}"
        for label, value in (
            ("at most", settings.total_backup_limit),
            ("manual", settings.manual_backups_active),
            ("scheduled", settings.scheduled_backups_active),
            ("free scheduled slots", settings.available_scheduled_slots),
        )
        if value is not None
    ]
    oldest = {True: "removed by HostUp itself", False: "kept", None: "not stated"}
    return ", ".join([*facts, f"oldest when full: {oldest[settings.auto_delete_oldest]}"])


@dataclass(frozen=True)
class Change:
    """A change about to be made: what is sent, and what the person is asked."""

    body: dict[str, Json]
    question: Question


async def look_before_schedule(
    ctx: Ctx,
    id: VpsId,
    enabled: bool,
    frequency: str | None,
    hour: int | None,
    retentionCount: int | None,
    dayOfWeek: int | None,
    dayOfMonth: int | None,
    name: str | None,
) -> Change:
    """Read the present schedule, and make of the arguments what HostUp wants."""
    await require_vps(ctx, id)
    attempt().ids |= {"id": id}
    hostup = services(ctx).hostup
    listing = await hostup.list_backup_schedules(id)
    vps = await hostup.get_vps(id)
    gate = listing.actions.can_create
    if enabled and gate is not None and not gate.allowed:
        raise failures.gate_closed(gate)
    present = next((s for s in listing.schedules if s.enabled), None)
    given: dict[str, Json] = {
        "frequency": frequency,
        "hour": hour,
        "dayOfWeek": dayOfWeek,
        "dayOfMonth": dayOfMonth,
        "retentionCount": retentionCount,
        "name": name,
    }
    body: dict[str, Json] = {key: value for key, value in given.items() if value is not None}
    if not enabled and present is not None and not body:
        # To turn it off, HostUp wants the whole schedule again.
        body = _as_it_is(present)
    _check(body)
    body["enabled"] = enabled
    now = f"Now: {_describe(present)}." if present is not None else "Now none is on."
    what = ", ".join(f"{key} {value}" for key, value in body.items() if key != "enabled")
    message = (
        f"Set the backup schedule of {describe(vps)} to: {what}? {now} HostUp keeps "
        f"{body['retentionCount']} of its backups and removes older ones."
        if enabled
        else f"Turn the backup schedule of {describe(vps)} OFF? {now} HostUp then makes no more "
        "backups of it by itself."
    )
    return Change(body, Question(message, None))


def ask_schedule(
    ctx: Ctx, found: Annotated[Change, Resolve(look_before_schedule)]
) -> Consent | Elicit[BaseModel]:
    """Ask the person."""
    return ask(ctx, found.question)


async def set_backup_schedule(
    ctx: Ctx,
    id: VpsId,
    enabled: Annotated[bool, Field(description="False turns it off.")],
    found: Annotated[Change, Resolve(look_before_schedule)],
    yes: Annotated[ElicitationResult[BaseModel], Resolve(ask_schedule)],
    frequency: Annotated[
        Literal["daily", "weekly", "monthly"] | None, Field(description="How often.")
    ] = None,
    hour: Annotated[
        int | None, Field(ge=0, le=23, description="HostUp does not say in which zone.")
    ] = None,
    retentionCount: Annotated[int | None, Field(ge=1, le=1000, description="Backups kept.")] = None,
    dayOfWeek: Annotated[int | None, Field(ge=0, le=6, description="0 Sunday; weekly.")] = None,
    dayOfMonth: Annotated[int | None, Field(ge=1, le=31, description="monthly.")] = None,
    name: Annotated[str | None, Field(max_length=100, description="Its name.")] = None,
) -> Annotated[CallToolResult, WriteResult]:
    """Replaces a server's backup schedule, or turns it off (enabled false alone); older scheduled
    backups beyond retentionCount are removed by HostUp. The person is asked. To turn one on give
    frequency, hour and retentionCount. To look only, use list_backup_schedules."""
    attempt().consent = require_yes(yes, found.question)
    hostup = services(ctx).hostup
    async with alone_on(ctx, id):
        again = await look_before_schedule(
            ctx, id, enabled, frequency, hour, retentionCount, dayOfWeek, dayOfMonth, name
        )
        if again != found:
            raise failures.changed_meanwhile()

        async def look() -> str:
            listing = await hostup.list_backup_schedules(id)
            return " ".join(["The schedules now:", *(_describe(s) for s in listing.schedules)])

        started = await send(
            ctx,
            id,
            lambda: hostup.set_backup_schedule(id, found.body),
            look,
            "Look with list_backup_schedules.",
        )
    doing = "Setting the backup schedule" if enabled else "Turning the backup schedule off"
    return result_of(started, doing, id, at_once=True)


async def look_before_retention(
    ctx: Ctx,
    id: VpsId,
    maxTotalBackups: int | None,
    autoDeleteOldest: bool | None,
) -> Change:
    """Read what there is, and tell what the change may remove."""
    await require_vps(ctx, id)
    attempt().ids |= {"id": id}
    body: dict[str, Json] = {}
    if maxTotalBackups is not None:
        body["maxTotalBackups"] = maxTotalBackups
    if autoDeleteOldest is not None:
        body["autoDeleteOldest"] = autoDeleteOldest
    if not body:
        raise failures.refuse(
            "bad_arguments",
            "set_backup_retention was not called right; nothing was sent.",
            "Give maxTotalBackups, autoDeleteOldest, or both.",
        )
    hostup = services(ctx).hostup
    vps = await hostup.get_vps(id)
    count = len((await hostup.list_backups(id)).backups)
    fewer = maxTotalBackups is not None and maxTotalBackups < count
    what = ", ".join(f"{key} {str(value).lower()}" for key, value in body.items())
    message = f"Change the retention of {describe(vps)} to {what}? It has {count} backups now."
    if autoDeleteOldest:
        message += " HostUp will then DELETE the oldest backups by itself, without asking again."
    elif fewer:
        message += " That is more than the new maximum: HostUp may DELETE some."
    if not (autoDeleteOldest or fewer):
        return Change(body, Question(message, None))
    name = to_type(vps)
    return Change(body, Question(f"{message} To go ahead, type: {name}", name))


def ask_retention(
    ctx: Ctx, found: Annotated[Change, Resolve(look_before_retention)]
) -> Consent | Elicit[BaseModel]:
    """Ask the person."""
    return ask(ctx, found.question)


async def set_backup_retention(
    ctx: Ctx,
    id: VpsId,
    found: Annotated[Change, Resolve(look_before_retention)],
    yes: Annotated[ElicitationResult[BaseModel], Resolve(ask_retention)],
    maxTotalBackups: Annotated[
        int | None, Field(ge=1, le=1000, description="Backups kept in all.")
    ] = None,
    autoDeleteOldest: Annotated[
        bool | None, Field(description="True: HostUp deletes the oldest by itself.")
    ] = None,
) -> Annotated[CallToolResult, WriteResult]:
    """May destroy backups: changes how many HostUp keeps, and whether it deletes the oldest by
    itself. The person is asked. To look only, use list_backup_schedules."""
    attempt().consent = require_yes(yes, found.question)
    hostup = services(ctx).hostup
    async with alone_on(ctx, id):
        if await look_before_retention(ctx, id, maxTotalBackups, autoDeleteOldest) != found:
            raise failures.changed_meanwhile()

        async def look() -> str:
            settings = (await hostup.list_backup_schedules(id)).settings
            return f"Retention now: {_retention(settings)}." if settings else ""

        started = await send(
            ctx,
            id,
            lambda: hostup.set_backup_retention(id, found.body),
            look,
            "Look with list_backup_schedules.",
        )
    return result_of(started, "Changing the retention", id, at_once=True)


_DAYS = {"daily": None, "weekly": "dayOfWeek", "monthly": "dayOfMonth"}


def _check(body: dict[str, Json]) -> None:
    frequency = body.get("frequency")
    day = _DAYS.get(str(frequency))
    wrong = [
        f"{key}: is required" for key in ("frequency", "hour", "retentionCount") if key not in body
    ]
    if day is not None and day not in body:
        wrong.append(f"{day}: is required with frequency {frequency}")
    wrong += [
        f"{key}: does not belong with frequency {frequency}"
        for key in ("dayOfWeek", "dayOfMonth")
        if key in body and key != day
    ]
    if wrong:
        raise failures.refuse(
            "bad_arguments",
            "set_backup_schedule was not called right; nothing was changed.",
            "Correct these arguments and call again.",
            fields=tuple(wrong),
        )


def _as_it_is(present: BackupSchedule) -> dict[str, Json]:
    """The present schedule as arguments, as far as its texts can be read."""
    body: dict[str, Json] = {
        "frequency": present.frequency,
        "retentionCount": present.retention_count,
        "name": present.name,
    }
    hour = (present.time or "").split(":")[0]
    if hour.isdecimal() and int(hour) <= 23:
        body["hour"] = int(hour)
    day = _DAYS.get(present.frequency)
    if day is not None and (present.day_specifier or "").isdecimal():
        body[day] = int(present.day_specifier or "")
    return body
