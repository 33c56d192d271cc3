"""`confirm_restore`: a plan carried out from the panel, where the user typed the server's name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.restore_vps import PlanId, propose_restore
from hostup_mcp.server.writes.proposal import Destructive


async def propose(
    reader: Reader,
    planId: PlanId,
    ticket: Annotated[
        str,
        Field(max_length=1024, description="Given to the panel alone, with the plan."),
    ],
    typedName: Annotated[  # noqa: ARG001 - the pipeline compares it with the question
        str, Field(max_length=200, description="What the user typed: the server's name.")
    ],
) -> Destructive:
    """Overwrites a server by carrying out a plan of plan_restore, confirmed by the user in the
    recovery panel. Not for assistants: they call restore_vps, which asks the user."""
    plan = await reader.plans.open(planId)
    if not reader.shows_panel or not plan.is_ticket(ticket):
        raise refuse(texts.NOT_FROM_PANEL)
    return await propose_restore(reader, plan)


TOOL = WritingTool(
    name="confirm_restore",
    title="Confirm a recovery",
    group=Group.RESTORE,
    scope="backup:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=False,
    propose=propose,
    is_recovery=True,
    confirmed_in_panel=True,
)
