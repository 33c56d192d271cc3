"""What HostUp's audit log proves of a write whose response was lost, and what it does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.recovery.sent_writes import EARLIEST, LATEST, SentWrite, Trace, find_trace

SENT = datetime(2026, 4, 27, 11, 32, tzinfo=UTC)
PATH = "/api/v2/vps/vps_1/backups/bkp_1/actions/restore"
WRITE = SentWrite("0123456789abcdef", "POST", PATH, SENT)
OURS = "hostup-mcp/1.0 (write 0123456789abcdef)"
SECOND = timedelta(seconds=1)


def row(at: datetime | None = SENT, **fields: Any) -> AuditRow:
    known: dict[str, Any] = {
        "method": "POST",
        "path": PATH,
        "user_agent": None,
        "status_code": 202,
        "success": True,
        "occurred_at": None if at is None else at.isoformat(),
        **fields,
    }
    return AuditRow(**known)


@pytest.mark.parametrize(
    ("status", "success", "trace"),
    [
        (200, True, Trace.RECEIVED),
        (202, True, Trace.ACCEPTED),
        (204, True, Trace.ACCEPTED),
        (201, True, Trace.RECEIVED),
        (202, False, Trace.RECEIVED),
        (202, None, Trace.RECEIVED),
        (None, True, Trace.RECEIVED),
        (500, False, Trace.RECEIVED),
        (399, False, Trace.RECEIVED),
        (400, False, Trace.REFUSED),
        (409, None, Trace.REFUSED),
        (499, False, Trace.REFUSED),
        (409, True, Trace.RECEIVED),
    ],
)
def test_our_row_gives_the_outcome(status: int | None, success: bool | None, trace: Trace) -> None:
    ours = row(user_agent=OURS, status_code=status, success=success)
    assert find_trace(WRITE, [row(), ours]) == (trace, ours)


def test_a_row_with_an_error_is_not_accepted() -> None:
    ours = row(user_agent=OURS, error_message="disk quota")
    assert find_trace(WRITE, [ours]) == (Trace.RECEIVED, ours)


def test_our_row_counts_despite_other_fields() -> None:
    ours = row(None, user_agent=OURS, method=None, path=None)
    assert find_trace(WRITE, [ours]) == (Trace.ACCEPTED, ours)


@pytest.mark.parametrize(
    "like",
    [
        row(),
        row(user_agent="curl/8"),
        row(SENT - EARLIEST),
        row(SENT + LATEST),
        row(path="/api/vm/101/backups/bkp_1/actions/restore"),
    ],
)
def test_a_similar_row_is_only_possibly_ours(like: AuditRow) -> None:
    assert find_trace(WRITE, [like, row()]) == (Trace.MATCHING, like)


@pytest.mark.parametrize(
    "other",
    [
        row(None),
        row(SENT - EARLIEST - SECOND),
        row(SENT + LATEST + SECOND),
        row(method="DELETE"),
        row(method=None),
        row(path=None),
        row(path="/api/v2/vps/vps_2/backups/bkp_1/actions/restore"),
        row(path="/api/vm/101/backups/bkp_2/actions/restore"),
        row(path="/api/vm/101/other-backups/bkp_1/actions/restore/now"),
        row(user_agent="hostup-mcp/1.0 (write fedcba9876543210)"),
    ],
)
def test_other_rows_are_not_ours(other: AuditRow) -> None:
    assert find_trace(WRITE, [other]) == (Trace.NONE, None)


def test_no_rows_prove_nothing() -> None:
    assert find_trace(WRITE, []) == (Trace.NONE, None)
