"""Structured content carries each finding twice: in words, and as a code with facts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Changes, Finding
from hostup_mcp.recovery.here import Here, Locked, UnlockBySetting
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    GateClosed,
    GateOpen,
    MayNotFit,
    NoBackups,
    Reason,
)
from hostup_mcp.recovery.suggestions import CannotBackUp, Evicts
from hostup_mcp.server.output import all_as_data, as_data, here_item, reason_items

WHEN = datetime(2026, 4, 27, 10, 0, 0, 429_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("finding", "data"),
    [
        (Code.DISK_REPLACED, "disk_replaced"),
        (NoBackups(), "no_backups"),
        (GateOpen(None, None), "gate_open"),
        (GateClosed("No.", None), {"code": "gate_closed_reason", "said": "No."}),
        (GateClosed(None, "busy"), {"code": "gate_closed_code", "hostupCode": "busy"}),
        (MayNotFit(90.5, 80), {"code": "may_not_fit", "backupGb": 90.5, "diskGb": 80}),
        (
            Changes(WHEN, timedelta(minutes=22, seconds=1.9)),
            {"code": "changes", "since": "2026-04-27T10:00:00.429Z", "age": 1321},
        ),
        (
            CannotBackUp(GateClosed(None, None), Code.ASK_WHY),
            {"code": "cannot_back_up_step", "because": "gate_closed", "step": "ask_why"},
        ),
        (
            Evicts(Code.IN_PANEL, "bkp_1", WHEN),
            {
                "code": "evicts_oldest",
                "where": "in_panel",
                "backupId": "bkp_1",
                "created": "2026-04-27T10:00:00.429Z",
            },
        ),
        (
            Locked(("restore", "spend"), UnlockBySetting("restore,spend")),
            {
                "code": "locked",
                "groups": ["restore", "spend"],
                "how": {"code": "unlock_by_setting", "allow": "restore,spend"},
            },
        ),
    ],
)
def test_a_finding_is_code_and_facts(finding: Finding, data: Any) -> None:
    assert as_data(finding) == data


def test_here_has_code_message_and_facts() -> None:
    here = here_item(Here((Locked(("restore",), UnlockBySetting("restore")),)), UTC)
    assert here.allowed is False
    (reason,) = here.reasons
    assert reason["code"] == "locked"
    assert reason["how"] == {"code": "unlock_by_setting", "allow": "restore"}
    assert "set --allow or HOSTUP_MCP_ALLOW to restore, plus any group" in reason["message"]
    assert here_item(Here(), UTC).model_dump() == {"allowed": True, "reasons": ()}


def test_findings_keep_their_order() -> None:
    lists = {"reasons": [NoBackups(), BackupMissing()], "advice": ()}
    assert all_as_data(lists) == {"reasons": ["no_backups", "backup_missing"]}


@pytest.mark.parametrize(
    ("reason", "code", "message", "source"),
    [
        (GateOpen(None, None), "gate_open", "HostUp allows it.", "gate"),
        (GateOpen("Slow.", "slow"), "slow", "Slow.", "gate"),
        (GateClosed("Busy.", "busy"), "busy", "Busy.", "gate"),
        (GateClosed("Busy.", None), "gate_closed_reason", "Busy.", "gate"),
        (NoBackups(), "no_backups", "This VPS has no backup to restore.", "state"),
    ],
)
def test_a_reason_has_hostups_code_or_ours(
    reason: Reason, code: str, message: str, source: str
) -> None:
    (item,) = reason_items([reason], UTC)
    assert item.model_dump(mode="json", by_alias=True) == {
        "code": code,
        "message": message,
        "source": source,
    }
    with pytest.raises(ValidationError, match="frozen"):
        item.code = "other"  # type: ignore[misc]
