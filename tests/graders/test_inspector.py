"""The MCP Inspector on the command line: can every client use the schemas?"""

import json

import pytest
from support.catalog import READING, WRITING

from .thresholds import INSPECTOR_REMARKS
from .tools import CONNECTING, EVERYTHING, INSPECTOR, NODE, run

pytestmark = pytest.mark.graders


@pytest.mark.parametrize("revision", ["legacy", "modern"])
def test_the_schemas_are_portable(revision: str) -> None:
    done = run(
        NODE,
        INSPECTOR,
        "--cli",
        *("--quiet", "--format", "json", "--protocol-era", revision),
        *("--method", "tools/list", "--strict", *CONNECTING),
        "--",
        *EVERYTHING,
        MCP_INSPECTOR_SECRET_STORE="memory",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == INSPECTOR_REMARKS
    assert len(json.loads(done.stdout)["result"]["tools"]) == len(READING | WRITING)
