"""Writes whose outcome is unknown: their record, and what is known of them now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.hostup.problems import ForbiddenError, HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.effects import (
    SETTLED,
    BackupDeleted,
    BackupMade,
    DiskRestored,
    Effect,
    PowerSet,
    RetentionSet,
    ScheduleSet,
    ServerBuilt,
    ServerCancelled,
    Shows,
    Sight,
    SnapshotDeleted,
    SnapshotMade,
    see_cancellation,
    see_deleted_backup,
    see_new_backup,
    see_power,
    see_restore,
    see_retention,
    see_schedule,
    see_server,
    see_snapshot,
)
from hostup_mcp.recovery.sent_writes import (
    EARLIEST,
    Conclusion,
    Outcome,
    SentWrite,
    Trace,
    conclude,
    find_trace,
)
from hostup_mcp.server import recoveries
from hostup_mcp.server.caller import caller
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.errors.failure import describe as describe_failure
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.names import ServerName, about_subject
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Services
from hostup_mcp.server.tracked import put_tracked
from hostup_mcp.server.unconfirmed import forget_unconfirmed
from hostup_mcp.server.unsettled import settle
from hostup_mcp.state.store import RecordKind, StateUnavailableError
from hostup_mcp.wording import formats
from hostup_mcp.wording.lost_writes import (
    LOG_UNREADABLE,
    describe_outcome,
    describe_sight,
    describe_step,
    describe_trace,
)
from hostup_mcp.wording.phrases import now_text


class WriteRecord(BaseModel):
    """A write, stored when it is sent so that `get_job` can look it up if its response is lost."""

    model_config = ConfigDict(frozen=True)

    id: str
    vps_id: str
    method: str
    path: str
    sent_at: datetime
    where_to_look: str
    """A sentence that says where to look for the outcome."""
    effect: Annotated[Effect, Field(discriminator="kind")]
    was_started: bool = False
    """Whether a read soon after it showed it as started."""
    recovery_id: str | None = None
    """The record of the restore that it is; None for other writes."""

    def sign(self, zone: tzinfo) -> str:
        """Return what the user can look for on the server; empty if nothing there shows it."""
        if not isinstance(self.effect, DiskRestored):
            return ""
        return (
            f"If a file written after {formats.stamp(self.sent_at, zone)} is still on the server, "
            "the restore did not happen."
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a write whose response was lost."""

    conclusion: Conclusion
    sight: Sight
    row: AuditRow | None
    """The row of HostUp's audit log that says it."""
    log: str
    """What HostUp's audit log shows."""


async def look_up(services: Services, write: WriteRecord) -> Found:
    """Look for `write` in HostUp's audit log, and for its effect on the server."""
    hostup = services.hostup
    trace, row, log = await _read_log(hostup, write, services.viewer.zone)
    sight = Sight(write.effect, Shows.UNREAD, was_started=write.was_started)
    if trace is not Trace.REFUSED:
        with suppress(HostUpError):
            sight = await look(hostup, write)
    conclusion = conclude(trace, sight, services.now() - write.sent_at)
    if conclusion.outcome is Outcome.PROBABLY_STARTED and not write.was_started:
        await remember(services, write.model_copy(update={"was_started": True}))
    if conclusion.is_final:
        await settle(services, write.vps_id, write.id)
    if conclusion.outcome is Outcome.REFUSED:
        await forget_unconfirmed(services, write.vps_id, write.id)
    await _conclude_recovery(services, write, conclusion.outcome)
    return Found(conclusion, sight, row, log)


async def _conclude_recovery(services: Services, write: WriteRecord, outcome: Outcome) -> None:
    """Record what became of a restore, so that plans and `verify_recovery` say the same."""
    if write.recovery_id is None or outcome not in (Outcome.ACCEPTED, Outcome.REFUSED):
        return
    with suppress(StateUnavailableError):
        kept = await recoveries.own(services, caller(), write.recovery_id)
        if kept is not None and outcome is Outcome.REFUSED:
            await recoveries.delete(services, kept)
        elif kept is not None:
            await recoveries.update(services, kept, outcome="accepted")


async def remember(services: Services, write: WriteRecord) -> None:
    """Store `write` for `get_job`."""
    await put_tracked(services, RecordKind.WRITE, write.id, write.model_dump_json())


async def _read_log(
    hostup: ReadingClient, write: WriteRecord, zone: tzinfo
) -> tuple[Trace, AuditRow | None, str]:
    there = sent_at_hostup(hostup, write)
    sent = SentWrite(write.id, write.method, write.path, there)
    try:
        trace, row = find_trace(sent, (await hostup.audit_log(there - EARLIEST)).rows)
    except ForbiddenError:
        trace, row = Trace.FORBIDDEN, None
    except HostUpError as error:
        why = describe_failure(from_hostup(error))
        return Trace.NONE, None, LOG_UNREADABLE.format(why=why)
    return trace, row, describe_trace(trace, row, zone, is_immediate=write.effect.is_immediate)


async def look(hostup: ReadingClient, write: WriteRecord) -> Sight:
    """Read what the server shows of the effect of `write`, once."""
    return replace(await _look(hostup, write), was_started=write.was_started)


async def _look(hostup: ReadingClient, write: WriteRecord) -> Sight:
    vps_id = write.vps_id
    match write.effect:
        case BackupMade() as effect:
            listing = await hostup.list_backups(vps_id)
            return see_new_backup(effect, listing, sent_at_hostup(hostup, write))
        case BackupDeleted() as effect:
            return see_deleted_backup(effect, await hostup.list_backups(vps_id))
        case SnapshotMade() | SnapshotDeleted() as effect:
            return see_snapshot(effect, await hostup.list_snapshots(vps_id))
        case ScheduleSet() as effect:
            return see_schedule(effect, await hostup.list_backup_schedules(vps_id))
        case RetentionSet() as effect:
            return see_retention(effect, await hostup.list_backup_schedules(vps_id))
        case PowerSet() as effect:
            return see_power(effect, (await hostup.get_status(vps_id)).power_state)
        case DiskRestored(from_snapshot=True) as effect:
            return see_restore(effect, (await hostup.list_snapshots(vps_id)).actions.can_restore)
        case DiskRestored() as effect:
            return see_restore(effect, (await hostup.list_backups(vps_id)).actions.can_restore)
        case ServerBuilt() as effect:
            return see_server(effect, await hostup.list_vps(limit=100, name=effect.name))
        case ServerCancelled() as effect:
            return see_cancellation(effect, await hostup.get_cancellation(vps_id))


def sent_at_hostup(hostup: ReadingClient, write: WriteRecord) -> datetime:
    """Return when `write` was sent, by HostUp's clock as far as it is known."""
    return write.sent_at + timedelta(seconds=hostup.clock_offset or 0)


def describe(
    services: Services, write: WriteRecord, server: ServerName, found: Found
) -> CallToolResult:
    """Return the result of `get_job` for `write`, which was to change `server`."""
    hostup, zone, row = services.hostup, services.viewer.zone, found.row
    now = hostup_now(hostup, services.now())
    outcome, shows = found.conclusion.outcome, found.sight.shows
    seen, sign, where = "", "", ""
    if outcome is not Outcome.REFUSED:
        seen = describe_sight(found.sight, sent_at_hostup(hostup, write), zone)
        if shows in (Shows.NOTHING, Shows.UNREAD) or outcome is Outcome.ACCEPTED:
            where = write.where_to_look
        if outcome is not Outcome.ACCEPTED:
            sign = write.sign(zone)
    until = formats.stamp(write.sent_at + SETTLED, zone)
    steps = (describe_step(found.conclusion, write.effect, until), sign, where)
    head = (
        f"{describe_outcome(found.conclusion)}: the request about {server}, sent at "
        f"{formats.stamp(write.sent_at, zone)} (write {safe_word(write.id)})."
    )
    rest = (seen, found.log, f"Next: {' '.join(filter(None, steps))}")
    return to_result(
        [f"{head} {now_text(now, zone)}", *filter(None, rest)],
        {
            "jobId": None,
            "writeId": write.id,
            **about_subject(server, now),
            "state": outcome,
            "status": None if row is None or row.status_code is None else str(row.status_code),
            "progress": None,
            "seenAt": None if row is None else row.occurred_at,
            "message": "\n".join(filter(None, (head, *rest))),
        },
    )
