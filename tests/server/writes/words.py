"""What a write says when it refuses, word for word: kind, what happened, and the next step."""

from typing import NamedTuple

UNCHANGED = "Nothing was changed."


class Words(NamedTuple):
    """One refusal."""

    kind: str
    message: str
    next_step: str


_ASKED = (
    ' What was asked: Change how many backups of "web-01" (no IP known) HostUp keeps '
    "(vps_abcdef12)."
)


def _no(why: str, asked: str = _ASKED) -> Words:
    step = "Explain it and let the user choose; call again only if they ask for it."
    return Words("not_confirmed", f"{why}.{asked} {UNCHANGED}", step)


def _cannot_ask(client: str) -> Words:
    return Words(
        "cannot_ask",
        f"This change needs the user's yes, which this client cannot ask for. {UNCHANGED}",
        f"Do not call it again in this client. Tell the user: use {client} with MCP elicitation, "
        "make the change in HostUp's panel, or set HOSTUP_MCP_CONFIRM=client where hostup-mcp is "
        "configured, so that the client's own approval counts.",
    )


def _plan_again(why: str) -> Words:
    step = "Call plan_restore again and show the user the new plan before doing anything else."
    return Words("plan_again", f"This plan can no longer be used: {why}. {UNCHANGED}", step)


def _in_progress(last_restore: str = "") -> Words:
    return Words(
        "write_in_flight",
        "Another change to this VPS is in progress, or its outcome is unknown."
        f"{last_restore} Nothing was changed by this call.",
        "Call list_vps_backups to check the current state, then tell the user.",
    )


def _reply_lost(what: str, step: str) -> Words:
    return Words(
        "state_unavailable",
        f"Shared state did not reply, so it is not known whether this {what} was consumed. "
        + UNCHANGED,
        step,
    )


REFUSALS = {
    "declined": _no("The user declined"),
    "closed": _no("The user closed the question without an answer"),
    "wrong name": _no("The typed name is not the name of this VPS"),
    "wrong name in the panel": _no("The typed name is not the name of this VPS"),
    "does not fit": _no("The answer did not fit the question"),
    "no plain yes": _no("The user did not say yes"),
    "no answer": _no("This call did not bring an answer to the question"),
    "not in time": _no("The user did not answer in time"),
    "not shown": _no("The client could not show the question to the user"),
    "no longer open": _no("This question is no longer open", ""),
    "already answered": _no("This yes was already used, and each yes allows one change", ""),
    "cannot ask": _cannot_ask("a client"),
    "cannot ask on replicas": _cannot_ask("a client of revision 2026-07-28"),
    "question lost": Words(
        "plan_again",
        "The user was asked before hostup-mcp lost its stored state, so their answer no longer "
        f"counts. {UNCHANGED}",
        "Call change_vps again; the user is asked again. If it takes a planId, call plan_restore "
        "first.",
    ),
    "plan expired": _plan_again("it is older than 10 minutes"),
    "plan lost": _plan_again("it was made before hostup-mcp lost its stored state"),
    "in progress": _in_progress(),
    "in progress after a restore": _in_progress(" Its last restore was sent at 10:00 UTC."),
    "lock expired": Words(
        "write_in_flight",
        f"The lock on this VPS expired before the change could be sent. {UNCHANGED}",
        "Call list_vps_backups to check the current state before doing anything else.",
    ),
    "check too slow": Words(
        "timed_out",
        f"HostUp did not respond within 0.02 s after the yes. {UNCHANGED}",
        "Call again in a minute; the user is asked again.",
    ),
    "plan unknown": _reply_lost("plan", "Call plan_restore again for a new plan."),
    "yes unknown": _reply_lost("yes", "Call again in a minute."),
    "not logged": Words(
        "audit_log_unavailable",
        f"The audit log of hostup-mcp cannot be written. {UNCHANGED}",
        "Ask the user to make the file that HOSTUP_MCP_AUDIT_LOG names writable.",
    ),
    "failed at once": Words(
        "job_failed",
        "Changing it: HostUp accepted this and immediately reported that it failed.",
        "Call list_vps_backups to check the current state, then tell the user.",
    ),
}
"""Of the tool and the server of `bench`, by what happened."""
