"""Each code, status and combination has one plain next step, and none that does not help."""

from itertools import product
from typing import Any

import pytest

from hostup_mcp.hostup.models import Gate
from hostup_mcp.recovery.assessment import assess
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    GateOpen,
    MayNotFit,
    NoSnapshots,
    Reason,
    SizeMissing,
    SnapshotExpired,
    SnapshotMissing,
)
from hostup_mcp.recovery.steps import next_step, step_to_create, step_to_restore
from hostup_mcp.recovery.verdicts import Verdict

from .listings import NOW, OPEN, backup, closed, listing

FULL = {"limit": None, "remaining": 0}
NO_SLOT = closed("Fullt.")
BUSY = closed("En annan åtgärd pågår.", code="operation_running")

# Of the contract: the one documented code of gates, those documented for errors, and any other.
CODES = {
    "pending_order": Code.COMPLETE_ORDER,
    "pending_orders": Code.COMPLETE_ORDER,
    "forbidden": Code.CHECK_SCOPE,
    "account_inactive": Code.CONTACT_SUPPORT,
    "existing_invoice_blocking": Code.PAY_INVOICE,
    "cancellation_blocked_overdue_invoice": Code.PAY_INVOICE,
    "has_unpaid_invoice": Code.PAY_INVOICE,
}
PASSING = (
    *("invoice_payment_in_progress", "vps_not_ready", "cooldown_active", "upstream_failed"),
    *("upstream_unavailable", "internal_error", "rate_limited", "rate_limit_exceeded"),
    # A running job ends by itself.
    *("operation_running", "operation_in_progress"),
)
UNKNOWN = ("verification_failed", "vps_not_found", "", None)
STATUSES = {
    "active": None,
    "pending": Code.FINISH_ORDER,
    "suspended": Code.LIFT_SUSPENSION,
    "terminated": Code.USE_OTHER_SERVER,
    "cancelled": Code.USE_OTHER_SERVER,
    "expired": Code.USE_OTHER_SERVER,
    "fraud": Code.CONTACT_SUPPORT,
    "unknown": None,
    "Suspended": Code.LIFT_SUSPENSION,
    "something_new": None,
    None: None,
}


def expected(code: str | None, status: str | None, reason: str | None) -> Code:
    if code in CODES:
        return CODES[code]
    if (by_status := STATUSES[status]) is not None:
        return by_status
    if code in PASSING:
        return Code.TRY_LATER
    return Code.EXPLAIN_REASON if reason else Code.ASK_WHY


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("code", [*CODES, *PASSING, *UNKNOWN])
def test_one_step_for_each_code_and_status(code: str | None, status: str | None) -> None:
    for reason, full in product(("Nej.", "", None), (False, True)):
        gate = closed(reason, code=code)
        numbers = FULL if full else {}
        step = expected(code, status, reason)
        both = assess(listing(backup(), restore=gate, create=gate, **numbers), NOW, status=status)
        assert both.restore.to_unblock == (step,)
        # Not twice, and never slots for what closes restores as well.
        helps_create = () if step is Code.USE_OTHER_SERVER else (step,)
        assert both.create.to_unblock == helps_create
        alone = assess(listing(backup(), create=gate, **numbers), NOW, status=status)
        assert alone.restore.to_unblock == ()
        is_unexplained = step in (Code.EXPLAIN_REASON, Code.ASK_WHY)
        slots_help = full and is_unexplained and status == "active"
        assert alone.create.to_unblock == ((Code.GET_SLOTS,) if slots_help else helps_create)


@pytest.mark.parametrize(
    ("some", "restore", "create"),
    [
        ({}, [], []),
        ({"restore": None, "create": None}, [Code.ASK_WHETHER], [Code.ASK_WHETHER]),
        ({"restore": BUSY, "create": BUSY}, [Code.TRY_LATER], [Code.TRY_LATER]),
        (
            {"restore": closed("Upptagen."), "create": NO_SLOT, **FULL},
            [Code.EXPLAIN_REASON],
            [Code.GET_SLOTS],
        ),
        (
            {"restore": None, "create": NO_SLOT, **FULL},
            [Code.ASK_WHETHER],
            [Code.GET_SLOTS],
        ),
    ],
)
def test_one_step_for_each_combination(
    some: dict[str, Any], restore: list[Code], create: list[Code]
) -> None:
    own = listing(backup(), **some)
    assert step_to_restore(own, "active") == tuple(restore)
    assert step_to_create(own, "active") == tuple(create)


@pytest.mark.parametrize(
    ("restore", "used", "step"),
    [
        (OPEN, 0, Code.ONLY_CURRENT_STATE),
        (None, 0, Code.ONLY_CURRENT_STATE),
        (BUSY, 0, Code.ONLY_CURRENT_STATE),
        (closed(code="pending_order"), 0, Code.ONLY_CURRENT_STATE),
        (OPEN, 3, Code.COMPARE_PANEL),
        (None, 3, Code.COMPARE_PANEL),
        (BUSY, 3, Code.TRY_LATER),
        (closed(code="pending_order"), 3, Code.COMPLETE_ORDER),
    ],
)
def test_without_backups_no_gate_helps(
    restore: dict[str, Any] | None, used: int, step: Code
) -> None:
    own = listing(restore=restore, used=used)
    assert step_to_restore(own, "active") == (step,)
    assert assess(own, NOW).restore.verdict is not Verdict.POSSIBLE


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (BackupMissing(), Code.CHOOSE_BACKUP),
        (SnapshotMissing(), Code.CHOOSE_SNAPSHOT),
        (SnapshotExpired(NOW), Code.CHOOSE_SNAPSHOT),
        (NoSnapshots(None), Code.USE_BACKUP),
        (MayNotFit(90, 80), Code.GET_LARGER_DISK),
        (SizeMissing(), Code.ASK_WHETHER),
    ],
)
def test_each_other_reason_has_a_step(reason: Reason, step: Code) -> None:
    gate = Gate(allowed=True, reason=None)
    assert next_step(gate, "active", (reason,)) == (step,)
    assert next_step(gate, "active", (reason, SizeMissing())) == (step,)
    assert next_step(gate, "active", (GateOpen(None, None),)) == ()
    busy = Gate(allowed=False, reason="Busy.")
    assert next_step(busy, "active", (reason,)) == (Code.EXPLAIN_REASON,)
