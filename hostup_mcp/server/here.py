"""What this connection could carry out now: collects the facts that `recovery.here` decides on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from mcp.server.apps import client_supports_apps

from hostup_mcp.config import Confirm, Group
from hostup_mcp.hostup.endpoints import BACKUP
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import ForbiddenError, HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.here import Asks, Connection, KeyRefused, Needs, RememberedUntil
from hostup_mcp.recovery.modes.definition import ModeDefinition
from hostup_mcp.recovery.quota import Slots, read_slots
from hostup_mcp.server.caller import caller
from hostup_mcp.server.plans import needed_groups
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.writes.asking import can_ask
from hostup_mcp.state.store import StateUnavailableError


def restore_needs(definition: ModeDefinition) -> Needs:
    """Return what carrying out a plan with this mode needs."""
    return Needs(needed_groups(definition), Asks.IN_WINDOW_OR_PANEL)


def backup_needs(listing: BackupList) -> Needs:
    """Return what making a backup needs: into a free slot, nobody has to be asked."""
    is_free = read_slots(listing.quota_info) is Slots.FREE
    return Needs(frozenset({Group.CREATE}), Asks.NEVER if is_free else Asks.IN_WINDOW)


SNAPSHOT_NEEDS = Needs(frozenset({Group.CREATE}), Asks.NEVER)
"""What making a snapshot needs: it overwrites nothing, so nobody is asked."""


async def read_connection(ctx: Ctx, vps_id: str) -> Connection:
    """Return what the caller's connection can do now with the server `vps_id`."""
    used = services(ctx)
    is_available, seconds = await used.state.is_available(), 0.0
    if is_available:
        try:
            seconds = await used.state.seconds_locked(f"write/{used.base_url}/{vps_id}")
        except StateUnavailableError:
            is_available = False
    return Connection(
        unlocked=used.allowed(),
        unlocks_per_caller=used.unlocks_per_caller,
        can_ask=can_ask(ctx),
        keeps_no_sessions=bool(used.settings.remote.state),
        shows_panel=client_supports_apps(ctx),
        trusts_client=used.settings.confirm is Confirm.CLIENT,
        is_store_available=is_available,
        locked_until=used.now() + timedelta(seconds=seconds) if seconds > 0 else None,
    )


async def recent_refusal(
    ctx: Ctx, hostup: ReadingClient, vps_id: str, scopes: Iterable[str]
) -> KeyRefused | None:
    """Return the last 403 of the key for a write that needs no more than `scopes`, if it counts.

    The user may have changed the key since. A read that needs the same scope tells, if there is
    one: a refusal that it contradicts is forgotten.
    """
    used, who = services(ctx), caller()
    refusal = used.refusals.latest(who, vps_id, scopes, used.now())
    if refusal is None:
        return None
    scope = " and ".join(sorted(refusal.scopes))
    if refusal.scopes == frozenset(BACKUP):
        try:
            await hostup.list_restore_sources(vps_id)
        except ForbiddenError:
            used.refusals.note(who, vps_id, refusal.scopes, used.now())
            return KeyRefused(refusal.at, scope, Code.CHECKED_AGAIN)
        except HostUpError:
            pass
        else:
            used.refusals.forget(who, vps_id, BACKUP)
            return await recent_refusal(ctx, hostup, vps_id, scopes)
    return KeyRefused(refusal.at, scope, RememberedUntil(refusal.until))
