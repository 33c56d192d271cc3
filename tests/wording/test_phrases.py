"""Verdicts, gates and quotas as parts of a line."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hostup_mcp.hostup.models import Gate, QuotaInfo, parse_time
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.here import ClientCannotAsk, Here, JobRunning, Locked, UnlockBySetting
from hostup_mcp.recovery.reasons import GateClosed, GateOpen, NoBackups, verdict_of
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.wording.phrases import date_text, gate_text, quota_text, verdict_text


@pytest.mark.parametrize(
    ("gate", "text"),
    [
        (None, "HostUp does not say"),
        (Gate(allowed=True, reason=None), "allowed"),
        (Gate(allowed=True, reason="soon"), 'allowed; HostUp: "soon"'),
        (Gate(allowed=False, reason=None), "not allowed; HostUp: no reason given"),
        (Gate(allowed=False, reason=""), "not allowed; HostUp: no reason given"),
        (Gate(allowed=False, reason="a", code="b"), 'not allowed; HostUp: "a" (code "b")'),
        (
            Gate(allowed=False, reason=None, code="b"),
            'not allowed; HostUp: no reason given (code "b")',
        ),
    ],
)
def test_gate_text(gate: Gate | None, text: str) -> None:
    assert gate_text(gate) == text


LOCK = Locked(("restore",), UnlockBySetting("restore"))
CREATE_LOCK = Locked(("create",), UnlockBySetting("create"))
CANNOT_ASK = ClientCannotAsk(Code.USE_ASKING_CLIENT)
UNLOCK = (
    "Locked; to unlock: set --allow or HOSTUP_MCP_ALLOW to {0}, plus any group added meanwhile, "
    "where hostup-mcp is configured, then restart it."
)
WORKING = JobRunning(datetime(2026, 4, 27, 10, tzinfo=UTC))
IN_PANEL = "The user can do it in HostUp's panel."
BUSY = GateClosed("Busy.", "busy")


@pytest.mark.parametrize(
    ("reasons", "here", "before", "known", "text"),
    [
        ([GateOpen(None, None)], [], None, [], "A: POSSIBLE."),
        ([GateOpen("Slow.", None)], [], None, [], 'A: POSSIBLE. HostUp: "Slow.".'),
        ([BUSY], [LOCK], None, [], 'A: BLOCKED. HostUp: "Busy." (code "busy").'),
        ([BUSY], [LOCK], None, [BUSY], "A: BLOCKED for the same reason."),
        ([BUSY], [], None, [BUSY, NoBackups()], 'A: BLOCKED. HostUp: "Busy." (code "busy").'),
        (
            [GateClosed(None, "busy")],
            [],
            None,
            [],
            'A: BLOCKED. HostUp: no reason given (code "busy").',
        ),
        (
            [GateClosed(None, None)],
            [],
            None,
            [],
            "A: BLOCKED. HostUp does not allow this and gave no reason.",
        ),
        (
            [GateOpen(None, None)],
            [LOCK],
            None,
            [],
            f"A: possible at HostUp, not from here. {UNLOCK.format('restore')} {IN_PANEL}",
        ),
        (
            [GateOpen(None, None)],
            [CREATE_LOCK],
            [LOCK],
            [],
            "A: possible at HostUp, not from here. Locked too (create).",
        ),
        (
            [GateOpen(None, None)],
            [Locked(("create",), UnlockBySetting("create,power"))],
            [LOCK],
            [],
            "A: possible at HostUp, not from here. Locked too (create).",
        ),
        (
            [GateOpen(None, None)],
            [CREATE_LOCK, CANNOT_ASK],
            [LOCK, CANNOT_ASK],
            [],
            "A: possible at HostUp, not from here. Locked too (create). The rest as above.",
        ),
        (
            [GateOpen(None, None)],
            [CANNOT_ASK],
            [CANNOT_ASK],
            [],
            "A: possible at HostUp, not from here for the same reason.",
        ),
        (
            [GateOpen(None, None)],
            [WORKING],
            [LOCK, WORKING],
            [],
            "A: possible at HostUp, not from here for the same reason (but it is not locked).",
        ),
        (
            [GateOpen(None, None)],
            [WORKING],
            [LOCK, CANNOT_ASK, WORKING],
            [],
            "A: possible at HostUp, not from here for the same reason (but it is not locked, and "
            "nobody has to be asked).",
        ),
        (
            [GateOpen(None, None)],
            [CREATE_LOCK, WORKING],
            [LOCK, CANNOT_ASK, WORKING],
            [],
            "A: possible at HostUp, not from here. Locked too (create). The rest as above (but "
            "nobody has to be asked).",
        ),
        (
            [GateOpen(None, None)],
            [CREATE_LOCK],
            [],
            [],
            f"A: possible at HostUp, not from here. {UNLOCK.format('create')}",
        ),
    ],
)
def test_verdict_text(
    reasons: list[Any], here: list[Any], before: list[Any] | None, known: list[Any], text: str
) -> None:
    seen = None if before is None else Here(tuple(before))
    found = verdict_text("A", verdict_of(reasons), reasons, Here(tuple(here)), UTC, seen, known)
    assert found == text


def test_a_change_in_progress_is_not_made_in_the_panel() -> None:
    here = Here((JobRunning(datetime(2026, 4, 27, 12, tzinfo=UTC)),))
    text = verdict_text("A", Verdict.POSSIBLE, [], here, UTC)
    assert text.endswith("at most until Mon 2026-04-27 12:00 UTC, no other is sent.")


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
