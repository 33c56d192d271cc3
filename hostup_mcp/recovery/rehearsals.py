"""A rehearsal: which server it built, whether that may be ended from here, and what it has cost.

A server is only ever taken for the one that a rehearsal built because HostUp named it in its
response to our own request, or because it is new and has the random name that we sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from hostup_mcp.hostup.models import Vps, VpsPage
from hostup_mcp.recovery.costs import (
    Money,
    RehearsalEnding,
    RehearsalLost,
    RehearsalRuns,
    RehearsalUnpriced,
    RunningRehearsal,
)
from hostup_mcp.recovery.prices import spent

GONE = frozenset({"terminated", "cancelled", "expired"})
"""The service states of a server that is no longer there."""

LOOKED_FOR = timedelta(days=1)
"""How long a server is looked for by its name after the response about it was lost."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is recorded of a rehearsal."""

    name: str
    """The name that was sent."""
    ids_before: frozenset[str] | None
    """The servers that there were before; None if they are not all known."""
    vps_id: str | None
    """The server that HostUp named in its response, or that was found by its name."""
    given_name: str | None
    """The name that HostUp showed right after it was built, if it was read."""


class NotEndable(StrEnum):
    """Why a server is not ended from here."""

    NOT_BUILT = "not_built"
    """No rehearsal of this caller is known to have built it."""
    NOT_PAYG = "not_payg"
    """HostUp does not say that it is pay-as-you-go."""
    RENAMED = "renamed"
    """It has another name than the rehearsal gave it, so it may be in use."""


def find_by_name(sent: Sent, page: VpsPage) -> Vps | None:
    """Return the one server on `page` with the name that was sent, if no other server can have it.

    None also if that server was there before, or the page may not show all that have the name.
    """
    named = [vps for vps in page.data if vps.name in (sent.name, None)]
    if sent.ids_before is None or not page.is_whole or len(named) != 1:
        return None
    [found] = named
    is_it = found.name == sent.name and found.id not in sent.ids_before
    return found if is_it else None


def why_not_endable(sent: Sent, vps: Vps) -> NotEndable | None:
    """Return why `vps`, as it was just read, may not be ended as what the rehearsal built."""
    if vps.id != sent.vps_id or vps.id in (sent.ids_before or ()):
        return NotEndable.NOT_BUILT
    if vps.billing is None or vps.billing.is_payg is not True:
        return NotEndable.NOT_PAYG
    if vps.name is None or vps.name not in (sent.name, sent.given_name):
        return NotEndable.RENAMED
    return None


def describe_running(
    sent: Sent,
    sent_at: datetime,
    now: datetime,
    per_hour: Money | None,
    end_requested_at: datetime | None = None,
) -> RunningRehearsal:
    """Return what to say about a rehearsal that is not known to be over."""
    age = max(timedelta(), now - sent_at)
    if sent.vps_id is None:
        return RehearsalLost(sent.name, age)
    if end_requested_at is not None:
        return RehearsalEnding(sent.vps_id, sent.name, max(timedelta(), now - end_requested_at))
    if per_hour is None:
        return RehearsalUnpriced(sent.vps_id, sent.name, age)
    return RehearsalRuns(sent.vps_id, sent.name, age, per_hour, spent(per_hour, age))


def read_price(per_hour: object, currency: object) -> Money | None:
    """Return an hourly price as it is kept in a record; None if it is none."""
    if not isinstance(per_hour, str) or not isinstance(currency, str):
        return None
    try:
        return Money(Decimal(per_hour), currency)
    except InvalidOperation:
        return None
