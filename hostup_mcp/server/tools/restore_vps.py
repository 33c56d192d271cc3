"""`restore_vps`: carries out a plan, with fresh facts and the user's yes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup.problems import NotFoundError
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.effects import DiskRestored, ServerBuilt
from hostup_mcp.recovery.here import find_lock
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.recovery.way_back import find_way_back
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.locked import locked_refusal
from hostup_mcp.server.new_server import Before, list_before
from hostup_mcp.server.output import describe_all
from hostup_mcp.server.plans import PlanFacts, StoredPlan, needed_groups, plan_again, read_facts
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.recoveries import Restored
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.server.writes.questions import find_subject
from hostup_mcp.server.writes.restore_question import restore_question

PlanId = Annotated[
    str,
    Field(
        pattern=r"^plan_[0-9a-z]{16}$",
        description="planId of a plan_restore result.",
    ),
]


async def propose(reader: Reader, planId: PlanId) -> Destructive:
    """Overwrites a VPS by carrying out a plan of plan_restore; this cannot be undone. (A
    new_cloud_vps plan builds a paid VPS instead and needs scope write:billing.) Only once the user
    has seen the plan; they are asked first, by hostup-mcp or the client. If the facts have
    changed, plan again. Follow it with get_job, then verify_recovery. To look, use
    list_vps_backups."""
    return await propose_restore(reader, await reader.plans.open(planId))


async def propose_restore(reader: Reader, plan: StoredPlan) -> Destructive:
    """Return the proposal that carries out `plan`, if the facts behind it still hold.

    Raises:
        RefusalError: the facts have changed, or the groups that its mode needs are not unlocked.
    """
    if not (needed := needed_groups(plan.definition)) <= reader.allowed:
        lock = find_lock(reader.allowed, needed, reader.unlocks_per_caller)
        raise locked_refusal(f"restore_vps with mode {plan.mode}", lock)
    try:
        facts = await read_facts(reader.hostup, plan)
    except NotFoundError:
        raise plan_again("HostUp no longer shows this VPS to this API key") from None
    if facts.plan.verdict is not Verdict.POSSIBLE:
        reasons = " ".join(
            quoted(reason) for reason in describe_all(facts.plan.reasons, reader.viewer.zone)
        )
        raise plan_again(f"a restore is not possible now ({reasons})")
    if facts.digest != plan.facts:
        raise plan_again("the facts behind it have changed")
    subject = await find_subject(reader.hostup, facts.vps)
    before = None
    if plan.definition.builds_server:
        before = await list_before(reader.hostup, str(plan.options["name"]))
        if before.has_name:
            raise plan_again("a server already has the name that was planned")
    return Destructive(
        vps_id=plan.vps_id,
        request=plan.definition.request(plan.target),
        facts={**facts.documented, **subject.facts},
        question=restore_question(plan, facts, subject),
        follow_up=_follow_up(plan, facts, before),
        price=facts.price,
    )


def _follow_up(plan: StoredPlan, facts: PlanFacts, before: Before | None) -> FollowUp:
    found, goes_back_to = facts.plan.point, plan.definition.goes_back_to
    restored = Restored(
        mode=plan.mode,
        point=plan.point,
        point_created=None if found is None else found.created,
        source_id=plan.source_id,
        kind="rehearsal" if plan.is_rehearsal else "restore",
    )
    if before is not None:
        return _follow_up_of_new(restored, before)
    return FollowUp(
        "Restoring {server}",
        DiskRestored(goes_back_to == "snapshot"),
        f"Call verify_recovery with id {plan.vps_id} in a few minutes.",
        restored_point=plan.point,
        restored=restored,
        way_back=find_way_back(facts.account.listing, plan.point, facts.issued),
        is_own_backup=goes_back_to == "backup" and not plan.source_id,
    )


def _follow_up_of_new(restored: Restored, before: Before) -> FollowUp:
    name = before.name
    return FollowUp(
        f"Building the new server {name} from a backup of {{server}}",
        ServerBuilt(name),
        f"Call list_vps with name {name} in a few minutes, and look in HostUp's panel for a new "
        "server.",
        restored=restored.model_copy(
            update={"new_name": name, "ids_before": before.ids if before.is_whole else None}
        ),
        known_before=before.ids,
    )


TOOL = WritingTool(
    name="restore_vps",
    title="Carry out a recovery",
    group=Group.RESTORE,
    scope="backup:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=False,
    propose=propose,
    is_recovery=True,
)
