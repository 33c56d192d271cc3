"""Tools are strict about arguments, have a small schema, and report failures in our words."""

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

import anyio
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.problems import TimedOutError
from hostup_mcp.server.definition import Read, ReadingTool, Scope
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, Services
from hostup_mcp.server.tool import build_tool, lean
from hostup_mcp.server.tools import list_vps

from .wiring import account, call, error_of, settings, text_of


class Colour(StrEnum):
    """A colour."""

    RED = "red"


class Inner(BaseModel):
    """Something inside."""

    title: str | None = Field(description="A title.")
    properties: dict[str, Any] = Field(description="Its properties.")
    loose: Any = Field(description="Anything.")
    mixed: Literal["a", 1] = Field(description="Text or number.")


class Outer(BaseModel):
    """Something outside."""

    title: str = Field(description="A title.")
    inner: Inner = Field(description="One.")
    many: list[Inner] = Field(description="Many.")
    colour: Colour = Field(description="Colour.")
    maybe: Annotated[int | None, Field(description="Perhaps.", ge=1)] = None
    word: Annotated[str | None, Field(description="Word.", pattern="^[a-z]{1,9}$")] = None
    loosely: Annotated[str | None, Field(description="Any.", pattern="^[a-z]*$")] = None
    several: Annotated[int | str | None, Field(description="Either.")] = None
    nothing: Annotated[None, Field(description="Nothing.")] = None
    needed: int | None = Field(description="Null, but there.")


SCHEMA = Outer.model_json_schema()


def titles(schema: Any, where: str = "") -> list[str]:
    """The places in a schema with a title that is not a property of that name."""
    found: list[str] = []
    if isinstance(schema, list):
        for number, item in enumerate(schema):
            found += titles(item, f"{where}/{number}")
    elif isinstance(schema, dict):
        for key, value in schema.items():
            named = where.endswith(("/properties", "/$defs")) and not where.endswith(
                "/properties/properties"
            )
            if key == "title" and not named:
                found.append(where)
            else:
                found += titles(value, f"{where}/{key}")
    return found


# The schema ---------------------------------------------------------------------------------------


def test_lean_removes_titles() -> None:
    """But not a property of that name."""
    slim = lean(SCHEMA)
    assert titles(SCHEMA)
    assert titles(slim) == []
    assert slim["properties"]["title"] == {"description": "A title.", "type": "string"}
    inner = slim["$defs"]["Inner"]["properties"]
    assert inner["title"]["description"] == "A title."
    assert inner["properties"]["type"] == "object"


def test_lean_keeps_every_reference() -> None:
    slim = lean(SCHEMA)
    assert set(slim["$defs"]) == {"Inner", "Colour"}
    used = {ref for ref in json.dumps(slim).split('"') if ref.startswith("#/$defs/")}
    assert used == {"#/$defs/Inner", "#/$defs/Colour"}


def test_lean_drops_null_of_an_optional() -> None:
    properties = lean(SCHEMA)["properties"]
    assert properties["maybe"] == {"description": "Perhaps.", "minimum": 1, "type": "integer"}
    assert "maybe" not in lean(SCHEMA)["required"]


def test_lean_lets_optional_text_be_empty() -> None:
    properties = lean(SCHEMA)["properties"]
    patterns = [properties[name]["pattern"] for name in ("word", "loosely")]
    assert patterns == ["^[a-z]{0,9}$", "^[a-z]*$"]


def test_lean_keeps_null_of_the_rest() -> None:
    """Of a choice between types, of a required property, and of everything in a result."""
    properties = lean(SCHEMA)["properties"]
    assert len(properties["several"]["anyOf"]) == 3
    assert {"type": "null"} in properties["needed"]["anyOf"]
    assert "needed" in lean(SCHEMA)["required"]
    result = lean(SCHEMA, outermost=False)
    assert {"type": "null"} in result["properties"]["maybe"]["anyOf"]
    assert {"type": "null"} in result["$defs"]["Inner"]["properties"]["title"]["anyOf"]


def test_lean_keeps_what_is_required() -> None:
    slim = lean(SCHEMA)
    assert slim["required"] == SCHEMA["required"]
    assert slim["description"] == "Something outside."
    assert slim["properties"]["many"]["items"] == {"$ref": "#/$defs/Inner"}


def test_lean_is_idempotent_and_pure() -> None:
    before = json.dumps(SCHEMA)
    once = lean(SCHEMA)
    assert lean(once) == once
    assert json.dumps(SCHEMA) == before


# Building -----------------------------------------------------------------------------------------


def reading(read: Read, scope: Scope = "read:vm", **metadata: Any) -> Tool:
    return build_tool(
        ReadingTool(name="look", title="Look", scope=scope, read=read, result=Outer, **metadata)
    )


async def wordy(ctx: Ctx) -> CallToolResult:
    """One line
    and   another.

    And a third."""
    return to_result([], {})


def test_docstring_becomes_the_description() -> None:
    """On one line, followed by the scope unless every key has it."""
    made = reading(wordy)
    assert made.description == "One line and another. And a third."
    assert reading(wordy, "backup:vm").description == f"{made.description} Key scope: backup:vm."
    assert (made.name, made.title) == ("look", "Look")


async def test_context_is_not_an_argument() -> None:
    made = reading(wordy)
    assert made.parameters == {"type": "object", "properties": {}}
    error = error_of(await made.run({"ctx": {}}, call(), convert_result=True))
    assert error["kind"] == "invalid_arguments"


def test_meta_names_the_panel_if_shown() -> None:
    assert reading(wordy).meta is None
    assert reading(wordy, shown_in_panel=True).meta == {
        "ui": {"resourceUri": "ui://hostup/recovery"}
    }


# Calling ------------------------------------------------------------------------------------------


async def look(
    ctx: Ctx,
    limit: Annotated[int, Field(ge=1, le=9, description="How many.")] = 5,
    colour: Annotated[Literal["red", "blue"], Field(description="Which.")] = "red",
    enabled: Annotated[bool, Field(description="Whether.")] = False,
    name: Annotated[str, Field(max_length=5, description="Whose.")] = "x",
) -> CallToolResult:
    """Looks."""
    if name == "fault":
        raise RuntimeError("secret detail")
    if name == "late":
        raise TimedOutError("HostUp did not answer")
    if name == "no":
        raise refuse(texts.NAME_TAKEN)
    if name == "said":
        raise ToolError("a failure of its own")
    return to_result([f"{limit} {colour} {enabled} {name}"], {"seen": name})


class Seen(BaseModel):
    """What `look` returns."""

    seen: str


LOOK = build_tool(ReadingTool(name="look", title="Look", scope="read:vm", read=look, result=Seen))


async def run(**arguments: Any) -> CallToolResult:
    result = await LOOK.run(arguments, call(), convert_result=True)
    assert isinstance(result, CallToolResult)
    return result


async def test_valid_arguments_reach_the_handler() -> None:
    assert text_of(await run(limit=3, colour="blue")) == "3 blue False x"


@pytest.mark.parametrize("name", ["Limit", "limits", "confirm", "", "ctx", "self", "__class__"])
async def test_unknown_arguments_are_refused(name: str) -> None:
    error = error_of(await run(**{name: True, "limit": 3}))
    assert error["kind"] == "invalid_arguments"
    assert "is not an argument of this tool" in error["fields"][0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 0},
        {"limit": 10},
        {"limit": "many"},
        {"limit": [1]},
        {"limit": {"a": 1}},
        {"limit": 1.5},
        {"limit": "9" * 5_000},
        {"colour": "secret-value"},
        {"colour": 5},
        {"enabled": "secret-value"},
        {"name": "secret-value"},
        {"name": ["secret-value"]},
        {"name": {"secret-value": 1}},
    ],
)
async def test_invalid_values_are_not_repeated(arguments: dict[str, Any]) -> None:
    """The failure names the argument, without its value and without pydantic's words."""
    result = await run(**arguments)
    error = error_of(result)
    assert error["kind"] == "invalid_arguments"
    assert error["fields"][0].startswith(next(iter(arguments)))
    everything = (text_of(result) + json.dumps(error)).lower()
    for leak in ("pydantic", "secret-value", "input_", "http", "validation error", "999"):
        assert leak not in everything


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["limit", "cursor", "name", "primaryIp"])
LIST_VPS = build_tool(list_vps.TOOL)


@examples(max_examples=50)
@given(arguments=st.dictionaries(NAMES, JSON))
def test_any_arguments_give_a_result(arguments: dict[str, Any]) -> None:
    """A success, or a failure in our words."""
    anyio.run(_send, arguments)


async def _send(arguments: dict[str, Any]) -> None:
    sandbox = account()
    used = Services(settings(), sandbox.transport(), sandbox.clock.now)
    async with used.used():
        result = await LIST_VPS.run(arguments, call(used), convert_result=True)
    assert isinstance(result, CallToolResult)
    assert result.structured_content is not None
    if result.is_error:
        assert set(error_of(result)) >= {"kind", "message", "nextStep"}
        assert "pydantic" not in text_of(result).lower()


async def test_refusals_become_results() -> None:
    """Ours, and those of HostUp."""
    assert error_of(await run(name="no"))["kind"] == "name_taken"
    assert error_of(await run(name="late"))["kind"] == "timed_out"


async def test_internal_errors_hide_their_details() -> None:
    with pytest.raises(ToolError) as error:
        await run(name="fault")
    assert "secret" not in str(error.value)


async def test_other_tool_errors_pass_through() -> None:
    with pytest.raises(ToolError, match="a failure of its own"):
        await run(name="said")
