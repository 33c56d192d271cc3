"""`set_backup_schedule`: sets a server's backup schedule, or turns it off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import BackupSchedule, BackupSchedules, deciding_facts
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.backups import scheduled
from hostup_mcp.recovery.effects import ScheduleSet, Shows, see_schedule
from hostup_mcp.recovery.quota import count_unlisted
from hostup_mcp.recovery.schedules import DAYS, is_any_on, settings_of
from hostup_mcp.server.arguments import Flag
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import closed_gate_refusal
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.new_names import matches
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.eviction import count_part, find_eviction
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.server.writes.questions import Subject, find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Part, Quote, Say, say

_LABEL = "^[ -~À-ɏ]{0,60}$"
_Label = Annotated[
    str,
    matches(
        _LABEL,
        "may have at most 60 characters: Latin letters, digits, spaces and ASCII punctuation",
    ),
    WithJsonSchema({"type": "string", "pattern": _LABEL}),
]


async def propose(
    reader: Reader,
    id: VpsId,
    enabled: Annotated[
        Flag,
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
    name: Annotated[
        _Label | None,
        Field(description="Label, one plain line."),
    ] = None,
) -> Destructive:
    """Replaces a server's automatic backup schedule, or turns it off; HostUp may delete scheduled
    backups beyond retentionCount. The user is asked first, by hostup-mcp or the client. To limit
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
        "name": name or None,
    }
    body: dict[str, Json] = {key: value for key, value in given.items() if value is not None}
    if not enabled and current is not None and not body:
        # Even to turn a schedule off, HostUp requires all of it.
        body = {**settings_of(current)}
    _check(body)
    body["enabled"] = enabled
    facts: dict[str, Json] = {
        "current": None if current is None else deciding_facts(current),
        "isAnyOn": is_any_on(listing),
    }
    when, kept = _timing(body)
    if enabled:
        what = say(Words.SET_SCHEDULE, when=when, count=kept)
        told: list[Part] = []
        details = [_describe_current(listing, current, Words.REPLACED_SCHEDULE)]
    else:
        what = say(Words.TURN_SCHEDULE_OFF)
        told, details = _describe_turning_off(listing, current, body)
    subject, eviction = Subject(vps), None
    # Turned off as it is now, a schedule keeps what it kept.
    if retentionCount is not None:
        backups = await reader.hostup.list_backups(id)
        counted, unlisted = scheduled(backups), count_unlisted(backups)
        facts["scheduled"] = [len(counted), unlisted]
        if unlisted is None or len(counted) + unlisted > retentionCount:
            now = hostup_now(reader.hostup, reader.now)
            removed = len(counted) if unlisted is None else len(counted) + unlisted - retentionCount
            eviction = find_eviction(backups, removed, now, counted)
            subject = await find_subject(reader.hostup, vps)
            is_sure = len(counted) > retentionCount
            told += [
                count_part(Words.SCHEDULED_BACKUPS, len(counted), unlisted),
                Words.TOO_MANY if is_sure else Words.MAY_BE_TOO_MANY,
                *eviction.parts,
            ]
            facts |= eviction.facts
    label = body.get("name")
    effect = ScheduleSet(_as_settings(body) if enabled else {})
    was_so = see_schedule(effect, listing).shows is Shows.DONE
    return Destructive(
        vps_id=id,
        request=requests.set_backup_schedule(id, body),
        facts={**facts, **subject.facts},
        question=subject.question(
            what,
            told,
            details=details,
            unknown=[Words.ZONE_UNKNOWN] if enabled else [],
            quotes=[
                *([] if eviction is None else eviction.quotes),
                *([Quote(Words.LABEL, str(label))] if label is not None else []),
            ],
            ids=[] if eviction is None else eviction.ids,
            plain_yes=eviction is None,
        ),
        follow_up=FollowUp(
            "Setting the backup schedule of {server}"
            if enabled
            else "Turning the backup schedule of {server} off",
            replace(effect, was_so=was_so),
            "Call list_backup_schedules.",
        ),
    )


def _describe_current(
    listing: BackupSchedules, current: BackupSchedule | None, words: Words
) -> Part:
    if current is None:
        return Words.NO_SCHEDULE if is_any_on(listing) is False else Words.SCHEDULE_UNKNOWN
    known, [_, *minutes] = settings_of(current), (current.time or "").split(":")
    if _problems(known) or not {*minutes} <= {"00"}:
        return Words.CURRENT_SCHEDULE_UNREADABLE
    when, kept = _timing(known)
    return say(words, when=when, count=kept)


def _describe_turning_off(
    listing: BackupSchedules, current: BackupSchedule | None, body: Mapping[str, Json]
) -> tuple[list[Part], list[Part]]:
    """Say what turning the schedule off means and what is sent for it; and what it was."""
    when, kept = _timing(body)
    now = _describe_current(listing, current, Words.CURRENT_SCHEDULE)
    if now == say(Words.CURRENT_SCHEDULE, when=when, count=kept):
        return [say(Words.STORED_UNCHANGED, when=when, count=kept)], [Words.NO_MORE_BACKUPS]
    return [say(Words.STORED_SCHEDULE, when=when, count=kept)], [now, Words.NO_MORE_BACKUPS]


def _timing(body: Mapping[str, Json]) -> tuple[Say, int]:
    """Return when a complete schedule runs, and how many backups are kept for it."""
    numbers = {key: value for key, value in body.items() if isinstance(value, int)}
    hour, kept = numbers["hour"], numbers["retentionCount"]
    if "dayOfWeek" in numbers:
        return say(Words.EVERY_WEEK, day=numbers["dayOfWeek"], hour=hour), kept
    if "dayOfMonth" in numbers:
        return say(Words.EVERY_MONTH, day=numbers["dayOfMonth"], hour=hour), kept
    return say(Words.EVERY_DAY, hour=hour), kept


def _as_settings(body: dict[str, Json]) -> dict[str, str | int]:
    """Return the settings in the body of the request, without whether they are on."""
    return {k: v for k, v in body.items() if k != "enabled" and isinstance(v, str | int)}


def _check(body: dict[str, Json]) -> None:
    if wrong := _problems(body):
        raise refuse(texts.INVALID_ARGUMENTS, tool="set_backup_schedule", fields=tuple(wrong))


def _problems(body: Mapping[str, Json]) -> list[str]:
    """Return what is missing from a schedule, or does not belong to it."""
    frequency = body.get("frequency")
    day = DAYS.get(str(frequency))
    wrong = [
        f"{key}: is required" for key in ("frequency", "hour", "retentionCount") if key not in body
    ]
    if day is not None and day not in body:
        wrong.append(f"{day}: is required with frequency {frequency}")
    return wrong


def find_ignored(arguments: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the frequency, and the days that do not belong to it."""
    frequency = str(arguments.get("frequency"))
    if frequency not in ("daily", *DAYS):
        return "", ()
    days = {*DAYS.values()} - {DAYS.get(frequency)}
    return frequency, tuple(name for name in arguments if name in days)


TOOL = WritingTool(
    name="set_backup_schedule",
    title="Set the backup schedule",
    group=Group.SCHEDULE,
    scope="write:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
    find_ignored=find_ignored,
)
