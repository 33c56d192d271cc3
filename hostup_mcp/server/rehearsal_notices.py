"""Adds to each result about the account the rehearsals that are still running.

Most callers have restored nothing yet, and then nothing more is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mcp.types import CallToolResult

from hostup_mcp.hostup.models import Vps
from hostup_mcp.server.caller import caller
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.state.store import StateUnavailableError


async def with_rehearsals(ctx: Ctx, result: Any) -> Any:
    """Return `result` with the caller's running rehearsals, if it is a success."""
    if not isinstance(result, CallToolResult) or result.is_error:
        return result
    if not await _has_restored(services(ctx)):
        return result
    from hostup_mcp.server.running_rehearsals import add_running

    return await add_running(ctx, result)


async def find_rehearsed(used: Services, servers: Iterable[Vps]) -> frozenset[str]:
    """Return the ids of those of `servers`, as just read, that the caller's rehearsals built."""
    if not await _has_restored(used):
        return frozenset()
    from hostup_mcp.server.rehearsals import find_servers

    return await find_servers(used, caller(), servers)


async def _has_restored(used: Services) -> bool:
    try:
        return bool(await used.state.recoveries(used.recovery_index(caller())))
    except StateUnavailableError:
        return False
