"""What HostUp's audit log says of a write whose response was lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hostup_mcp.hostup.audit import AuditRow

EARLIEST = timedelta(minutes=2)
"""How far before the send time a row may be: clocks differ a little."""

LATEST = timedelta(minutes=5)
"""How long after the send time the request can still have arrived."""


class Trace(StrEnum):
    """What was found of a write in the audit log."""

    ACCEPTED = "accepted"
    """Our request is there, and HostUp accepted it."""
    REFUSED = "refused"
    """Our request is there, and HostUp refused it."""
    RECEIVED = "received"
    """Our request is there; what HostUp made of it cannot be told."""
    MATCHING = "matching"
    """A request of the same kind at that time, possibly ours."""
    NONE = "none"
    """No matching row was found, which proves nothing."""


@dataclass(frozen=True, slots=True)
class SentWrite:
    """A write that was sent, as the audit log would show it."""

    id: str
    """Unique to this write; its User-Agent ends in it."""
    method: str
    path: str
    sent_at: datetime


def find_trace(write: SentWrite, rows: Iterable[AuditRow]) -> tuple[Trace, AuditRow | None]:
    """Return what `rows` say about `write`, and the row that says it."""
    matching = None
    for row in rows:
        if row.write_id == write.id:
            return _outcome(row), row
        if matching is None and _matches(write, row):
            matching = row
    return (Trace.NONE if matching is None else Trace.MATCHING), matching


def _outcome(row: AuditRow) -> Trace:
    status = row.status_code
    if row.success is not True:
        is_refused = status is not None and 400 <= status < 500
        return Trace.REFUSED if is_refused else Trace.RECEIVED
    # Of the others, a 200 among them, HostUp does not document that they accept a write.
    is_accepted = status in (202, 204) and not row.error_message
    return Trace.ACCEPTED if is_accepted else Trace.RECEIVED


def _matches(write: SentWrite, row: AuditRow) -> bool:
    at = row.occurred
    return (
        row.method == write.method
        and at is not None
        and write.sent_at - EARLIEST <= at <= write.sent_at + LATEST
        and _is_same_path(write.path, row.path or "")
        # Another write of this program is not this one.
        and row.write_id is None
    )


def _is_same_path(sent: str, recorded: str) -> bool:
    if recorded.startswith("/api/v2/"):
        return recorded == sent
    # HostUp may record an older, internal path; its end is all that can be compared.
    below_server = sent.split("/", 5)[-1]
    return recorded.endswith("/" + below_server)
