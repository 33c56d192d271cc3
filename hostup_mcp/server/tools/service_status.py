"""Reads a server's service status, which may show what would open a closed gate."""

from __future__ import annotations

from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient


async def read_service_status(hostup: ReadingClient, vps_id: str) -> str | None:
    """Return HostUp's `serviceStatus`; None if it is unknown or cannot be read now."""
    try:
        return (await hostup.get_vps(vps_id)).service_status
    except HostUpError:
        return None
