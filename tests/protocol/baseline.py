"""The expected results of the suite, with reasons, from the baseline files.

The suite has its own format for expected failures. Ours adds the reason, the message that the suite
must give for the reason to apply, and the checks that pass without testing anything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from .suite import Check

# A check that passes with this in its details did so because a fixture is missing.
MISSING = re.compile(r"Unknown (tool|prompt): 'test_")

WIRE = "wire-schema-valid"
"""A check that the suite adds to every scenario; alone it does not make a scenario count."""

# From best to worst: the worst of several results of one check counts.
SEVERITY = ("INFO", "SUCCESS", "SKIPPED", "WARNING", "FAILURE")


@dataclass(frozen=True)
class Baseline:
    """The expected results for one revision.

    Names are `scenario:check`, or `scenario` for the whole of it.
    """

    counts: frozenset[str]
    """Scenarios that test something."""

    excused: Mapping[str, re.Pattern[str]]
    """Checks that may fail, and the message that the suite must give."""

    vacuous: frozenset[str] = frozenset()
    """Checks that pass without testing anything."""

    @classmethod
    def shipped(cls, revision: str) -> Self:
        """The expected results for the product as shipped."""
        read = _read(revision)
        return cls(
            counts=frozenset(read["counts"]),
            excused=_excused(read["excused"]),
            vacuous=frozenset(n for group in read.get("vacuous", ()) for n in group["checks"]),
        )

    @classmethod
    def with_fixtures(cls, revision: str) -> Self:
        """The expected results with the suite's fixtures: every scenario counts."""
        shipped = cls.shipped(revision)
        excused = _excused(g for g in _read(revision)["excused"] if g.get("with_fixtures"))
        known = {*shipped.counts, *map(_scenario, (*shipped.excused, *shipped.vacuous))}
        return cls(counts=frozenset(known - set(map(_scenario, excused))), excused=excused)

    def expected_failures(self) -> str:
        """The excused checks in the format of the suite."""
        return "".join(["server:\n", *(f"  - {name}\n" for name in sorted(self.excused))])

    def disagreements(self, checks: Iterable[Check]) -> list[str]:
        """The differences between `checks` and the baseline; empty if there are none."""
        found = _verdicts(checks)
        return [
            *self._unexpected(found.values()),
            *self._stale(found),
            *self._miscounted(found.values()),
        ]

    def _unexpected(self, checks: Iterable[Check]) -> Iterator[str]:
        for check in checks:
            says = self.excused.get(check.name) or self.excused.get(check.scenario)
            if check.status == "SUCCESS":
                if (
                    says is None
                    and check.name not in self.vacuous
                    and MISSING.search(check.details)
                ):
                    yield f"{check.name} passes because a fixture is not there"
            elif says is None:
                yield f"{check.name} is a {check.status}: {check.says}"
            elif not says.search(check.says):
                yield f"{check.name} is a {check.status} for another reason: {check.says}"

    def _stale(self, found: Mapping[str, Check]) -> Iterator[str]:
        for name in self.excused:
            here = [c for c in found.values() if name in (c.name, c.scenario)]
            if all(check.status == "SUCCESS" for check in here):
                yield f"{name} is excused, and {'passes' if here else 'was not run'}"
        for name in self.vacuous:
            if name not in found or found[name].status != "SUCCESS":
                yield f"{name} should pass without testing anything, and does not"

    def _miscounted(self, checks: Iterable[Check]) -> Iterator[str]:
        tested = {
            check.scenario
            for check in checks
            if check.status == "SUCCESS"
            and check.id != WIRE
            and check.name not in self.vacuous
            and check.scenario not in self.excused
        }
        yield from (f"{name} should count, and tested nothing" for name in self.counts - tested)
        yield from (f"{name} tested something, and is not listed" for name in tested - self.counts)


def _verdicts(checks: Iterable[Check]) -> dict[str, Check]:
    """The worst result of each check, without remarks."""
    worst: dict[str, Check] = {}
    for check in checks:
        if check.status != "INFO":
            before = worst.setdefault(check.name, check)
            worst[check.name] = max(before, check, key=lambda c: SEVERITY.index(c.status))
    return worst


def _read(revision: str) -> dict[str, Any]:
    file = Path(__file__).with_name(f"baseline-{revision}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _excused(groups: Iterable[Mapping[str, Any]]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(group["says"]) for group in groups for name in group["checks"]}


def _scenario(name: str) -> str:
    return name.partition(":")[0]
