"""`plan_restore`: what a recovery would mean, and the token that it may be carried out with."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from mcp.server.apps import client_supports_apps
from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup.client import HostUpClient
from hostup_mcp.hostup.models import Backup, BackupList, Gate, Snapshot, SourceBackup, Vps
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.findings import Verdict
from hostup_mcp.recovery.plan import (
    Mode,
    Plan,
    find_backup,
    find_snapshot,
    find_source_backup,
    plan_from_other_vps,
    plan_in_place,
    plan_new_cloud_vps,
    plan_snapshot,
)
from hostup_mcp.server import failures
from hostup_mcp.server.answer import answer
from hostup_mcp.server.ids import (
    BackupId,
    SnapshotName,
    VpsId,
    require_backup,
    require_snapshot,
    require_source,
    require_vps,
)
from hostup_mcp.server.memory import MemoryAway
from hostup_mcp.server.plans import LIFE, SealedPlan, digest, milliseconds
from hostup_mcp.server.services import Ctx, caller, services

SourceVpsId = Annotated[
    str,
    Field(
        pattern=r"^vps_[0-9A-Za-z]+$",
        min_length=8,
        max_length=64,
        description="sources[].id of list_restore_sources; for from_other_vps.",
    ),
]


CONFIRM_TOOL = "confirm_restore"
CONFIRM_META = "hostup-mcp/confirm"
"""Where the panel finds the tool and the ticket that it confirms a plan with."""


class PlanResult(Plan):
    """The plan, and the token to carry it out with."""

    id: str = Field(description="The server it is about.")
    plan_id: str | None = Field(description="Token for restore_vps; null unless possible.")
    expires_at: str | None = Field(description="When the token expires.")


@dataclass(frozen=True)
class Facts:
    """What HostUp said about one recovery, at one moment."""

    vps: Vps
    plan: Plan
    point_date: str | None
    digest: str


async def plan_restore(
    ctx: Ctx,
    id: VpsId,
    mode: Annotated[
        Mode,
        Field(
            description="in_place: backup over this server. from_other_vps: another server's "
            "backup over this one. new_cloud_vps: new paid server from a backup. snapshot."
        ),
    ],
    backupId: BackupId | None = None,
    sourceVpsId: SourceVpsId | None = None,
    snapshotName: SnapshotName | None = None,
    name: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?$",
            max_length=63,
            description="new_cloud_vps: its name.",
        ),
    ] = None,
    region: Annotated[
        str | None,
        Field(pattern=r"^[0-9A-Za-z_-]+$", max_length=40, description="new_cloud_vps: where."),
    ] = None,
    cpuCores: Annotated[
        int | None, Field(ge=1, le=32, description="new_cloud_vps: its cores.")
    ] = None,
    memoryGb: Annotated[
        int | None, Field(ge=1, le=256, description="new_cloud_vps: its memory.")
    ] = None,
    storageGb: Annotated[
        int | None, Field(ge=1, le=2000, description="new_cloud_vps: its disk.")
    ] = None,
) -> Annotated[CallToolResult, PlanResult]:
    """Plan a recovery without changing anything: possible, blocked or unknown and why, what would
    be lost, what else happens, what to do first, less risky ways, and a planId when possible. Show
    the person the plan. All but snapshot need backupId."""
    wishes: dict[str, str | int] = {
        key: value
        for key, value in (
            ("name", name),
            ("region", region),
            ("cpuCores", cpuCores),
            ("memoryGb", memoryGb),
            ("storageGb", storageGb),
        )
        if value is not None
    }
    await require_vps(ctx, id)
    point = _point(mode, backupId, sourceVpsId, snapshotName, wishes)
    await _require_point(ctx, id, mode, point, sourceVpsId)
    means = services(ctx)
    now = means.now()
    draft = SealedPlan(
        caller=caller(),
        vps_id=id,
        mode=mode,
        point=point,
        source_id=sourceVpsId,
        wishes=wishes,
        facts="",
        issued=milliseconds(now),
    )
    facts = await read_facts(ctx, draft)
    possible = facts.plan.verdict is Verdict.POSSIBLE
    sealed = draft.model_copy(update={"facts": facts.digest})
    result = PlanResult(
        **dict(facts.plan),
        id=id,
        plan_id=means.plans.seal(sealed) if possible else None,
        expires_at=(sealed.issued_at + LIFE).isoformat(timespec="seconds") if possible else None,
    )
    allowed = _may_carry_out(ctx, mode)
    told = answer(_lines(result, allowed), result.model_dump(mode="json", by_alias=True))
    if possible and allowed and client_supports_apps(ctx):
        # For the panel's eyes: hosts do not show a result's _meta to the model.
        told.meta = {CONFIRM_META: {"tool": CONFIRM_TOOL, "ticket": means.plans.ticket(sealed)}}
    return told


async def read_facts(ctx: Ctx, plan: SealedPlan) -> Facts:
    """Read what `plan` depends on, and weigh it as of when it was issued."""
    hostup = services(ctx).hostup
    vps = await hostup.get_vps(plan.vps_id)
    listing = await hostup.list_backups(plan.vps_id)
    weighed, point, gate = await _weigh(hostup, plan, vps, listing)
    date = point.created_at if point is not None else None
    return Facts(vps, weighed, date, digest(gate, point, await _era(ctx)))


async def _era(ctx: Ctx) -> str:
    """Part of what must not have changed: with the memory, the plans that were used are lost."""
    with suppress(MemoryAway):
        return await services(ctx).memory.era()
    return ""


async def _weigh(
    hostup: HostUpClient, plan: SealedPlan, vps: Vps, listing: BackupList
) -> tuple[Plan, Backup | SourceBackup | Snapshot | None, Gate | None]:
    """The plan, what it goes back to, and the gate that decides."""
    now = plan.issued_at
    match plan.mode:
        case Mode.IN_PLACE:
            weighed = plan_in_place(vps, listing, plan.point, now)
            return weighed, find_backup(listing, plan.point), listing.actions.can_restore
        case Mode.NEW_CLOUD_VPS:
            weighed = plan_new_cloud_vps(listing, plan.point)
            return weighed, find_backup(listing, plan.point), listing.actions.can_restore
        case Mode.FROM_OTHER_VPS:
            sources = await hostup.list_restore_sources(plan.vps_id)
            source_id = plan.source_id or ""
            weighed = plan_from_other_vps(vps, listing, sources, source_id, plan.point, now)
            gate = listing.actions.can_restore_from_another_vps
            return weighed, find_source_backup(sources, source_id, plan.point), gate
        case Mode.SNAPSHOT:
            snapshots = await hostup.list_snapshots(plan.vps_id)
            weighed = plan_snapshot(vps, snapshots, listing, plan.point, now)
            return weighed, find_snapshot(snapshots, plan.point), snapshots.actions.can_restore


def _point(
    mode: Mode,
    backup_id: str | None,
    source_id: str | None,
    snapshot_name: str | None,
    wishes: dict[str, str | int],
) -> str:
    """The backup id or snapshot name that `mode` goes back to.

    Raises:
        Refusal: an argument is missing, or does not belong to this mode.
    """
    needed = {
        Mode.IN_PLACE: {"backupId"},
        Mode.FROM_OTHER_VPS: {"backupId", "sourceVpsId"},
        Mode.NEW_CLOUD_VPS: {"backupId"},
        Mode.SNAPSHOT: {"snapshotName"},
    }[mode]
    given = {"backupId": backup_id, "sourceVpsId": source_id, "snapshotName": snapshot_name}
    wrong = [
        f"{key}: {'is required' if key in needed else 'does not belong'} with mode {mode}"
        for key, value in given.items()
        if (value is not None) != (key in needed)
    ]
    if mode is not Mode.NEW_CLOUD_VPS:
        wrong += [f"{key}: does not belong with mode {mode}" for key in wishes]
    if wrong:
        raise failures.refuse(
            "bad_arguments",
            "plan_restore was not called right; nothing was sent.",
            "Correct these arguments and call again.",
            fields=tuple(wrong),
        )
    return snapshot_name or backup_id or ""


async def _require_point(
    ctx: Ctx, vps_id: str, mode: Mode, point: str, source_id: str | None
) -> None:
    match mode:
        case Mode.SNAPSHOT:
            await require_snapshot(ctx, vps_id, point)
        case Mode.FROM_OTHER_VPS:
            await require_source(ctx, vps_id, source_id or "", point)
        case _:
            await require_backup(ctx, vps_id, point)


def _may_carry_out(ctx: Ctx, mode: Mode) -> bool:
    needed = {Group.RESTORE} | ({Group.SPEND} if mode is Mode.NEW_CLOUD_VPS else set())
    return needed <= services(ctx).allowed()


def _lines(plan: PlanResult, allowed: bool) -> list[str]:
    reasons = " ".join(
        f"{quoted(r.message)} ({r.source}{f', code {r.code}' if r.code else ''})"
        for r in plan.reasons
    )
    lines = [f"{plan.mode} of {plan.id}: {plan.verdict.upper()}. {reasons}", f"Lost: {plan.lost}"]
    lines += [f"Also: {text}" for text in plan.happens]
    lines += [f"First: {text}" for text in plan.first]
    lines += [f"Less risky: {text}" for text in plan.alternatives]
    if plan.plan_id is None:
        lines.append("No planId: it cannot be carried out now.")
    elif allowed:
        lines.append(f"planId (good once, until {plan.expires_at}): {plan.plan_id}")
        lines.append("Explain this to the person and let them decide.")
    else:
        lines.append(
            f"planId (until {plan.expires_at}): {plan.plan_id}. This server is not allowed to "
            "carry it out; the person can do it in HostUp's panel."
        )
    return lines
