"""Reading a gate: why an action is closed, and what would open it.

The gate already weighs service status, quota, permission and running jobs, so nothing of that is
worked out again here. `pending_order` is the only code that HostUp documents for gates; the other
ones here are documented for its errors, but for two. Any other code is passed on as it came.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.hostup.models import Gate
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.reasons import GateClosed, GateMissing, GateName, GateOpen, Reason
from hostup_mcp.recovery.suggestions import Step
from hostup_mcp.recovery.verdicts import Verdict

_STEPS: Mapping[str | None, Step] = {
    "pending_order": Code.COMPLETE_ORDER,
    "pending_orders": Code.COMPLETE_ORDER,
    "forbidden": Code.CHECK_SCOPE,
    "account_inactive": Code.CONTACT_SUPPORT,
    "existing_invoice_blocking": Code.PAY_INVOICE,
    "cancellation_blocked_overdue_invoice": Code.PAY_INVOICE,
    "has_unpaid_invoice": Code.PAY_INVOICE,
}
"""What would open a gate that is closed with this code."""

_PASSING: Mapping[str | None, Step] = dict.fromkeys(
    (
        "invoice_payment_in_progress",
        "vps_not_ready",
        "cooldown_active",
        "upstream_failed",
        "upstream_unavailable",
        "internal_error",
        "rate_limited",
        "rate_limit_exceeded",
        # Not documented, but their words say that a job is running.
        "operation_running",
        "operation_in_progress",
    ),
    Code.TRY_LATER,
)
"""Codes for what passes by itself, unless the server's `serviceStatus` says otherwise."""

_STATUS_STEPS: Mapping[str, Step] = {
    "pending": Code.FINISH_ORDER,
    "suspended": Code.LIFT_SUSPENSION,
    "terminated": Code.USE_OTHER_SERVER,
    "cancelled": Code.USE_OTHER_SERVER,
    "expired": Code.USE_OTHER_SERVER,
    "fraud": Code.CONTACT_SUPPORT,
}
"""What would open a closed gate of a server with this `serviceStatus`."""


def open_reason(gate: Gate) -> GateOpen:
    """Return the reason for an open gate, with HostUp's remark if there is one."""
    return GateOpen(gate.reason or None, gate.code or None)


def closed_reason(gate: Gate) -> GateClosed:
    """Return the reason for a closed gate as HostUp gave it; nothing is made up."""
    return GateClosed(gate.reason or None, gate.code or None)


def is_open(gate: Gate | None) -> bool:
    """Return whether the gate is there and open."""
    return gate is not None and gate.allowed


def step_to_open(gate: Gate | None, status: str | None = None) -> Step:
    """Return the step that may open a gate that is closed or missing.

    `status` is the server's `serviceStatus`, if it was read.
    """
    if gate is None:
        return Code.ASK_WHETHER
    return (
        _STEPS.get(gate.code)
        or (_STATUS_STEPS.get(status.lower()) if status else None)
        or _PASSING.get(gate.code)
        or (Code.EXPLAIN_REASON if gate.reason else Code.ASK_WHY)
    )


def weigh(gate: Gate | None, name: GateName, *others: Reason) -> tuple[Reason, ...]:
    """Return the reasons that decide whether an action is possible: its gate's, and `others`.

    An open gate is a reason only where nothing else speaks against the action. What blocks comes
    first. `name` is the gate's.
    """
    if gate is None or not gate.allowed:
        found: tuple[Reason, ...] = (not_open_reason(gate, name), *others)
    else:
        found = others or (open_reason(gate),)
    return tuple(sorted(found, key=lambda reason: reason.weight is not Verdict.BLOCKED))


def not_open_reason(gate: Gate | None, name: GateName) -> GateClosed | GateMissing:
    """Return why a gate that is closed or missing does not allow its action."""
    return GateMissing(name) if gate is None else closed_reason(gate)
