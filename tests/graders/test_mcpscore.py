"""mcpscore: rules for servers of both revisions, and calls of the tools that only read."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.catalog import READING, WRITING

from .thresholds import MCPSCORE
from .tools import EVERYTHING, GRADERS, run, served

pytestmark = pytest.mark.graders


def score(*target: str) -> dict[str, Any]:
    """The report on `target`."""
    done = run(GRADERS / "mcpscore", "--no-config", "--json", "--smoke", *target)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("transport", MCPSCORE)
def test_every_available_point_is_won(transport: str, tmp_path: Path) -> None:
    if transport == "stdio":
        report = score("--stdio", *EVERYTHING)
    else:
        with served(tmp_path) as address:
            report = score(address)
    meant = MCPSCORE[transport]
    lost = [r for r in (*report["results"], *report["readiness"]["results"]) if not r["passed"]]
    assert {r["rule_id"]: r["message"] for r in lost}.keys() == meant.lost.keys(), lost
    assert (report["transport"], report["partial"]) == (transport, False)
    assert (report["score"], report["max_score"]) == (meant.won, meant.of)
    newest = report["readiness"]
    assert (newest["score"], newest["max_score"]) == (meant.newest_of, meant.newest_of)
    assert report["spec"]["era"] == "dual-era"
    # It called every tool that reads; results match their schemas, and bad input is refused.
    assert report["smoke"]["summary"]["failed"] == 0
    assert report["smoke"]["coverage"] == {
        "tools_called": len(READING),
        "tools_total": len(READING | WRITING),
    }
