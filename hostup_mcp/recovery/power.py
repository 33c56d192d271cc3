"""Power: the state that an action leads to, when it is reached, and which gate decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from hostup_mcp.hostup.live import VpsStatus
from hostup_mcp.hostup.models import Gate, PowerActions, Vps
from hostup_mcp.hostup.requests import PowerAction

LAG = timedelta(seconds=60)
"""How long HostUp may take to reach the power state after it has completed the job."""

RESTING: Mapping[PowerAction, str] = {
    PowerAction.START: "running",
    PowerAction.SHUTDOWN: "stopped",
    PowerAction.RESTART: "running",
    PowerAction.STOP: "stopped",
}
"""The power state that each action leads to, in HostUp's words."""

_POINTLESS: Mapping[PowerAction, frozenset[str]] = {
    PowerAction.START: frozenset({"running", "starting"}),
    PowerAction.SHUTDOWN: frozenset({"stopped", "stopping"}),
    PowerAction.RESTART: frozenset({"stopped"}),
    # A shutdown that hangs is a reason to switch off.
    PowerAction.STOP: frozenset({"stopped"}),
}


def power_state(vps: Vps, status: VpsStatus) -> str | None:
    """Return HostUp's word for the power state, the live one if there is one; None if unknown."""
    words = (status.power_state, vps.power_state)
    return next((word for word in words if word and word != "unknown"), None)


def is_pointless(action: PowerAction, state: str | None) -> bool:
    """Return whether `state` is the one that `action` leads to, or rules the action out."""
    return state in _POINTLESS[action]


def power_gate(action: PowerAction, *found: PowerActions) -> Gate | None:
    """Return the gate of `action`; where several were found, a closed one. None without any."""
    gates = [gate for each in found if (gate := _GATES[action](each)) is not None]
    return min(gates, key=lambda gate: gate.allowed, default=None)


_GATES: Mapping[PowerAction, Callable[[PowerActions], Gate | None]] = {
    PowerAction.START: lambda actions: actions.can_start,
    PowerAction.SHUTDOWN: lambda actions: actions.can_shutdown,
    PowerAction.RESTART: lambda actions: actions.can_restart,
    PowerAction.STOP: lambda actions: actions.can_stop,
}
