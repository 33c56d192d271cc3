"""Shared by all tests."""

import json
import os
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from support.account import Upstream, fresh_account

from hostup_mcp.server import catalog

# The same results wherever the tests run; children inherit it.
os.environ["TZ"] = "UTC"
os.environ["LANG"] = os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("LANGUAGE", None)

# The same examples in each run; and a busy machine is no failure.
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

_numbers = count()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio only."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _repeat_no_work() -> Iterator[None]:
    """Build each tool once, and let clients check each output schema once.

    Otherwise every server and every client of a test would: most of what a short session takes.
    """
    check, checked = Draft202012Validator.check_schema, set[str]()

    def check_once(schema: Any) -> None:
        text = json.dumps(schema)
        if text not in checked:
            check(schema)
            checked.add(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Draft202012Validator, "check_schema", check_once)
        patch.setattr(catalog, "build_tool", cache(catalog.build_tool))
        yield


@pytest.fixture(scope="session")
def upstream_of_worker() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def upstream(upstream_of_worker: Upstream) -> Upstream:
    """HostUp's address, with a fresh account behind it."""
    upstream_of_worker.sandbox = fresh_account()
    return upstream_of_worker


@pytest.fixture(scope="session")
def _state_homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def _own_state_home(_state_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of one test share the state of one user; those of two tests do not."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_state_homes / str(next(_numbers))))
