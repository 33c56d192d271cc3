"""The recovery modes, one file each. This is the only table of them; use it everywhere else."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.recovery.modes.definition import Mode, ModeDefinition
from hostup_mcp.recovery.modes.from_other_vps import FROM_OTHER_VPS
from hostup_mcp.recovery.modes.in_place import IN_PLACE
from hostup_mcp.recovery.modes.new_cloud_vps import NEW_CLOUD_VPS
from hostup_mcp.recovery.modes.snapshot import SNAPSHOT

MODES: Mapping[Mode, ModeDefinition] = {
    definition.mode: definition
    for definition in (IN_PLACE, FROM_OTHER_VPS, NEW_CLOUD_VPS, SNAPSHOT)
}
"""The definition of each mode."""
