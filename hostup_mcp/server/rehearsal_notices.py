"""Adds to each result about the account the rehearsals that are still running."""

from __future__ import annotations

from typing import Any

from mcp.types import CallToolResult

from hostup_mcp.server.caller import caller
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.state.store import StateUnavailableError


async def with_rehearsals(ctx: Ctx, result: Any) -> Any:
    """Return `result` with the caller's running rehearsals, if it is a success and there are any.

    Most callers have restored nothing yet, and then nothing more is loaded.
    """
    if not isinstance(result, CallToolResult) or result.is_error:
        return result
    used = services(ctx)
    try:
        restored = await used.state.recoveries(used.recovery_index(caller()))
    except StateUnavailableError:
        return result
    if not restored:
        return result
    from hostup_mcp.server.running_rehearsals import add_running

    return await add_running(ctx, result)
