"""`plan_restore`: what a recovery would mean, and the id of the plan to carry it out with."""

from __future__ import annotations

from typing import Annotated

from mcp.server.apps import client_supports_apps
from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.findings import Verdict
from hostup_mcp.recovery.plan import Mode, Plan
from hostup_mcp.server import failures
from hostup_mcp.server.answer import answer
from hostup_mcp.server.ids import (
    BackupId,
    SnapshotName,
    VpsId,
    require_handed_out,
    require_source,
    require_vps,
)
from hostup_mcp.server.plans import LIFE, StoredPlan, milliseconds, new_ticket, read_facts
from hostup_mcp.server.reader import READ_SECONDS, reader
from hostup_mcp.server.services import Ctx, caller, services
from hostup_mcp.state.store import StateUnavailableError

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
    """The plan, and the id to carry it out with."""

    id: str = Field(description="The server it is about.")
    plan_id: str | None = Field(description="For restore_vps; null unless it can be used.")
    expires_at: str | None = Field(description="When the planId expires.")


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
    the user the plan. All but snapshot need backupId."""
    options: dict[str, str | int] = {
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
    point = _point(mode, backupId, sourceVpsId, snapshotName, options)
    await _require_point(ctx, id, mode, point, sourceVpsId)
    used = reader(ctx, READ_SECONDS)
    draft = StoredPlan(
        vps_id=id,
        mode=mode,
        point=point,
        source_id=sourceVpsId,
        options=options,
        issued=milliseconds(used.now),
    )
    facts = await read_facts(used.hostup, draft)
    ticket, ticket_hash = new_ticket()
    plan = draft.model_copy(update={"facts": facts.digest, "ticket_hash": ticket_hash})
    plan_id, is_stored = None, True
    if facts.plan.verdict is Verdict.POSSIBLE:
        try:
            plan_id = await used.plans.store(plan)
        except StateUnavailableError:
            is_stored = False
    expires_at = None if plan_id is None else (plan.issued_at + LIFE).isoformat(timespec="seconds")
    result = PlanResult(**dict(facts.plan), id=id, plan_id=plan_id, expires_at=expires_at)
    allowed = _may_carry_out(mode, used.allowed)
    told = answer(_lines(result, allowed, is_stored), result.model_dump(mode="json", by_alias=True))
    if plan_id is not None and allowed and client_supports_apps(ctx):
        # For the panel's eyes: hosts do not show a result's _meta to the model.
        told.meta = {CONFIRM_META: {"tool": CONFIRM_TOOL, "ticket": ticket}}
    return told


def _point(
    mode: Mode,
    backup_id: str | None,
    source_id: str | None,
    snapshot_name: str | None,
    options: dict[str, str | int],
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
        wrong += [f"{key}: does not belong with mode {mode}" for key in options]
    if wrong:
        raise failures.refuse(
            "bad_arguments",
            "Invalid arguments for plan_restore; no request was sent.",
            "Correct these arguments and call again.",
            fields=tuple(wrong),
        )
    return snapshot_name or backup_id or ""


async def _require_point(
    ctx: Ctx, vps_id: str, mode: Mode, point: str, source_id: str | None
) -> None:
    match mode:
        case Mode.SNAPSHOT:
            known = {"id": vps_id, "snapshotName": point}
            await require_handed_out(services(ctx), caller(), known)
        case Mode.FROM_OTHER_VPS:
            await require_source(ctx, vps_id, source_id or "", point)
        case _:
            known = {"id": vps_id, "backupId": point}
            await require_handed_out(services(ctx), caller(), known)


def _may_carry_out(mode: Mode, allowed: frozenset[Group]) -> bool:
    needed = {Group.RESTORE} | ({Group.SPEND} if mode is Mode.NEW_CLOUD_VPS else set())
    return needed <= allowed


def _lines(plan: PlanResult, allowed: bool, is_stored: bool) -> list[str]:
    reasons = " ".join(
        f"{quoted(r.message)} ({r.source}{f', code {r.code}' if r.code else ''})"
        for r in plan.reasons
    )
    lines = [f"{plan.mode} of {plan.id}: {plan.verdict.upper()}. {reasons}", f"Lost: {plan.lost}"]
    lines += [f"Also: {text}" for text in plan.happens]
    lines += [f"First: {text}" for text in plan.first]
    lines += [f"Less risky: {text}" for text in plan.alternatives]
    if not is_stored:
        lines.append(
            "No planId: shared state is unavailable, so writes are disabled. Plan again later."
        )
    elif plan.plan_id is None:
        lines.append("No planId: it cannot be carried out now.")
    elif allowed:
        lines.append(f"planId (good once, until {plan.expires_at}): {plan.plan_id}")
        lines.append("Explain this to the user and let them decide.")
    else:
        lines.append(
            f"planId (until {plan.expires_at}): {plan.plan_id}. This server is not allowed to "
            "carry it out; the user can do it in HostUp's panel."
        )
    return lines
