"""Refuses deletions while a job runs on the server."""

from __future__ import annotations

from hostup_mcp.hostup.models import Gate, Vps
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server import failures


async def require_no_job(hostup: ReadingClient, vps: Vps, can_restore: Gate | None) -> None:
    """Refuse while a job runs on `vps`, as far as HostUp shows it.

    A closed restore gate counts too: a running job closes it, and while no restore is possible
    nothing that could be restored may be deleted.

    Raises:
        Refusal: a job runs, or the restore gate is closed.
    """
    if can_restore is not None and not can_restore.allowed:
        closed = failures.gate_closed(can_restore).failure
        message = f"Nothing can be deleted while the restore gate is closed. {closed.message}"
        raise failures.Refusal(closed.model_copy(update={"message": message}))
    status = await hostup.get_status(vps.id)
    if status.pending_tasks:
        raise failures.refuse(
            "job_running",
            "A job is running on this server. Nothing was changed.",
            "Wait until it has ended, then call list_vps_backups.",
        )
