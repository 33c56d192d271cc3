"""Records of the restores that were sent, kept per server until they are deleted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hostup_mcp.server.writes.context import WriteContext
from hostup_mcp.state.store import StateUnavailableError, new_handle


class Recovery(BaseModel):
    """One restore, recorded just before it is sent."""

    model_config = ConfigDict(frozen=True)

    caller: str
    plan_id: str
    path: str
    sent_at: datetime
    outcome: Literal["sent", "accepted", "unknown"] = "sent"
    """Stays `sent` if the process ended before it could record the outcome."""
    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecoveryNote:
    """The record of one restore that is in progress."""

    subject: str
    id: str
    recovery: Recovery


async def note_recovery(w: WriteContext, subject: str, plan_id: str, path: str) -> RecoveryNote:
    """Record that a restore of `subject` is about to be sent.

    Raises:
        StateUnavailableError: it could not be recorded, so it may not be sent.
    """
    recovery = Recovery(caller=w.caller, plan_id=plan_id, path=path, sent_at=w.services.now())
    note = RecoveryNote(subject, new_handle("rec"), recovery)
    await w.services.state.put_recovery(subject, note.id, recovery.model_dump_json())
    return note


async def conclude_recovery(w: WriteContext, note: RecoveryNote | None, *, accepted: bool) -> None:
    """Record the outcome of a restore that was sent."""
    if note is None:
        return
    outcome = "accepted" if accepted else "unknown"
    ended = note.recovery.model_copy(update={"outcome": outcome, "job_id": w.job_id})
    with suppress(StateUnavailableError):
        await w.services.state.put_recovery(note.subject, note.id, ended.model_dump_json())


async def forget_recovery(w: WriteContext, note: RecoveryNote | None) -> None:
    """Delete the record of a restore that was not sent, or that HostUp refused."""
    if note is None:
        return
    with suppress(StateUnavailableError):
        await w.services.state.delete_recovery(note.subject, note.id)


async def last_recovery(w: WriteContext, subject: str) -> Recovery | None:
    """Return the latest restore of `subject`, by any caller or session."""
    recoveries = list((await w.services.state.recoveries(subject)).values())
    return Recovery.model_validate_json(recoveries[-1]) if recoveries else None
