"""Gates and quotas as parts of a line."""

from datetime import UTC

import pytest

from hostup_mcp.hostup.models import Gate, QuotaInfo, parse_time
from hostup_mcp.wording.phrases import date_text, gate_text, quota_text


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (None, "no gate that can be read"),
        (Gate(allowed=True, reason=None), "gate open"),
        (Gate(allowed=True, reason="soon"), 'gate open, reason "soon"'),
        (Gate(allowed=False, reason=None), "gate closed, reason null"),
        (Gate(allowed=False, reason=""), 'gate closed, reason ""'),
        (Gate(allowed=False, reason="a", code="b"), 'gate closed, reason "a", code "b"'),
        (Gate(allowed=False, reason=None, code="b"), 'gate closed, reason null, code "b"'),
    ],
)
def test_gate_text(gate: Gate | None, text: str) -> None:
    assert gate_text(gate) == text


@pytest.mark.parametrize(
    ("used", "limit", "remaining", "text"),
    [
        (1, 3, 2, "1 of 3 used, 2 left"),
        (None, 3, None, "an unknown number of 3 used, how many are left is unknown"),
        (0, 0, 0, "0 of 0 used, 0 left"),
        (3, 3, None, "3 of 3 used, how many are left is unknown"),
        (3, None, None, "3 used, limit unknown, how many are left is unknown"),
        (3, None, 2, "3 used, limit unknown, 2 left"),
    ],
)
def test_absent_quota_is_not_unlimited(
    used: int, limit: int | None, remaining: int | None, text: str
) -> None:
    assert quota_text(QuotaInfo(used=used, limit=limit, remaining=remaining)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, "date unknown"),
        ("2026-04-27T10:00:00.000Z", "Mon 2026-04-27 10:00 UTC"),
        ("0001-01-01T00:00:00Z", 'date unknown (HostUp says "0001-01-01T00:00:00Z")'),
        ("soon", 'date unknown (HostUp says "soon")'),
    ],
)
def test_only_a_date_is_shown_as_one(text: str | None, shown: str) -> None:
    assert date_text(text, parse_time(text), UTC) == shown
