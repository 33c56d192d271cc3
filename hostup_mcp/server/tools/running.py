"""Is something at work on a server? While it is, nothing there is deleted."""

from __future__ import annotations

from hostup_mcp.hostup.models import Gate, Vps
from hostup_mcp.server import failures
from hostup_mcp.server.services import Ctx, services


async def refuse_while_working(ctx: Ctx, vps: Vps, can_restore: Gate | None) -> None:
    """Refuse while a job runs on `vps`, as far as HostUp lets it be seen.

    A closed restore gate counts too: a running job closes it, and while there is no going back
    the ways back stay.

    Raises:
        Refusal: nothing may be deleted now.
    """
    if can_restore is not None and not can_restore.allowed:
        closed = failures.gate_closed(can_restore).failure
        message = f"Nothing is deleted while its restore gate is closed. {closed.message}"
        raise failures.Refusal(closed.model_copy(update={"message": message}))
    status = await services(ctx).hostup.get_status(vps.id)
    if status.pending_tasks:
        raise failures.refuse(
            "job_running",
            "A job is running on this server. Nothing was changed.",
            "Wait until it has ended; list_vps_backups shows the gates.",
        )
