"""The state of servers, as monitoring prints it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hostup_mcp.hostup.models import BackupList, Vps
from hostup_mcp.recovery.health import Health, ServerFacts, Severity, check_server
from hostup_mcp.wording.health import describe_server, summarize
from hostup_mcp.wording.viewer import Language, Viewer

NOW = datetime(2026, 4, 27, 12, tzinfo=UTC)


def health(created: str | None = None, **vps: Any) -> Health:
    """A server with one backup from `created`, or with none."""
    backups = [] if created is None else [{"id": "bkp_1", "createdAt": created, "sizeGb": 9.0}]
    listing = BackupList.model_validate(
        {"backups": backups, "actions": {"canRestore": {"allowed": True}}}
    )
    facts = ServerFacts(Vps.model_validate({"id": "vps_1", **vps}), listing)
    return check_server(facts, NOW, timedelta(days=2))


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "0 servers: 0 healthy"),
        ({None: 1}, "1 server: 1 healthy"),
        ({None: 1, Severity.NOTICE: 2}, "3 servers: 3 healthy"),
        (
            {Severity.WARNING: 1, Severity.CRITICAL: 2, None: 3, Severity.UNKNOWN: 4},
            "10 servers: 2 critical, 4 unknown, 1 warning, 3 healthy",
        ),
    ],
)
def test_the_worst_are_counted_first(counts: dict[Severity | None, int], text: str) -> None:
    assert summarize(counts, Language.ENGLISH) == text


def test_rehearsals_are_counted_apart() -> None:
    counts: dict[Severity | None, int] = {None: 2}
    assert summarize(counts, Language.ENGLISH, 1) == (
        "3 servers: 2 healthy, 1 rehearsal that was not checked"
    )
    assert summarize(counts, Language.SWEDISH, 2) == (
        "4 servrar: 2 utan problem, 2 övningar som inte kontrollerades"
    )


OLD = "The newest complete backup is older than 2 days."
UNDATED = "Whether a backup is recent is not known; without a usable date: 1."


@pytest.mark.parametrize(
    ("checked", "text"),
    [
        (
            health("2026-04-20T02:00:00Z", name="web", primaryIp="192.0.2.1"),
            f"web (192.0.2.1, vps_1): {OLD} Newest complete backup: Mon 2026-04-20 02:00 UTC, "
            "7 days 10 hours ago.",
        ),
        (health(), "a server without a name (no IP, vps_1): This server has no backup to restore."),
        (health("soon", name="web"), f"web (no IP, vps_1): {UNDATED}"),
        (
            health("2031-01-01T00:00:00Z", name="web"),
            f"web (no IP, vps_1): {UNDATED} Newest complete backup: Wed 2031-01-01 00:00 UTC.",
        ),
    ],
)
def test_a_server_is_one_line(checked: Health, text: str) -> None:
    assert describe_server(checked, NOW, Viewer()) == text


def test_monitoring_speaks_swedish() -> None:
    assert summarize({None: 1}, Language.SWEDISH) == "1 server: 1 utan problem"
    counts = {Severity.WARNING: 1, Severity.CRITICAL: 2, Severity.UNKNOWN: 1, None: 3}
    told = "7 servrar: 2 kritiska, 1 okänd, 1 med varning, 3 utan problem"
    assert summarize(counts, Language.SWEDISH) == told
    checked = health("2026-04-20T02:00:00Z")
    stockholm = Viewer(ZoneInfo("Europe/Stockholm"), Language.SWEDISH)
    assert describe_server(checked, NOW, stockholm) == (
        "en server utan namn (ingen IP-adress, vps_1): Den nyaste fullständiga backupen är äldre "
        "än 2 dygn. Nyaste fullständiga backup: mån 2026-04-20 04:00 CEST, för 7 dygn 10 timmar "
        "sedan."
    )
