"""Cancellations: when one is carried out, what it reads as until then, and what it leaves."""

from dataclasses import replace
from datetime import datetime, timedelta

from .models import Cancellation, Server
from .variants import Anomalies, Variants

_PAYG_PERIOD = timedelta(days=30)
_UNSEEN_SHARE = 1 / 3
"""The part of the time until it is carried out in which a new cancellation may not be shown."""


def new(
    server: Server,
    kind: str,
    reason: str | None,
    now: datetime,
    seconds: float,
    variants: Variants,
    anomalies: Anomalies,
) -> Cancellation:
    """Return the cancellation of a server; an immediate one takes `seconds`."""
    of_order = server.service_status == "pending"
    due: datetime | None = now if of_order else now + timedelta(seconds=seconds)
    if kind == "end_of_period" and not of_order:
        due = server.next_due_at or now + _PAYG_PERIOD
    if anomalies.cancellation_end == "pending":
        due = None
    return Cancellation(
        reason=reason,
        kind=kind,
        requested_at=now,
        due_at=due,
        ends_as="revoked" if anomalies.cancellation_end == "revoked" else "completed",
        leaves=variants.cancelled_server,
        of_pending_order=of_order,
    )


def status(each: Cancellation | None, now: datetime, seconds: float, variants: Variants) -> str:
    """Return the documented status word of a server's cancellation."""
    if each is None:
        return "none"
    if each.outcome != "open":
        return each.outcome
    fresh = now < each.requested_at + timedelta(seconds=seconds * _UNSEEN_SHARE)
    if fresh and variants.cancellation_shown == "none_first":
        return "none"
    if each.kind == "end_of_period":
        return "pending" if fresh else "scheduled"
    return "scheduled" if variants.cancellation_shown == "scheduled" else "pending"


def carry_out(server: Server, each: Cancellation) -> Server:
    """Return the server once its cancellation was due; one that is `gone` counts as terminated."""
    closed = replace(each, outcome=each.ends_as)
    if each.ends_as == "revoked":
        return replace(server, cancellation=closed)
    return replace(
        server,
        cancellation=closed,
        service_status="terminated" if each.leaves == "gone" else each.leaves,
        power_state="stopped",
        power_change=None,
        snapshots=(),
    )
