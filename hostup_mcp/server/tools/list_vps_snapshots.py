"""`list_vps_snapshots`: local rollback points that expire after about a day."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.endpoints import BACKUP
from hostup_mcp.hostup.models import Snapshot, SnapshotList
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.here import Here, look_here
from hostup_mcp.recovery.modes.snapshot import SNAPSHOT
from hostup_mcp.recovery.order import by_date
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.here import SNAPSHOT_NEEDS, read_connection, recent_refusal, restore_needs
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.listing import completeness
from hostup_mcp.server.names import ServerListing, about
from hostup_mcp.server.output import HereItem, here_item
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.service_status import gate_steps
from hostup_mcp.server.unsettled import find_unsettled
from hostup_mcp.wording import formats
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import date_text, gate_text, now_text, verdict_text
from hostup_mcp.wording.render import for_model


class SnapshotItem(BaseModel):
    """One snapshot as HostUp gave it, with its age."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="Its name, which is its id.")
    createdAt: str | None = Field(description="When it was made; null if unknown.")
    expiresAt: str | None = Field(description="When HostUp removes it; null if unknown.")
    age: str | None = Field(description="Its age in words; null if unknown.")


class SnapshotsHere(BaseModel):
    """Whether hostup-mcp could carry these out now, whatever HostUp's gates say."""

    restore: HereItem
    create: HereItem


class SnapshotListing(ServerListing):
    """Snapshots of one server."""

    total: int = Field(description="How many are listed, shown or not.")
    data: list[SnapshotItem] = Field(description="The snapshots, newest first; up to 50.")
    available: bool | None = Field(
        description="False if this VPS cannot have snapshots; null if unknown."
    )
    reason: str | None = Field(description="HostUp's reason why there are none.")
    totalSnapshots: int | None = Field(description="How many are allowed; null if unknown.")
    actions: dict[str, Any] = Field(
        description="Gates canCreate and canRestore, if HostUp returned them."
    )
    advice: list[str] = Field(description="What to know before a change.")
    here: SnapshotsHere = Field(description="Whether it could be carried out from here now.")


MOST_SHOWN = 50
"""HostUp allows a server only a few snapshots, so more are not expected."""


async def list_vps_snapshots(ctx: Ctx, id: VpsId) -> CallToolResult:
    """Reads one server's snapshots, and whether HostUp allows restoring or making one now.
    Snapshots are local and expire after about a day: the quick way back from a recent change, with
    plan_restore. For durable copies use list_vps_backups."""
    server = await require_vps(ctx, id)
    services_ = services(ctx)
    listing = await services_.hostup.list_snapshots(id)
    shown = by_date(listing.data)[:MOST_SHOWN]
    await services_.remember({f"{id}/snapshot/{s.name}": "" for s in shown})
    now, zone = hostup_now(services_.hostup, services_.now()), services_.viewer.zone
    limits, gates = listing.limits, listing.actions
    connection = await read_connection(ctx, id)
    refused = await recent_refusal(ctx, services_.hostup, id, BACKUP)
    restore_here = look_here(connection, restore_needs(SNAPSHOT), refused)
    create_here = look_here(connection, SNAPSHOT_NEEDS, refused)
    lost = await find_unsettled(services_, id)
    advice = [] if lost is None else [for_model(lost, zone)]
    lines = [
        f"{server}. {now_text(now, zone)}",
        *_verdicts(listing, restore_here, create_here, zone),
        *advice,
        *_summary(listing),
        *await gate_steps(services_.hostup, id, gates.can_restore, gates.can_create),
        *(_describe(snapshot, now, zone) for snapshot in shown),
        *_rest(len(listing.data) - len(shown)),
        *missing_lines(listing, len(listing.data), "snapshots"),
        *clock_lines(services_.hostup, zone),
    ]
    return to_result(
        lines,
        {
            **about(server, now),
            "total": len(listing.data),
            "data": [
                {**s.model_dump(mode="json", by_alias=True), "age": _age(s, now)} for s in shown
            ],
            "available": listing.available,
            "reason": listing.reason,
            "totalSnapshots": limits.total_snapshots if limits is not None else None,
            "actions": listing.actions.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "advice": advice,
            "here": {
                "restore": here_item(restore_here, zone).model_dump(mode="json", by_alias=True),
                "create": here_item(create_here, zone).model_dump(mode="json", by_alias=True),
            },
            **completeness(listing),
        },
    )


def _verdicts(listing: SnapshotList, restore: Here, create: Here, zone: tzinfo) -> list[str]:
    """Say what HostUp allows, and of that what is not possible from here."""
    gates = listing.actions
    is_open = gates.can_restore is not None and gates.can_restore.allowed
    can_restore = is_open and bool(listing.data)
    can_create = gates.can_create is not None and gates.can_create.allowed
    parts = [] if is_open and not listing.data else [gate_text(gates.can_restore)]
    parts += [] if listing.data else ["no snapshot is listed"]
    said = [f"Restore: {'; '.join(parts)}."]
    if can_restore and not restore.allowed:
        said = [verdict_text("Restore", Verdict.POSSIBLE, (), restore, zone)]
    told = restore if can_restore else None
    if can_create and not create.allowed:
        said.append(verdict_text("New snapshot", Verdict.POSSIBLE, (), create, zone, told))
    else:
        said.append(f"New snapshot: {gate_text(gates.can_create)}.")
    return [" ".join(said)]


def _summary(listing: SnapshotList) -> list[str]:
    """Say how many snapshots there are."""
    count = len(listing.data)
    most = listing.limits.total_snapshots if listing.limits is not None else None
    allowed = "" if most is None else f", {most} allowed"
    if listing.available is False:
        why = quoted(listing.reason) if listing.reason else "HostUp gives no reason"
        return [f"It cannot have snapshots: {why}."]
    if count:
        return [f"{count} snapshot{'' if count == 1 else 's'}{allowed}, newest first:"]
    return [f"No snapshots{allowed}; HostUp removes them after about a day."]


def _rest(left: int) -> list[str]:
    return [f"{left} more that are not shown; HostUp's panel has them."] if left else []


def _age(snapshot: Snapshot, now: datetime) -> str | None:
    span = age(snapshot.created, now)
    return None if span is None else formats.span(span)


def _describe(snapshot: Snapshot, now: datetime, zone: tzinfo) -> str:
    old, expires = _age(snapshot, now), snapshot.expires
    facts = [
        safe_word(snapshot.name),
        date_text(snapshot.created_at, snapshot.created, zone),
        f"{old} old" if old else "age unknown",
        f"expires {formats.until(expires, now, zone)}"
        if expires
        else f"expiry {date_text(snapshot.expires_at, None, zone)}",
        {True: "with memory", False: "disk only", None: "memory unknown"}[
            snapshot.includes_memory_state
        ],
    ]
    # The usual label only repeats name and date.
    usual = (snapshot.name, f"{snapshot.name} ({snapshot.created_at})", None)
    if snapshot.display_id not in usual:
        facts.append(f"label {quoted(snapshot.display_id or '')}")
    if snapshot.parent_name:
        facts.append(f"parent {safe_word(snapshot.parent_name)}")
    if snapshot.description:
        facts.append(quoted(snapshot.description))
    return " · ".join(facts)


TOOL = ReadingTool(
    name="list_vps_snapshots",
    title="Read a server's snapshots",
    scope="read:vm",
    read=list_vps_snapshots,
    result=SnapshotListing,
)
