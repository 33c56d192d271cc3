"""Prompts, resources and completion: they guide, and give away nothing that was not given."""

from __future__ import annotations

import json

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)
from support.catalog import DESTRUCTIVE
from support.product import REVISIONS
from support.waiting import PATIENCE

from hostup_mcp.sandbox import Fault, Sandbox

from .harness import Assistant, in_memory

revisions = pytest.mark.parametrize("mode", REVISIONS)
TEMPLATE = "hostup://vps/{id}/backups"


async def prompt(assistant: Assistant, name: str, **arguments: str) -> str:
    with anyio.fail_after(PATIENCE):
        result = await assistant.client.get_prompt(name, arguments)
    return "\n".join(m.content.text for m in result.messages if isinstance(m.content, TextContent))


async def resource(assistant: Assistant, uri: str) -> object:
    with anyio.fail_after(PATIENCE):
        [content] = (await assistant.client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    return json.loads(content.text)


async def completed(assistant: Assistant, begin: str = "", argument: str = "id") -> list[str]:
    with anyio.fail_after(PATIENCE):
        result = await assistant.client.complete(
            ResourceTemplateReference(type="ref/resource", uri=TEMPLATE),
            {"name": argument, "value": begin},
        )
    return list(result.completion.values)


@revisions
async def test_prompts_stop_before_any_change(sandbox: Sandbox, mode: str) -> None:
    async with in_memory(sandbox, None, mode=mode) as assistant:
        vps = await assistant.find("web-01")
        texts = [
            await prompt(assistant, "recover_server"),
            await prompt(assistant, "recover_server", id=vps, trouble="the site is down"),
            await prompt(assistant, "check_backups"),
            await prompt(assistant, "check_backups", days="3"),
        ]
        known = await assistant.tools()
        listed = (await assistant.client.list_prompts()).prompts
    assert vps in texts[1]
    assert "the site is down" in texts[1]
    assert "maxAgeDays 3" in texts[3]
    assert "nextCursor" in texts[2], "a fleet may have many pages"
    for text, first in zip(texts, ["list_vps"] * 2 + ["check_backups"] * 2, strict=True):
        assert first in text
        assert not {tool for tool in DESTRUCTIVE if tool in text}
        assert "hange nothing" in text
        named = {word.strip(".,:;()") for word in text.split() if "_" in word}
        assert named - {vps} <= known
    for each in listed:
        assert each.title
        assert each.description
        assert all(a.description and not a.required for a in each.arguments or [])
    assert len(sandbox.requests) == 1


@revisions
async def test_resources_hold_what_the_tools_return(sandbox: Sandbox, mode: str) -> None:
    async with in_memory(sandbox, None, mode=mode) as assistant:
        assert await resource(assistant, "hostup://vps") == await assistant.ok(
            "list_vps", limit=100
        )
        vps = await assistant.find("shop-prod")
        assert await resource(assistant, f"hostup://vps/{vps}/backups") == await assistant.ok(
            "list_vps_backups", id=vps
        )


UNKNOWN_URIS = (
    "hostup://vps/vps_01hxa3b4c5d6e7f8g9h0j1k2m3/backups",
    "hostup://vps/OTHER/backups",
    "hostup://vps/../backups",
    "hostup://vps/%2e%2e%2fme/backups",
    "hostup://vps/web-01/backups",
    "hostup://vps//backups",
    "file:///etc/passwd",
)


@revisions
async def test_a_resource_for_an_unknown_id_is_missing(sandbox: Sandbox, mode: str) -> None:
    async with in_memory(sandbox, None, mode=mode) as assistant:
        for uri in UNKNOWN_URIS:
            with pytest.raises(MCPError) as raised:
                await resource(
                    assistant, uri.replace("OTHER", sandbox.state.by_name("other-web").id)
                )
            assert raised.value.error.code in (INVALID_PARAMS, -32002), uri
    assert sandbox.requests == []


@revisions
async def test_a_resource_that_fails_says_why(sandbox: Sandbox, mode: str) -> None:
    async with in_memory(sandbox, None, mode=mode) as assistant:
        sandbox.faults.add(Fault("status", status=401, times=None))
        with pytest.raises(MCPError) as raised:
            await resource(assistant, "hostup://vps")
    assert "HOSTUP_API_KEY" in raised.value.error.message


async def test_completion_offers_only_returned_ids(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        web, mail = await assistant.find("web-01"), await assistant.find("mail")
        await assistant.ok("list_vps_backups", id=web)
        await assistant.ok("list_vps_snapshots", id=web)
        await assistant.ok("list_restore_sources", id=web)
        assert set(await completed(assistant)) == {web, mail}
        assert await completed(assistant, web[:-2]) == [web]
        assert await completed(assistant, "vps_nothing_like_it") == []
        assert await completed(assistant, argument="trouble") == []
        by_prompt = await assistant.client.complete(
            PromptReference(type="ref/prompt", name="recover_server"), {"name": "id", "value": ""}
        )
        assert set(by_prompt.completion.values) == {web, mail}
    async with in_memory(sandbox, None) as other:
        assert await completed(other) == [], "what one server gave out is nothing to another"
