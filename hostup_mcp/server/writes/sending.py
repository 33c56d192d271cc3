"""Sends a write, once, and finds out what became of it."""

from __future__ import annotations

import json
import logging

from hostup_mcp.hostup.endpoints import segment
from hostup_mcp.hostup.jobs import JobState, Started, is_path_on_host
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConnectionLostError,
    HostUpError,
    UnclearResponseError,
)
from hostup_mcp.hostup.writing import WritingClient
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import RefusalError, fail
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.services import Ctx, Services
from hostup_mcp.server.writes.consent import Consent
from hostup_mcp.server.writes.context import Phase, WriteContext
from hostup_mcp.server.writes.in_flight import ServerStoppingError
from hostup_mcp.server.writes.proposal import FollowUp

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""How long the read after a lost response may take."""


class OutcomeUnknown(RefusalError):
    """A write was sent, but its response was lost or unclear; it may have been carried out."""


async def send(ctx: Ctx, w: WriteContext, consent: Consent) -> Started:
    """Send what `consent` permits: logged first, never twice, on a connection of its own.

    Raises:
        RefusalError: the audit log cannot be written; nothing was sent.
        OutcomeUnknown: it was sent, and its outcome is not known.
        HostUpError: HostUp refused it, or could not be reached.
    """
    w.consent = consent
    w.log("sent")
    w.phase = Phase.SENT
    follow_up = consent.proposal.follow_up
    try:
        with w.services.in_flight.interruptible():
            started = await WritingClient(w.services._connection()).send(consent.proposal.request)
    except HostUpError as error:
        w.request_id = error.request_id
        if not error.sent:
            w.phase = Phase.COMMITTED
        if not error.outcome_unknown:
            raise
        if not (isinstance(error, UnclearResponseError) and await _is_done(w.services, follow_up)):
            raise await _unknown(w.services, error, follow_up) from None
        started = Started(state=JobState.SUCCEEDED)
    except ServerStoppingError:
        stopped = ConnectionLostError("this server was told to stop before HostUp responded")
        raise _as_unknown(stopped, "", follow_up) from None
    except Exception:
        log.exception("a write failed unexpectedly")
        broken = BadResponseError("HostUp's response could not be processed")
        raise await _unknown(w.services, broken, follow_up) from None
    w.job_id = started.job_id
    await _remember_job(w.services, consent.proposal.vps_id, started)
    try:
        await ctx.notify_resource_updated(f"hostup://vps/{consent.proposal.vps_id}/backups")
    except Exception:
        log.warning("subscribers could not be notified of a change", exc_info=True)
    return started


async def _is_done(services: Services, follow_up: FollowUp) -> bool:
    """Whether a read shows the change that an unclear response leaves open."""
    if follow_up.is_done is None:
        return False
    try:
        with services.in_flight.interruptible():
            return await follow_up.is_done(services.hostup.within(LOOK_SECONDS))
    except Exception as trouble:
        if not isinstance(trouble, HostUpError | ServerStoppingError):
            log.exception("the read after an unclear response failed")
        return False


async def _unknown(services: Services, error: HostUpError, follow_up: FollowUp) -> OutcomeUnknown:
    try:
        with services.in_flight.interruptible():
            seen = await follow_up.look(services.hostup.within(LOOK_SECONDS))
    except Exception as trouble:
        # However the read fails, the outcome of the write is unknown.
        if not isinstance(trouble, HostUpError | ServerStoppingError):
            log.exception("the read after a lost response failed")
        seen = "A read of the current state failed too."
    return _as_unknown(error, seen, follow_up)


def _as_unknown(error: HostUpError, seen: str, follow_up: FollowUp) -> OutcomeUnknown:
    failure = from_hostup(error)
    lost = fail(
        texts.RESPONSE_LOST,
        error=failure.message,
        seen=seen,
        where_to_look=follow_up.where_to_look,
    )
    return OutcomeUnknown(
        failure.model_copy(
            update={
                "kind": lost.kind,
                "message": lost.message,
                "seen": seen or None,
                "retry_after_seconds": None,
                "next_step": lost.next_step,
            }
        )
    )


async def _remember_job(services: Services, vps_id: str, started: Started) -> None:
    if started.job_id is None:
        return
    poll = _poll_path(started.job_id, started.poll_url)
    await services.remember({f"job/{started.job_id}": json.dumps({"vps": vps_id, "poll": poll})})


def _poll_path(job_id: str, poll_url: str | None) -> str | None:
    """Where to follow a job: the `poll_url` that HostUp gave, or else the documented path.

    None if that would not be a path on HostUp's own host.
    """
    if poll_url is not None:
        return poll_url if is_path_on_host(poll_url) else None
    return f"/api/jobs/{segment(job_id)}"
