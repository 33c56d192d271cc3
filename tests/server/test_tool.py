"""A tool as it is meant here: strict, lean, and plain in its failures."""

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult
from pydantic import BaseModel, Field

from hostup_mcp.hostup.problems import TimedOutError
from hostup_mcp.server import failures
from hostup_mcp.server.answer import answer
from hostup_mcp.server.catalog import reading_tools
from hostup_mcp.server.services import Services
from hostup_mcp.server.tool import READ_ONLY, lean, reading_tool

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
    several: Annotated[int | str | None, Field(description="Either.")] = None
    nothing: Annotated[None, Field(description="Nothing.")] = None
    needed: int | None = Field(description="Null, but there.")


SCHEMA = Outer.model_json_schema()


def titles(schema: Any, where: str = "") -> list[str]:
    """Where in a schema there are titles that are no properties."""
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


def test_no_titles_are_left_and_a_property_of_that_name_is() -> None:
    slim = lean(SCHEMA)
    assert titles(SCHEMA)
    assert titles(slim) == []
    assert slim["properties"]["title"] == {"description": "A title.", "type": "string"}
    inner = slim["$defs"]["Inner"]["properties"]
    assert inner["title"]["description"] == "A title."
    assert inner["properties"]["type"] == "object"


def test_definitions_are_kept_and_every_reference_is_met() -> None:
    slim = lean(SCHEMA)
    assert set(slim["$defs"]) == {"Inner", "Colour"}
    used = {ref for ref in json.dumps(slim).split('"') if ref.startswith("#/$defs/")}
    assert used == {"#/$defs/Inner", "#/$defs/Colour"}


def test_an_optional_argument_is_told_without_its_null() -> None:
    properties = lean(SCHEMA)["properties"]
    assert properties["maybe"] == {"description": "Perhaps.", "minimum": 1, "type": "integer"}
    assert "maybe" not in lean(SCHEMA)["required"]


def test_what_is_not_simply_optional_stays_as_it_is() -> None:
    properties = lean(SCHEMA)["properties"]
    assert len(properties["several"]["anyOf"]) == 3
    assert {"type": "null"} in properties["needed"]["anyOf"]
    assert "needed" in lean(SCHEMA)["required"]


def test_an_answers_nulls_are_told() -> None:
    slim = lean(SCHEMA, outermost=False)
    assert {"type": "null"} in slim["properties"]["maybe"]["anyOf"]
    assert {"type": "null"} in slim["$defs"]["Inner"]["properties"]["title"]["anyOf"]


def test_required_descriptions_and_bounds_stay() -> None:
    slim = lean(SCHEMA)
    assert slim["required"] == SCHEMA["required"]
    assert slim["description"] == "Something outside."
    assert slim["properties"]["many"]["items"] == {"$ref": "#/$defs/Inner"}


def test_being_lean_twice_changes_nothing_and_the_original_stays() -> None:
    before = json.dumps(SCHEMA)
    once = lean(SCHEMA)
    assert lean(once) == once
    assert json.dumps(SCHEMA) == before


def test_a_tool_without_arguments_has_an_empty_object() -> None:
    async def nothing() -> str:
        """Does nothing."""
        return ""

    made = reading_tool(nothing, "Nothing")
    assert made.parameters == {"type": "object", "properties": {}, "additionalProperties": False}


def test_a_tools_description_is_its_docstring_on_one_line() -> None:
    async def wordy() -> str:
        """One line
        and   another.

        And a third."""
        return ""

    made = reading_tool(wordy, "Wordy")
    assert made.description == "One line and another. And a third."
    assert (made.name, made.title, made.annotations) == ("wordy", "Wordy", READ_ONLY)


def test_a_tool_reads_unless_told_otherwise() -> None:
    assert READ_ONLY.read_only_hint is True
    assert READ_ONLY.destructive_hint is False
    assert READ_ONLY.idempotent_hint is True
    assert READ_ONLY.open_world_hint is True


# Being called -------------------------------------------------------------------------------------


async def look(
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
        raise failures.refuse("my_kind", "No.", "Stop.")
    if name == "said":
        raise ToolError("a failure of its own")
    return answer([f"{limit} {colour} {enabled} {name}"], {})


LOOK = reading_tool(look, "Look")


async def run(**arguments: Any) -> CallToolResult:
    result = await LOOK.run(arguments, call(), convert_result=True)
    assert isinstance(result, CallToolResult)
    return result


async def test_arguments_that_fit_reach_the_tool() -> None:
    assert text_of(await run(limit=3, colour="blue")) == "3 blue False x"


@pytest.mark.parametrize("name", ["Limit", "limits", "confirm", "", "ctx", "self", "__class__"])
async def test_an_argument_that_the_tool_has_not_is_refused(name: str) -> None:
    told = error_of(await run(**{name: True, "limit": 3}))
    assert told["kind"] == "bad_arguments"
    assert "is not an argument of this tool" in told["fields"][0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 0},
        {"limit": 10},
        {"limit": "many"},
        {"limit": [1]},
        {"limit": {"a": 1}},
        {"limit": None},
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
async def test_arguments_that_do_not_fit_are_told_in_our_words(arguments: dict[str, Any]) -> None:
    result = await run(**arguments)
    told = error_of(result)
    assert told["kind"] == "bad_arguments"
    assert told["fields"][0].startswith(next(iter(arguments)))
    everything = (text_of(result) + json.dumps(told)).lower()
    for leak in ("pydantic", "secret-value", "input_", "http", "validation error", "999"):
        assert leak not in everything


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["limit", "cursor", "name", "primaryIp"])


@examples(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arguments=st.dictionaries(NAMES, JSON))
def test_whatever_a_model_sends_gives_an_answer_or_a_failure_in_our_words(
    arguments: dict[str, Any],
) -> None:
    import anyio

    anyio.run(_send, arguments)


async def _send(arguments: dict[str, Any]) -> None:
    sandbox = account()
    used = Services(settings(), sandbox.transport(), sandbox.clock.now)
    list_vps = next(t for t in reading_tools_once() if t.name == "list_vps")
    async with used.used():
        result = await list_vps.run(arguments, call(used), convert_result=True)
    assert isinstance(result, CallToolResult)
    assert result.structured_content is not None
    if result.is_error:
        assert set(error_of(result)) >= {"kind", "message", "nextStep"}
        assert "pydantic" not in text_of(result).lower()


_TOOLS: list[Any] = []


def reading_tools_once() -> list[Any]:
    if not _TOOLS:
        _TOOLS.extend(reading_tools())
    return _TOOLS


async def test_a_refusal_and_a_failure_of_hostup_become_answers() -> None:
    assert error_of(await run(name="no")) == {
        "kind": "my_kind",
        "message": "No.",
        "nextStep": "Stop.",
    }
    assert error_of(await run(name="late"))["kind"] == "timed_out"


async def test_a_fault_of_this_program_tells_the_model_nothing_of_itself() -> None:
    with pytest.raises(ToolError) as error:
        await run(name="fault")
    assert "secret" not in str(error.value)


async def test_what_is_not_ours_to_word_is_left_to_the_sdk() -> None:
    with pytest.raises(ToolError, match="a failure of its own"):
        await run(name="said")


async def test_the_context_is_no_argument() -> None:
    async def asks(ctx: Context[Any, Any]) -> str:
        """Asks."""
        return ""

    made = reading_tool(asks, "Asks")
    assert made.parameters["properties"] == {}
    told = error_of(await made.run({"ctx": {}}, call(), convert_result=True))
    assert told["kind"] == "bad_arguments"
