"""The official conformance suite, over HTTP, at both revisions that it has requirements for."""

from pathlib import Path

import pytest

from .baseline import Baseline
from .suite import REVISIONS, needs_suite, run_suite, serving

pytestmark = [pytest.mark.protocol, needs_suite]

FIXTURES = str(Path(__file__).with_name("fixtures.py"))
revisions = pytest.mark.parametrize("revision", REVISIONS)


@revisions
def test_with_the_suites_fixtures_every_requirement_is_met(revision: str, tmp_path: Path) -> None:
    with serving(tmp_path, FIXTURES) as url:
        run = run_suite(url, revision, tmp_path)
    assert Baseline.with_fixtures(revision).disagreements(run.checks) == []
    assert run.exit_code == 0, run.printed


@revisions
def test_as_shipped_what_applies_passes_and_the_rest_has_its_reason(
    revision: str, tmp_path: Path
) -> None:
    baseline = Baseline.shipped(revision)
    with serving(tmp_path, "-m", "hostup_mcp", "serve") as url:
        run = run_suite(url, revision, tmp_path, baseline.expected_failures())
    assert baseline.disagreements(run.checks) == []
    assert run.exit_code == 0, run.printed
