"""The stable values of `error.kind`; `docs/errors.md` explains each."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What sort of error it is, for a program."""

    NOT_CONFIGURED = "not_configured"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    EDGE_REFUSED = "edge_refused"
    REDIRECTED = "redirected"
    NO_ACCOUNT = "no_account"
    NOT_ALLOWED = "not_allowed"

    UNKNOWN_ID = "unknown_id"
    INVALID_ARGUMENTS = "invalid_arguments"
    INVALID_CURSOR = "invalid_cursor"
    INVALID_REQUEST = "invalid_request"
    NAME_TAKEN = "name_taken"

    GATE_CLOSED = "gate_closed"
    CONFLICT = "conflict"
    REFUSED = "refused"
    JOB_RUNNING = "job_running"
    JOB_FAILED = "job_failed"
    POWER_STATE = "power_state"
    NOT_A_REHEARSAL = "not_a_rehearsal"
    NOT_FOUND = "not_found"
    NO_RECOVERY = "no_recovery"
    BACKUP_MISSING = "backup_missing"
    SNAPSHOT_MISSING = "snapshot_missing"
    NOT_AVAILABLE = "not_available"

    CANNOT_ASK = "cannot_ask"
    NOT_CONFIRMED = "not_confirmed"
    NOT_FROM_PANEL = "not_from_panel"

    PLAN_AGAIN = "plan_again"
    PLAN_USED = "plan_used"
    CHANGED_MEANWHILE = "changed_meanwhile"
    WRITE_IN_FLIGHT = "write_in_flight"

    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    HOSTUP_FAILED = "hostup_failed"
    BAD_RESPONSE = "bad_response"
    POLL_URL_REFUSED = "poll_url_refused"

    OUTCOME_UNKNOWN = "outcome_unknown"
    AUDIT_LOG_UNAVAILABLE = "audit_log_unavailable"
    STATE_UNAVAILABLE = "state_unavailable"
    SERVER_STOPPING = "server_stopping"
