"""The official conformance suite, over HTTP, at both revisions that it has requirements for."""

import sys
from pathlib import Path

import pytest
from support.product import UNLIMITED, environment, running

from .baseline import Baseline
from .suite import REVISIONS, needs_suite, run_suite

pytestmark = [pytest.mark.protocol, needs_suite]

FIXTURES = [sys.executable, str(Path(__file__).with_name("fixtures.py"))]
ENV = environment(**UNLIMITED)
revisions = pytest.mark.parametrize("revision", REVISIONS)


@revisions
def test_every_requirement_is_met_with_fixtures(revision: str, tmp_path: Path) -> None:
    with running(tmp_path, ENV, "--sandbox", program=FIXTURES) as child:
        run = run_suite(child.url, revision, tmp_path)
    assert Baseline.with_fixtures(revision).disagreements(run.checks) == []
    assert run.exit_code == 0, run.printed


@revisions
def test_the_shipped_server_meets_its_baseline(revision: str, tmp_path: Path) -> None:
    baseline = Baseline.shipped(revision)
    with running(tmp_path, ENV, "--sandbox") as child:
        run = run_suite(child.url, revision, tmp_path, baseline.expected_failures())
    assert baseline.disagreements(run.checks) == []
    assert run.exit_code == 0, run.printed
