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


def test_validators_of_the_sdk_are_built_when_used() -> None:
    """Fails if the SDK or pydantic changes what `load_sdk` relies on."""
    program = """
import gc
from pydantic import BaseModel, TypeAdapter
from hostup_mcp.stdio.loading import load_sdk
as_it_is = TypeAdapter.__init__
load_sdk()
assert TypeAdapter.__init__ is as_it_is
assert "defer_build" not in BaseModel.model_config

def every(model):
    for each in model.__subclasses__():
        yield each
        yield from every(each)

models = {each for each in every(BaseModel) if each.__module__.startswith("mcp")}
adapters = [each for each in gc.get_objects() if isinstance(each, TypeAdapter)]
assert len(models) > 300, len(models)
assert len(adapters) > 10, len(adapters)
built = [each for each in models if each.__pydantic_complete__]
built += [each for each in adapters if each.pydantic_complete]
assert len(built) < 60, built

for each in models:
    if not each.__pydantic_generic_metadata__["parameters"]:
        each.model_rebuild()
        assert each.__pydantic_complete__, each
for each in adapters:
    each.rebuild()
    assert each.pydantic_complete, each
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
