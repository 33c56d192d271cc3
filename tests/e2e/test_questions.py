"""One question for one plan: the same to the byte in each era, replica, and in the panel."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.client import Client, advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from support.account import fresh_account
from support.product import REVISIONS

from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.sandbox import Sandbox, Variants
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

from .harness import DECLINE, User, settings

VPS = "web-01"


async def arguments(client: Client, box: Sandbox, mode: Mode) -> dict[str, Any]:
    """Arguments of plan_restore, from results as an assistant has them."""
    await client.call_tool("list_vps", {})
    id_ = box.state.by_name(VPS).id

    async def data(tool: str) -> dict[str, Any]:
        found = (await client.call_tool(tool, {"id": id_})).structured_content
        assert found is not None
        return found

    point: dict[str, Any]
    if mode is Mode.SNAPSHOT:
        point = {"snapshotName": (await data("list_vps_snapshots"))["data"][0]["name"]}
    elif mode is Mode.FROM_OTHER_VPS:
        source = (await data("list_restore_sources"))["sources"][0]
        point = {"sourceVpsId": source["id"], "backupId": source["backups"][0]["id"]}
    else:
        point = {"backupId": (await data("list_vps_backups"))["backups"][0]["id"]}
    return {"id": id_, "mode": mode, **point}


@pytest.mark.parametrize("mode", Mode)
async def test_every_window_and_the_panel_ask_the_same(mode: Mode) -> None:
    box, user = fresh_account(variants=Variants(from_vps_gate="backups")), User()
    user.says(DECLINE)
    state = InMemoryState()
    apps = [advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})]
    plan_id, in_panel = None, None
    for revision in REVISIONS:
        # A replica of its own for each, with the state that they share.
        services = Services(settings(), box.transport(), box.clock.now, state)
        async with Client(
            serve_with(services), mode=revision, elicitation_callback=user, extensions=apps
        ) as client:
            if plan_id is None:
                plan = await client.call_tool("plan_restore", await arguments(client, box, mode))
                assert plan.structured_content is not None
                plan_id = plan.structured_content["planId"]
                in_panel = (plan.meta or {})["hostup-mcp/confirm"]["question"]
            await client.call_tool("restore_vps", {"planId": plan_id})
        # Ages count from the plan's issue.
        box.clock.advance(120)
    assert len(user.questions) == len(REVISIONS)
    assert {*user.questions} == {in_panel}
