"""Every result about a server names it, with the time where there are ages or moments."""

from dataclasses import replace

import pytest
from mcp import Client
from mcp.types import ElicitRequestParams, ElicitResult

from hostup_mcp.sandbox import Sandbox

from ..wiring import ALL, account, client_of, text_of

ABOUT_WEB = (
    "list_vps_backups",
    "list_vps_snapshots",
    "list_backup_schedules",
    "list_restore_sources",
)


async def agree(context: object, params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="accept", content={"yes": True})


def now_of(box: Sandbox) -> str:
    return f"Now: {box.now():%a %Y-%m-%d %H:%M} UTC."


async def listed(client: Client) -> None:
    await client.call_tool("list_vps", {"limit": 100})


@pytest.mark.parametrize("tool", ABOUT_WEB)
async def test_lists_name_their_server(tool: str) -> None:
    box = account()
    web = box.state.by_name("web-01")
    async with client_of(box) as client:
        await listed(client)
        before = len(box.requests)
        result = await client.call_tool(tool, {"id": web.id})
        sent = [request.path for request in box.requests[before:]]
    assert f'"web-01" (192.0.2.10, {web.id}). {now_of(box)}' in text_of(result)
    data = result.structured_content
    assert data is not None
    assert (data["id"], data["name"], data["address"]) == (web.id, "web-01", "192.0.2.10")
    assert data["now"] == f"{box.now():%Y-%m-%dT%H:%M:%S}.{box.now():%f}"[:-3] + "Z"
    suggested = [path for path in sent[1:] if path.endswith("/snapshots")]
    assert sent[1:] == suggested, "the name costs no request"


async def test_a_plan_names_server_and_backup() -> None:
    box = account()
    web = box.state.by_name("web-01")
    async with client_of(box, ALL, elicitation_callback=agree) as client:
        await listed(client)
        await client.call_tool("list_vps_backups", {"id": web.id})
        # It has got another name since: the plan reads the server anyway.
        box.state.put(replace(web, name="web-new"))
        backup = max(web.backups, key=lambda each: str(each.created_at))
        arguments = {"id": web.id, "mode": "in_place", "backupId": backup.id}
        plan = await client.call_tool("plan_restore", arguments)
        again = await client.call_tool("list_vps_snapshots", {"id": web.id})
    text, data = text_of(plan), plan.structured_content
    assert data is not None
    assert backup.created_at is not None
    assert text.startswith(f'"web-new" (192.0.2.10, {web.id}). {now_of(box)}\n')
    assert f"in_place, backup from {backup.created_at:%a %Y-%m-%d %H:%M} UTC: POSSIBLE" in text
    assert "Data loss, cannot be undone: everything written since then, up to 8 hours" in text
    assert f"expires in 10 minutes, at {data['expiresAt'][11:16]} UTC): {data['planId']}" in text
    assert data["name"] == "web-new"
    assert data["point"]["id"] == backup.id
    assert data["point"]["age"] == "8 hours"
    assert '"web-new"' in text_of(again), "and is remembered"


async def test_a_job_names_its_server() -> None:
    box = account()
    web = box.state.by_name("web-01")
    async with client_of(box, ALL, elicitation_callback=agree) as client:
        await listed(client)
        started = await client.call_tool("create_vps_backup", {"id": web.id})
        assert started.structured_content is not None, text_of(started)
        job = await client.call_tool("get_job", {"jobId": started.structured_content["jobId"]})
    assert f'on "web-01" (192.0.2.10, {web.id}): ' in text_of(job)
    assert now_of(box) in text_of(job)
    assert job.structured_content is not None
    assert job.structured_content["name"] == "web-01"
