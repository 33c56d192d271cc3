"""The findings of a plan, in words and as data."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import (
    BackupUnconfirmed,
    Finding,
    RestoredSince,
    SideEffect,
    WriteUnsettled,
)
from hostup_mcp.recovery.modes.definition import Plan
from hostup_mcp.recovery.situation import Suggestions
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.server.output import (
    all_as_data,
    as_data,
    describe_all,
    reason_items,
)
from hostup_mcp.server.plans import (
    PlanFacts,
)


def _side_effects(plan: Plan, *, can_start: bool) -> tuple[SideEffect, ...]:
    """Return the side effects; a tool that starts the server is named where it is unlocked."""
    if not can_start:
        return plan.side_effects
    return tuple(
        Code.POWER_STATE_STARTABLE if each is Code.POWER_STATE_UNKNOWN else each
        for each in plan.side_effects
    )


def explain(
    facts: PlanFacts,
    suggestions: Suggestions,
    restored: RestoredSince | None,
    zone: tzinfo,
    *,
    can_start: bool,
    unsettled: WriteUnsettled | None,
    unconfirmed: BackupUnconfirmed | None,
) -> dict[str, Any]:
    """Return the findings of a plan, in words and as data, under the same names."""
    plan = facts.plan
    is_possible = plan.verdict is Verdict.POSSIBLE
    steps = () if is_possible else plan.steps
    lost = (plan.data_loss, *([] if restored is None else [restored]))
    lists: dict[str, tuple[Finding, ...]] = {
        "sideEffects": _side_effects(plan, can_start=can_start),
        "recommendedFirst": (
            *([] if unsettled is None else [unsettled]),
            *([] if unconfirmed is None else [unconfirmed]),
            *plan.doubts,
            *(suggestions.recommended_first if is_possible else ()),
        ),
        "alternatives": suggestions.alternatives,
    }
    return {
        "reasons": reason_items(plan.reasons, zone),
        "to_unblock": " ".join(describe_all(steps, zone)) or None,
        "dataLoss": " ".join(describe_all(lost, zone)),
        **{name: describe_all(some, zone) for name, some in lists.items()},
        "findings": {
            "dataLoss": as_data(plan.data_loss),
            "restoredSince": None if restored is None else as_data(restored),
            **all_as_data({"reasons": plan.reasons, "toUnblock": steps, **lists}),
        },
    }
