"""Tools whose group is not unlocked."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC

from mcp.types import CallToolResult

from hostup_mcp.config import Group, Misconfigured
from hostup_mcp.recovery.here import Locked, find_lock
from hostup_mcp.server.caller import caller
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import RefusalError, not_configured, refuse, to_result
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes.context import WriteContext
from hostup_mcp.wording.render import for_model


def locked_refusal(tool: str, lock: Locked) -> RefusalError:
    """Return the refusal of a tool that is behind `lock`, with what unlocks it."""
    # There is no moment in it, so the zone does not matter.
    return refuse(texts.NOT_ALLOWED, tool=tool, how=for_model(lock.how, UTC))


def refuse_locked(services: Services, tool: str, group: Group) -> CallToolResult:
    """Return the result of a call of a locked tool, and record the call in the audit log."""
    if isinstance(services.configuration, Misconfigured):
        return to_result(not_configured(services.configuration))
    with suppress(RefusalError):
        WriteContext(services, tool, caller()).log("refused: not_allowed")
    lock = find_lock(services.allowed(), frozenset({group}), services.unlocks_per_caller)
    return to_result(locked_refusal(tool, lock).failure)
