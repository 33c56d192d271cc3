"""Writes whose outcome is unknown: their record, and what HostUp's audit log says about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict

from hostup_mcp.hostup.audit import AuditRow
from hostup_mcp.hostup.models import parse_time
from hostup_mcp.hostup.problems import ForbiddenError, HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.sent_writes import EARLIEST, SentWrite, Trace, find_trace
from hostup_mcp.server.errors.failure import describe as describe_failure
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.names import ServerName, about_subject
from hostup_mcp.server.result import to_result
from hostup_mcp.wording import formats
from hostup_mcp.wording.phrases import date_text, now_text


class WriteRecord(BaseModel):
    """A write, stored when it is sent so that `get_job` can look it up if its response is lost."""

    model_config = ConfigDict(frozen=True)

    id: str
    vps_id: str
    method: str
    path: str
    sent_at: datetime
    where_to_look: str
    """A sentence that says where to look for the outcome."""
    overwrites: bool
    """Whether it was to overwrite the server's disk."""
    new_name: str | None = None
    """The name of the server that it was to build; None if it was to build none."""

    def sign(self, zone: tzinfo) -> str:
        """Return what the user can look for on the server; empty if nothing there shows it."""
        if not self.overwrites:
            return ""
        return (
            f"If a file written after {formats.stamp(self.sent_at, zone)} is still on the server, "
            "the restore did not happen."
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What HostUp's audit log says about a write."""

    trace: Trace
    row: AuditRow | None
    """The row that says it."""
    message: str


async def look_up(hostup: ReadingClient, write: WriteRecord, zone: tzinfo) -> Found:
    """Look `write` up in HostUp's audit log. If it cannot be read, the message says why."""
    there = sent_at_hostup(hostup, write)
    sent = SentWrite(write.id, write.method, write.path, there)
    try:
        rows = (await hostup.audit_log(there - EARLIEST)).rows
    except ForbiddenError:
        return Found(Trace.NONE, None, _NO_SCOPE)
    except HostUpError as error:
        why = describe_failure(from_hostup(error))
        return Found(Trace.NONE, None, f"HostUp's audit log could not be read: {why}{_AGAIN}")
    trace, row = find_trace(sent, rows)
    seen = "" if row is None else f" ({_facts(row, zone)})"
    return Found(trace, row, _MESSAGES[trace].format(seen=seen))


def sent_at_hostup(hostup: ReadingClient, write: WriteRecord) -> datetime:
    """Return when `write` was sent, by HostUp's clock as far as it is known."""
    return write.sent_at + timedelta(seconds=hostup.clock_offset or 0)


def describe(
    write: WriteRecord, server: ServerName, found: Found, seen: str, now: datetime, zone: tzinfo
) -> CallToolResult:
    """Return the result of `get_job` for `write`; `seen` is what the server's backups show now."""
    trace, row = found.trace, found.row
    is_settled = trace in (Trace.ACCEPTED, Trace.REFUSED)
    sign = "" if is_settled else write.sign(zone)
    look = "" if trace is Trace.REFUSED else write.where_to_look
    state = trace.value if is_settled else "unknown"
    message = " ".join(filter(None, (found.message, seen, sign, look)))
    return to_result(
        [f"Write {safe_word(write.id)} to {server}: {state}. {now_text(now, zone)} {message}"],
        {
            "jobId": None,
            "writeId": write.id,
            **about_subject(server, now),
            "state": state,
            "status": None if row is None or row.status_code is None else str(row.status_code),
            "progress": None,
            "seenAt": None if row is None else row.occurred_at,
            "message": message,
        },
    )


_AGAIN = " Do not send it again because of this alone; that is the user's decision."

_NO_SCOPE = (
    "This key may not read HostUp's audit log, which could show whether the request arrived. A key "
    "with the scope audit:read can." + _AGAIN
)
_MESSAGES = {
    Trace.ACCEPTED: "HostUp's audit log shows this request as accepted{seen}. It names no job and "
    "does not say whether the job succeeded.",
    Trace.REFUSED: "HostUp's audit log shows this request as refused{seen}. Nothing was changed.",
    Trace.RECEIVED: "HostUp's audit log shows this request{seen}, but not whether it was accepted."
    + _AGAIN,
    Trace.MATCHING: "HostUp's audit log shows a matching request, possibly this one{seen}."
    + _AGAIN,
    Trace.NONE: "HostUp's audit log does not show this request, which proves nothing: entries may "
    "be late or missing." + _AGAIN,
}


def _facts(row: AuditRow, zone: tzinfo) -> str:
    at = row.occurred_at
    facts = [
        f"{label} {value}"
        for label, value in (
            ("at", None if at is None else date_text(at, parse_time(at), zone)),
            ("status", row.status_code),
            ("error", None if row.error_message is None else quoted(row.error_message)),
            ("request id", None if row.request_id is None else safe_word(row.request_id)),
        )
        if value is not None
    ]
    return ", ".join(facts)
