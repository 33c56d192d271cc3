"""Adds to a result the rehearsals that are still running."""

from __future__ import annotations

from mcp.types import CallToolResult, TextContent

from hostup_mcp.config import Group
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import RehearsalEnding, RehearsalLost
from hostup_mcp.server.caller import caller
from hostup_mcp.server.output import as_data
from hostup_mcp.server.rehearsals import mention
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.wording.render import for_model


async def add_running(ctx: Ctx, result: CallToolResult) -> CallToolResult:
    """Return `result` with the caller's running rehearsals, if there are any.

    Each is one line of the text, and one item of `rehearsals` in the structured content.
    """
    used = services(ctx)
    found = await mention(used, caller())
    if not found:
        return result
    zone = used.viewer.zone
    can_end = Group.SPEND in used.allowed()
    lines = []
    for finding in found:
        line = for_model(finding, zone)
        if not isinstance(finding, RehearsalLost | RehearsalEnding):
            line += f" {for_model(Code.END_REHEARSAL if can_end else Code.CANCEL_IN_PANEL, zone)}"
        lines.append(line)
    content = [*result.content, TextContent(type="text", text="\n".join(lines))]
    data = {**(result.structured_content or {}), "rehearsals": [as_data(each) for each in found]}
    return result.model_copy(update={"content": content, "structured_content": data})
