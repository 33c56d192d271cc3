"""Power: which actions are pointless, and which gate decides."""

from __future__ import annotations

from typing import Any

import pytest

from hostup_mcp.hostup.live import VpsStatus
from hostup_mcp.hostup.models import PowerActions, Vps
from hostup_mcp.hostup.requests import PowerAction
from hostup_mcp.recovery.power import RESTING, is_pointless, power_gate, power_state

START, SHUTDOWN, RESTART, STOP = PowerAction
POINTLESS = {
    START: {"running", "starting"},
    SHUTDOWN: {"stopped", "stopping"},
    RESTART: {"stopped"},
    STOP: {"stopped"},
}
STATES = ("running", "stopped", "starting", "stopping", "paused", "error", "unknown", "odd", None)


@pytest.mark.parametrize("action", PowerAction)
@pytest.mark.parametrize("state", STATES)
def test_only_a_needless_action_is_pointless(action: PowerAction, state: str | None) -> None:
    """An unknown state never is a reason to refuse; HostUp decides then."""
    assert is_pointless(action, state) is (state in POINTLESS[action])


def test_each_action_leads_to_a_state() -> None:
    assert [RESTING[action] for action in PowerAction] == [
        "running",
        "stopped",
        "running",
        "stopped",
    ]


@pytest.mark.parametrize(
    ("live", "listed", "state"),
    [
        ("running", "stopped", "running"),
        (None, "stopped", "stopped"),
        ("", "stopped", "stopped"),
        ("unknown", "running", "running"),
        ("unknown", None, None),
        (None, None, None),
    ],
)
def test_the_live_state_comes_first(live: Any, listed: Any, state: str | None) -> None:
    vps = Vps(id="vps_1", power_state=listed)
    assert power_state(vps, VpsStatus(power_state=live)) == state


def actions(name: str, **gates: bool) -> PowerActions:
    return PowerActions.model_validate({name: {"allowed": gates["allowed"], "reason": None}})


@pytest.mark.parametrize(
    ("action", "name"),
    [(START, "canStart"), (SHUTDOWN, "canShutdown"), (RESTART, "canRestart"), (STOP, "canStop")],
)
def test_each_action_has_its_own_gate(action: PowerAction, name: str) -> None:
    closed, opened = actions(name, allowed=False), actions(name, allowed=True)
    gate = power_gate(action, opened, closed)
    assert gate is not None
    assert not gate.allowed, "of two that contradict each other, the closed one counts"
    assert power_gate(action, opened, PowerActions()) == power_gate(action, opened)
    assert power_gate(action, PowerActions()) is None
    for other in set(PowerAction) - {action}:
        assert power_gate(other, closed) is None
