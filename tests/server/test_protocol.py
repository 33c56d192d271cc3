"""What does not exist, or is not unlocked, is answered as such, in both protocol revisions."""

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS

from hostup_mcp.config import Group, Misconfigured
from hostup_mcp.server.app import build_server
from hostup_mcp.server.catalog import READING, WRITING

from .wiring import ALL, REVISIONS, account, client_of, error_of, text_of

LOCKED = [(name, writing.group) for name, writing in WRITING.items()]


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize("name", ["restore", "LIST_VPS", "", "list_vps ", "x" * 9_000, "a\nb"])
async def test_an_unknown_tool_is_an_error(mode: str, name: str) -> None:
    async with client_of(mode=mode) as client:
        with pytest.raises(MCPError) as error:
            await client.call_tool(name, {})
    assert error.value.error.code == INVALID_PARAMS
    assert "Unknown tool" in error.value.error.message
    assert len(error.value.error.message) < 200
    assert "\n" not in error.value.error.message


@pytest.mark.parametrize("mode", REVISIONS)
async def test_an_unknown_prompt_is_an_error(mode: str) -> None:
    async with client_of(mode=mode) as client:
        with pytest.raises(MCPError) as error:
            await client.get_prompt("recover_everything")
    assert error.value.error.code == INVALID_PARAMS
    assert "Unknown prompt" in error.value.error.message


@pytest.mark.parametrize("mode", REVISIONS)
async def test_no_list_has_a_second_page(mode: str) -> None:
    async with client_of(mode=mode) as client:
        lists = (
            client.list_tools,
            client.list_prompts,
            client.list_resources,
            client.list_resource_templates,
        )
        for listing in lists:
            with pytest.raises(MCPError) as error:
                await listing(cursor="2")
            assert error.value.error.code == INVALID_PARAMS
            assert (await listing()).next_cursor is None


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize(("name", "group"), LOCKED, ids=WRITING)
async def test_a_locked_tool_names_its_group(mode: str, name: str, group: Group) -> None:
    sandbox = account()
    async with client_of(sandbox, ALL - {group}, mode) as client:
        assert name not in {tool.name for tool in (await client.list_tools()).tools}
        for arguments in ({}, {"id": "vps_abcdef12"}, {"confirm": True}):
            told = error_of(await client.call_tool(name, arguments))
            assert told["kind"] == "not_allowed"
            assert name in told["message"]
            assert "Nothing was changed." in told["message"]
            assert f"HOSTUP_MCP_ALLOW to {','.join(sorted(ALL))}, plus" in told["nextStep"]
    assert sandbox.requests == []


@pytest.mark.parametrize("group", Group)
async def test_a_group_unlocks_its_own_tools(group: Group) -> None:
    async with client_of(allow=frozenset({group})) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
    offered = {n for n, w in WRITING.items() if w.group is group and not w.confirmed_in_panel}
    assert listed & set(WRITING) == offered


@pytest.mark.parametrize("mode", REVISIONS)
async def test_without_settings_tools_are_listed(
    mode: str,
) -> None:
    server = build_server(Misconfigured(("HOSTUP_API_KEY is not set.",)))
    async with Client(server, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == set(READING)
        result = await client.call_tool("list_vps", {})
    assert error_of(result)["kind"] == "not_configured"
    assert "HOSTUP_API_KEY is not set." in text_of(result)


@pytest.mark.parametrize("name", [*READING, *WRITING])
async def test_without_settings_each_tool_fails(name: str) -> None:
    async with Client(build_server(Misconfigured(("HOSTUP_API_KEY is not set.",)))) as client:
        result = await client.call_tool(name, {})
    assert "HOSTUP_API_KEY is not set." in text_of(result)
