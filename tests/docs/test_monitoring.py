"""The page on monitoring has every finding and every metric."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from inspect import getsource
from typing import Any, get_args

from hostup_mcp.cli.check_output import Report, State, as_metrics
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.health_findings import HealthFinding
from hostup_mcp.recovery.schedule_findings import ScheduleFinding

from .pages import ROOT, table

PAGE = "docs/monitoring.md"


def codes_of(*kinds: Any) -> set[Code]:
    """The codes that findings of these kinds may have."""
    parts = [part for kind in kinds for part in get_args(kind)]
    types = [part for part in parts if isinstance(part, type)]
    bare = {code for part in parts if part not in types for code in get_args(part)}
    named = {name for kind in types for name in re.findall(r"Code\.([A-Z_]+)", getsource(kind))}
    return bare | {Code[name] for name in named}


def test_every_finding_is_explained() -> None:
    rows = table(PAGE, "code", "severity", "it means")
    named = [code for codes, *_ in rows for code in codes]
    assert len(named) == len(set(named))
    # The check tells each run that matters, so it does not count the others.
    assert set(named) == codes_of(HealthFinding, ScheduleFinding) - {Code.MORE_RUNS_FAILED}


def test_every_exit_code_is_explained() -> None:
    rows = table(PAGE, "exit code", "state", "it means")
    assert [(int(code), state) for (code,), (state,), _ in rows] == [
        (state.value, state.name) for state in State
    ]


def test_named_metrics_exist() -> None:
    text = (ROOT / PAGE).read_text("utf-8")
    named = set(re.findall(r"hostup_mcp_check_\w+", text))
    made = re.findall(r"# TYPE (\w+) ", as_metrics(Report(datetime.now(UTC))))
    assert named == set(made)
