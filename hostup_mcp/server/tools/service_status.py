"""Reads a server's service status, which may show what would open a closed gate."""

from __future__ import annotations

from datetime import UTC

from hostup_mcp.hostup.models import Gate
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.steps import steps_without_restore
from hostup_mcp.wording.render import for_model


async def read_service_status(hostup: ReadingClient, vps_id: str) -> str | None:
    """Return HostUp's `serviceStatus`; None if it is unknown or cannot be read now."""
    try:
        return (await hostup.get_vps(vps_id)).service_status
    except HostUpError:
        return None


async def gate_steps(hostup: ReadingClient, vps_id: str, *gates: Gate | None) -> list[str]:
    """Return a line on each different step that may open those of `gates` that are closed."""
    closed = [gate for gate in gates if gate is not None and not gate.allowed]
    if not closed:
        return []
    status = await read_service_status(hostup, vps_id)
    # A step has no moment in it, so the zone does not matter.
    steps = (step for gate in closed for step in steps_without_restore(gate, status))
    return [f"To unblock: {for_model(step, UTC)}" for step in dict.fromkeys(steps)]
