"""What libraries make of our definitions for a model, and what such a model then has to send.

A model in a strict mode fills in every argument. The conversation goes through the library's own
conversion and its own client to the real server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.catalog import READING, WRITING

from hostup_mcp.config import Group
from hostup_mcp.server.catalog import build_tools

from .conftest import Product, driving
from .libraries import CONVERTERS, Driver, Json, Model

pytestmark = pytest.mark.frameworks

PUBLISHED = {tool.name: tool.parameters for tool in build_tools(sorted(Group))}
UNUSED = {"sourceVpsId", "snapshotName", "name", "region", "cpuCores", "memoryGb", "storageGb"}
"""What plan_restore ignores for in_place."""

SAID = {
    "list_vps": "web-01",
    "list_vps_backups": "web-01",
    "check_backups": "crm",
    "list_restore_sources": "web-01",
}
"""What each of these says of the account, if its arguments mean nothing."""


@pytest.fixture(scope="session", params=CONVERTERS, ids=lambda library: library.name)
def converter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    with driving(request.param, tmp_path_factory) as driver:
        yield driver


def empty(schema: Json) -> object:
    """What a model sends for an argument that it must fill in but has nothing to say about."""
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"default": value}:
            return value
        case {"type": str() as kind}:
            blanks: dict[str, object] = {"string": "", "boolean": False}
            return blanks.get(kind.lower(), schema.get("minimum", 0))
        case _:
            raise AssertionError(f"a schema of another kind: {schema}")


def filled(tool: str, schema: Json, **given: object) -> Json:
    """Every argument of a tool: those `given`, and nothing to say about the others."""
    assert set(schema["properties"]) == set(PUBLISHED[tool]["properties"])
    return {name: given.get(name, empty(each)) for name, each in schema["properties"].items()}


def ids(model: Model) -> dict[str, Any]:
    vps, listing = model.backups("web-01")
    backup = re.search(r"bkp_\w+", listing)
    assert backup is not None, listing
    return {"id": vps, "backupId": backup[0]}


def test_tools_with_every_argument_filled_in(converter: Driver, product: Product) -> None:
    """As for a model whose schemas allow no null: text is empty, numbers are as small as may be."""
    with converter.converse(product.over_http()) as model:
        known = ids(model)
        assert set(model.tools) == READING | WRITING
        for tool in SAID:
            arguments = filled(tool, model.tools[tool], **known)
            heard = model.call(tool, **arguments)
            assert SAID[tool] in heard, (tool, arguments, heard)
        arguments = filled("plan_restore", model.tools["plan_restore"], mode="in_place", **known)
        plan = model.call("plan_restore", **arguments)
        assert re.search("data ?loss", plan, re.IGNORECASE), plan
        ignored = UNUSED & {name for name, value in arguments.items() if value != ""}
        assert all(name in plan.partition("gnored")[2] for name in ignored)


def test_tools_with_null_for_the_rest(converter: Driver, product: Product) -> None:
    with converter.converse(product.over_http()) as model:
        known = ids(model)
        for tool in ("list_vps", "list_vps_backups", "plan_restore"):
            needed = {
                name: value
                for name, value in known.items()
                if name in PUBLISHED[tool]["properties"]
            }
            if tool == "plan_restore":
                needed["mode"] = "in_place"
            heard = model.call(tool, **dict.fromkeys(PUBLISHED[tool]["properties"]) | needed)
            assert "web-01" in heard
            assert "Ignored" not in heard
