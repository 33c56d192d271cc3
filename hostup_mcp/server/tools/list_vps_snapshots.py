"""`list_vps_snapshots`: local rollback points that expire after about a day."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import Snapshot, SnapshotList
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.spans import age
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.output import ListingOutput, completeness
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.service_status import gate_steps
from hostup_mcp.wording import formats
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import date_text, gate_text


class SnapshotItem(BaseModel):
    """One snapshot as HostUp gave it, with its age."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="Its name, which is its id.")
    createdAt: str | None = Field(description="When it was made; null if unknown.")
    expiresAt: str | None = Field(description="When HostUp removes it; null if unknown.")
    age: str | None = Field(description="Its age in words; null if unknown.")


class SnapshotListing(ListingOutput):
    """Snapshots of one server."""

    id: str = Field(description="Id of the server.")
    data: list[SnapshotItem] = Field(description="The snapshots, in HostUp's order.")
    available: bool | None = Field(
        description="False if the plan has no snapshots; null if unknown."
    )
    reason: str | None = Field(description="HostUp's reason why there are none.")
    totalSnapshots: int | None = Field(description="How many are allowed; null if unknown.")
    actions: dict[str, Any] = Field(
        description="Gates canCreate and canRestore, if HostUp returned them."
    )


async def list_vps_snapshots(ctx: Ctx, id: VpsId) -> CallToolResult:
    """Reads one server's snapshots, and whether HostUp allows restoring or making one now.
    Snapshots are local and expire after about a day: the quick way back from a recent change, with
    plan_restore. For durable copies use list_vps_backups."""
    await require_vps(ctx, id)
    services_ = services(ctx)
    listing = await services_.hostup.list_snapshots(id)
    await services_.remember({f"{id}/snapshot/{s.name}": "" for s in listing.data})
    now, zone = hostup_now(services_.hostup, services_.now()), services_.viewer.zone
    spans = [age(s.created, now) for s in listing.data]
    ages = [formats.span(span) if span is not None else None for span in spans]
    limits, gates = listing.limits, listing.actions
    steps = await gate_steps(services_.hostup, id, gates.can_restore, gates.can_create)
    return to_result(
        _lines(id, listing, ages, steps, zone) + clock_lines(services_.hostup, zone),
        {
            "id": id,
            "data": [
                {**s.model_dump(mode="json", by_alias=True), "age": old}
                for s, old in zip(listing.data, ages, strict=True)
            ],
            "available": listing.available,
            "reason": listing.reason,
            "totalSnapshots": limits.total_snapshots if limits is not None else None,
            "actions": listing.actions.model_dump(mode="json", by_alias=True, exclude_unset=True),
            **completeness(listing),
        },
    )


def _lines(
    vps_id: str, listing: SnapshotList, ages: list[str | None], steps: list[str], zone: tzinfo
) -> list[str]:
    gates = listing.actions
    total = listing.limits.total_snapshots if listing.limits is not None else None
    count = len(listing.data)
    found = f"{count} snapshot{'' if count == 1 else 's'} of {vps_id}"
    if not count:
        found = f"HostUp lists no snapshots of {vps_id} for this key; expired ones are removed"
    lines = [
        found + (f" ({total} allowed)." if total is not None else "."),
        f"Restore: {gate_text(gates.can_restore)}. New snapshot: {gate_text(gates.can_create)}.",
        *steps,
    ]
    if listing.available is False:
        lines.append(f"Snapshots are not available: {quoted(listing.reason or 'no reason given')}.")
    lines += [_describe(s, old, zone) for s, old in zip(listing.data, ages, strict=True)]
    return lines + missing_lines(listing, count, "snapshots")


def _describe(snapshot: Snapshot, old: str | None, zone: tzinfo) -> str:
    facts = [
        safe_word(snapshot.name),
        date_text(snapshot.created_at, snapshot.created, zone) + (f", {old} old" if old else ""),
        f"expires {formats.stamp(snapshot.expires, zone)}"
        if snapshot.expires
        else f"expiry {date_text(snapshot.expires_at, None, zone)}",
        {True: "with memory", False: "disk only", None: "memory unknown"}[
            snapshot.includes_memory_state
        ],
    ]
    if snapshot.display_id not in (snapshot.name, None):
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
