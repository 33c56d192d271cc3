"""Tools whose group is not unlocked."""

from __future__ import annotations

from contextlib import suppress

from mcp.types import CallToolResult

from hostup_mcp.config import Group, Misconfigured
from hostup_mcp.server import failures
from hostup_mcp.server.services import Services, caller
from hostup_mcp.server.writes.context import WriteContext


def locked(tool: str, *groups: Group) -> failures.Refusal:
    """The refusal of a tool whose group is not unlocked, with what unlocks it."""
    names = " and ".join(groups)
    return failures.refuse(
        "not_allowed",
        f"{tool} is not unlocked on this server. Nothing was changed.",
        f"Only the user can unlock it where the server is configured: --allow with {names} "
        "(HOSTUP_MCP_ALLOW). They can also do it themselves in HostUp's panel.",
    )


def refuse_locked(services: Services, tool: str, group: Group) -> CallToolResult:
    """The result of a call of a locked tool; the audit log notes it too."""
    if isinstance(services.configuration, Misconfigured):
        return failures.answer(failures.not_configured(services.configuration))
    with suppress(failures.Refusal):
        WriteContext(services, tool, caller()).log("refused: not_allowed")
    return failures.answer(locked(tool, group).failure)
