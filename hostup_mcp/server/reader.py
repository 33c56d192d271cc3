"""What a tool may use to read the account. Nothing can be changed with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from mcp.server.apps import client_supports_apps

from hostup_mcp.config import Group
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.caller import caller
from hostup_mcp.server.plans import Plans
from hostup_mcp.server.recoveries import KeptRecovery, running
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.wording.viewer import Viewer

READ_SECONDS = 20.0
"""How long all the requests of one call may take together, retries included."""


async def _none() -> list[KeptRecovery]:
    return []


@dataclass(frozen=True, slots=True)
class Reader:
    """What one call can read: the caller's account and plans, as of the time of the call."""

    hostup: ReadingClient
    plans: Plans
    now: datetime
    """The time of the call; after a yes, that of the question, so that it is still the same."""
    allowed: frozenset[Group]
    """The groups that are unlocked for the caller."""
    viewer: Viewer
    """The user whom the call is made for."""
    shows_panel: bool
    """Whether the client can show the recovery panel."""
    unlocks_per_caller: bool = False
    """Whether each caller has groups of their own."""
    rehearsals: Callable[[], Awaitable[list[KeptRecovery]]] = _none
    """Returns the caller's rehearsals that are not known to be over."""


def reader(ctx: Ctx, seconds: float, as_of: datetime | None = None) -> Reader:
    """Return a reader for the current caller whose requests share a budget of `seconds`.

    `as_of` is the time that ages are counted from, if that is not the time of the call.
    """
    used = services(ctx)
    now, who = used.now(), caller()
    return Reader(
        used.hostup.within(seconds),
        Plans(used.state, who, now),
        as_of or now,
        used.allowed(),
        used.viewer,
        client_supports_apps(ctx),
        used.unlocks_per_caller,
        lambda: running(used, who),
    )
