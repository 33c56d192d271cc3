"""The text of every error, for tools and `hostup-mcp doctor` alike.

`{names}` stand for facts that the place where the error occurs fills in.
"""

from __future__ import annotations

from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.errors.text import NOTHING, NOTHING_NOW, ErrorText

_CHECK = "Call list_vps_backups to check the current state, then tell the user."
_LATER = "Call again in {wait}; if it keeps failing, HostUp's status page or support may say why."
_NETWORK = "Call again; if it keeps failing, ask the user to check this machine's network."
_INVALID = "Invalid arguments for {tool}; no request was sent."
_USER_LATER = "Try again later; HostUp's status page may say more."

# Set-up -------------------------------------------------------------------------------------------

NOT_CONFIGURED = ErrorText(
    ErrorKind.NOT_CONFIGURED,
    "hostup-mcp is not set up: {problems}",
    "Ask the user to set this where hostup-mcp is configured, and restart it. "
    "`hostup-mcp doctor` checks it.",
)
CLIENT_SETUP = ErrorText(
    ErrorKind.NOT_CONFIGURED,
    "hostup-mcp cannot connect to anything: {error}",
    NOT_CONFIGURED.next_step,
)
UNAUTHORIZED = ErrorText(
    ErrorKind.UNAUTHORIZED,
    "HostUp rejected the API key. {said}",
    f"Ask the user to check HOSTUP_API_KEY; keys are created at {KEYS_PAGE}.",
    user_step=f"Check HOSTUP_API_KEY, or create a new key at {KEYS_PAGE}.",
)
FORBIDDEN = ErrorText(
    ErrorKind.FORBIDDEN,
    "This API key is not allowed to do that. {said} The action needs {scopes}.",
    f"Ask the user to check the key at {KEYS_PAGE}; the server must belong to the same account as "
    "the key. Retrying will not help.",
    user_step=f"Give the key the scope that it needs, at {KEYS_PAGE}, or ask HostUp's support.",
)
EDGE_REFUSED = ErrorText(
    ErrorKind.EDGE_REFUSED,
    "Something in front of HostUp's API rejected the request; the key's scopes are not the reason.",
    "Ask the user whether their network, a VPN or the key's IP restrictions block it; HostUp's "
    "support can help.",
    user_step="Check VPN, proxy and the key's IP restrictions, or ask HostUp's support.",
)
REDIRECTED = ErrorText(
    ErrorKind.REDIRECTED,
    "{error}; the key was not sent there.",
    "Ask the user to check HOSTUP_BASE_URL.",
    user_step="Check HOSTUP_BASE_URL.",
)
NO_ACCOUNT = ErrorText(
    ErrorKind.NO_ACCOUNT,
    "No HostUp account is configured for this caller.",
    "Tell the user that whoever runs hostup-mcp has to add them to its credentials file.",
)
NOT_ALLOWED = ErrorText(
    ErrorKind.NOT_ALLOWED,
    "{tool} is locked in hostup-mcp.",
    "Tell the user. To unlock: {how}. They can also make the change themselves in HostUp's panel.",
    NOTHING,
)

# The call itself ----------------------------------------------------------------------------------

UNKNOWN_ID = ErrorText(
    ErrorKind.UNKNOWN_ID,
    "This {argument} was not returned by {tool} in this session; no request was sent.",
    "Call {tool} and use {path} from its result, unchanged. Never make up or alter an id.",
)
UNKNOWN_JOB = ErrorText(
    ErrorKind.UNKNOWN_ID,
    "No change of the last {days} days returned this {argument} to this user; no request was sent.",
    "Use one from an earlier result, unchanged. Without it, call list_vps and list_vps_backups to "
    "check the server, and verify_recovery after a restore.",
)
INVALID_ARGUMENTS = ErrorText(
    ErrorKind.INVALID_ARGUMENTS, _INVALID, "Correct these arguments and call again."
)
UNKNOWN_ARGUMENTS = ErrorText(
    ErrorKind.INVALID_ARGUMENTS, _INVALID, "Leave these out and call again."
)
MISSING_ARGUMENTS = ErrorText(
    ErrorKind.INVALID_ARGUMENTS, _INVALID, "Call it again with {arguments}."
)
EXCLUSIVE_ARGUMENTS = ErrorText(
    ErrorKind.INVALID_ARGUMENTS, _INVALID, "Call it again with {arguments}, not with both."
)
INVALID_CURSOR = ErrorText(
    ErrorKind.INVALID_CURSOR,
    "This cursor is not known, or no longer valid.",
    "Call again without cursor.",
)
INVALID_REQUEST = ErrorText(
    ErrorKind.INVALID_REQUEST,
    "HostUp rejected the request as invalid. {said}",
    "Correct what HostUp names. If nothing is wrong with the arguments, tell the user.",
    user_step="Correct what HostUp names, or report it.",
)
NAME_TAKEN = ErrorText(
    ErrorKind.NAME_TAKEN,
    "This VPS already has a snapshot with that name.",
    "Choose another name.",
    NOTHING,
)

# The state of the server --------------------------------------------------------------------------

GATE_CLOSED = ErrorText(
    ErrorKind.GATE_CLOSED,
    "HostUp does not allow this now: {reason}.",
    "{step}Tell the user.",
    NOTHING,
)
GATE_UNKNOWN = ErrorText(
    ErrorKind.GATE_CLOSED,
    "HostUp's response does not say whether this is allowed now.",
    "Call list_vps_backups in a minute; if its gates are still unknown, tell the user.",
    NOTHING,
)
GATE_CLOSED_FOR_DELETION = ErrorText(
    ErrorKind.GATE_CLOSED,
    "Nothing can be deleted while the restore gate is closed: {reason}.",
    GATE_CLOSED.next_step,
    NOTHING,
)
GATE_CLOSED_FOR_START = ErrorText(
    ErrorKind.GATE_CLOSED,
    "A job may be running on this VPS: HostUp does not say, and its restore gate, which a "
    "running job closes, is closed: {reason}.",
    GATE_CLOSED.next_step,
    NOTHING,
)
POWER_GATE_CLOSED = ErrorText(
    ErrorKind.GATE_CLOSED, GATE_CLOSED.message, "{step}Tell the user.", NOTHING
)
ALREADY_IN_STATE = ErrorText(
    ErrorKind.POWER_STATE,
    "This VPS is already {state}.",
    "There is nothing to do; tell the user.",
    NOTHING,
)
CANNOT_RESTART = ErrorText(
    ErrorKind.POWER_STATE,
    "This VPS is {state}, so it cannot be restarted.",
    "Tell the user. If they want it to run, call set_vps_power with action start.",
    NOTHING,
)
CONFLICT = ErrorText(
    ErrorKind.CONFLICT,
    "The server's state does not allow this now. {said}",
    "Call list_vps_backups and read its gates before doing anything else.",
    user_step="Wait until running jobs have finished.",
)
HOSTUP_LOCKED = ErrorText(
    ErrorKind.CONFLICT,
    "HostUp has locked this VPS for another operation (423), so the request was not carried "
    "out. {said}",
    "Wait {wait}, then call list_vps_backups and read its gates before doing anything else.",
    user_step="Wait until running jobs have finished.",
)
REFUSED = ErrorText(
    ErrorKind.REFUSED,
    "HostUp refused this. {said}",
    "Retrying will not help. Tell the user what HostUp said.",
    user_step="Read what HostUp said; retrying will not help.",
)
JOB_RUNNING = ErrorText(
    ErrorKind.JOB_RUNNING,
    "A job is running on this VPS.",
    "Wait until it has finished, then call list_vps_backups.",
    NOTHING,
)
JOB_FAILED = ErrorText(
    ErrorKind.JOB_FAILED,
    "{doing}: HostUp accepted this and immediately reported that it {end}. {said}",
    _CHECK,
)
NOT_FOUND = ErrorText(
    ErrorKind.NOT_FOUND,
    "It does not exist or belongs to another account; HostUp does not say which. {said}",
    "Call list_vps again and use an id from its result.",
)
BACKUP_MISSING = ErrorText(
    ErrorKind.BACKUP_MISSING,
    "This backup does not exist; it may have been removed.",
    "Call list_vps_backups, from its first page on, to see which ones exist.",
    NOTHING,
)
SNAPSHOT_MISSING = ErrorText(
    ErrorKind.SNAPSHOT_MISSING,
    "This snapshot does not exist; it may have expired.",
    "Call list_vps_snapshots to see which ones exist.",
    NOTHING,
)
NOT_AVAILABLE = ErrorText(
    ErrorKind.NOT_AVAILABLE,
    "Snapshots are not available for this VPS: {reason}.",
    "Tell the user. Call list_vps_backups to see whether a backup is possible.",
    NOTHING,
)

NO_RECOVERY = ErrorText(
    ErrorKind.NO_RECOVERY,
    "No restore of this VPS is recorded for this caller, so there is nothing to compare with.",
    "Only restores that were sent from here for the same caller are known, not those made in "
    "HostUp's panel. list_vps shows the power state; whether the server works, the user has to "
    "look.",
)

# The user's yes -----------------------------------------------------------------------------------

CANNOT_ASK = ErrorText(
    ErrorKind.CANNOT_ASK,
    "This change needs the user's yes, which this client cannot ask for.",
    "Do not call it again in this client. Tell the user: {panel}use a client{revision} with MCP "
    "elicitation, make the change in HostUp's panel, or set HOSTUP_MCP_CONFIRM=client where "
    "hostup-mcp is configured, so that the client's own approval counts.",
    NOTHING,
)
NOT_CONFIRMED = ErrorText(
    ErrorKind.NOT_CONFIRMED,
    "{why}.",
    "Explain it and let the user choose; call again only if they ask for it.",
    NOTHING,
)
NOT_FROM_PANEL = ErrorText(
    ErrorKind.NOT_FROM_PANEL,
    "Only the recovery panel can confirm a plan this way.",
    "Call restore_vps; it asks the user.",
    NOTHING,
)

# Facts that changed -------------------------------------------------------------------------------

PLAN_AGAIN = ErrorText(
    ErrorKind.PLAN_AGAIN,
    "This plan can no longer be used: {why}.",
    "Call plan_restore again and show the user the new plan before doing anything else.",
    NOTHING,
)
QUESTION_OF_LOST_STATE = ErrorText(
    ErrorKind.PLAN_AGAIN,
    "The user was asked before hostup-mcp lost its stored state, so their answer no longer counts.",
    "Call {tool} again; the user is asked again. If it takes a planId, call plan_restore first.",
    NOTHING,
)
PLAN_USED = ErrorText(
    ErrorKind.PLAN_USED,
    "This plan was already sent to HostUp, and each plan can be used only once.",
    "If it started a job, follow it with get_job; otherwise call list_vps_backups. For anything "
    "more, call plan_restore again.",
    NOTHING_NOW,
)
CHANGED_MEANWHILE = ErrorText(
    ErrorKind.CHANGED_MEANWHILE,
    "The facts behind this change were different after the user was asked.",
    "Read them again, and show the user the current state.",
    NOTHING_NOW,
)
WRITE_IN_FLIGHT = ErrorText(
    ErrorKind.WRITE_IN_FLIGHT,
    "Another change to this VPS is in progress, or its outcome is unknown.{last}",
    _CHECK,
    NOTHING_NOW,
)
LOCK_LOST = ErrorText(
    ErrorKind.WRITE_IN_FLIGHT,
    "The lock on this VPS expired before the change could be sent.",
    "Call list_vps_backups to check the current state before doing anything else.",
    NOTHING,
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
    NOTHING,
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
    "HostUp gave this job a poll URL that hostup-mcp does not follow: it may lead to another host.",
    "Call list_vps_backups to see when restores are possible again.",
)
