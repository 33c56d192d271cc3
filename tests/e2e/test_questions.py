"""One question for one plan: the same to the byte in each era, replica, and in the panel."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from mcp.client import Client, advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from support.account import fresh_account
from support.product import REVISIONS

from hostup_mcp.config import Confirm
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.sandbox import Sandbox, Variants
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

from .harness import DECLINE, User, in_memory, settings

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
                in_panel = (plan.meta or {})["hostup-mcp/confirm"]["questions"]["en"]["text"]
            await client.call_tool("restore_vps", {"planId": plan_id})
        # Ages count from the plan's issue.
        box.clock.advance(120)
    assert len(user.questions) == len(REVISIONS)
    assert {*user.questions} == {in_panel}


# After the yes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "way_back", "says"),
    [
        (2, 0, "the newest backup from before the restore"),
        (0, None, "There is no backup of what was overwritten"),
    ],
)
async def test_a_restore_says_what_was_agreed_and_how_to_return(
    index: int, way_back: int | None, says: str
) -> None:
    box, user = fresh_account(), User()
    async with in_memory(box, user) as assistant:
        vps, backups = await assistant.backups(VPS)
        plan = await assistant.ok("plan_restore", id=vps, mode="in_place", backupId=backups[index])
        started = await assistant.call("restore_vps", planId=plan["planId"])
        what = user.questions[0].splitlines()[0].removesuffix("?")
        assert started.data["agreed"] == {
            "by": "user",
            "how": "typed the server's name",
            "to": what,
        }
        typed = user.questions[0].splitlines()[-1].removeprefix("To go ahead, type: ")
        assert f'The user typed "{typed}", agreeing to: {what}.' in started.text
        running = await assistant.call("get_job", jobId=started.data["jobId"])
        assert says not in running.text
        box.clock.advance(3600)
        ended = await assistant.call("get_job", jobId=started.data["jobId"])
    for result in (started, ended):
        assert (result.data["name"], result.data["address"]) == (VPS, "192.0.2.10")
        assert f'"{VPS}" (192.0.2.10, {vps})' in result.text
        assert says in result.text
        found = result.data["wayBack"]
        if way_back is None:
            assert found == "way_back_restored"
        else:
            assert (found["code"], found["backupId"]) == ("way_back", backups[way_back])
            assert f"Way back: {backups[way_back]} from " in result.text


async def test_where_nobody_is_asked_the_result_says_why() -> None:
    box, user = fresh_account(), User()
    async with in_memory(box, user) as assistant:
        vps = await assistant.find(VPS)
        made = await assistant.call("create_vps_backup", id=vps)
    assert user.questions == []
    assert made.data["agreed"]["by"] == "nobody"
    assert "The user was not asked: a slot is free, so nothing is overwritten." in made.text


async def test_a_yes_left_to_the_client_is_called_that() -> None:
    box, user = fresh_account(), User()
    async with in_memory(box, user, confirm=Confirm.CLIENT) as assistant:
        _, plan = await assistant.planned()
        started = await assistant.call("restore_vps", planId=plan)
    assert user.questions == []
    assert started.data["agreed"]["by"] == "client"
    assert "Asking the user was left to the client (HOSTUP_MCP_CONFIRM=client): " in started.text


@pytest.mark.parametrize("mode", REVISIONS)
async def test_a_declined_restore_says_what_was_declined(mode: str) -> None:
    """Which backup of which server; and that nothing was changed."""
    sandbox, user = fresh_account(variants=Variants(from_vps_gate="backups")), User()
    user.says(DECLINE)
    async with in_memory(sandbox, user, mode=mode) as assistant:
        vps, backups = await assistant.backups("web-01")
        source = (await assistant.ok("list_restore_sources", id=vps))["sources"][0]
        other, theirs = source["id"], source["backups"][0]["id"]
        plans: list[tuple[str, dict[str, str]]] = [
            ("to its backup from ", {"mode": "in_place", "backupId": backups[0]}),
            (
                "from another server's backup of ",
                {"mode": "from_other_vps", "sourceVpsId": other, "backupId": theirs},
            ),
        ]
        for words, how in plans:
            plan = await assistant.ok("plan_restore", id=vps, **how)
            declined = await assistant.no("restore_vps", planId=plan["planId"])
            message = declined.error["message"]
            assert message.startswith(
                f'The user declined. What was asked: Restore "web-01" (192.0.2.10) {words}'
            )
            ids = [vps, *(how[key] for key in ("sourceVpsId", "backupId") if key in how)]
            assert message.endswith(f" ({', '.join(ids)}). Nothing was changed.")
    assert sandbox.writes == []


@pytest.mark.parametrize("mode", REVISIONS)
async def test_a_declined_backup_names_the_backup_at_risk(mode: str) -> None:
    """As the question does: by its id, its date and its note."""
    sandbox, user = fresh_account(), User()
    server = sandbox.state.by_name("mail")
    oldest = min(server.backups, key=lambda backup: backup.created_at or sandbox.now())
    others = tuple(backup for backup in server.backups if backup.id != oldest.id)
    note = "before the migration, keep"
    sandbox.state.put(replace(server, backups=(*others, replace(oldest, note=note))))
    user.says(DECLINE)
    async with in_memory(sandbox, user, mode=mode) as assistant:
        vps = await assistant.find("mail")
        for tool, how in (
            ("create_vps_backup", {}),
            ("set_backup_retention", {"maxTotalBackups": 2, "autoDeleteOldest": True}),
        ):
            declined = await assistant.no(tool, id=vps, **how)
            [asked] = [line for line in user.questions[-1].splitlines() if "Likeliest" in line]
            [risk] = re.findall(r"Likeliest to be deleted: [^.]*\.", asked)
            said = declined.error["message"]
            assert f'({vps}, {oldest.id}). {risk} Its note: "{note}". Nothing was' in said
    assert sandbox.writes == []
