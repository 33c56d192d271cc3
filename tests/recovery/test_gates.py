"""A gate is passed on, never guessed at; only a documented code has a step of its own."""

from typing import Any

import pytest

from hostup_mcp.hostup.models import Gate
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.gates import closed_reason, open_reason, step_to_open, weigh
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    GateClosed,
    GateMissing,
    GateOpen,
    Reason,
    SizeMissing,
)

OPEN_GATE = Gate(allowed=True, reason=None)
CLOSED_GATE = Gate(allowed=False, reason="Busy.", code="busy")


@pytest.mark.parametrize(
    ("said", "code", "reason", "step"),
    [
        ("Busy.", None, GateClosed("Busy.", None), Code.EXPLAIN_REASON),
        ("Busy.", "new_code", GateClosed("Busy.", "new_code"), Code.EXPLAIN_REASON),
        ("Order.", "pending_order", GateClosed("Order.", "pending_order"), Code.COMPLETE_ORDER),
        (None, "pending_order", GateClosed(None, "pending_order"), Code.COMPLETE_ORDER),
        ("Order.", "PENDING_ORDER", GateClosed("Order.", "PENDING_ORDER"), Code.EXPLAIN_REASON),
        ("No scope.", "forbidden", GateClosed("No scope.", "forbidden"), Code.CHECK_SCOPE),
        (None, "new_code", GateClosed(None, "new_code"), Code.ASK_WHY),
        ("", "new_code", GateClosed(None, "new_code"), Code.ASK_WHY),
        (None, None, GateClosed(None, None), Code.ASK_WHY),
        ("", "", GateClosed(None, None), Code.ASK_WHY),
    ],
)
def test_closed_gate_and_its_next_step(
    said: str | None, code: str | None, reason: GateClosed, step: Code
) -> None:
    gate = Gate(allowed=False, reason=said, code=code)
    assert closed_reason(gate) == reason
    assert step_to_open(gate) is step


def test_missing_gate_has_a_step() -> None:
    assert step_to_open(None, "suspended") is Code.ASK_WHETHER


def test_absent_code_reads_like_null() -> None:
    gate = Gate.model_validate({"allowed": False, "reason": None})
    assert closed_reason(gate) == GateClosed(None, None)


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        (None, None, GateOpen(None, None)),
        ("", "", GateOpen(None, None)),
        ("Slow today.", "slow", GateOpen("Slow today.", "slow")),
    ],
)
def test_open_gate_keeps_its_remark(said: str | None, code: str | None, reason: GateOpen) -> None:
    assert open_reason(Gate(allowed=True, reason=said, code=code)) == reason


CLOSED, OPENED, MISSING = (
    GateClosed("Busy.", "busy"),
    GateOpen(None, None),
    GateMissing("canRestore"),
)
DOUBT, BLOCKS = SizeMissing(), BackupMissing()


@pytest.mark.parametrize(
    ("gate", "others", "reasons"),
    [
        (OPEN_GATE, [], [OPENED]),
        (OPEN_GATE, [DOUBT], [DOUBT]),
        (OPEN_GATE, [DOUBT, BLOCKS], [BLOCKS, DOUBT]),
        (CLOSED_GATE, [], [CLOSED]),
        (CLOSED_GATE, [DOUBT, BLOCKS], [CLOSED, BLOCKS, DOUBT]),
        (None, [], [MISSING]),
        (None, [BLOCKS], [BLOCKS, MISSING]),
        (None, [DOUBT], [MISSING, DOUBT]),
    ],
)
def test_all_reasons_blocking_ones_first(
    gate: Gate | None, others: list[Any], reasons: list[Reason]
) -> None:
    assert weigh(gate, "canRestore", *others) == tuple(reasons)
