"""The registry: every tool, in the order in which it is listed, and the group that unlocks it.

A tool's definition is imported when it is needed: most sessions call few of them.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING, cast

from hostup_mcp.config import Group

if TYPE_CHECKING:
    from hostup_mcp.server.definition import AnyTool

GROUPS: dict[str, Group | None] = {
    "list_vps": None,
    "list_vps_backups": None,
    "check_backups": None,
    "plan_restore": None,
    "list_restore_sources": None,
    "list_vps_snapshots": None,
    "list_backup_schedules": None,
    "get_job": None,
    "verify_recovery": None,
    "create_vps_backup": Group.CREATE,
    "create_vps_snapshot": Group.CREATE,
    "restore_vps": Group.RESTORE,
    "confirm_restore": Group.RESTORE,
    "end_rehearsal": Group.SPEND,
    "delete_vps_backup": Group.DELETE,
    "delete_vps_snapshot": Group.DELETE,
    "set_backup_schedule": Group.SCHEDULE,
    "set_backup_retention": Group.SCHEDULE,
    "set_vps_power": Group.POWER,
}
"""The tools by name; a tool without a group only reads."""


def names(unlockable: Collection[Group]) -> list[str]:
    """Return the tools that read, and those of the groups in `unlockable`."""
    return [name for name, group in GROUPS.items() if group is None or group in unlockable]


def definition(name: str) -> AnyTool:
    """Return the definition of a tool, from its file in `tools/`."""
    return cast("AnyTool", import_module(f"hostup_mcp.server.tools.{name}").TOOL)
