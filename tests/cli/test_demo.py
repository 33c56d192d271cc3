"""The demo: a true story from beginning to end, and a picture of it."""

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from hostup_mcp.cli.demo import demo

PATIENCE = 120.0


BEATS = [
    "list_vps(limit=5)",
    "Restore: POSSIBLE",
    "there is no backup to restore",
    "Blocked, with HostUp's own reason",
    "vps_01h0000000000000000000fake",
    "was not returned by list_vps",
    "plan_restore(",
    "planId",
    "asked of the user",
    "user types: shop-prod",
    "The typed name is not the name of this VPS",
    "Nothing was changed.",
    "user types: web-01",
    "get_job(",
    "100%",
    "completed",
    "HostUp calls it complete",
    "verify_recovery(",
    "The guest agent answers: the server's system is running.",
    "assistant reads hostup://recoveries/rec_",
    '"how": "typed the server\'s name"',
    'verdict: "back"',
    "rehearsal=True",
    "SEK 1.32 for two hours",
    "A twin of a live server boots",
    "user says yes",
    "verify_recovery(",
    "Nothing on it answers. That is better known now",
    "end_rehearsal(",
    "DATA LOSS",
    "user types: rehearsal-web-01-",
    "does not document when the hourly charge stops",
    "So what was changed?",
    "refused: not_confirmed",
    ": sent · the user typed the server's name",
    ": accepted by HostUp · the user typed the server's name",
    "That was all.",
]


# What a person may have set for their own server, right or wrong; none of it is the demo's.
SETTINGS = {
    "HOSTUP_BASE_URL": "nowhere",
    "HOSTUP_MCP_CONFIRM": "client",
    "HOSTUP_MCP_ALLOW": "everything",
    "HOSTUP_MCP_AUDIT_LOG": "/no/such/folder/audit.jsonl",
    "HOSTUP_MCP_STATE": "redis://127.0.0.1:1/0",
}


def test_the_demo_runs_to_its_end() -> None:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("HOSTUP_")}
    done = subprocess.run(
        [sys.executable, "-m", "hostup_mcp", "demo"],
        env={**plain, **SETTINGS, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    told = " ".join(done.stdout.split())
    place = 0
    for beat in BEATS:
        found = told.find(beat, place)
        assert found >= 0, f"{beat!r} is missing, or told too early"
        place = found
    assert "not set up" not in told
    # The sandbox's newest backup is eight hours old, whatever the hour.
    assert "night" not in told.lower()
    assert "hostup_sandbox_" not in told
    # On a terminal both streams are one, and what a server logs is no part of the story.
    assert done.stderr == ""


def test_the_picture_shows_the_reads(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        console = Console(record=True, width=100, file=out, highlight=False)
        assert demo(console, only_looking=True) == 0
        picture = console.export_svg(title="hostup-mcp")
    assert picture.lstrip().startswith("<svg")
    assert "list_vps" in picture
    assert "restore_vps" not in picture
