"""A closed gate is quoted, never guessed at; only a documented code has a remedy of its own."""

import pytest

from hostup_mcp.hostup.models import Gate
from hostup_mcp.recovery.findings import Reason, Source
from hostup_mcp.recovery.gates import ASK_HOSTUP, allowed_because, closed_because, opened_by

ORDER = "pending order has to be completed or cancelled"
SCOPE = "keys are made at https://cloud.hostup.se/api-management"
NAMED = "reason"
NOT_KNOWN = "not known"
SILENT = "HostUp closed this and gave no reason."

CASES = [
    # reason, code, the reason as told, where it comes from, a part of what would open the gate
    ("Busy.", None, "Busy.", Source.GATE, NAMED),
    ("Busy.", "new_code", "Busy.", Source.GATE, NAMED),
    ("Order.", "pending_order", "Order.", Source.GATE, ORDER),
    (
        None,
        "pending_order",
        "HostUp closed this with the code pending_order and no explanation.",
        Source.GATE,
        ORDER,
    ),
    (
        None,
        "new_code",
        "HostUp closed this with the code new_code and no explanation.",
        Source.GATE,
        NOT_KNOWN,
    ),
    (
        "",
        "new_code",
        "HostUp closed this with the code new_code and no explanation.",
        Source.GATE,
        NOT_KNOWN,
    ),
    ("No scope.", "forbidden", "No scope.", Source.GATE, SCOPE),
    (None, None, SILENT, Source.UNKNOWN, NOT_KNOWN),
    ("", None, SILENT, Source.UNKNOWN, NOT_KNOWN),
    (None, "", SILENT, Source.UNKNOWN, NOT_KNOWN),
    ("Order.", "PENDING_ORDER", "Order.", Source.GATE, NAMED),
]


@pytest.mark.parametrize(("reason", "code", "told", "source", "remedy"), CASES)
def test_a_closed_gate_is_told_as_it_came(
    reason: str | None, code: str | None, told: str, source: Source, remedy: str
) -> None:
    gate = Gate(allowed=False, reason=reason, code=code)
    assert closed_because(gate) == Reason(code=code or None, message=told, source=source)
    assert remedy in opened_by(gate)
    assert opened_by(gate).endswith(ASK_HOSTUP) is (remedy not in (ORDER, SCOPE))


def test_a_gate_that_sent_no_code_at_all_is_read_like_a_null_one() -> None:
    gate = Gate.model_validate({"allowed": False, "reason": None})
    assert closed_because(gate) == closed_because(Gate(allowed=False, reason=None, code=None))


@pytest.mark.parametrize(
    ("reason", "code", "told"),
    [
        (None, None, "HostUp allows it."),
        ("", None, "HostUp allows it."),
        ("Slow today.", "slow", "Slow today."),
    ],
)
def test_an_open_gate_passes_on_what_it_remarks(
    reason: str | None, code: str | None, told: str
) -> None:
    gate = Gate(allowed=True, reason=reason, code=code)
    assert allowed_because(gate) == Reason(code=code, message=told, source=Source.GATE)
