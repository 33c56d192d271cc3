"""The registry: every tool, in the order in which it is listed."""

from __future__ import annotations

from collections.abc import Collection

from mcp.server.mcpserver.tools import Tool

from hostup_mcp.config import Group
from hostup_mcp.server.definition import AnyTool, ReadingTool, WritingTool
from hostup_mcp.server.tool import build_tool
from hostup_mcp.server.tools import (
    check_backups,
    confirm_restore,
    create_vps_backup,
    create_vps_snapshot,
    delete_vps_backup,
    delete_vps_snapshot,
    end_rehearsal,
    get_job,
    list_backup_schedules,
    list_restore_sources,
    list_vps,
    list_vps_backups,
    list_vps_snapshots,
    plan_restore,
    restore_vps,
    set_backup_retention,
    set_backup_schedule,
    set_vps_power,
    verify_recovery,
)

TOOLS: tuple[AnyTool, ...] = (
    list_vps.TOOL,
    list_vps_backups.TOOL,
    check_backups.TOOL,
    plan_restore.TOOL,
    list_restore_sources.TOOL,
    list_vps_snapshots.TOOL,
    list_backup_schedules.TOOL,
    get_job.TOOL,
    verify_recovery.TOOL,
    create_vps_backup.TOOL,
    create_vps_snapshot.TOOL,
    restore_vps.TOOL,
    confirm_restore.TOOL,
    end_rehearsal.TOOL,
    delete_vps_backup.TOOL,
    delete_vps_snapshot.TOOL,
    set_backup_schedule.TOOL,
    set_backup_retention.TOOL,
    set_vps_power.TOOL,
)

READING: dict[str, ReadingTool] = {t.name: t for t in TOOLS if isinstance(t, ReadingTool)}
"""The tools that only read, by name."""

WRITING: dict[str, WritingTool] = {t.name: t for t in TOOLS if isinstance(t, WritingTool)}
"""The tools that change something, by name."""


def build_tools(unlockable: Collection[Group]) -> list[Tool]:
    """Build the tools that read, and those of the groups in `unlockable`.

    The others are left out, since building a tool takes time.
    """
    return [
        build_tool(tool)
        for tool in TOOLS
        if isinstance(tool, ReadingTool) or tool.group in unlockable
    ]
