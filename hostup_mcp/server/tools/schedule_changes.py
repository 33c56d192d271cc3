"""Setting a server's backup schedule, and turning it off."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.models import BackupSchedule
from hostup_mcp.hostup.text import Json
from hostup_mcp.server import failures
from hostup_mcp.server.attempts import attempt
from hostup_mcp.server.consent import Change, Consent, Question, ask, describe, require_yes, to_type
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.results import WriteResult, result_of
from hostup_mcp.server.tools.schedules import describe_schedule
from hostup_mcp.server.writes import alone_on, send


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
    now = f"Now: {describe_schedule(present)}." if present is not None else "Now none is on."
    what = ", ".join(f"{key} {value}" for key, value in body.items() if key != "enabled")
    if not enabled:
        message = (
            f"Turn the backup schedule of {describe(vps)} OFF? {now} HostUp then makes no more "
            "backups of it by itself."
        )
        return Change(body, Question(message, None))
    keep = retentionCount or 0  # it is there: `_check` has seen to that
    message = (
        f"Set the backup schedule of {describe(vps)} to: {what}? {now} HostUp keeps {keep} of its "
        "backups and removes older ones."
    )
    listed = (await hostup.list_backups(id)).backups
    # Types are an open set: whatever was not made by hand may be the schedule's.
    scheduled = sum(backup.backup_type != "manual" for backup in listed)
    if scheduled <= keep:
        return Change(body, Question(message, None))
    typed = to_type(vps)
    message += (
        f" There are {scheduled} scheduled backups now, more than it keeps: HostUp may DELETE the "
        f"oldest. To go ahead, type: {typed}"
    )
    return Change(body, Question(message, typed))


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
            return " ".join(
                ["The schedules now:", *(describe_schedule(s) for s in listing.schedules)]
            )

        started = await send(
            ctx,
            id,
            lambda: hostup.set_backup_schedule(id, found.body),
            look,
            "Look with list_backup_schedules.",
        )
    doing = "Setting the backup schedule" if enabled else "Turning the backup schedule off"
    return result_of(started, doing, id, at_once=True)


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
