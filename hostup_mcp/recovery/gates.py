"""Reading a gate: why an action is closed, and what would open it.

The gate already weighs service status, quota, permission and running jobs, so nothing of that is
worked out again here. `pending_order` is the only code that HostUp documents for gates, and
`forbidden` one that its errors use for a missing scope; any other is passed on unread, with the
reason that came with it.
"""

from __future__ import annotations

from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.hostup.models import Gate
from hostup_mcp.recovery.findings import Reason, Source

ASK_HOSTUP = "HostUp's panel or support can say more."

_REMEDIES = {
    "pending_order": "The pending order has to be completed or cancelled in HostUp's panel.",
    "forbidden": "The key may lack a scope (backup:vm for backups, restores and snapshots); keys "
    f"are made at {KEYS_PAGE}.",
}


def closed_because(gate: Gate) -> Reason:
    """The reason of a closed gate, as HostUp gives it.

    A reason that did not come is said to be missing, not made up.
    """
    if gate.reason:
        return Reason(code=gate.code, message=gate.reason, source=Source.GATE)
    if gate.code:
        message = f"HostUp closed this with the code {gate.code} and no explanation."
        return Reason(code=gate.code, message=message, source=Source.GATE)
    return Reason(
        code=None, message="HostUp closed this and gave no reason.", source=Source.UNKNOWN
    )


def allowed_because(gate: Gate) -> Reason:
    """The reason of an open gate, with whatever HostUp remarks."""
    return Reason(code=gate.code, message=gate.reason or "HostUp allows it.", source=Source.GATE)


def opened_by(gate: Gate) -> str:
    """What would open a closed gate, as far as that is known."""
    if gate.code in _REMEDIES:
        return _REMEDIES[gate.code]
    if gate.reason:
        return f"What HostUp gives as the reason has to be resolved first. {ASK_HOSTUP}"
    return f"That is not known without HostUp. {ASK_HOSTUP}"
