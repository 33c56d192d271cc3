"""tdqs: the deterministic part of a registry's quality score for tool definitions."""

import pytest
from support.catalog import READING, WRITING

from .thresholds import TDQS_FAILS_ON
from .tools import EVERYTHING, GRADERS, SERVER, run

pytestmark = pytest.mark.graders


@pytest.mark.parametrize(
    ("command", "tools"),
    [(SERVER, len(READING)), (EVERYTHING, len(READING | WRITING))],
    ids=["few", "all"],
)
def test_no_tool_definition_has_a_problem(command: list[str], tools: int) -> None:
    done = run(GRADERS / "tdqs", "lint", "--command", " ".join(command), "--fail-on", TDQS_FAILS_ON)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"· {tools} tools ·" in done.stdout
