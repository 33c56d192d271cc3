"""Refuses deletions while a job is running on the server."""

from __future__ import annotations

from hostup_mcp.hostup.models import Gate, Vps
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import closed_gate_refusal


async def require_no_job(hostup: ReadingClient, vps: Vps, can_restore: Gate | None) -> None:
    """Refuse if HostUp shows that a job is running on `vps`.

    A closed restore gate counts too: a running job closes it, and while no restore is possible
    nothing that could be restored may be deleted.

    Raises:
        RefusalError: a job is running, or the restore gate is closed.
    """
    if can_restore is not None and not can_restore.allowed:
        raise closed_gate_refusal(
            can_restore, texts.GATE_CLOSED_FOR_DELETION, status=vps.service_status
        )
    status = await hostup.get_status(vps.id)
    if status.pending_tasks:
        raise refuse(texts.JOB_RUNNING)
