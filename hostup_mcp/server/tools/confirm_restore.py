"""`confirm_restore`: a plan carried out from the panel, where the user typed the server's name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.server import failures
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.restore_vps import PlanId, propose_restore
from hostup_mcp.server.writes.proposal import Destructive


async def propose(
    reader: Reader,
    planId: PlanId,
    ticket: Annotated[
        str,
        Field(max_length=1024, description="Given to the panel with the plan, and to it alone."),
    ],
    typedName: Annotated[  # noqa: ARG001 - the pipeline holds it against the question
        str, Field(max_length=200, description="What the user typed: the server's name.")
    ],
) -> Destructive:
    """Destroys what a server holds now: carries out a plan of plan_restore from the recovery panel,
    by the user's own hand. Not for assistants; they use restore_vps, which asks the user."""
    plan = await reader.plans.open(planId)
    if not reader.shows_panel or not plan.is_ticket(ticket):
        raise failures.refuse(
            "not_from_panel",
            "This is only for the user's own hand in the recovery panel. Nothing was changed.",
            "Call restore_vps; it asks the user.",
        )
    return await propose_restore(reader, plan)


TOOL = WritingTool(
    name="confirm_restore",
    title="Confirm a recovery",
    group=Group.RESTORE,
    scope="backup:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=False,
    propose=propose,
    confirmed_in_panel=True,
)
