"""Tools whose group is not unlocked."""

from __future__ import annotations

from contextlib import suppress

from mcp.types import CallToolResult

from hostup_mcp.config import Group, Misconfigured
from hostup_mcp.server.caller import caller
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import RefusalError, not_configured, refuse, to_result
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes.context import WriteContext


def locked_refusal(tool: str, *groups: Group) -> RefusalError:
    """Return the refusal of a tool whose group is not unlocked, with what unlocks it."""
    return refuse(texts.NOT_ALLOWED, tool=tool, groups=" and ".join(groups))


def refuse_locked(services: Services, tool: str, group: Group) -> CallToolResult:
    """Return the result of a call of a locked tool, and record the call in the audit log."""
    if isinstance(services.configuration, Misconfigured):
        return to_result(not_configured(services.configuration))
    with suppress(RefusalError):
        WriteContext(services, tool, caller()).log("refused: not_allowed")
    return to_result(locked_refusal(tool, group).failure)
