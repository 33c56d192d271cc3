"""`list_backup_schedules`: automatic backups, and how many HostUp keeps."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import BackupSchedule, BackupSchedules, BackupSettings, parse_time
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.findings import ScheduleFinding
from hostup_mcp.recovery.schedules import assess_schedules, is_any_on
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.output import ListingOutput, as_data, completeness, describe_all
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.service_status import gate_steps
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import date_text, gate_text


class ScheduleItem(BaseModel):
    """One schedule as HostUp gave it."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Id of the schedule.")
    name: str | None = Field(description="Its name; user-supplied text.")
    frequency: str | None = Field(description="daily, weekly or monthly.")
    time: str | None = Field(description="Time of day; HostUp does not state the time zone.")
    daySpecifier: str | None = Field(description="Day, as HostUp writes it.")
    retentionCount: int | None = Field(description="Backups kept for this schedule.")
    enabled: bool | None = Field(description="Whether it is on.")
    lastRun: str | None = Field(description="When it last ran; null if never or unknown.")


class ScheduleListing(ListingOutput):
    """Schedules and retention of one server."""

    id: str = Field(description="Id of the server.")
    schedules: list[ScheduleItem] = Field(description="At most one of them is active.")
    settings: dict[str, Any] | None = Field(
        description="Retention; null if HostUp did not return it."
    )
    actions: dict[str, Any] = Field(description="Gate canCreate, if HostUp returned it.")
    findings: list[str | dict[str, Any]] = Field(
        description="Problems found in them, as codes and facts."
    )


async def list_backup_schedules(ctx: Ctx, id: VpsId) -> CallToolResult:
    """Reads when HostUp backs a server up automatically, how many backups it keeps and whether it
    deletes the oldest. Use it before changing these, or to see why backups are missing. For the
    backups themselves use list_vps_backups."""
    await require_vps(ctx, id)
    services_ = services(ctx)
    zone = services_.viewer.zone
    listing = await services_.hostup.list_backup_schedules(id)
    settings, findings = (
        listing.settings,
        assess_schedules(listing, hostup_now(services_.hostup, services_.now())),
    )
    steps = await gate_steps(services_.hostup, id, listing.actions.can_create)
    return to_result(
        _lines(id, listing, findings, steps, zone) + clock_lines(services_.hostup, zone),
        {
            "id": id,
            "schedules": [s.model_dump(mode="json", by_alias=True) for s in listing.schedules],
            "settings": None
            if settings is None
            else settings.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "actions": listing.actions.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "findings": [as_data(finding) for finding in findings],
            **completeness(listing),
        },
    )


def _lines(
    vps_id: str,
    listing: BackupSchedules,
    findings: tuple[ScheduleFinding, ...],
    steps: list[str],
    zone: tzinfo,
) -> list[str]:
    lines = [f"Backup schedules of {vps_id}:"]
    if is_any_on(listing) is False:
        lines = [f"No schedule is on for {vps_id}: HostUp makes no automatic backups of it."]
    lines += [describe_schedule(s, zone) for s in listing.schedules]
    lines += describe_all(findings, zone)
    if listing.settings is not None:
        lines.append(f"Retention: {describe_retention(listing.settings)}.")
    lines.append(f"New schedule: {gate_text(listing.actions.can_create)}.")
    return lines + steps + missing_lines(listing, len(listing.schedules), "schedules")


def describe_schedule(schedule: BackupSchedule, zone: tzinfo) -> str:
    """Describe a schedule on one line."""
    day = f" day {quoted(schedule.day_specifier)}" if schedule.day_specifier else ""
    on = {True: "on", False: "OFF", None: "on or off unknown"}[schedule.enabled]
    keeps = "unknown" if schedule.retention_count is None else schedule.retention_count
    at = f" at {quoted(schedule.time)} (zone not stated)" if schedule.time else ""
    text = schedule.last_run
    last = date_text(text, parse_time(text), zone) if text else "unknown"
    return (
        f"{safe_word(schedule.id)} {quoted(schedule.name or '')}: {on}, "
        f"{safe_word(schedule.frequency or 'how often unknown')}{day}{at}, keeps {keeps}, "
        f"last run {last}"
    )


def describe_retention(settings: BackupSettings) -> str:
    """Describe the retention settings on one line."""
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
    oldest = {True: "deleted automatically", False: "kept", None: "not stated"}
    return ", ".join([*facts, f"oldest when full: {oldest[settings.auto_delete_oldest]}"])


TOOL = ReadingTool(
    name="list_backup_schedules",
    title="Read backup schedules",
    scope="read:vm",
    read=list_backup_schedules,
    result=ScheduleListing,
)
