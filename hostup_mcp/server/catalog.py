"""Every tool there is, with its group and what it may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver.tools import Tool

from hostup_mcp.config import Group
from hostup_mcp.server.attempts import write_tool
from hostup_mcp.server.tool import tool
from hostup_mcp.server.tools.backup_changes import create_vps_backup, delete_vps_backup
from hostup_mcp.server.tools.backups import list_vps_backups
from hostup_mcp.server.tools.confirm import confirm_restore
from hostup_mcp.server.tools.jobs import get_job
from hostup_mcp.server.tools.plan import plan_restore
from hostup_mcp.server.tools.restore import restore_vps
from hostup_mcp.server.tools.retention import set_backup_retention
from hostup_mcp.server.tools.schedule_changes import set_backup_schedule
from hostup_mcp.server.tools.schedules import list_backup_schedules
from hostup_mcp.server.tools.snapshots import (
    create_vps_snapshot,
    delete_vps_snapshot,
    list_vps_snapshots,
)
from hostup_mcp.server.tools.sources import list_restore_sources
from hostup_mcp.server.tools.vps import list_vps

PANEL_URI = "ui://hostup/recovery"
SHOWN_IN_PANEL = frozenset({"list_vps_backups", "plan_restore"})


def reading_tools() -> list[Tool]:
    """The tools that are always there; they only read."""
    tools = [
        tool(list_vps, "List servers"),
        tool(list_vps_backups, "Read a server's backups"),
        tool(plan_restore, "Plan a recovery"),
        tool(list_restore_sources, "List other restore sources"),
        tool(list_vps_snapshots, "Read a server's snapshots"),
        tool(list_backup_schedules, "Read backup schedules"),
        tool(get_job, "Follow a job"),
    ]
    for shown in tools:
        if shown.name in SHOWN_IN_PANEL:
            shown.meta = {"ui": {"resourceUri": PANEL_URI}}
    return tools


@dataclass(frozen=True)
class Writing:
    """A tool that changes something: the group that unlocks it, and what it may do."""

    function: Callable[..., Any]
    title: str
    group: Group
    destroys: bool
    idempotent: bool
    app_only: bool = False

    def tool(self) -> Tool:
        """The tool itself; made only where it is unlocked, since making it takes time."""
        made = write_tool(
            self.function, self.title, destroys=self.destroys, idempotent=self.idempotent
        )
        if self.app_only:
            made.meta = {"ui": {"resourceUri": PANEL_URI, "visibility": ["app"]}}
        return made


WRITING = {
    writing.function.__name__: writing
    for writing in (
        Writing(create_vps_backup, "Make a backup", Group.CREATE, False, False),
        Writing(create_vps_snapshot, "Make a snapshot", Group.CREATE, False, False),
        Writing(restore_vps, "Carry out a recovery", Group.RESTORE, True, False),
        Writing(confirm_restore, "Confirm a recovery", Group.RESTORE, True, False, app_only=True),
        Writing(delete_vps_backup, "Delete a backup", Group.DELETE, True, True),
        Writing(delete_vps_snapshot, "Delete a snapshot", Group.DELETE, True, True),
        Writing(set_backup_schedule, "Set the backup schedule", Group.SCHEDULE, True, True),
        Writing(set_backup_retention, "Set backup retention", Group.SCHEDULE, True, True),
    )
}
"""The tools that change something, by name."""
