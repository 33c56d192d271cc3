"""`confirm_restore`: a plan carried out from the panel, where a person typed the server's name."""

from __future__ import annotations

from typing import Annotated

from mcp.server.apps import client_supports_apps
from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.server import failures
from hostup_mcp.server.attempts import attempt
from hostup_mcp.server.consent import yes_in_panel
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.tools.restore import PlanId, carry_out, open_plan
from hostup_mcp.server.tools.results import WriteResult


async def confirm_restore(
    ctx: Ctx,
    planId: PlanId,
    ticket: Annotated[
        str,
        Field(max_length=1024, description="Given to the panel with the plan, and to it alone."),
    ],
    typedName: Annotated[
        str, Field(max_length=200, description="What the person typed: the server's name.")
    ],
) -> Annotated[CallToolResult, WriteResult]:
    """Destroys what a server holds now: carries out a plan of plan_restore from the recovery panel,
    by the person's own hand. Not for assistants; they use restore_vps, which asks the person."""
    found = await open_plan(ctx, planId)
    if not client_supports_apps(ctx) or not services(ctx).plans.is_ticket(ticket, found.plan):
        raise failures.refuse(
            "not_from_panel",
            "This is only for the person's own hand in the recovery panel. Nothing was changed.",
            "Call restore_vps; it asks the person.",
        )
    attempt().consent = yes_in_panel(typedName, found.vps)
    return await carry_out(ctx, planId, found)
