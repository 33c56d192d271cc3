"""Whole runs: the product keeps its promises, and servers that lie are detected."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from support.product import LEGACY, Door

from benchmarks.faults.report import table, transcripts
from benchmarks.faults.run import History
from benchmarks.faults.tally import Options, Tally

from .conftest import ROOT

LIAR = Path(__file__).with_name("liar.py")
DOOR = Door("stdio", LEGACY)


def lied(lie: str, folder: Path, calls: int = 24) -> tuple[Tally, Options]:
    """Run a server that lies, without any network faults."""
    command = (sys.executable, str(LIAR), lie)
    options = Options(seed=3, calls=calls, seconds=40, rate=0.0, command=command)
    return anyio.run(History(DOOR, options, folder).run), options


@pytest.mark.parametrize(
    ("lie", "kind"),
    [
        ("claims", "claimed_not_applied"),
        ("hides", "denied_but_applied"),
        ("unasked", "no_yes"),
        ("twice", "sent_twice"),
    ],
)
def test_lying_server_is_caught(lie: str, kind: str, tmp_path: Path) -> None:
    tally, options = lied(lie, tmp_path)
    assert kind in {violation.kind for _, violation in tally.found}
    shown = transcripts([tally], options)
    assert f"VIOLATION {kind}" in shown
    assert f"--seed 3 --door {DOOR} --calls" in shown


def test_honest_server_is_not_accused(tmp_path: Path) -> None:
    tally, _ = lied("honest", tmp_path)
    # It never asks, even if HostUp deletes a backup to make room: that violation alone is found.
    assert {violation.kind for _, violation in tally.found} <= {"no_yes", "wrong_hint"}
    assert tally.applied > 0
    assert "violations" in table([tally])


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "benchmarks.faults", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
        )

    return run


def test_short_run_finds_nothing(
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = command("--calls", "150", "--seed", "1", "--minutes", "1.5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "violations: 0" in done.stdout


def test_list_prints_the_kinds(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    listed = command("--list").stdout
    assert all(word in listed for word in ("leftover", "other_server", "claimed_not_applied"))
