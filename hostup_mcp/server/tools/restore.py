"""`restore_vps`: carries out a plan, with fresh facts and the person's yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.config import Group
from hostup_mcp.hostup.client import HostUpClient
from hostup_mcp.hostup.jobs import Started
from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.problems import NotFound
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.findings import Verdict
from hostup_mcp.recovery.plan import Mode
from hostup_mcp.server.attempts import attempt
from hostup_mcp.server.consent import Consent, Question, ask, describe, require_yes, to_type, when
from hostup_mcp.server.plans import SealedPlan, plan_again
from hostup_mcp.server.services import Ctx, caller, services
from hostup_mcp.server.tools.backup_changes import busy
from hostup_mcp.server.tools.plan import Facts, read_facts
from hostup_mcp.server.tools.results import WriteResult, result_of
from hostup_mcp.server.writes import alone_on, locked, plan_claim, plan_used, send

PlanId = Annotated[
    str,
    Field(
        pattern=r"^v1\.[0-9A-Za-z_-]+$",
        max_length=2048,
        description="planId of plan_restore, unchanged; good once and for ten minutes.",
    ),
]


@dataclass(frozen=True)
class RestoreToDo:
    """A plan that can be carried out now, and what the person is asked."""

    plan: SealedPlan
    vps: Vps
    question: Question


async def open_plan(ctx: Ctx, planId: PlanId) -> RestoreToDo:
    """Open the plan and read its facts afresh; refuse it where they are not what they were."""
    means = services(ctx)
    plan = means.plans.open(planId, caller(), means.now())
    trying = attempt()
    trying.plan = plan.nonce
    trying.ids = {"id": plan.vps_id, "mode": plan.mode.value, "point": plan.point}
    if plan.source_id:
        trying.ids["sourceVpsId"] = plan.source_id
    if plan.mode is Mode.NEW_CLOUD_VPS and Group.SPEND not in means.account.allow:
        raise locked("restore_vps with mode new_cloud_vps", Group.RESTORE, Group.SPEND)
    if await means.memory.held(plan_claim(plan.nonce)):
        raise plan_used()
    try:
        facts = await read_facts(ctx, plan)
    except NotFound:
        raise plan_again("HostUp does not show this server to this key (any more)") from None
    if facts.plan.verdict is not Verdict.POSSIBLE:
        reasons = " ".join(quoted(reason.message) for reason in facts.plan.reasons)
        raise plan_again(f"It is not possible any more: {reasons}")
    if facts.digest != plan.facts:
        raise plan_again("What was planned with has changed since")
    return RestoreToDo(plan, facts.vps, _question(plan, facts))


def ask_restore(
    ctx: Ctx, found: Annotated[RestoreToDo, Resolve(open_plan)]
) -> Consent | Elicit[BaseModel]:
    """Ask the person."""
    return ask(ctx, found.question)


async def restore_vps(
    ctx: Ctx,
    planId: PlanId,
    found: Annotated[RestoreToDo, Resolve(open_plan)],
    yes: Annotated[ElicitationResult[BaseModel], Resolve(ask_restore)],
) -> Annotated[CallToolResult, WriteResult]:
    """Destroys what a server holds now: carries out a plan of plan_restore (or, for new_cloud_vps,
    builds a new server that costs money). Call it only when the person has seen the plan and wants
    it; this server asks them itself. To look or plan, use list_vps_backups and plan_restore."""
    attempt().consent = require_yes(yes, found.question)
    return await carry_out(ctx, planId, found)


async def carry_out(ctx: Ctx, plan_id: str, agreed: RestoreToDo) -> CallToolResult:
    """Send what the person said yes to, once its facts have been read a last time."""
    means, plan = services(ctx), agreed.plan
    async with alone_on(ctx, plan.vps_id):
        if (await open_plan(ctx, plan_id)).question != agreed.question:
            raise plan_again("What the person was asked about has changed meanwhile")

        async def look() -> str:
            now = await means.hostup.list_backups(plan.vps_id)
            return f"As of now {busy(now)}."

        started = await send(
            ctx,
            plan.vps_id,
            lambda: _request(means.hostup, plan),
            look,
            "Look with list_vps and list_vps_backups in some minutes"
            + (
                ", and in HostUp's panel for a new server."
                if plan.mode is Mode.NEW_CLOUD_VPS
                else "."
            ),
        )
    return result_of(started, f"Restoring {plan.vps_id} ({plan.mode})", plan.vps_id)


async def _request(hostup: HostUpClient, plan: SealedPlan) -> Started:
    match plan.mode:
        case Mode.IN_PLACE:
            return await hostup.restore_backup(plan.vps_id, plan.point)
        case Mode.FROM_OTHER_VPS:
            return await hostup.restore_from_vps(plan.vps_id, plan.source_id or "", plan.point)
        case Mode.NEW_CLOUD_VPS:
            return await hostup.restore_to_payg(plan.vps_id, plan.point, {**plan.wishes})
        case Mode.SNAPSHOT:
            return await hostup.restore_snapshot(plan.vps_id, plan.point)


def _question(plan: SealedPlan, facts: Facts) -> Question:
    what = "snapshot" if plan.mode is Mode.SNAPSHOT else "backup"
    source = f" of {plan.source_id}" if plan.source_id else ""
    point = f"the {what} {plan.point}{source} of {when(facts.point_date)}"
    happens = " ".join(facts.plan.happens)
    if plan.mode is Mode.NEW_CLOUD_VPS:
        wishes = ", ".join(f"{key} {value}" for key, value in plan.wishes.items())
        asked = f" ({wishes})" if wishes else ""
        message = (
            f"Build a new, paid server{asked} from {point}, source {describe(facts.vps)}? {happens}"
        )
        return Question(message, None)
    name = to_type(facts.vps)
    message = (
        f"Restore {describe(facts.vps)} from {point}? LOST: {facts.plan.lost} {happens} "
        f"To go ahead, type: {name}"
    )
    return Question(message, name)
