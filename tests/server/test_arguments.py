"""Arguments mean what clients mean by them: every tool takes "not given" in each of its forms."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mcp import Client
from mcp.server.mcpserver.tools import Tool
from pydantic import ValidationError

from hostup_mcp.config import Group
from hostup_mcp.server.arguments import leave_out_not_given
from hostup_mcp.server.catalog import WRITING, build_tools

from .wiring import ALL, client_of, decline, error_of, ids_of, text_of

TOOLS = {tool.name: tool for tool in build_tools(sorted(Group))}


def optional(tool: Tool) -> dict[str, dict[str, Any]]:
    """The arguments of `tool` that may be left out, with their schemas."""
    properties, required = tool.parameters["properties"], tool.parameters.get("required", [])
    return {name: schema for name, schema in properties.items() if name not in required}


OPTIONAL = [(tool.name, name) for tool in TOOLS.values() for name in optional(tool)]
TEXTS = [(tool, name) for tool, name in OPTIONAL if optional(TOOLS[tool])[name]["type"] == "string"]


# Not given ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tool", "name"), OPTIONAL)
def test_null_means_not_given(tool: str, name: str) -> None:
    assert leave_out_not_given({name: None}, TOOLS[tool].parameters) == {}


@pytest.mark.parametrize(("tool", "name"), TEXTS)
def test_empty_text_means_not_given(tool: str, name: str) -> None:
    assert leave_out_not_given({name: ""}, TOOLS[tool].parameters) == {}


@pytest.mark.parametrize(("tool", "name"), TEXTS)
def test_published_forms_admit_empty_text(tool: str, name: str) -> None:
    """A model that has to fill it in is left with "" only if the schema allows that."""
    schema = optional(TOOLS[tool])[name]
    assert "enum" in schema or re.search(schema.get("pattern", ""), "")
    assert schema.get("minLength", 0) == 0


@pytest.mark.parametrize(("tool", "name"), [each for each in OPTIONAL if each not in TEXTS])
def test_empty_text_is_no_number(tool: str, name: str) -> None:
    assert leave_out_not_given({name: ""}, TOOLS[tool].parameters) == {name: ""}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("value", [None, ""])
def test_required_arguments_are_required(tool: str, value: object) -> None:
    parameters = TOOLS[tool].parameters
    given = dict.fromkeys(parameters.get("required", []), value)
    assert leave_out_not_given(given, parameters) == given


@pytest.mark.parametrize("empty", [None, ""])
async def test_a_call_with_every_argument(empty: str | None) -> None:
    """The result is the same as that of the call without them."""
    async with client_of(allow=ALL) as client:
        vps = (await ids_of(client))["web-01"]
        for tool in ("list_vps", "check_backups", "list_vps_backups", "list_restore_sources"):
            required = {"id": vps} if "id" in TOOLS[tool].parameters["properties"] else {}
            filled: dict[str, object] = {
                name: empty if (tool, name) in TEXTS else None for name in optional(TOOLS[tool])
            }
            plain = await client.call_tool(tool, required)
            assert await client.call_tool(tool, {**required, **filled}) == plain


# Numbers, words and ids ---------------------------------------------------------------------------

NUMBERS = [
    (tool.name, name)
    for tool in TOOLS.values()
    for name, schema in tool.parameters["properties"].items()
    if schema.get("type") == "integer"
]
FLAGS = [
    (tool, name)
    for tool in WRITING
    for name, schema in TOOLS[tool].parameters["properties"].items()
    if schema.get("type") == "boolean"
]
IDS = [
    (tool, name)
    for tool in WRITING
    for name, schema in TOOLS[tool].parameters["properties"].items()
    if schema.get("type") == "string"
]


def problems(tool: str, name: str, value: object) -> list[str]:
    """What is wrong with `value` for an argument; other arguments are missing, which is too."""
    try:
        TOOLS[tool].fn_metadata.validate_arguments({name: value})
    except ValidationError as error:
        return [each["type"] for each in error.errors() if each["loc"] == (name,)]
    return []


@pytest.mark.parametrize(("tool", "name"), NUMBERS)
def test_whole_floats_are_integers(tool: str, name: str) -> None:
    assert problems(tool, name, 5.0) == []
    assert problems(tool, name, 5.5) == ["int_from_float"]


@pytest.mark.parametrize(("tool", "name"), FLAGS)
@pytest.mark.parametrize("value", ["true", "yes", "", 1, 0, 1.0])
def test_flags_of_writes_are_strict(tool: str, name: str, value: object) -> None:
    assert problems(tool, name, value) == ["bool_type"]
    assert problems(tool, name, True) == problems(tool, name, False) == []


@pytest.mark.parametrize(("tool", "name"), IDS)
@pytest.mark.parametrize("value", [5, 5.0, True, ["a"]])
def test_text_of_writes_is_strict(tool: str, name: str, value: object) -> None:
    assert problems(tool, name, value) in (["string_type"], ["literal_error"], ["enum"])


# What does not belong together --------------------------------------------------------------------

FILLED = {
    "sourceVpsId": "none",
    "snapshotName": "none",
    "name": "x!",
    "region": "se",
    "cpuCores": 0,
    "memoryGb": 1,
    "storageGb": 10.0,
}
"""Arguments of plan_restore that a model had to fill in; those that are ignored may be invalid."""


async def first_backup(client: Client, vps: str) -> str:
    listed = await client.call_tool("list_vps_backups", {"id": vps})
    assert listed.structured_content is not None
    return str(listed.structured_content["backups"][0]["id"])


async def test_a_plan_ignores_what_is_not_its_modes() -> None:
    async with client_of(allow=ALL, elicitation_callback=decline) as client:
        vps = (await ids_of(client))["web-01"]
        needed = {"id": vps, "mode": "in_place", "backupId": await first_backup(client, vps)}
        result = await client.call_tool("plan_restore", {**needed, **FILLED, "rehearsal": False})
        assert not result.is_error, text_of(result)
        assert f"Ignored for in_place: {', '.join(FILLED)}." in text_of(result)
        assert result.structured_content is not None
        assert result.structured_content["ignored"] == list(FILLED)
        assert result.structured_content["planId"]
        alone = await client.call_tool("plan_restore", needed)
        assert "gnored" not in text_of(alone)
        assert "ignored" not in (alone.structured_content or {})


async def test_ignored_ids_decide_nothing() -> None:
    """A backup of another server stays refused, whatever else is given."""
    async with client_of(allow=ALL) as client:
        servers = await ids_of(client)
        other = servers["db-01"]
        foreign = await first_backup(client, other)
        result = await client.call_tool(
            "plan_restore",
            {
                "id": servers["web-01"],
                "mode": "in_place",
                "backupId": foreign,
                "sourceVpsId": other,
            },
        )
        assert error_of(result)["kind"] == "unknown_id"


@pytest.mark.parametrize("mode", ["in_place", "from_other_vps", "snapshot", "new_cloud_vps"])
async def test_what_a_mode_needs_is_required(mode: str) -> None:
    async with client_of(allow=ALL) as client:
        vps = (await ids_of(client))["web-01"]
        result = await client.call_tool("plan_restore", {"id": vps, "mode": mode, "cpuCores": None})
        assert f"is required with mode {mode}" in text_of(result)


async def test_an_unknown_mode_is_refused() -> None:
    async with client_of(allow=ALL) as client:
        vps = (await ids_of(client))["web-01"]
        result = await client.call_tool("plan_restore", {"id": vps, "mode": "sideways"} | FILLED)
        assert "mode: must be one of" in text_of(result)


async def test_a_schedule_ignores_other_days() -> None:
    """A model that has to fill both in can still set one; the question says what is sent."""
    questions: list[str] = []

    async def agree(context: Any, params: Any) -> Any:
        questions.append(params.message)
        return await decline(context, params)

    async with client_of(allow=ALL, elicitation_callback=agree) as client:
        vps = (await ids_of(client))["web-01"]
        schedule = {"id": vps, "enabled": True, "hour": 3, "retentionCount": 100, "name": ""}
        days = {"dayOfWeek": 1, "dayOfMonth": 31}
        for frequency in ("daily", "weekly", "monthly"):
            await client.call_tool(
                "set_backup_schedule", {**schedule, **days, "frequency": frequency}
            )
    daily, weekly, monthly = questions
    assert "daily" in daily
    assert "Monday" in weekly
    assert "31" not in weekly
    assert "31" in monthly


# New names ----------------------------------------------------------------------------------------

NEW_NAMES = [
    ("create_vps_snapshot", {"name": "before the update"}, "a to z, A to Z, 0 to 9, - and _"),
    ("create_vps_snapshot", {"name": "x" * 41}, "at most 40 characters"),
    ("create_vps_snapshot", {"name": ""}, "at most 40 characters"),
    ("plan_restore", {"mode": "new_cloud_vps", "name": "web 02"}, "and - between them"),
    ("plan_restore", {"mode": "new_cloud_vps", "name": "web-"}, "and - between them"),
    ("plan_restore", {"mode": "new_cloud_vps", "name": "x" * 50}, "at most 49 characters"),
    ("set_backup_schedule", {"enabled": True, "name": "a\nb"}, "spaces and ASCII punctuation"),
    ("set_backup_schedule", {"enabled": True, "name": "x" * 61}, "at most 60 characters"),
]


@pytest.mark.parametrize(("tool", "arguments", "allowed"), NEW_NAMES)
async def test_a_refused_new_name_says_what_it_may_have(
    tool: str, arguments: dict[str, Any], allowed: str
) -> None:
    async with client_of(allow=ALL) as client:
        result = await client.call_tool(tool, {"id": (await ids_of(client))["web-01"], **arguments})
        [field] = [each for each in error_of(result)["fields"] if each.startswith("name: ")]
        assert allowed in field
        assert "earlier" not in field


def test_new_names_end_where_they_end() -> None:
    """A line break at the end is a character too."""
    for tool, name in [
        ("create_vps_snapshot", "ok\n"),
        ("plan_restore", "ok\n"),
        ("set_backup_schedule", "ok\n"),
    ]:
        assert problems(tool, "name", name) == ["invalid_name"]
        assert problems(tool, "name", name.strip()) == []
