"""Records a restore while it is carried out: before it is sent, and how that ended."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from hostup_mcp.hostup.jobs import Started
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.recovery.evidence import Observation
from hostup_mcp.server import recoveries
from hostup_mcp.server.clocks import by_hostup
from hostup_mcp.server.jobs import poll_path
from hostup_mcp.server.names import remember_servers
from hostup_mcp.server.observing import Looking
from hostup_mcp.server.recoveries import JobEnd, KeptRecovery, Recovery
from hostup_mcp.server.writes.consent import Consent
from hostup_mcp.server.writes.context import WriteContext
from hostup_mcp.server.writes.in_flight import ServerStoppingError
from hostup_mcp.server.writes.proposal import Destructive
from hostup_mcp.state.store import StateUnavailableError, new_handle

log = logging.getLogger(__name__)

NAME_SECONDS = 5.0
"""How long reading the name of a new server may take."""

BASELINE_SECONDS = 5.0
"""How long looking at a server before its restore may take; what is not seen by then is unknown."""


async def look_before(w: WriteContext, vps_id: str) -> Observation:
    """Look at a server before its restore is sent. However that goes, the restore goes on.

    Raises:
        ServerStoppingError: this server was told to stop meanwhile.
    """
    services = w.services
    hostup = services.hostup.within(BASELINE_SECONDS)
    looking = Looking(hostup, services.probe, vps_id, services.now())
    try:
        with services.in_flight.interruptible():
            await looking.look(BASELINE_SECONDS)
    except ExceptionGroup:
        log.exception("a server could not be looked at before its restore")
    return looking.seen


async def note_recovery(
    w: WriteContext, subject: str, consent: Consent, before: Observation
) -> KeptRecovery | None:
    """Record that a restore of `subject` is about to be sent; None for a write that is no restore.

    Raises:
        StateUnavailableError: it could not be recorded, so it may not be sent.
    """
    proposal = consent.proposal
    restored = proposal.follow_up.restored
    if restored is None:
        return None
    recovery = Recovery(
        caller=w.caller,
        plan_id=w.ids["planId"],
        path=proposal.request.path,
        sent_at=w.services.now(),
        ahead=w.services.hostup.clock_offset or 0.0,
        vps_id=proposal.vps_id,
        restored=restored,
        write_id=w.write_id,
        consent=consent.as_json(),
        price=proposal.price if isinstance(proposal, Destructive) else None,
        before=before,
    )
    w.recovery_id = new_handle("rec")
    kept = KeptRecovery(subject, w.recovery_id, recovery)
    await recoveries.put(w.services, kept)
    return kept


async def conclude_recovery(
    w: WriteContext, kept: KeptRecovery | None, started: Started | None
) -> None:
    """Record the outcome of a restore that was sent; `started` is None if it is not known."""
    if kept is None:
        return
    with suppress(StateUnavailableError):
        if started is None:
            await recoveries.update(w.services, kept, outcome="unknown")
            return
        state, job_id = started.state, started.job_id
        now = by_hostup(w.services.hostup, w.services.now())
        told: dict[str, Any] = {
            "outcome": "accepted",
            "job_id": job_id,
            "poll": None if job_id is None else poll_path(job_id, started.poll_url),
        }
        if started.vps_id is not None:
            told["new_vps_id"] = started.vps_id
        if state is not None and state.is_over:
            told["job_end"] = JobEnd(state=state, said=started.reason, at=now)
        await recoveries.update(w.services, kept, **told)


async def note_name(w: WriteContext, kept: KeptRecovery | None, started: Started) -> None:
    """Record the name that HostUp gave the server of a rehearsal, where it can be read.

    It may be another than the one that was sent; a server that has neither was renamed.
    """
    if kept is None or started.vps_id is None or kept.recovery.restored.kind != "rehearsal":
        return
    hostup = w.services.hostup.within(NAME_SECONDS)
    with suppress(HostUpError, ServerStoppingError, StateUnavailableError):
        with w.services.in_flight.interruptible():
            vps = await hostup.get_vps(started.vps_id)
        await remember_servers(w.services, [vps])
        now = await recoveries.own(w.services, w.caller, kept.id)
        if now is not None and vps.name:
            await recoveries.update(w.services, now, given_name=vps.name, seen_at=w.services.now())


async def note_end(w: WriteContext, recovery_id: str | None) -> None:
    """Record that HostUp accepted to end a rehearsal, if that is what was sent."""
    if recovery_id is None:
        return
    with suppress(StateUnavailableError):
        kept = await recoveries.own(w.services, w.caller, recovery_id)
        if kept is not None:
            await recoveries.update(w.services, kept, end_requested_at=w.services.now())


async def forget_recovery(w: WriteContext, kept: KeptRecovery | None) -> None:
    """Delete the record of a restore that was not sent, or that HostUp refused."""
    if kept is None:
        return
    with suppress(StateUnavailableError):
        await recoveries.delete(w.services, kept)
