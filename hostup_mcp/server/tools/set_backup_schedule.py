"""`set_backup_schedule`: sets a server's backup schedule, or turns it off."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, Literal

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import BackupSchedule, BackupSchedules, deciding_facts
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.quota import count_unlisted
from hostup_mcp.recovery.schedules import is_any_on
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import closed_gate_refusal
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.list_backup_schedules import describe_schedule
from hostup_mcp.server.writes.proposal import Destructive, FollowUp, Question
from hostup_mcp.server.writes.questions import (
    Subject,
    describe_server,
    find_subject,
    type_to_confirm,
)
from hostup_mcp.wording.phrases import count_text


async def propose(
    reader: Reader,
    id: VpsId,
    enabled: Annotated[
        bool,
        Field(
            description="True needs frequency, hour and retentionCount; false alone turns it off."
        ),
    ],
    frequency: Annotated[
        Literal["daily", "weekly", "monthly"] | None,
        Field(description="weekly needs dayOfWeek, monthly dayOfMonth."),
    ] = None,
    hour: Annotated[
        int | None,
        Field(ge=0, le=23, description="HostUp does not state the time zone."),
    ] = None,
    retentionCount: Annotated[
        int | None,
        Field(ge=1, le=1000, description="Scheduled backups to keep."),
    ] = None,
    dayOfWeek: Annotated[
        int | None, Field(ge=0, le=6, description="weekly only; 0 is Sunday.")
    ] = None,
    dayOfMonth: Annotated[int | None, Field(ge=1, le=31, description="monthly only.")] = None,
    name: Annotated[str | None, Field(max_length=100, description="Label.")] = None,
) -> Destructive:
    """Replaces a server's automatic backup schedule, or turns it off; HostUp may delete scheduled
    backups beyond retentionCount. The user is asked first, by this server or the client. To limit
    all backups use set_backup_retention; to look, list_backup_schedules."""
    listing = await reader.hostup.list_backup_schedules(id)
    vps = await reader.hostup.get_vps(id)
    gate = listing.actions.can_create
    if enabled and gate is not None and not gate.allowed:
        raise closed_gate_refusal(gate, status=vps.service_status)
    current = next((s for s in listing.schedules if s.enabled), None)
    given: dict[str, Json] = {
        "frequency": frequency,
        "hour": hour,
        "dayOfWeek": dayOfWeek,
        "dayOfMonth": dayOfMonth,
        "retentionCount": retentionCount,
        "name": name,
    }
    body: dict[str, Json] = {key: value for key, value in given.items() if value is not None}
    if not enabled and current is not None and not body:
        # Even to turn a schedule off, HostUp requires all of it.
        body = _current_arguments(current)
    _check(body)
    body["enabled"] = enabled
    facts: dict[str, Json] = {
        "current": None if current is None else deciding_facts(current),
        "isAnyOn": is_any_on(listing),
    }
    zone = reader.viewer.zone
    now = _describe_current(listing, current, zone)
    server, subject = describe_server(vps), Subject(vps)
    if not enabled:
        message = (
            f"Turn the backup schedule of {server} OFF? {now} HostUp then makes no more automatic "
            "backups of it."
        )
        question = Question(message, subject.to_type, plain_yes=True)
    else:
        keep = retentionCount or 0  # `_check` requires it
        backups = await reader.hostup.list_backups(id)
        # Backup types are an open set: any but manual may belong to the schedule.
        scheduled = sum(b.backup_type != "manual" for b in backups.backups)
        unlisted = count_unlisted(backups)
        facts["scheduled"] = [scheduled, unlisted]
        what = ", ".join(f"{key} {value}" for key, value in body.items() if key != "enabled")
        message = (
            f"Set the backup schedule of {server} to: {what}? {now} HostUp keeps {keep} of its "
            "backups and removes older ones."
        )
        if exceeds := unlisted is None or scheduled + unlisted > keep:
            subject = await find_subject(reader.hostup, vps)
            than = "more than it keeps" if scheduled > keep else "which may be more than it keeps"
            message += (
                f" There are {count_text(scheduled, unlisted, 'scheduled backups')}, {than}: "
                f"HostUp may DELETE the oldest.\n{type_to_confirm(subject.to_type)}"
            )
        question = Question(message, subject.to_type, plain_yes=not exceeds)
    doing = "Setting the backup schedule" if enabled else "Turning the backup schedule off"
    return Destructive(
        vps_id=id,
        request=requests.set_backup_schedule(id, body),
        facts={**facts, **subject.facts},
        question=question,
        follow_up=FollowUp(
            doing,
            lambda hostup: _look(hostup, id, zone),
            "Call list_backup_schedules.",
            is_done=lambda hostup: _is_done(hostup, id, body),
            is_immediate=True,
        ),
    )


def _describe_current(
    listing: BackupSchedules, current: BackupSchedule | None, zone: tzinfo
) -> str:
    if current is not None:
        return f"Now: {describe_schedule(current, zone)}."
    if is_any_on(listing) is False:
        return "No schedule is on now."
    return "HostUp's response does not show whether a schedule is on now."


async def _look(hostup: ReadingClient, id: str, zone: tzinfo) -> str:
    listing = await hostup.list_backup_schedules(id)
    return " ".join(
        ["The schedules now:", *(describe_schedule(s, zone) for s in listing.schedules)]
    )


async def _is_done(hostup: ReadingClient, id: str, body: dict[str, Json]) -> bool:
    """Whether HostUp lists the schedule that was sent."""
    listing = await hostup.list_backup_schedules(id)
    if not body["enabled"]:
        return is_any_on(listing) is False
    wanted = {key: value for key, value in body.items() if key != "enabled"}
    return any(
        s.enabled and wanted.items() <= _current_arguments(s).items() for s in listing.schedules
    )


_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
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
        raise refuse(texts.INVALID_ARGUMENTS, tool="set_backup_schedule", fields=tuple(wrong))


def _current_arguments(current: BackupSchedule) -> dict[str, Json]:
    """Return the parts of the current schedule that can be parsed, as arguments."""
    known: dict[str, Json] = {
        "frequency": current.frequency and current.frequency.strip().lower(),
        "retentionCount": current.retention_count,
        "name": current.name,
    }
    body: dict[str, Json] = {k: value for k, value in known.items() if value is not None}
    hour = (current.time or "").split(":")[0]
    if hour.isdecimal() and int(hour) <= 23:
        body["hour"] = int(hour)
    day = _DAYS.get(str(known["frequency"]))
    specifier = (current.day_specifier or "").lower()
    if day is not None and specifier.isdecimal():
        body[day] = int(specifier)
    elif day == "dayOfWeek" and specifier in _WEEKDAYS:
        body[day] = _WEEKDAYS.index(specifier)
    return body


TOOL = WritingTool(
    name="set_backup_schedule",
    title="Set the backup schedule",
    group=Group.SCHEDULE,
    scope="write:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
)
