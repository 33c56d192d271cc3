"""What a stdio session loads, and what of the SDK that relies on."""

import json
import subprocess
import sys

import pytest

# Ends the process where a session begins, and prints what is loaded by then.
LOADED = """
import json, os, sys
from hostup_mcp.stdio.opening import Opening

def listen(self, wake):
    sys.stderr.write(json.dumps(sorted(name for name, its in sys.modules.items() if its)))
    sys.stderr.flush()
    os._exit(0)

Opening.start = lambda self: None  # nothing is read, so nothing can end it
Opening.listen = listen
from hostup_mcp.cli import main
main(sys.argv[1:])
"""
SDK = "import sys, json, mcp.server; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"


def modules(program: str, *words: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", program, *words],
        check=True,
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(json.loads(run.stderr.splitlines()[-1]))


@pytest.mark.parametrize("words", [["--sandbox"], ["--sandbox", "--allow", "all"]])
def test_a_session_loads_nothing_before_it_is_used(words: list[str]) -> None:
    ours = modules(LOADED, *words) - modules(SDK)
    assert "hostup_mcp.stdio.session" in ours
    unused = {
        *("starlette", "sse_starlette", "uvicorn", "opentelemetry", "cryptography", "jwt"),
        *("aiohttp", "uvloop", "httptools", "redis", "prometheus_client", "rich", "sqlite3"),
    }
    assert {name for name in ours if name.split(".")[0] in unused} == set()
    rooms = {".".join(name.split(".")[1:3]) for name in ours if name.startswith("hostup_mcp.")}
    assert not {"remote", "sandbox", "recovery", "server.tools"} & rooms


def test_validators_of_the_wire_are_built_when_used() -> None:
    """Fails if the SDK moves what `load_sdk` relies on; sessions then only start later."""
    program = """
from hostup_mcp.stdio.loading import load_sdk
load_sdk()
import inspect
from pydantic import BaseModel
from mcp_types import _v2025_11_25, _v2026_07_28
for era in (_v2025_11_25, _v2026_07_28):
    models = [m for _, m in inspect.getmembers(era, inspect.isclass) if issubclass(m, BaseModel)]
    assert len(models) > 50
    unbuilt = [model for model in models if not model.__pydantic_complete__]
    assert len(unbuilt) > len(models) / 2, len(unbuilt)
    for model in models:
        model.model_rebuild()
        assert model.__pydantic_complete__, model
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
