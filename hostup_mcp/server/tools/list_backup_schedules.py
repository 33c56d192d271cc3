"""`list_backup_schedules`: automatic backups, and how many HostUp keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import BackupSchedule, BackupSchedules, BackupSettings, parse_time
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.schedule_findings import NoScheduleOn, ScheduleFinding
from hostup_mcp.recovery.schedules import assess_schedules, is_any_on
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.listing import completeness
from hostup_mcp.server.names import ServerListing, about
from hostup_mcp.server.output import as_data, describe_all
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.service_status import gate_steps
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import date_text, gate_text, now_text


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


MOST_SHOWN = 20
"""HostUp runs at most one schedule of a server; more than a few are not expected."""


class ScheduleListing(ServerListing):
    """Schedules and retention of one server."""

    total: int = Field(description="How many schedules there are, shown or not.")
    schedules: list[ScheduleItem] = Field(description="Up to 20; at most one of them is active.")
    settings: dict[str, Any] | None = Field(
        description="Retention; null if HostUp did not return it."
    )
    actions: dict[str, Any] = Field(description="Gate canCreate, if HostUp returned it.")
    findings: list[str | dict[str, Any]] = Field(
        description="Problems found in them, as codes and facts."
    )


async def list_backup_schedules(ctx: Ctx, id: VpsId) -> CallToolResult:
    """Reads when HostUp backs a server up automatically, how many backups it keeps and whether it
    deletes the oldest. Use it before changing these, or if backups are missing. For the backups
    use list_vps_backups."""
    server = await require_vps(ctx, id)
    services_ = services(ctx)
    zone = services_.viewer.zone
    listing = await services_.hostup.list_backup_schedules(id)
    now, settings = hostup_now(services_.hostup, services_.now()), listing.settings
    findings = assess_schedules(listing, now)
    steps = await gate_steps(services_.hostup, id, listing.actions.can_create)
    return to_result(
        [
            f"{server}. {now_text(now, zone)}",
            *_lines(listing, findings, steps, zone),
            *clock_lines(services_.hostup, zone),
        ],
        {
            **about(server, now),
            "total": len(listing.schedules),
            "schedules": [
                s.model_dump(mode="json", by_alias=True) for s in _shown(listing.schedules)
            ],
            "settings": None
            if settings is None
            else settings.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "actions": listing.actions.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "findings": [as_data(finding) for finding in findings],
            **completeness(listing),
        },
    )


def _shown(schedules: Sequence[BackupSchedule]) -> Sequence[BackupSchedule]:
    """Return the schedules to show: those that are on first."""
    return sorted(schedules, key=lambda schedule: schedule.enabled is not True)[:MOST_SHOWN]


def _lines(
    listing: BackupSchedules,
    findings: tuple[ScheduleFinding, ...],
    steps: list[str],
    zone: tzinfo,
) -> list[str]:
    shown = _shown(listing.schedules)
    lines = ["Backup schedules:" if shown else "It has no backup schedules."]
    lines += [describe_schedule(s, zone) for s in shown]
    if hidden := len(listing.schedules) - len(shown):
        lines.append(f"{hidden} more that are not shown; HostUp's panel has them.")
    is_off = is_any_on(listing) is False
    if is_off and not any(isinstance(finding, NoScheduleOn) for finding in findings):
        lines.append("No schedule is on: HostUp makes no automatic backups of it.")
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
    most = settings.total_backup_limit
    existing = [
        f"{count} {kind}"
        for count, kind in (
            (settings.manual_backups_active, "manual"),
            (settings.scheduled_backups_active, "made by a schedule"),
        )
        if count is not None
    ]
    free = settings.available_scheduled_slots
    full = {
        True: "when full, HostUp deletes the oldest automatically",
        False: "automatic deletion of the oldest is off",
        None: "HostUp does not say whether it deletes the oldest when full",
    }
    facts = [
        "no limit stated" if most is None else f"at most {most} backups",
        f"now {' and '.join(existing)}" if existing else "",
        "" if free is None else f"a schedule could add {free} more",
        full[settings.auto_delete_oldest],
    ]
    return ", ".join(filter(None, facts))


TOOL = ReadingTool(
    name="list_backup_schedules",
    title="Read backup schedules",
    scope="read:vm",
    read=list_backup_schedules,
    result=ScheduleListing,
)
