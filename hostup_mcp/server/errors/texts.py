"""The text of every error, for tools and `hostup-mcp doctor` alike.

`{names}` stand for facts that the place where the error occurs fills in.
"""

from __future__ import annotations

from dataclasses import dataclass

from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.server.errors.kinds import ErrorKind


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What one error says."""

    kind: ErrorKind
    message: str
    """What happened."""
    next_step: str
    """What a model should do next."""
    changed: str = ""
    """Whether anything was changed; empty for errors of requests that may only have read."""
    user_step: str = ""
    """What the user can do; given where `doctor` can meet the error."""


_NOTHING = "Nothing was changed."
_NOTHING_NOW = "Nothing was changed by this call."
_CHECK = "Call list_vps_backups to check the current state, then tell the user."
_LATER = "Call again in a minute; if it stays so, HostUp's support or status page can tell."
_NETWORK = "Call again; if it stays so, ask the user to check the network of this machine."
_INVALID = "Invalid arguments for {tool}; no request was sent."
_USER_LATER = "Try again later; HostUp's status page may say more."

# Set-up -------------------------------------------------------------------------------------------

NOT_CONFIGURED = ErrorText(
    ErrorKind.NOT_CONFIGURED,
    "hostup-mcp is not set up: {problems}",
    "Ask the user to set this where the server is configured, and restart it. "
    "`hostup-mcp doctor` checks it.",
)
UNAUTHORIZED = ErrorText(
    ErrorKind.UNAUTHORIZED,
    "HostUp rejected the API key. {said}",
    f"Ask the user to check HOSTUP_API_KEY; keys are created at {KEYS_PAGE}.",
    user_step=f"Check HOSTUP_API_KEY, or create a new key at {KEYS_PAGE}.",
)
FORBIDDEN = ErrorText(
    ErrorKind.FORBIDDEN,
    "HostUp does not allow this with this API key. {said} It needs {scopes}.",
    f"Ask the user to check the key at {KEYS_PAGE}; the server must belong to its account. Trying "
    "again does not help.",
    user_step=f"Give the key the scope that it needs, at {KEYS_PAGE}, or ask HostUp's support.",
)
EDGE_REFUSED = ErrorText(
    ErrorKind.EDGE_REFUSED,
    "Something in front of HostUp's API rejected the request (403); this is not about the key's "
    "scopes.",
    "Ask the user whether their network, VPN or IP restrictions are in the way; HostUp's support "
    "can tell.",
    user_step="Check VPN, proxy and the key's IP restrictions, or ask HostUp's support.",
)
REDIRECTED = ErrorText(
    ErrorKind.REDIRECTED,
    "{error}; the key was not sent on.",
    "Ask the user to check HOSTUP_BASE_URL.",
    user_step="Check HOSTUP_BASE_URL.",
)
NO_ACCOUNT = ErrorText(
    ErrorKind.NO_ACCOUNT,
    "No HostUp account is configured for this caller.",
    "Tell the user: the operator has to add them to the credentials file.",
)
NOT_ALLOWED = ErrorText(
    ErrorKind.NOT_ALLOWED,
    "{tool} is not unlocked on this server.",
    "Only the user can unlock it where the server is configured: --allow with {groups} "
    "(HOSTUP_MCP_ALLOW). They can also do it themselves in HostUp's panel.",
    _NOTHING,
)

# The call itself ----------------------------------------------------------------------------------

UNKNOWN_ID = ErrorText(
    ErrorKind.UNKNOWN_ID,
    "This {argument} was not returned by {tool} in this session; no request was sent.",
    "Call {tool} and use {path} of its result, unchanged. Never make up or alter an id.",
)
INVALID_ARGUMENTS = ErrorText(
    ErrorKind.INVALID_ARGUMENTS, _INVALID, "Correct these arguments and call again."
)
UNKNOWN_ARGUMENTS = ErrorText(
    ErrorKind.INVALID_ARGUMENTS, _INVALID, "Leave these out and call again."
)
MISSING_ARGUMENTS = ErrorText(ErrorKind.INVALID_ARGUMENTS, _INVALID, "Give {arguments}.")
INVALID_CURSOR = ErrorText(
    ErrorKind.INVALID_CURSOR,
    "HostUp does not know this cursor (any more).",
    "Call list_vps again without cursor.",
)
INVALID_REQUEST = ErrorText(
    ErrorKind.INVALID_REQUEST,
    "HostUp rejected the request as invalid. {said}",
    "Correct what it names. If nothing is wrong with the arguments, tell the user.",
    user_step="Correct what it names, or report it.",
)
NAME_TAKEN = ErrorText(
    ErrorKind.NAME_TAKEN,
    "This server already has a snapshot of that name.",
    "Choose another name.",
    _NOTHING,
)

# The state of the server --------------------------------------------------------------------------

GATE_CLOSED = ErrorText(
    ErrorKind.GATE_CLOSED,
    "HostUp does not allow this now: {reason}.",
    "{step} Tell the user; list_vps_backups shows the gates.",
    _NOTHING,
)
GATE_UNKNOWN = ErrorText(
    ErrorKind.GATE_CLOSED,
    "HostUp's response does not say whether this is allowed now.",
    "Call list_vps_backups in a minute; if its gates are still unknown, tell the user.",
    _NOTHING,
)
GATE_CLOSED_FOR_DELETION = ErrorText(
    ErrorKind.GATE_CLOSED,
    "Nothing can be deleted while the restore gate is closed: {reason}.",
    GATE_CLOSED.next_step,
    _NOTHING,
)
CONFLICT = ErrorText(
    ErrorKind.CONFLICT,
    "The server's state does not allow this now. {said}",
    "Call list_vps_backups and read its gates before anything else.",
    user_step="Wait until running jobs have ended.",
)
HOSTUP_LOCKED = ErrorText(
    ErrorKind.CONFLICT,
    "Something else holds the server at HostUp (423), so the request was not carried out. {said}",
    "Wait {wait}, then call list_vps_backups and read its gates before anything else.",
    user_step="Wait until running jobs have ended.",
)
REFUSED = ErrorText(
    ErrorKind.REFUSED,
    "HostUp refused this. {said}",
    "Trying again does not help. Tell the user what HostUp said.",
    user_step="Read what HostUp said; trying again does not help.",
)
JOB_RUNNING = ErrorText(
    ErrorKind.JOB_RUNNING,
    "A job is running on this server.",
    "Wait until it has ended, then call list_vps_backups.",
    _NOTHING,
)
JOB_FAILED = ErrorText(
    ErrorKind.JOB_FAILED,
    "{doing}: HostUp accepted it and reported at once that it failed.",
    _CHECK,
)
NOT_FOUND = ErrorText(
    ErrorKind.NOT_FOUND,
    "It does not exist or is not this account's; HostUp does not tell which. {said}",
    "Call list_vps again and use an id from its result.",
)
BACKUP_MISSING = ErrorText(
    ErrorKind.BACKUP_MISSING,
    "This backup does not exist; it may have been removed.",
    "Call list_vps_backups to see which ones exist.",
    _NOTHING,
)
SNAPSHOT_MISSING = ErrorText(
    ErrorKind.SNAPSHOT_MISSING,
    "This snapshot does not exist; it may have expired.",
    "Call list_vps_snapshots to see which ones exist.",
    _NOTHING,
)
NOT_AVAILABLE = ErrorText(
    ErrorKind.NOT_AVAILABLE,
    "Snapshots are not available for this server: {reason}.",
    "Tell the user. Call list_vps_backups to see whether a backup is possible.",
    _NOTHING,
)

# The user's yes -----------------------------------------------------------------------------------

CANNOT_ASK = ErrorText(
    ErrorKind.CANNOT_ASK,
    "This change needs the user's yes, and questions are not supported by this client.",
    "Tell the user the alternatives: a client{revision} that supports MCP elicitation, HostUp's "
    "panel, or their operator's HOSTUP_MCP_CONFIRM setting. Do not try again in this client.",
    _NOTHING,
)
NOT_CONFIRMED = ErrorText(
    ErrorKind.NOT_CONFIRMED,
    "{why}.",
    "Tell the user. Do not try again unless they ask for it themselves.",
    _NOTHING,
)
NOT_FROM_PANEL = ErrorText(
    ErrorKind.NOT_FROM_PANEL,
    "Only the recovery panel can confirm a plan this way.",
    "Call restore_vps; it asks the user.",
    _NOTHING,
)

# Facts that changed -------------------------------------------------------------------------------

PLAN_AGAIN = ErrorText(
    ErrorKind.PLAN_AGAIN,
    "{why}.",
    "Call plan_restore again and show the user the new plan before anything else.",
    _NOTHING,
)
QUESTION_OF_LOST_STATE = ErrorText(
    ErrorKind.PLAN_AGAIN,
    "The question was asked before this server lost stored state.",
    "Call {tool} again; the user is asked again. If it takes a planId, plan again first.",
    _NOTHING,
)
PLAN_USED = ErrorText(
    ErrorKind.PLAN_USED,
    "This plan was sent to HostUp before, and each plan can be used only once.",
    "Follow the job it started with get_job, or call list_vps_backups; for anything more, plan "
    "again.",
    _NOTHING_NOW,
)
CHANGED_MEANWHILE = ErrorText(
    ErrorKind.CHANGED_MEANWHILE,
    "What this is about changed while the user was asked.",
    "Read it again, and show the user the current state.",
    _NOTHING_NOW,
)
WRITE_IN_FLIGHT = ErrorText(
    ErrorKind.WRITE_IN_FLIGHT,
    "Another change to this server is in progress, or its outcome is unknown.{last}",
    _CHECK,
    _NOTHING_NOW,
)
LOCK_LOST = ErrorText(
    ErrorKind.WRITE_IN_FLIGHT,
    "The lock on this server expired before the change could be sent.",
    "Call list_vps_backups to check the current state before anything else.",
    _NOTHING,
)

# HostUp and the way to it -------------------------------------------------------------------------

RATE_LIMITED = ErrorText(
    ErrorKind.RATE_LIMITED,
    "HostUp accepts no more requests at the moment.",
    "Wait {wait}, then call again.",
    user_step="Wait a minute, then try again.",
)
UNREACHABLE = ErrorText(
    ErrorKind.UNREACHABLE,
    "HostUp cannot be reached: {error}.",
    _NETWORK,
    user_step="Check the network of this machine, and HOSTUP_BASE_URL.",
)
TIMED_OUT = ErrorText(
    ErrorKind.TIMED_OUT, "{error}.", _LATER, user_step="Try again later; check the network."
)
TIMED_OUT_AFTER_YES = ErrorText(
    ErrorKind.TIMED_OUT,
    "HostUp did not respond within {seconds} s after the yes.",
    "Call again in a minute; the user is asked again.",
    _NOTHING,
)
CONNECTION_LOST = ErrorText(
    ErrorKind.CONNECTION_LOST,
    "{error}.",
    _NETWORK,
    user_step="Try again later; check the network.",
)
HOSTUP_FAILED = ErrorText(
    ErrorKind.HOSTUP_FAILED,
    "HostUp's API failed. {said}",
    _LATER,
    user_step=_USER_LATER,
)
HOSTUP_FAILED_WAIT = ErrorText(
    ErrorKind.HOSTUP_FAILED,
    HOSTUP_FAILED.message,
    "Wait {wait}, then call again.",
    user_step=_USER_LATER,
)
BAD_RESPONSE = ErrorText(
    ErrorKind.BAD_RESPONSE,
    "{error}.",
    _LATER,
    user_step="Check HOSTUP_BASE_URL, or try again later.",
)
POLL_URL_REFUSED = ErrorText(
    ErrorKind.POLL_URL_REFUSED,
    "HostUp gave a poll URL on another host for this job; it is not followed.",
    "Call list_vps_backups to see when restores are possible again.",
)

# Writes that were stopped, or whose outcome is not known ------------------------------------------

RESPONSE_LOST = ErrorText(
    ErrorKind.OUTCOME_UNKNOWN,
    "The change was sent, but HostUp's response was lost or unclear, so it is NOT KNOWN whether it "
    "was carried out: {error} {seen}",
    "Do not send it again. Call get_job with writeId {write_id}: HostUp's audit log may show what "
    "became of it. {where_to_look} Tell the user that the outcome is unknown.",
)
FAILED_AFTER_SENDING = ErrorText(
    ErrorKind.OUTCOME_UNKNOWN,
    "The change was sent, and this server failed before it knew the outcome. It is NOT KNOWN "
    "whether it was carried out.",
    "Do not send it again. Call get_job with writeId {write_id}, and list_vps_backups in some "
    "minutes. Tell the user that the outcome is unknown.",
)
AUDIT_LOG_UNAVAILABLE = ErrorText(
    ErrorKind.AUDIT_LOG_UNAVAILABLE,
    "This server's audit log cannot be written.",
    "Ask the user to make the file that HOSTUP_MCP_AUDIT_LOG names writable.",
    _NOTHING,
)
STATE_UNAVAILABLE = ErrorText(
    ErrorKind.STATE_UNAVAILABLE,
    "Shared state is unavailable, so writes are disabled.",
    "Reads still work. Tell the user; their operator can see it in /readyz.",
    _NOTHING_NOW,
)
STATE_REPLY_LOST = ErrorText(
    ErrorKind.STATE_UNAVAILABLE,
    "Shared state did not reply, so it is not known whether this {record} was consumed.",
    "{step}",
    _NOTHING,
)
SERVER_STOPPING = ErrorText(
    ErrorKind.SERVER_STOPPING,
    "This server is stopping.",
    "Call again once the server runs again.",
    _NOTHING_NOW,
)
