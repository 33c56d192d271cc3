"""How a write runs, from top to bottom.

    ids handed out to this caller? -> propose() -> ask the user -> lock the VPS -> propose() again,
    the same? -> consume the plan and the yes -> audit log "sent" -> send once -> what became of it
    -> audit log -> unlock, but not after an unknown outcome

Whether the tool's group is unlocked is checked before a call gets here. From revision 2026-07-28 on
the call ends with the question, and the call that brings the answer goes on with the lock, so that
propose() runs twice with any revision. For a tool that only proposes what is harmless it runs once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import anyio
from mcp.types import CallToolResult, InputRequiredResult

from hostup_mcp.hostup.problems import ForbiddenError, HostUpError
from hostup_mcp.server.caller import caller
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts, write_texts
from hostup_mcp.server.errors.failure import Failure, RefusalError, fail, refuse, to_result
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.ids import require_handed_out
from hostup_mcp.server.names import recall_name
from hostup_mcp.server.plans import LIFE, plan_again, plan_used
from hostup_mcp.server.reader import READ_SECONDS, reader
from hostup_mcp.server.recoveries import KeptRecovery, Recovery, last_of, subject_of
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.unconfirmed import note_unconfirmed
from hostup_mcp.server.unsettled import mark_unsettled
from hostup_mcp.server.writes.asking import (
    Agreement,
    agree_in_panel,
    already_answered,
    answered,
    ask,
    made_in_other_generation,
    no_longer_open,
)
from hostup_mcp.server.writes.consent import (
    Consent,
    consent_to_destructive,
    consent_to_harmless,
)
from hostup_mcp.server.writes.context import Phase, WriteContext
from hostup_mcp.server.writes.in_flight import ServerStoppingError
from hostup_mcp.server.writes.proposal import Harmless, fingerprint
from hostup_mcp.server.writes.recoveries import (
    conclude_recovery,
    forget_recovery,
    look_before,
    note_end,
    note_name,
    note_recovery,
)
from hostup_mcp.server.writes.refused import refused_by_hostup
from hostup_mcp.server.writes.result import describe
from hostup_mcp.server.writes.sending import look_after, send
from hostup_mcp.state.store import (
    ConsumeResult,
    Consumption,
    Lock,
    RecordKey,
    RecordKind,
    StateReplyLostError,
    StateUnavailableError,
)

T = TypeVar("T")

log = logging.getLogger(__name__)

CHECK_SECONDS = 23.0
"""How long the check after the yes may take; if it takes longer, nothing is sent."""

LOCK_SECONDS = 240.0
"""How long a server stays locked if the write on it never releases the lock.

Longer than the reads before the write, the write, and the read after it can take together.
"""

LOCK_MARGIN_SECONDS = 120.0
"""A write is sent only if its lock has at least this long left."""


async def write(
    tool: WritingTool, arguments: Mapping[str, object], ctx: Ctx
) -> CallToolResult | InputRequiredResult:
    """Run one call of a writing tool: return its result, or the question that comes first."""
    w = WriteContext(services(ctx), tool.name, caller(), _ids(arguments))
    agreed = await _concluded(w, _agree(tool, arguments, ctx, w))
    if isinstance(agreed, CallToolResult | InputRequiredResult):
        return agreed
    return await w.services.in_flight.run(
        lambda: _concluded(w, _carry_out(tool, arguments, ctx, w, agreed)),
        may_abandon=lambda: w.phase is Phase.PREPARING,
    )


async def _agree(
    tool: WritingTool, arguments: Mapping[str, object], ctx: Ctx, w: WriteContext
) -> Agreement | InputRequiredResult:
    """Return what the user agreed to, or the question to the user."""
    if w.services.in_flight.is_stopping:
        raise ServerStoppingError
    if not await w.services.state.is_available():
        # Nothing may be sent without the store, so don't ask either.
        raise StateUnavailableError
    await require_handed_out(w.services, w.caller, arguments)
    if (given := await answered(ctx, w)) is not None:
        return given
    if tool.is_always_harmless:
        return Agreement(str(arguments["id"]), None, None, None)
    reading = reader(ctx, READ_SECONDS)
    proposal = await tool.propose(reading, **arguments)
    if isinstance(proposal, Harmless):
        return Agreement(proposal.vps_id, fingerprint(proposal), None, reading.now)
    if tool.confirmed_in_panel:
        typed, zone = str(arguments["typedName"]), w.services.viewer.zone
        return agree_in_panel(proposal, typed, reading.now, zone)
    question = await ask(ctx, w, proposal, reading.now)
    if isinstance(question, InputRequiredResult):
        w.log("asked the user")
    return question


async def _carry_out(
    tool: WritingTool,
    arguments: Mapping[str, object],
    ctx: Ctx,
    w: WriteContext,
    agreed: Agreement,
) -> CallToolResult:
    """Lock the server, check again, and send. Runs in a task of its own."""
    began = time.time()
    server, zone = await recall_name(w.services, agreed.vps_id), w.services.viewer.zone
    subject = subject_of(w.services, agreed.vps_id)
    lock = await w.services.state.acquire(f"write/{subject}", LOCK_SECONDS)
    if lock is None:
        raise _locked(await last_of(w.services, subject))
    consumed: list[RecordKey] = []
    kept: KeptRecovery | None = None
    try:
        before = await look_before(w, agreed.vps_id) if tool.is_recovery else None
        consent = await _check_again(tool, arguments, ctx, w, agreed)
        consumed = await _consume(w, arguments, agreed, lock)
        if before is not None:
            kept = await note_recovery(w, subject, consent, before)
        if time.time() - began > LOCK_SECONDS - LOCK_MARGIN_SECONDS:
            raise _lock_lost()
        started = await send(ctx, w, consent)
    except BaseException as error:
        if w.phase is Phase.SENT and not isinstance(error, HostUpError):
            # HostUp may still be carrying it out, so leave the lock in place until it expires.
            if w.sent_at is not None:
                await mark_unsettled(w.services, agreed.vps_id, w.write_id, w.sent_at)
                await _note_unconfirmed(w, agreed.vps_id, w.sent_at)
            await conclude_recovery(w, kept, None)
            raise
        if w.consent is not None and isinstance(error, ForbiddenError):
            scopes = w.consent.proposal.request.scopes
            w.services.refusals.note(w.caller, agreed.vps_id, scopes, w.services.now())
        if w.phase is not Phase.SENT:
            await _reopen(w, consumed)
        await forget_recovery(w, kept)
        await _release(w, lock)
        raise
    w.services.refusals.forget(w.caller, agreed.vps_id, consent.proposal.request.scopes)
    await conclude_recovery(w, kept, started)
    await note_name(w, kept, started)
    await note_end(w, consent.proposal.follow_up.ends_recovery)
    await _release(w, lock)
    seen = await look_after(w, consent.proposal)
    result = describe(started, consent, server, zone, w.recovery_id, seen)
    _log_end(w, "accepted by HostUp")
    return result


async def _check_again(
    tool: WritingTool,
    arguments: Mapping[str, object],
    ctx: Ctx,
    w: WriteContext,
    agreed: Agreement,
) -> Consent:
    """Return the consent to what the tool proposes now, if the user agreed to exactly that."""
    with anyio.move_on_after(CHECK_SECONDS) as budget, w.services.in_flight.interruptible():
        reading = reader(ctx, CHECK_SECONDS, agreed.as_of)
        proposal = await tool.propose(reading, **arguments)
    if budget.cancelled_caught:
        raise refuse(texts.TIMED_OUT_AFTER_YES, seconds=f"{CHECK_SECONDS:g}")
    if agreed.vps_id != proposal.vps_id or agreed.fingerprint not in (None, fingerprint(proposal)):
        raise refuse(texts.CHANGED_MEANWHILE)
    if isinstance(proposal, Harmless):
        return consent_to_harmless(proposal)
    if agreed.yes is None:
        raise refuse(texts.CHANGED_MEANWHILE)
    return consent_to_destructive(proposal, agreed.yes)


async def _consume(
    w: WriteContext, arguments: Mapping[str, object], agreed: Agreement, lock: Lock
) -> list[RecordKey]:
    """Consume the plan and the yes; each allows one write."""
    w.phase = Phase.COMMITTED
    plan = _plan_of(arguments)
    keys = [key for key in (plan, agreed.question) if key is not None]
    try:
        result = await w.services.state.consume(w.caller, keys, lock)
    except StateReplyLostError:
        raise refuse(
            write_texts.STATE_REPLY_LOST,
            record="plan" if plan else "yes",
            step="Call plan_restore again for a new plan." if plan else "Call again in a minute.",
        ) from None
    if result.outcome is not Consumption.CONSUMED:
        raise _not_consumed(w, result)
    return keys


async def _reopen(w: WriteContext, consumed: list[RecordKey]) -> None:
    """Undo the consumption of the plan and the yes, since nothing was sent."""
    with suppress(StateUnavailableError):
        for key in consumed:
            await w.services.state.reopen(w.caller, key)


async def _note_unconfirmed(w: WriteContext, vps_id: str, sent_at: datetime) -> None:
    if w.consent is not None:
        effect = w.consent.proposal.follow_up.effect
        await note_unconfirmed(w.services, vps_id, w.write_id, effect, sent_at)


async def _release(w: WriteContext, lock: Lock) -> None:
    """Release `lock`; if the store is unavailable, it expires by itself."""
    with suppress(StateUnavailableError):
        await w.services.state.release(lock)


async def _concluded(w: WriteContext, steps: Coroutine[None, None, T]) -> T | CallToolResult:
    """Return the result of `steps`, or the failure that ended them, and log a failure."""
    try:
        return await steps
    except Exception as error:
        failure = _failure(w, error)
        if failure is None:
            _log_end(w, "failed: a fault of this server")
            raise
        is_unknown = failure.kind is ErrorKind.OUTCOME_UNKNOWN
        _log_end(w, failure.kind if is_unknown else f"refused: {failure.kind}")
        return to_result(failure)
    except BaseException:
        is_unknown = w.phase is Phase.SENT
        _log_end(w, "outcome_unknown" if is_unknown else "cancelled by the client")
        raise


def _failure(w: WriteContext, error: Exception) -> Failure | None:
    """Return the failure that ended the call; None for a bug in this program."""
    match error:
        case RefusalError():
            return error.failure
        case StateUnavailableError():
            return fail(write_texts.STATE_UNAVAILABLE)
        case ServerStoppingError():
            return fail(write_texts.SERVER_STOPPING)
        case HostUpError():
            return refused_by_hostup(w, error)
    if w.phase is not Phase.SENT:
        return None
    log.error("a write failed after it was sent", exc_info=error)
    failure = fail(write_texts.FAILED_AFTER_SENDING, write_id=w.write_id)
    return failure.model_copy(update={"write_id": w.write_id})


def _not_consumed(w: WriteContext, result: ConsumeResult) -> RefusalError:
    is_plan = result.key is not None and result.key.kind is RecordKind.PLAN
    match result.outcome:
        case Consumption.ALREADY_CONSUMED:
            return plan_used() if is_plan else already_answered()
        case Consumption.MISSING:
            if is_plan:
                return plan_again(f"it is older than {LIFE.seconds // 60} minutes")
            return no_longer_open()
        case Consumption.OTHER_GENERATION:
            if is_plan:
                return plan_again("it was made before hostup-mcp lost its stored state")
            return made_in_other_generation(w.tool)
        case _:
            return _lock_lost()


def _plan_of(arguments: Mapping[str, object]) -> RecordKey | None:
    plan_id = arguments.get("planId")
    return None if plan_id is None else RecordKey(RecordKind.PLAN, str(plan_id))


def _ids(arguments: Mapping[str, object]) -> dict[str, str]:
    named = ("id", "backupId", "snapshotName", "planId")
    return {name: str(arguments[name]) for name in named if arguments.get(name) is not None}


def _log_end(w: WriteContext, outcome: str) -> None:
    """Log how the call ended. If the log cannot be written, the result stays the same."""
    with suppress(RefusalError):
        w.log(outcome)


def _locked(last: Recovery | None) -> RefusalError:
    sent = "" if last is None else f" Its last restore was sent at {last.sent_at:%H:%M} UTC."
    return refuse(texts.WRITE_IN_FLIGHT, last=sent)


def _lock_lost() -> RefusalError:
    return refuse(texts.LOCK_LOST)
