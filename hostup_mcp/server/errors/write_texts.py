"""The errors of writes that were stopped, or whose outcome is not known."""

from __future__ import annotations

from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.errors.text import NOTHING, NOTHING_NOW, ErrorText

RESPONSE_LOST = ErrorText(
    ErrorKind.OUTCOME_UNKNOWN,
    "The change was sent, but HostUp's response was lost or unclear, so it is NOT KNOWN for "
    "certain whether it was carried out: {error} {seen}",
    "Do not send it again. In a minute, call get_job with writeId {write_id} (the id of this "
    "request): it reads HostUp's audit log and the server, and says when to stop looking. "
    "{where_to_look} Tell the user what is known and what is not.",
)
FAILED_AFTER_SENDING = ErrorText(
    ErrorKind.OUTCOME_UNKNOWN,
    "The change was sent, and hostup-mcp failed before it knew the outcome. It is NOT KNOWN "
    "whether it was carried out.",
    "Do not send it again. In a minute, call get_job with writeId {write_id} (the id of this "
    "request), and list_vps_backups in a few minutes. Tell the user that the outcome is unknown.",
)
NOT_ENDABLE = ErrorText(
    ErrorKind.NOT_A_REHEARSAL,
    "{why}. Only the server of a rehearsal can be ended from here.",
    "Tell the user. They can cancel a server themselves in HostUp's panel.",
    NOTHING,
)
ALREADY_CANCELLED = ErrorText(
    ErrorKind.CONFLICT,
    "HostUp shows that this VPS is cancelled already ({state}).",
    "Tell the user; list_vps shows whether it is still there.",
    NOTHING,
)
CANCEL_REFUSED = ErrorText(
    ErrorKind.CONFLICT,
    "HostUp refused to cancel the server, which goes on costing money. It may have switched off "
    "auto-renewal all the same. {said}",
    "{step}Tell the user; they can look in HostUp's panel.",
)
AUDIT_LOG_UNAVAILABLE = ErrorText(
    ErrorKind.AUDIT_LOG_UNAVAILABLE,
    "The audit log of hostup-mcp cannot be written.",
    "Ask the user to make the file that HOSTUP_MCP_AUDIT_LOG names writable.",
    NOTHING,
)
STATE_UNAVAILABLE = ErrorText(
    ErrorKind.STATE_UNAVAILABLE,
    "Shared state is unavailable, so writes are disabled.",
    "Reads still work. Tell the user; whoever runs hostup-mcp can check /readyz.",
    NOTHING_NOW,
)
RECOVERIES_UNAVAILABLE = ErrorText(
    ErrorKind.STATE_UNAVAILABLE,
    "Shared state is unavailable, so the record of the restore cannot be read.",
    "Call again in a minute. list_vps still shows the power state.",
)
STATE_REPLY_LOST = ErrorText(
    ErrorKind.STATE_UNAVAILABLE,
    "Shared state did not reply, so it is not known whether this {record} was consumed.",
    "{step}",
    NOTHING,
)
SERVER_STOPPING = ErrorText(
    ErrorKind.SERVER_STOPPING,
    "hostup-mcp is stopping.",
    "Call again once it has restarted.",
    NOTHING_NOW,
)
