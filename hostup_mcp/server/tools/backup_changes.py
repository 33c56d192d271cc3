"""Making and deleting backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.models import Backup, BackupList
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.assessment import describe_quota, is_full, newest_first
from hostup_mcp.recovery.plan import find_backup, oldest
from hostup_mcp.recovery.spans import age
from hostup_mcp.server import failures
from hostup_mcp.server.answer import number
from hostup_mcp.server.attempts import attempt
from hostup_mcp.server.consent import Consent, Question, ask, describe, require_yes, to_type, when
from hostup_mcp.server.ids import BackupId, VpsId, require_backup, require_vps
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.results import WriteResult, result_of
from hostup_mcp.server.tools.running import refuse_while_working
from hostup_mcp.server.writes import alone_on, send


@dataclass(frozen=True)
class BackupToMake:
    """A backup about to be made; the question where making it may push another one out."""

    question: Question | None


async def look_before_create(ctx: Ctx, id: VpsId) -> BackupToMake:
    """Read afresh whether a backup can be made now."""
    await require_vps(ctx, id)
    attempt().ids |= {"id": id}
    means = services(ctx)
    listing = await means.hostup.list_backups(id)
    gate = listing.actions.can_create_backup
    if not gate.allowed:
        raise failures.gate_closed(gate)
    if not is_full(listing.quota_info):
        return BackupToMake(None)
    vps = await means.hostup.get_vps(id)
    going = oldest(listing, means.now())
    named = f", {going.id} of {when(going.created_at)}," if going is not None else ""
    return BackupToMake(
        Question(
            f"Make a backup of {describe(vps)}? Its slots read as full "
            f"({describe_quota(listing.quota_info)}): HostUp may remove the oldest backup{named} "
            "to make room.",
            None,
        )
    )


def ask_create(
    ctx: Ctx, found: Annotated[BackupToMake, Resolve(look_before_create)]
) -> Consent | Elicit[BaseModel]:
    """Ask the person, where there is something to lose."""
    if found.question is None:
        return Consent(by="client", how="not asked: nothing is overwritten")
    return ask(ctx, found.question)


async def create_vps_backup(
    ctx: Ctx,
    id: VpsId,
    found: Annotated[BackupToMake, Resolve(look_before_create)],
    yes: Annotated[ElicitationResult[BaseModel], Resolve(ask_create)],
    note: Annotated[str | None, Field(max_length=200, description="A note to know it by.")] = None,
) -> Annotated[CallToolResult, WriteResult]:
    """Make an offsite backup of a server now; takes a backup slot and some minutes. Good before a
    risky change, and before a restore. For a quick local way back use create_vps_snapshot; to look,
    list_vps_backups."""
    attempt().consent = require_yes(yes, found.question or Question("", None))
    means = services(ctx)
    async with alone_on(ctx, id):
        if await look_before_create(ctx, id) != found:
            raise failures.changed_meanwhile()
        before = {b.id for b in (await means.hostup.list_backups(id)).backups}

        async def look() -> str:
            now = await means.hostup.list_backups(id)
            if any(b.id not in before for b in now.backups):
                return "A new backup is listed now."
            return f"No new backup is listed (yet); {busy(now)}."

        started = await send(
            ctx,
            id,
            lambda: means.hostup.create_backup(id, note),
            look,
            "Look with list_vps_backups in some minutes.",
        )
    return result_of(started, "Making a backup", id)


@dataclass(frozen=True)
class BackupToDelete:
    """A backup about to go, and what the person is asked."""

    backup: Backup
    question: Question


async def find_backup_to_delete(ctx: Ctx, id: VpsId, backupId: BackupId) -> BackupToDelete:
    """Read afresh what would be deleted, and refuse what must not be."""
    await require_vps(ctx, id)
    await require_backup(ctx, id, backupId)
    attempt().ids |= {"id": id, "backupId": backupId}
    means = services(ctx)
    vps = await means.hostup.get_vps(id)
    listing = await means.hostup.list_backups(id)
    backup = find_backup(listing, backupId)
    if backup is None:
        raise failures.refuse(
            "backup_missing",
            "This backup is not there (any more). Nothing was changed.",
            "Look with list_vps_backups.",
        )
    await refuse_while_working(ctx, vps, listing.actions.can_restore)
    name = to_type(vps)
    note = f", note {quoted(backup.note)}" if backup.note else ""
    message = (
        f"Delete the backup {backup.id} of {when(backup.created_at)} "
        f"({number(backup.size_gb)} GB{note}) of {describe(vps)} for good?"
        f"{warning(listing, backup, means.now())} To go ahead, type: {name}"
    )
    return BackupToDelete(backup, Question(message, name))


def warning(listing: BackupList, backup: Backup, now: datetime) -> str:
    """What makes this backup precious, if anything does. A date that cannot be true is unknown."""
    if len(listing.backups) == 1:
        return " It is the ONLY backup: afterwards there is no way back."
    dated = [b for b in newest_first(listing.backups) if age(b.created, now) is not None]
    if backup not in dated or backup.created == dated[0].created:
        return " It is, or may be, the NEWEST backup: what is left is older."
    return ""


def ask_delete(
    ctx: Ctx, found: Annotated[BackupToDelete, Resolve(find_backup_to_delete)]
) -> Consent | Elicit[BaseModel]:
    """Ask the person."""
    return ask(ctx, found.question)


async def delete_vps_backup(
    ctx: Ctx,
    id: VpsId,
    backupId: BackupId,
    found: Annotated[BackupToDelete, Resolve(find_backup_to_delete)],
    yes: Annotated[ElicitationResult[BaseModel], Resolve(ask_delete)],
) -> Annotated[CallToolResult, WriteResult]:
    """Destroys a backup for good; it cannot be had back. Only on the person's own wish: they are
    asked to type the server's name. To look only, use list_vps_backups."""
    attempt().consent = require_yes(yes, found.question)
    means = services(ctx)
    async with alone_on(ctx, id):
        if await find_backup_to_delete(ctx, id, backupId) != found:
            raise failures.changed_meanwhile()

        async def look() -> str:
            there = find_backup(await means.hostup.list_backups(id), backupId)
            return "The backup is still listed." if there else "The backup is gone now."

        started = await send(
            ctx,
            id,
            lambda: means.hostup.delete_backup(id, backupId),
            look,
            "Look with list_vps_backups in a minute.",
        )
    return result_of(started, f"Deleting the backup {backupId}", id, at_once=True)


def busy(listing: BackupList) -> str:
    """What the restore gate lets one guess about a running job."""
    gate = listing.actions.can_restore
    if gate.allowed:
        return "the restore gate is open, so probably no job is running"
    reason = quoted(gate.reason) if gate.reason else "no reason given"
    return f"the restore gate is closed now ({reason})"
