"""A baseline excuses only what it lists, and an entry that is not needed fails."""

import re

import pytest

from .baseline import Baseline
from .suite import REVISIONS, Check

PASSES = Check("listing", "lists", "SUCCESS")
WIRE = Check("listing", "wire-schema-valid", "SUCCESS")
FAILS = Check("calling", "calls", "FAILURE", says="Unknown tool: 'test_call'")
EMPTY = Check("refusing", "refuses", "SUCCESS", details='{"error": "Unknown tool: \'test_call\'"}')
NOTED = Check("listing", "sends", "INFO", says="a remark")
FOUND = [PASSES, WIRE, NOTED, FAILS, EMPTY]
SKIPPED = Check("listing", "pages", "SKIPPED", says="not written")
WARNED = Check("listing", "lists", "WARNING", says="out of order")


def baseline(
    counts: set[str], excused: dict[str, str] | None = None, vacuous: set[str] | None = None
) -> Baseline:
    """A baseline that matches FOUND, except for the arguments given."""
    return Baseline(
        frozenset(counts),
        {n: re.compile(p) for n, p in (excused or {"calling:calls": "Unknown tool"}).items()},
        frozenset({"refusing:refuses"} if vacuous is None else vacuous),
    )


FITTING = baseline({"listing"})


def test_expected_results_are_accepted() -> None:
    assert FITTING.disagreements(FOUND) == []


@pytest.mark.parametrize(
    ("changed", "found", "told"),
    [
        (FITTING, [*FOUND, SKIPPED], "listing:pages is a SKIPPED"),
        (FITTING, [WARNED, *FOUND], "listing:lists is a WARNING: out of order"),
        (FITTING, [WIRE, FAILS, EMPTY], "listing should count, and tested nothing"),
        (FITTING, [PASSES, EMPTY], "calling:calls is excused, and was not run"),
        (FITTING, [PASSES, FAILS], "refusing:refuses should pass without testing anything"),
        (baseline(set()), FOUND, "listing tested something, and is not listed"),
        (baseline({"listing"}, {"calling": "no such"}), FOUND, "for another reason: Unknown tool"),
        (baseline({"listing"}, vacuous=set()), FOUND, "passes because a fixture is not there"),
        (
            baseline({"listing"}, {"calling": "Unknown", "listing:lists": "x"}),
            FOUND,
            "listing:lists is excused, and passes",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_kind_of_disagreement_is_found(
    changed: Baseline, found: list[Check], told: str
) -> None:
    assert any(told in line for line in changed.disagreements(found))


def test_the_worst_result_of_a_check_counts() -> None:
    again = Check("listing", "lists", "FAILURE", says="the second time")
    assert any("second time" in line for line in FITTING.disagreements([*FOUND, again]))
    assert any("second time" in line for line in FITTING.disagreements([again, *FOUND]))


@pytest.mark.parametrize("revision", REVISIONS)
def test_fixtures_excuse_only_optional_parts(revision: str) -> None:
    optional = {"server-sse-polling", "tasks"}
    excused = Baseline.with_fixtures(revision).excused
    assert {name for name in excused if not name.startswith(tuple(optional))} == set()
    assert Baseline.with_fixtures(revision).counts > Baseline.shipped(revision).counts


def test_expected_failures_have_the_suites_format() -> None:
    assert FITTING.expected_failures() == "server:\n  - calling:calls\n"
