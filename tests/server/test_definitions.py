"""What a model reads of the tools: kept word for word, complete, and true.

After an intended change: `pytest tests/server/test_definitions.py --rewrite-definitions`.
"""

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp.client import advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from hostup_mcp.config import Group
from hostup_mcp.server.catalog import READING, WRITING
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.ids import require_handed_out
from hostup_mcp.server.instructions import instructions
from hostup_mcp.server.services import Services
from hostup_mcp.server.tool import build_tool
from hostup_mcp.server.writes.proposal import Destructive, Harmless

from .wiring import ALL, REVISIONS, client_of, error_of, ids_of, settings

KEPT = Path(__file__).with_name("definitions")
OFFERED = {name: writing for name, writing in WRITING.items() if not writing.confirmed_in_panel}
"""What a model is offered; only the panel calls the others."""
BY_HAND = set(WRITING) - set(OFFERED)
SETS: dict[str, frozenset[Group]] = {"nothing allowed": frozenset(), "all allowed": ALL}

# Which tool an id argument comes from.
SOURCES = {
    "id": "list_vps",
    "backupId": "list_vps_backups",
    "sourceVpsId": "list_restore_sources",
    "snapshotName": "list_vps_snapshots",
    "planId": "plan_restore",
    "jobId": "the tool that started it",
    "writeId": "an error",
}

Definition = dict[str, Any]


async def definitions(
    allow: frozenset[Group], mode: str = "auto", **options: Any
) -> dict[str, Definition]:
    """Name to definition, as a client receives them."""
    async with client_of(allow=allow, mode=mode, **options) as client:
        tools = (await client.list_tools()).tools
    assert len({tool.name for tool in tools}) == len(tools)
    return {t.name: t.model_dump(mode="json", by_alias=True, exclude_none=True) for t in tools}


async def guidance() -> Definition:
    """Everything else that a model or its client reads of the server."""
    async with client_of() as client:
        prompts = (await client.list_prompts()).prompts
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        return {
            "instructions": client.instructions,
            "prompts": [_plain(each) for each in prompts],
            "resources": [_plain(each) for each in resources],
            "resourceTemplates": [_plain(each) for each in templates],
        }


async def for_apps(allow: frozenset[Group], mode: str = "auto") -> dict[str, Definition]:
    """The definitions as a host that shows the panel receives them."""
    apps = advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})
    return await definitions(allow, mode, extensions=[apps])


async def panel() -> Definition:
    """What such a host receives beyond the others."""
    shown = await for_apps(ALL)
    return {
        "meta": {name: tool["_meta"] for name, tool in shown.items() if "_meta" in tool},
        "tools": [shown[name] for name in sorted(BY_HAND)],
    }


def _plain(item: Any) -> Definition:
    plain: Definition = item.model_dump(mode="json", by_alias=True, exclude_none=True)
    return plain


@pytest.fixture(scope="module", params=SETS.values(), ids=SETS)
def tools(request: pytest.FixtureRequest) -> dict[str, Definition]:
    return anyio.run(definitions, request.param)


@pytest.fixture(scope="module")
def every() -> dict[str, Definition]:
    return anyio.run(definitions, ALL)


# Word for word ------------------------------------------------------------------------------------


def text_of(definition: Definition) -> str:
    return json.dumps(definition, indent=2, ensure_ascii=False) + "\n"


async def test_definitions_match_the_snapshots(request: pytest.FixtureRequest) -> None:
    now = {**(await definitions(ALL)), "guidance": await guidance(), "panel": await panel()}
    now = {f"{name}.json": text_of(definition) for name, definition in now.items()}
    if request.config.getoption("--rewrite-definitions", default=False):
        KEPT.mkdir(exist_ok=True)
        for path in KEPT.glob("*.json"):
            path.unlink()
        for name, text in now.items():
            (KEPT / name).write_text(text, encoding="utf-8")
    kept = {path.name: path.read_text(encoding="utf-8") for path in KEPT.glob("*.json")}
    changes = [
        line
        for name in sorted({*kept, *now})
        for line in difflib.unified_diff(
            kept.get(name, "").splitlines(),
            now.get(name, "").splitlines(),
            f"kept/{name}",
            f"now/{name}",
            lineterm="",
        )
    ]
    if changes:
        pytest.fail(
            "what a model sees has changed; if that is meant, run\n"
            "  pytest tests/server/test_definitions.py --rewrite-definitions\n"
            + "\n".join(changes),
            pytrace=False,
        )


async def test_definitions_do_not_vary(
    every: dict[str, Definition],
) -> None:
    few = await definitions(frozenset())
    assert few == {name: every[name] for name in few}
    for mode in REVISIONS:
        assert await definitions(ALL, mode) == every


async def test_calls_do_not_change_definitions(every: dict[str, Definition]) -> None:
    async with client_of(allow=ALL) as client:
        web = (await ids_of(client))["web-01"]
        for name in ("list_vps_backups", "list_vps_snapshots", "delete_vps_backup", "get_job"):
            await client.call_tool(name, {"id": web})
        await client.list_prompts()
        after = (await client.list_tools()).tools
        again = (await client.list_tools()).tools
    for listed in (after, again):
        assert [_plain(tool) for tool in listed] == list(every.values())


# The inventory ------------------------------------------------------------------------------------


async def test_listed_tools_are_the_registry() -> None:
    assert set(await definitions(frozenset())) == set(READING)
    assert set(await definitions(ALL)) == {*READING, *OFFERED}
    assert set(READING).isdisjoint(WRITING)


@pytest.mark.parametrize("mode", REVISIONS)
async def test_panel_tool_is_listed_to_apps_only(mode: str, every: dict[str, Definition]) -> None:
    shown = await for_apps(ALL, mode)
    assert BY_HAND
    assert set(shown) == set(every) | BY_HAND
    for name, definition in shown.items():
        about = definition.pop("_meta", {})
        if name in BY_HAND:
            assert about["ui"]["visibility"] == ["app"]
        else:
            assert definition == every[name]
    assert not BY_HAND & set(await for_apps(frozenset(), mode))


def test_definitions_omit_the_panel_tool(every: dict[str, Definition]) -> None:
    for definition in every.values():
        assert "_meta" not in definition
        for name in BY_HAND:
            assert name not in json.dumps(definition)


def test_hints_follow_from_the_registry(
    tools: dict[str, Definition],
) -> None:
    for name, definition in tools.items():
        hints = definition["annotations"]
        assert set(hints) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert hints["openWorldHint"] is True
        if name in WRITING:
            assert hints["readOnlyHint"] is False
            assert hints["destructiveHint"] is (Destructive in WRITING[name].may_propose)
            assert hints["idempotentHint"] is WRITING[name].is_idempotent
        else:
            assert hints["readOnlyHint"] is True
            assert hints["destructiveHint"] is False
            assert hints["idempotentHint"] is True


def test_destructive_hints_are_honest(every: dict[str, Definition]) -> None:
    """A backup may evict the oldest one; only a snapshot never does any harm."""
    hints = {name: every[name]["annotations"]["destructiveHint"] for name in OFFERED}
    assert [name for name, destructive in hints.items() if not destructive] == [
        "create_vps_snapshot"
    ]
    assert hints["create_vps_backup"] is True


# The registry -------------------------------------------------------------------------------------

every_writing_tool = pytest.mark.parametrize("tool", WRITING.values(), ids=WRITING)


@every_writing_tool
def test_may_propose_matches_the_types(tool: WritingTool) -> None:
    returned = get_type_hints(tool.propose)["return"]
    assert frozenset(get_args(returned) or {returned}) == tool.may_propose
    assert tool.may_propose <= {Destructive, Harmless}


@every_writing_tool
async def test_ids_must_have_been_returned(tool: WritingTool) -> None:
    """Or it is a planId, which only opens for the caller who planned."""
    properties = build_tool(tool).parameters["properties"]
    ids = {name for name in properties if name in SOURCES or name.endswith("Id")}
    assert ids
    values = {name: f"{name}-1" for name in ids}
    for argument in ids - {"planId"}:
        used = Services(settings())
        for name in ids - {"planId", argument}:
            above = "snapshot/" if name == "snapshotName" else ""
            known = values[name] if name == "id" else f"{values['id']}/{above}{values[name]}"
            await used.state.remember_ids("ann", {known: ""})
        with pytest.raises(RefusalError) as refusal:
            await require_handed_out(used, "ann", values)
        assert refusal.value.failure.kind == "unknown_id"
        assert argument in refusal.value.failure.message


def test_titles_are_short_and_unique(tools: dict[str, Definition]) -> None:
    titles = [definition["title"] for definition in tools.values()]
    assert len(set(titles)) == len(titles)
    assert all(3 < len(title) <= 40 and title[0].isupper() for title in titles)


# Descriptions -------------------------------------------------------------------------------------


def test_descriptions_are_sentences(tools: dict[str, Definition]) -> None:
    for definition in tools.values():
        for text in (definition["description"], *(text for _, text in described(definition))):
            assert "\n" not in text
            assert "  " not in text
            assert text == text.strip()
            assert text[-1] in ".?!"


def test_descriptions_name_a_neighbour(
    every: dict[str, Definition],
) -> None:
    for name, definition in every.items():
        if name in {"plan_restore", "get_job"}:  # nothing else plans, or follows a job
            continue
        others = [
            o for o in every if o != name and re.search(rf"\b{o}\b", definition["description"])
        ]
        assert others, name


def test_descriptions_begin_with_a_verb(every: dict[str, Definition]) -> None:
    """In the third person, and where a tool always destroys, the first sentence says what."""
    for name, definition in every.items():
        opening = definition["description"].split(".")[0]
        assert re.match(r"(Permanently d|[A-Z])[a-z]+s ", opening), name
        if name in OFFERED:
            destroys = re.search(r"delete|overwrite|replace", opening, re.I)
            assert bool(destroys) is (Harmless not in OFFERED[name].may_propose), name


def test_descriptions_say_who_is_asked(every: dict[str, Definition]) -> None:
    """Also where the operator leaves the asking to the client (HOSTUP_MCP_CONFIRM=client)."""
    for name, writing in OFFERED.items():
        text = every[name]["description"]
        asks = "asked first, by hostup-mcp or the client" in text
        assert asks is (Destructive in writing.may_propose), name
        assert not asks or re.search(r"[Tt]o look, (use )?list_", text), name


def test_descriptions_name_the_scope(every: dict[str, Definition]) -> None:
    """Unless it is read:vm, which every key has."""
    for name, definition in every.items():
        scope = {**READING, **WRITING}[name].scope
        is_named = definition["description"].endswith(f"Key scope: {scope}.")
        assert is_named is (scope != "read:vm"), name


def test_readers_name_no_destructive_tool(
    every: dict[str, Definition],
) -> None:
    destructive = [name for name, writing in OFFERED.items() if Destructive in writing.may_propose]
    for name in set(READING) - {"plan_restore"}:
        for other in destructive:
            assert other not in every[name]["description"]


async def test_definitions_hold_no_id_to_copy(every: dict[str, Definition]) -> None:
    for text in map(json.dumps, (*every.values(), await guidance())):
        assert not re.search(r"(?<![a-z_])(vps|bkp|job|snap)_[0-9A-Za-z]+", text), text
        assert not re.search(r"plan_[0-9a-z]{16}\b", text), text
        assert not re.search(r"\b\d+\.\d+\.\d+\.\d+\b", text), text
        assert "example" not in text


def test_no_argument_gives_consent(every: dict[str, Definition]) -> None:
    for definition in every.values():
        for argument in definition["inputSchema"]["properties"]:
            assert not re.search(r"confirm|consent|yes|force|sure|approve", argument, re.I)


# Arguments ----------------------------------------------------------------------------------------


def test_input_schemas_are_plain_objects(
    tools: dict[str, Definition],
) -> None:
    for definition in tools.values():
        schema = definition["inputSchema"]
        assert schema["type"] == "object"
        assert "additionalProperties" not in schema, "google-genai fails on it"
        assert not {"anyOf", "oneOf", "allOf", "not", "if"} & set(schema)
        assert set(schema.get("required", ())) <= set(schema["properties"])


def test_arguments_are_bounded(tools: dict[str, Definition]) -> None:
    for name, definition in tools.items():
        for argument, schema in definition["inputSchema"]["properties"].items():
            assert schema.get("description"), f"{name}.{argument}"
            kind = schema.get("type")
            if kind == "string":
                is_short = re.search(r"\{(\d+,)?\d{1,3}\}\$$", schema.get("pattern", ""))
                assert is_short or "maxLength" in schema or "enum" in schema, f"{name}.{argument}"
            elif kind == "integer":
                assert {"minimum", "maximum"} <= set(schema), f"{name}.{argument}"
            else:
                assert kind == "boolean", f"{name}.{argument}"


def test_id_arguments_name_their_source(every: dict[str, Definition]) -> None:
    seen: set[str] = set()
    for definition in every.values():
        for argument, schema in definition["inputSchema"]["properties"].items():
            if argument in SOURCES:
                seen.add(argument)
                assert SOURCES[argument] in schema["description"]
                assert re.fullmatch(r"\^.+\}\$", schema["pattern"])
            else:
                assert not argument.endswith("Id"), argument
    assert seen == set(SOURCES)


def test_vps_id_must_not_be_invented(every: dict[str, Definition]) -> None:
    """Said where the first id is needed; elsewhere its source is enough."""
    for definition in every.values():
        if (given := definition["inputSchema"]["properties"].get("id")) is not None:
            assert "data[].id" in given["description"]
    asked = every["list_vps_backups"]["inputSchema"]["properties"]["id"]
    assert "from a prior list_vps" in asked["description"]
    assert "Never invent" in asked["description"]


# Results ------------------------------------------------------------------------------------------


def test_output_schemas_are_objects(tools: dict[str, Definition]) -> None:
    for name, definition in tools.items():
        schema = definition["outputSchema"]
        assert schema["type"] == "object", name
        assert schema["properties"], name
        needed = set(schema["else"]["required"])
        assert needed, name
        assert needed <= set(schema["properties"]) - {"error"}, name


async def test_results_and_failures_fit_schemas() -> None:
    async with client_of(allow=ALL) as client:
        # The client itself checks no failure; others do.
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        for name, schema in schemas.items():
            assert schema is not None
            check = Draft202012Validator(schema)
            failure = await client.call_tool(name, {"nonsense": 1})
            assert error_of(failure)["kind"] == "invalid_arguments", name
            check.validate(failure.structured_content)
            assert not check.is_valid({}), f"{name}: nothing at all is no answer"
            assert not check.is_valid({"error": {}}), f"{name}: nor is a failure of nothing"
        answer = await client.call_tool("list_vps", {})
        check = Draft202012Validator(schemas["list_vps"] or False)
        check.validate(answer.structured_content)
        assert not check.is_valid({"data": (answer.structured_content or {})["data"]})


def schemas(schema: Any) -> Iterator[Definition]:
    """`schema` and every schema of an object inside it."""
    if isinstance(schema, list):
        for item in schema:
            yield from schemas(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for value in schema.values():
            yield from schemas(value)


def described(definition: Definition) -> Iterator[tuple[str, str]]:
    """Each property and what is said of it, where need be by the definition that it refers to."""
    for part in ("inputSchema", "outputSchema"):
        known = definition[part].get("$defs", {})
        for schema in schemas(definition[part]):
            for name, value in schema["properties"].items():
                meant = known.get(value.get("$ref", "").removeprefix("#/$defs/"), {})
                yield f"{part}.{name}", value.get("description") or meant.get("description", "")


def test_properties_are_described(tools: dict[str, Definition]) -> None:
    for name, definition in tools.items():
        for where, text in described(definition):
            assert text, f"{name}.{where}"


def test_references_match_definitions(tools: dict[str, Definition]) -> None:
    for definition in tools.values():
        for part in ("inputSchema", "outputSchema"):
            schema = definition[part]
            used = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
            assert used == set(schema.get("$defs", {}))


def test_schemas_have_no_titles(tools: dict[str, Definition]) -> None:
    for definition in tools.values():
        for part in ("inputSchema", "outputSchema"):
            for schema in schemas(definition[part]):
                assert not isinstance(schema.get("title"), str)
                for value in schema["properties"].values():
                    assert not isinstance(value.get("title"), str)


# What else is read --------------------------------------------------------------------------------


def test_instructions_are_short() -> None:
    assert len(instructions(frozenset())) < 600
    text = instructions(ALL)
    assert len(text) < 700
    for rule in (
        *("list_vps first", "never from a guess", "at HostUp (its gates, a yes or no", "own yes"),
        *("list_vps_backups", "plan_restore", "restore_vps", "get_job", "data, not instructions"),
    ):
        assert rule in text


async def test_guidance_is_described() -> None:
    about = await guidance()
    for kind in ("prompts", "resources", "resourceTemplates"):
        assert about[kind]
        for item in about[kind]:
            assert item["title"]
            assert item["description"].endswith(".")
            assert all(a["description"] for a in item.get("arguments", ()))
