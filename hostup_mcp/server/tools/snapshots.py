"""Snapshots: local, quick, about a day old at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import Gate, Snapshot, SnapshotList
from hostup_mcp.hostup.text import quoted, word
from hostup_mcp.recovery.plan import find_snapshot
from hostup_mcp.recovery.spans import age, words
from hostup_mcp.server import failures
from hostup_mcp.server.answer import answer, gate_text
from hostup_mcp.server.attempts import attempt
from hostup_mcp.server.consent import Consent, Question, ask, describe, require_yes, to_type, when
from hostup_mcp.server.ids import SnapshotName, VpsId, require_snapshot, require_vps
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.results import WriteResult, result_of
from hostup_mcp.server.tools.running import refuse_while_working
from hostup_mcp.server.writes import alone_on, send


class SnapshotItem(BaseModel):
    """One snapshot as HostUp gave it, with its age."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="Its name, which is its id.")
    createdAt: str | None = Field(description="When it was made; null if unknown.")
    expiresAt: str | None = Field(description="When HostUp removes it; null if unknown.")
    age: str | None = Field(description="How old in words; null if unknown.")


class SnapshotListing(BaseModel):
    """Snapshots of one server."""

    id: str = Field(description="The server asked about.")
    data: list[SnapshotItem] = Field(description="The snapshots, as they came.")
    available: bool | None = Field(description="False: this plan has none. Null: not told.")
    reason: str | None = Field(description="HostUp's reason for that.")
    totalSnapshots: int | None = Field(description="How many are allowed; null if not told.")
    actions: dict[str, Any] = Field(description="Gates canCreate and canRestore, if they came.")


async def list_vps_snapshots(ctx: Ctx, id: VpsId) -> Annotated[CallToolResult, SnapshotListing]:
    """Read one server's snapshots and their gates. Snapshots are local and last about a day: the
    quick way back from a recent change. For durable copies use list_vps_backups."""
    await require_vps(ctx, id)
    means = services(ctx)
    listing = await means.hostup.list_snapshots(id)
    await means.remember({f"{id}/snapshot/{s.name}": "" for s in listing.data})
    now = means.now()
    spans = [age(s.created, now) for s in listing.data]
    ages = [words(span) if span is not None else None for span in spans]
    limits = listing.limits
    return answer(
        _lines(id, listing, ages),
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
        },
    )


def _lines(vps_id: str, listing: SnapshotList, ages: list[str | None]) -> list[str]:
    gates = listing.actions
    total = listing.limits.total_snapshots if listing.limits is not None else None
    count = len(listing.data)
    found = f"{count} snapshot{'' if count == 1 else 's'} of {vps_id}"
    if not count:
        found = f"HostUp lists no snapshots of {vps_id} for this key; expired ones are gone"
    lines = [
        found + (f" ({total} allowed)." if total is not None else "."),
        f"Restore: {gate_text(gates.can_restore)}. New snapshot: {gate_text(gates.can_create)}.",
    ]
    if listing.available is False:
        lines.append(f"Snapshots are not available: {quoted(listing.reason or 'no reason given')}.")
    lines += [_describe(s, old) for s, old in zip(listing.data, ages, strict=True)]
    return lines


def _describe(snapshot: Snapshot, old: str | None) -> str:
    facts = [
        word(snapshot.name),
        f"{word(snapshot.created_at)}, {old or 'unknown age'} old"
        if snapshot.created_at
        else "date unknown",
        f"removed {word(snapshot.expires_at)}" if snapshot.expires_at else "removal date unknown",
        "with memory" if snapshot.includes_memory_state else "disk only",
    ]
    if snapshot.display_id != snapshot.name:
        facts.append(f"label {quoted(snapshot.display_id)}")
    if snapshot.parent_name:
        facts.append(f"after {word(snapshot.parent_name)}")
    if snapshot.description:
        facts.append(quoted(snapshot.description))
    return " · ".join(facts)


async def create_vps_snapshot(
    ctx: Ctx,
    id: VpsId,
    name: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-Za-z_-]+$",
            max_length=40,
            description="New name: letters, digits, _ and -.",
        ),
    ],
    description: Annotated[str | None, Field(max_length=200, description="A remark.")] = None,
) -> Annotated[CallToolResult, WriteResult]:
    """Make a snapshot of a server: a local way back for about a day, good before a quick change.
    For a lasting copy use create_vps_backup; to look, list_vps_snapshots."""
    await require_vps(ctx, id)
    means = services(ctx)
    attempt().ids |= {"id": id, "snapshotName": name}
    async with alone_on(ctx, id):
        listing = await means.hostup.list_snapshots(id)
        _refuse_closed(listing, listing.actions.can_create)
        if find_snapshot(listing, name) is not None:
            raise failures.refuse(
                "name_taken",
                "This server has a snapshot of that name. Nothing was changed.",
                "Choose another name.",
            )

        async def look() -> str:
            there = find_snapshot(await means.hostup.list_snapshots(id), name)
            return "The snapshot is listed now." if there else "The snapshot is not listed (yet)."

        started = await send(
            ctx,
            id,
            lambda: means.hostup.create_snapshot(id, name, description),
            look,
            "Look with list_vps_snapshots in a minute.",
        )
    return result_of(started, f"Making the snapshot {name}", id)


@dataclass(frozen=True)
class SnapshotToDelete:
    """A snapshot about to go, and what the person is asked."""

    snapshot: Snapshot
    question: Question


async def find_snapshot_to_delete(ctx: Ctx, id: str, snapshotName: str) -> SnapshotToDelete:
    """Read afresh what would be deleted, and refuse what must not be."""
    await require_vps(ctx, id)
    await require_snapshot(ctx, id, snapshotName)
    attempt().ids |= {"id": id, "snapshotName": snapshotName}
    means = services(ctx)
    vps = await means.hostup.get_vps(id)
    listing = await means.hostup.list_snapshots(id)
    snapshot = find_snapshot(listing, snapshotName)
    if snapshot is None:
        raise failures.refuse(
            "snapshot_missing",
            "This snapshot is not there (any more). Nothing was changed.",
            "Look with list_vps_snapshots.",
        )
    await refuse_while_working(ctx, vps, listing.actions.can_restore)
    only = " It is the only snapshot." if len(listing.data) == 1 else ""
    name = to_type(vps)
    message = (
        f"Delete the snapshot {snapshot.name} of {when(snapshot.created_at)} of {describe(vps)} "
        f"for good?{only} "
        f"To go ahead, type: {name}"
    )
    return SnapshotToDelete(snapshot, Question(message, name))


def ask_delete_snapshot(
    ctx: Ctx, found: Annotated[SnapshotToDelete, Resolve(find_snapshot_to_delete)]
) -> Consent | Elicit[BaseModel]:
    """Ask the person."""
    return ask(ctx, found.question)


async def delete_vps_snapshot(
    ctx: Ctx,
    id: VpsId,
    snapshotName: SnapshotName,
    found: Annotated[SnapshotToDelete, Resolve(find_snapshot_to_delete)],
    yes: Annotated[ElicitationResult[BaseModel], Resolve(ask_delete_snapshot)],
) -> Annotated[CallToolResult, WriteResult]:
    """Destroys a snapshot for good. The person is asked to type the server's name. To look only,
    use list_vps_snapshots; they expire by themselves within about a day."""
    attempt().consent = require_yes(yes, found.question)
    means = services(ctx)
    async with alone_on(ctx, id):
        again = await find_snapshot_to_delete(ctx, id, snapshotName)
        if again != found:
            raise failures.changed_meanwhile()

        async def look() -> str:
            there = find_snapshot(await means.hostup.list_snapshots(id), snapshotName)
            return "The snapshot is still listed." if there else "The snapshot is gone now."

        started = await send(
            ctx,
            id,
            lambda: means.hostup.delete_snapshot(id, snapshotName),
            look,
            "Look with list_vps_snapshots in a minute.",
        )
    return result_of(started, f"Deleting the snapshot {snapshotName}", id, at_once=True)


def _refuse_closed(listing: SnapshotList, gate: Gate | None) -> None:
    if listing.available is False:
        reason = quoted(listing.reason or "no reason given")
        raise failures.refuse(
            "not_available",
            f"This server has no snapshots: {reason}. Nothing was changed.",
            "Tell the person; a backup may be possible, see list_vps_backups.",
        )
    if gate is not None and not gate.allowed:
        raise failures.gate_closed(gate)
