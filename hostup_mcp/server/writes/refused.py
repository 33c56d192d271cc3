"""A write that HostUp refused, or that failed before it was sent, as a failure."""

from __future__ import annotations

from datetime import UTC

from hostup_mcp.config import Group
from hostup_mcp.hostup.problems import (
    AccountBlockedError,
    ConflictError,
    HostUpError,
    LockedError,
)
from hostup_mcp.hostup.requests import Expected
from hostup_mcp.recovery.codes import Code
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.failure import Failure, fail
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.writes.context import Phase, WriteContext
from hostup_mcp.wording.render import for_model

OVERDUE = "cancellation_blocked_overdue_invoice"
"""HostUp's code for a cancellation that an invoice blocks."""


def refused_by_hostup(w: WriteContext, error: HostUpError) -> Failure:
    """Return the failure for a request that failed before the write was sent, or refused it."""
    failure = from_hostup(error)
    step = failure.next_step
    if w.phase is Phase.SENT and _may_have_changed(w, error):
        pay = f"{for_model(Code.PAY_INVOICE, UTC)} " if failure.code == OVERDUE else ""
        told = fail(write_texts.CANCEL_REFUSED, said=failure.message, step=pay)
        return failure.model_copy(update={"message": told.message, "next_step": told.next_step})
    if w.phase is Phase.SENT and "planId" in w.ids:
        # HostUp refused it, so the state is not what the plan was made for.
        step += " This plan was consumed; another restore needs a new one from plan_restore."
        if isinstance(error, ConflictError):
            can_stop = Group.POWER in w.services.allowed()
            step += f" {_STOP_WITH_TOOL if can_stop else _STOP_IN_PANEL}"
    message = f"{failure.message} Nothing was changed."
    return failure.model_copy(update={"message": message, "next_step": step})


_IF_RUNNING = "If HostUp wants the server to be stopped first,"
_STOP_WITH_TOOL = f"{_IF_RUNNING} set_vps_power with action shutdown does that."
_STOP_IN_PANEL = f"{_IF_RUNNING} the user can do that in HostUp's panel."


def _may_have_changed(w: WriteContext, error: HostUpError) -> bool:
    """Return whether HostUp may have changed something although it refused the write.

    A cancellation that an overdue invoice blocks switches auto-renewal off, and HostUp documents no
    other conflict of one.
    """
    is_cancellation = (
        w.consent is not None and w.consent.proposal.request.expected is Expected.CANCELLATION
    )
    is_conflict = isinstance(error, ConflictError | AccountBlockedError)
    return is_cancellation and is_conflict and not isinstance(error, LockedError)
