"""Setting how many backups HostUp keeps, and whether it deletes the oldest by itself."""

from __future__ import annotations

from typing import Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.text import Json
from hostup_mcp.server import failures
from hostup_mcp.server.attempts import attempt
from hostup_mcp.server.consent import Change, Consent, Question, ask, describe, require_yes, to_type
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.results import WriteResult, result_of
from hostup_mcp.server.tools.schedules import describe_retention
from hostup_mcp.server.writes import alone_on, send


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
            return f"Retention now: {describe_retention(settings)}." if settings else ""

        started = await send(
            ctx,
            id,
            lambda: hostup.set_backup_retention(id, found.body),
            look,
            "Look with list_backup_schedules.",
        )
    return result_of(started, "Changing the retention", id, at_once=True)
