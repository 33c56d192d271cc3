"""Sends a write, once, and finds out whether it was carried out."""

from __future__ import annotations

import logging

from hostup_mcp.hostup.jobs import BAD_ENDS, JobState, Started
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConnectionLostError,
    HostUpError,
    UnclearResponseError,
)
from hostup_mcp.hostup.requests import Expected
from hostup_mcp.hostup.writing import WritingClient
from hostup_mcp.recovery.effects import BackupMade, ServerCancelled, Shows, Sight
from hostup_mcp.recovery.sent_writes import Outcome, Trace, conclude
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.failure import RefusalError, fail
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.jobs import TrackedJob, poll_path
from hostup_mcp.server.lost_writes import WriteRecord, look, remember, sent_at_hostup
from hostup_mcp.server.services import Ctx, Services
from hostup_mcp.server.tracked import put_tracked
from hostup_mcp.server.unconfirmed import note_unconfirmed
from hostup_mcp.server.writes.consent import Consent
from hostup_mcp.server.writes.context import Phase, WriteContext
from hostup_mcp.server.writes.in_flight import ServerStoppingError
from hostup_mcp.server.writes.proposal import Proposal
from hostup_mcp.state.store import RecordKind
from hostup_mcp.wording.lost_writes import describe_lead, describe_sight

log = logging.getLogger(__name__)

FOLLOW_UP_SECONDS = 10.0
"""How long the read after a lost response may take."""


class OutcomeUnknownError(RefusalError):
    """A write was sent, but its response was lost or unclear; it may have been carried out."""


async def send(ctx: Ctx, w: WriteContext, consent: Consent) -> Started:
    """Send what `consent` permits: logged first, never twice, on a connection of its own.

    Raises:
        RefusalError: the audit log cannot be written; nothing was sent.
        OutcomeUnknownError: it was sent, and its outcome is not known.
        HostUpError: HostUp refused it, or could not be reached.
    """
    w.consent = consent
    record = _record(w, consent.proposal)
    await remember(w.services, record)
    w.log("sent")
    w.sent_at = record.sent_at
    w.phase = Phase.SENT
    try:
        with w.services.in_flight.interruptible():
            client = WritingClient(w.services._connection())
            started = await client.send(consent.proposal.request, w.write_id)
    except HostUpError as error:
        w.request_id = error.request_id
        if not error.sent:
            w.phase = Phase.COMMITTED
        if not error.outcome_unknown:
            raise
        sight = await _look(w.services, record)
        if not (sight.is_proof and _may_be_read(consent.proposal, error, sight)):
            raise await _unknown(w, error, record, sight) from None
        started = Started(state=JobState.SUCCEEDED)
    except ServerStoppingError:
        stopped = ConnectionLostError("hostup-mcp was told to stop before HostUp responded")
        raise _as_unknown(w, stopped, record) from None
    except Exception:
        log.exception("a write failed unexpectedly")
        broken = BadResponseError("HostUp's response could not be processed")
        sight = await _look(w.services, record)
        raise await _unknown(w, broken, record, sight) from None
    if started.vps_id in consent.proposal.follow_up.known_before:
        # It cannot be the new server, whatever HostUp says.
        started = started.model_copy(update={"vps_id": None})
        if started.job_id is None:
            unclear = UnclearResponseError("HostUp's response names a server that is not new")
            raise await _unknown(w, unclear, record, await _look(w.services, record))
    w.job_id = started.job_id
    await _remember(w, consent.proposal, started)
    try:
        await ctx.notify_resource_updated(f"hostup://vps/{consent.proposal.vps_id}/backups")
    except Exception:
        log.warning("subscribers could not be notified of a change", exc_info=True)
    return started


async def look_after(w: WriteContext, proposal: Proposal) -> str:
    """Return what a read shows after HostUp accepted a write, where its response does not tell."""
    if not isinstance(proposal.follow_up.effect, ServerCancelled):
        return ""
    record = _record(w, proposal)
    sight = await _look(w.services, record)
    return describe_sight(sight, record.sent_at, w.services.viewer.zone)


def _may_be_read(proposal: Proposal, error: HostUpError, sight: Sight) -> bool:
    """Return whether `sight` may show that a write that ended with `error` was carried out.

    A response that is no JSON counts as lost. Only to a write whose response is not documented may
    it be HostUp's own, and there the read has to show a change.
    """
    is_documented = proposal.request.expected is not Expected.UNDOCUMENTED
    may_be_whole = not is_documented and sight.shows is Shows.DONE
    return isinstance(error, UnclearResponseError) and (error.is_whole or may_be_whole)


async def _look(services: Services, record: WriteRecord) -> Sight:
    """Read what the server shows of the write. However the read fails, nothing else does."""
    try:
        with services.in_flight.interruptible():
            return await look(services.hostup.within(FOLLOW_UP_SECONDS), record)
    except Exception as trouble:
        if not isinstance(trouble, HostUpError | ServerStoppingError):
            log.exception("the read after a lost response failed")
        return Sight(record.effect, Shows.UNREAD)


async def _unknown(
    w: WriteContext, error: HostUpError, record: WriteRecord, sight: Sight
) -> OutcomeUnknownError:
    sent_at = sent_at_hostup(w.services.hostup, record)
    seen = describe_sight(sight, sent_at, w.services.viewer.zone)
    outcome = conclude(Trace.NONE, sight, w.services.now() - record.sent_at).outcome
    if outcome is Outcome.PROBABLY_STARTED:
        await remember(w.services, record.model_copy(update={"was_started": True}))
    return _as_unknown(w, error, record, seen, describe_lead(outcome))


def _as_unknown(
    w: WriteContext, error: HostUpError, record: WriteRecord, seen: str = "", lead: str = ""
) -> OutcomeUnknownError:
    failure = from_hostup(error)
    lost = fail(
        write_texts.RESPONSE_LOST,
        error=failure.message,
        seen=f"{lead} {seen}".strip(),
        write_id=record.id,
        where_to_look=" ".join(
            filter(None, (record.sign(w.services.viewer.zone), record.where_to_look))
        ),
    )
    return OutcomeUnknownError(
        failure.model_copy(
            update={
                "kind": lost.kind,
                "message": lost.message,
                "seen": seen or None,
                "write_id": record.id,
                "retry_after_seconds": None,
                "next_step": lost.next_step,
            }
        )
    )


def _record(w: WriteContext, proposal: Proposal) -> WriteRecord:
    return WriteRecord(
        id=w.write_id,
        vps_id=proposal.vps_id,
        method=proposal.request.method,
        path=proposal.request.path,
        sent_at=w.services.now(),
        where_to_look=proposal.follow_up.where_to_look,
        effect=proposal.follow_up.effect,
        recovery_id=w.recovery_id,
    )


async def _remember(w: WriteContext, proposal: Proposal, started: Started) -> None:
    """Remember the job and the new server that the response names, for later calls."""
    follow_up = proposal.follow_up
    if started.vps_id is not None:
        await w.services.remember({started.vps_id: ""})
    effect = follow_up.effect
    backup = effect if isinstance(effect, BackupMade) else None
    if started.state in BAD_ENDS and w.sent_at is not None:
        await note_unconfirmed(
            w.services, proposal.vps_id, w.write_id, effect, w.sent_at, has_failed=True
        )
    if started.job_id is not None:
        followed = TrackedJob(
            vps_id=proposal.vps_id,
            poll=poll_path(started.job_id, started.poll_url),
            restored_point=follow_up.restored_point,
            is_own_backup=follow_up.is_own_backup,
            way_back=follow_up.way_back,
            leads_to=follow_up.leads_to,
            recovery_id=w.recovery_id,
            backup=backup,
            sent_at=None if backup is None else w.sent_at,
            restored_vps_id=_restored_vps(proposal, started),
        )
        body = followed.model_dump_json()
        await put_tracked(w.services, RecordKind.JOB, started.job_id, body)


def _restored_vps(proposal: Proposal, started: Started) -> str | None:
    restored = proposal.follow_up.restored
    return None if restored is None else restored.holder(proposal.vps_id, started.vps_id)
