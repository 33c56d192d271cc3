"""Reading a gate: why an action is closed, and what would open it.

The gate already weighs service status, quota, permission and running jobs, so nothing of that is
worked out again here. `pending_order` is the only code that HostUp documents for gates, and
`forbidden` one that its errors use for a missing scope; any other is passed on as it came.
"""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.hostup.models import Gate
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Step
from hostup_mcp.recovery.reasons import GateClosed, GateMissing, GateName, GateOpen, Reason, Verdict

_STEPS: Mapping[str, Step] = {
    "pending_order": Code.COMPLETE_ORDER,
    "forbidden": Code.CHECK_SCOPE,
}


def open_reason(gate: Gate) -> GateOpen:
    """An open gate, with whatever HostUp remarks."""
    return GateOpen(gate.reason or None, gate.code or None)


def closed_reason(gate: Gate) -> GateClosed:
    """A closed gate as HostUp explains it. What did not come is missing, not made up."""
    return GateClosed(gate.reason or None, gate.code or None)


def steps_to_open(gate: Gate | None) -> tuple[Step, ...]:
    """What would open a gate; nothing where it is open, or missing."""
    return () if gate is None or gate.allowed else (step_to_open(gate),)


def step_to_open(gate: Gate) -> Step:
    """What would open a closed gate, as far as that is known."""
    if gate.code is not None and gate.code in _STEPS:
        return _STEPS[gate.code]
    return Code.ASK_HOW if gate.reason else Code.ASK_WHY


def weigh(gate: Gate | None, name: GateName, *others: Reason) -> tuple[Reason, ...]:
    """The reasons that decide about an action: those of its gate, and `others`.

    An open gate is a reason only where nothing else speaks against the action. What blocks comes
    first. `name` is the gate's.
    """
    if gate is None or not gate.allowed:
        found: tuple[Reason, ...] = (not_open_reason(gate, name), *others)
    else:
        found = others or (open_reason(gate),)
    return tuple(sorted(found, key=lambda reason: reason.weight is not Verdict.BLOCKED))


def not_open_reason(gate: Gate | None, name: GateName) -> GateClosed | GateMissing:
    """Why a gate that is closed or missing does not allow its action."""
    return GateMissing(name) if gate is None else closed_reason(gate)
