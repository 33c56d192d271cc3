"""Which changes a caller may be notified of: those of servers whose ids it was given."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from hostup_mcp.server.caller import caller
from hostup_mcp.server.services import Services
from hostup_mcp.state.store import StateUnavailableError

_OF_A_VPS = "hostup://vps/"
_BACKUPS = re.compile(rf"{_OF_A_VPS}([^/]+)/backups")


async def drop_foreign_subscriptions(
    ctx: ServerRequestContext[Services, Any], call_next: CallNext
) -> HandlerResult:
    """Leave out what the caller may not hear of; the acknowledgment names what is left.

    While the record of ids is unavailable, that is every server.
    """
    wanted = (ctx.params or {}).get("notifications")
    uris = wanted.get("resourceSubscriptions") if isinstance(wanted, dict) else None
    if ctx.method != "subscriptions/listen" or not isinstance(uris, list):
        return await call_next(ctx)
    kept = [uri for uri in uris if await _may_hear_of(ctx.lifespan_context, uri)]
    notifications = {**wanted, "resourceSubscriptions": kept} if isinstance(wanted, dict) else {}
    return await call_next(
        replace(ctx, params={**(ctx.params or {}), "notifications": notifications})
    )


async def _may_hear_of(services: Services, uri: object) -> bool:
    if not isinstance(uri, str) or not uri.startswith(_OF_A_VPS):
        # A type that is wrong is rejected by the SDK; of anything else nothing is told.
        return True
    match = _BACKUPS.fullmatch(uri)
    try:
        return match is not None and await services.state.recall_id(caller(), match[1]) is not None
    except StateUnavailableError:
        return False
