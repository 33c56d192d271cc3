"""amagi-mcp-probe: calls every tool with real arguments and validates each result."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.catalog import READING, WRITING

from hostup_mcp.sandbox import Sandbox

from .thresholds import AMAGI_PASSED, AMAGI_SKIPPED
from .tools import EVERYTHING, GRADERS, PATIENCE, run

pytestmark = pytest.mark.graders


def arguments() -> dict[str, dict[str, Any]]:
    """Arguments for each tool; a sandbox account always starts with the same ids."""
    account = Sandbox().state
    # One change per server: HostUp refuses another while one runs.
    names = ("web-01", "staging", "mail", "api-sthlm")
    web, staging, mail, cloud = (account.by_name(name) for name in names)
    return {
        "list_vps": {"limit": 100},
        "list_vps_backups": {"id": web.id},
        "check_backups": {"schedules": True},
        "plan_restore": {"id": web.id, "mode": "in_place", "backupId": web.backups[0].id},
        "list_restore_sources": {"id": web.id},
        "list_vps_snapshots": {"id": web.id},
        "list_backup_schedules": {"id": web.id},
        "create_vps_backup": {"id": staging.id, "note": "of the probe"},
        "create_vps_snapshot": {"id": mail.id, "name": "probe"},
        "delete_vps_backup": {"id": web.id, "backupId": web.backups[-1].id},
        "delete_vps_snapshot": {"id": web.id, "snapshotName": web.snapshots[0].name},
        "set_backup_schedule": {"id": web.id, "enabled": False},
        "set_backup_retention": {"id": web.id, "maxTotalBackups": 6},
        "set_vps_power": {"id": cloud.id, "action": "restart"},
    }


def test_every_tool_does_what_it_says(tmp_path: Path) -> None:
    given = tmp_path / "arguments.json"
    given.write_text(json.dumps(arguments()))
    skipped = [word for name in AMAGI_SKIPPED for word in ("--skip", name)]
    done = run(
        GRADERS / "amagi-mcp-probe",
        *("--strict", "--verbose", "--allow-destructive", "--args", given, *skipped),
        *("--startup-timeout", str(PATIENCE), "--timeout", str(PATIENCE)),
        # The probe cannot answer questions, so confirmation is left to the client.
        *("--env", "HOSTUP_MCP_CONFIRM=client"),
        "--",
        *EVERYTHING,
    )
    assert done.returncode == 0, done.stdout
    total = len(READING | WRITING)
    said = f"{total} tools: {AMAGI_PASSED} passed, {len(AMAGI_SKIPPED)} skipped."
    assert said in done.stdout
    assert set(re.findall(r"SKIP +(\S+)", done.stdout)) == set(AMAGI_SKIPPED)
