"""The rehearsals of a caller that are not known to be over: found, looked at, and mentioned.

A rehearsal costs money until its server is gone, so each result about the account mentions it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.problems import HostUpError, NotFoundError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.costs import RunningRehearsal
from hostup_mcp.recovery.rehearsals import (
    GONE,
    LOOKED_FOR,
    Sent,
    describe_running,
    find_by_name,
    read_price,
    why_not_endable,
)
from hostup_mcp.server import recoveries
from hostup_mcp.server.clocks import by_hostup
from hostup_mcp.server.names import remember_servers
from hostup_mcp.server.recoveries import KeptRecovery, Recovery
from hostup_mcp.server.services import Services
from hostup_mcp.state.store import StateUnavailableError

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=60)
"""How often HostUp is asked whether the server of a rehearsal is still there."""

LOOK_SECONDS = 5.0
"""How long that may take; if it takes longer, the rehearsal is mentioned as it was known."""

MOST_LOOKED_AT = 3
"""Rehearsals that HostUp is asked about for one result."""


def sent_of(recovery: Recovery) -> Sent | None:
    """Return what is recorded of a rehearsal; None for a restore."""
    restored = recovery.restored
    if restored.kind != "rehearsal" or restored.new_name is None:
        return None
    return Sent(restored.new_name, restored.ids_before, recovery.new_vps_id, recovery.given_name)


async def find_built(
    hostup: ReadingClient, rehearsals: Sequence[KeptRecovery], vps_id: str
) -> tuple[KeptRecovery, Sent] | None:
    """Return the one of `rehearsals` that built the server `vps_id`, if one is known to have.

    Raises:
        HostUpError: the list of servers could not be read.
    """
    if (known := _find_known(rehearsals, vps_id)) is not None:
        return known
    for kept in reversed(rehearsals):
        sent = sent_of(kept.recovery)
        if sent is None or sent.vps_id is not None:
            continue
        found = find_by_name(sent, await hostup.list_vps(limit=100, name=sent.name))
        if found is not None and found.id == vps_id:
            return kept, replace(sent, vps_id=vps_id)
    return None


def _find_known(
    rehearsals: Sequence[KeptRecovery], vps_id: str
) -> tuple[KeptRecovery, Sent] | None:
    # The latest first: of an id that is used again, only the last server can be meant.
    for kept in reversed(rehearsals):
        sent = sent_of(kept.recovery)
        if sent is not None and sent.vps_id == vps_id:
            return kept, sent
    return None


async def find_servers(services: Services, caller: str, servers: Iterable[Vps]) -> frozenset[str]:
    """Return the ids of those of `servers`, as just read, that running rehearsals built.

    These are the ones that `end_rehearsal` would end; a renamed server, for one, may be in use.
    """
    await mention(services, caller)  # finds the server of a rehearsal whose response was lost
    try:
        found = await recoveries.running(services, caller)
    except StateUnavailableError:
        return frozenset()
    return frozenset(vps.id for vps in servers if _is_built(found, vps))


def _is_built(rehearsals: Sequence[KeptRecovery], vps: Vps) -> bool:
    known = _find_known(rehearsals, vps.id)
    return known is not None and why_not_endable(known[1], vps) is None


async def mention(services: Services, caller: str) -> list[RunningRehearsal]:
    """Return what to say about the rehearsals of `caller`; however that goes, the result stands."""
    try:
        found = await recoveries.running(services, caller)
        if not found:
            return []
        return await _look(services, found)
    except StateUnavailableError:
        return []
    except Exception:
        log.exception("the rehearsals could not be looked at")
        return []


async def _look(services: Services, found: list[KeptRecovery]) -> list[RunningRehearsal]:
    hostup, now = services.hostup.within(LOOK_SECONDS), services.now()
    told: list[RunningRehearsal] = []
    looked = 0
    for kept in found:
        if looked < MOST_LOOKED_AT and _is_due(services.rehearsal_looks, kept.id, now):
            looked += 1
            with suppress(HostUpError):
                kept = await _look_at(services, hostup, kept, now)
        if (finding := _describe(kept.recovery, now, by_hostup(services.hostup, now))) is not None:
            told.append(finding)
    return told


def _is_due(looks: dict[str, datetime], id_: str, now: datetime) -> bool:
    """Return whether to ask HostUp about a rehearsal again, and take note of it if so."""
    last = looks.get(id_)
    if last is not None and timedelta() <= now - last < LOOK_EVERY:
        return False
    looks[id_] = now
    return True


def _describe(recovery: Recovery, now: datetime, there: datetime) -> RunningRehearsal | None:
    """Describe a rehearsal at `now`, which is `there` by HostUp's clock."""
    sent = sent_of(recovery)
    if sent is None or recovery.over_at is not None:
        return None
    price = recovery.price or {}
    rate = read_price(price.get("perHour"), price.get("currencyCode"))
    requested = recovery.end_requested_at
    ending = None if requested is None else requested + (there - now)
    return describe_running(sent, recovery.sent_at_hostup, there, rate, ending)


async def _look_at(
    services: Services, hostup: ReadingClient, kept: KeptRecovery, now: datetime
) -> KeptRecovery:
    """Return the record as it is after asking HostUp whether its server is there."""
    recovery = kept.recovery
    sent = sent_of(recovery)
    if sent is None:
        return kept
    if sent.vps_id is None:
        page = await hostup.list_vps(limit=100, name=sent.name)
        built = find_by_name(sent, page)
        if built is not None:
            await remember_servers(services, [built])
            return await recoveries.update(services, kept, new_vps_id=built.id)
        is_over = page.is_whole and not page.data and now - recovery.sent_at > LOOKED_FOR
        return await recoveries.update(services, kept, over_at=now) if is_over else kept
    try:
        is_over = (await hostup.get_vps(sent.vps_id)).service_status in GONE
    except NotFoundError:
        was_there = recovery.seen_at is not None or now - recovery.sent_at > LOOKED_FOR
        is_over = was_there and await _is_found(hostup, recovery.vps_id)
    else:
        if not is_over and recovery.seen_at is None:
            return await recoveries.update(services, kept, seen_at=now)
    return await recoveries.update(services, kept, over_at=now) if is_over else kept


async def _is_found(hostup: ReadingClient, source_id: str) -> bool:
    """Return whether HostUp shows the server whose backup was rehearsed.

    If it does not, another account is used now, which says nothing about the rehearsal.
    """
    try:
        return (await hostup.get_vps(source_id)).id == source_id
    except NotFoundError:
        return False
