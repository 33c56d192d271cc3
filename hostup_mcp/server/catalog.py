"""Every tool there is."""

from __future__ import annotations

from mcp.server.mcpserver.tools import Tool

from hostup_mcp.server.tool import reading_tool, writing_tool
from hostup_mcp.server.tools import (
    confirm_restore,
    create_vps_backup,
    create_vps_snapshot,
    delete_vps_backup,
    delete_vps_snapshot,
    restore_vps,
    set_backup_retention,
    set_backup_schedule,
)
from hostup_mcp.server.tools.get_job import get_job
from hostup_mcp.server.tools.list_backup_schedules import list_backup_schedules
from hostup_mcp.server.tools.list_restore_sources import list_restore_sources
from hostup_mcp.server.tools.list_vps import list_vps
from hostup_mcp.server.tools.list_vps_backups import list_vps_backups
from hostup_mcp.server.tools.list_vps_snapshots import list_vps_snapshots
from hostup_mcp.server.tools.plan_restore import plan_restore
from hostup_mcp.server.writes.definition import WritingTool

PANEL_URI = "ui://hostup/recovery"
SHOWN_IN_PANEL = frozenset({"list_vps_backups", "plan_restore"})


def reading_tools() -> list[Tool]:
    """The tools that are always there; they only read."""
    tools = [
        reading_tool(list_vps, "List servers"),
        reading_tool(list_vps_backups, "Read a server's backups"),
        reading_tool(plan_restore, "Plan a recovery"),
        reading_tool(list_restore_sources, "List other restore sources"),
        reading_tool(list_vps_snapshots, "Read a server's snapshots"),
        reading_tool(list_backup_schedules, "Read backup schedules"),
        reading_tool(get_job, "Follow a job"),
    ]
    for shown in tools:
        if shown.name in SHOWN_IN_PANEL:
            shown.meta = {"ui": {"resourceUri": PANEL_URI}}
    return tools


WRITING: dict[str, WritingTool] = {
    module.TOOL.name: module.TOOL
    for module in (
        create_vps_backup,
        create_vps_snapshot,
        restore_vps,
        confirm_restore,
        delete_vps_backup,
        delete_vps_snapshot,
        set_backup_schedule,
        set_backup_retention,
    )
}
"""The tools that change something, by name."""


def register(definition: WritingTool) -> Tool:
    """The tool of `definition`; made only where it is unlocked, since making it takes time."""
    made = writing_tool(definition)
    if definition.confirmed_in_panel:
        made.meta = {"ui": {"resourceUri": PANEL_URI, "visibility": ["app"]}}
    return made
