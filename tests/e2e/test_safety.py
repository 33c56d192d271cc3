"""How a destructive call is made safe, over stdio and HTTP, in both revisions of the protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.types import ElicitResult
from support.catalog import GROUPS, READING
from support.product import LEGACY, MODERN, Door
from support.waiting import until

from hostup_mcp.cli import main
from hostup_mcp.sandbox import SANDBOX_API_KEY, Fault, Gate

from .harness import (
    CANCEL,
    DECLINE,
    ONE_DOOR_EACH,
    SAFETY_DOORS,
    Assistant,
    Product,
    Result,
    User,
    agree,
    plainly,
    says_nothing_was_changed,
    suggests,
    typed,
)

doors = pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
one_door_each = pytest.mark.parametrize("door", ONE_DOOR_EACH, ids=str)

# What is not allowed ------------------------------------------------------------------------------


@one_door_each
async def test_a_locked_tool_says_what_unlocks_it(product: Product, door: Door, user: User) -> None:
    async with product.enter_alone(door, user) as assistant:
        assert await assistant.tools() == READING
        for tool, group in GROUPS.items():
            result = await assistant.no(tool)
            assert result.kind == "not_allowed"
            assert says_nothing_was_changed(result)
            assert "--allow" in result.text
            assert group in result.text
    assert product.sandbox.requests == []
    assert user.questions == []


@one_door_each
async def test_a_group_unlocks_its_own_tools_only(product: Product, door: Door, user: User) -> None:
    async with product.enter_alone(door, user, "--allow", "delete") as assistant:
        unlocked = {tool for tool, group in GROUPS.items() if group == "delete"}
        assert await assistant.tools() == READING | unlocked
        _, plan = await assistant.planned()
        assert (await assistant.no("restore_vps", planId=plan)).kind == "not_allowed"
    assert product.sandbox.writes == []


# The way of a restore -----------------------------------------------------------------------------


@doors
async def test_a_restore_is_confirmed_and_sent_once(
    product: Product, door: Door, user: User
) -> None:
    sandbox = product.sandbox
    web = sandbox.state.by_name("web-01")
    newest = max(web.backups, key=lambda backup: backup.created_at or sandbox.clock.now())
    noted = len(product.audit_lines())
    async with product.enter(door, user) as assistant:
        vps, plan = await assistant.planned("web-01")
        assert sandbox.writes == []
        result = await assistant.call("restore_vps", planId=plan)
    assert not result.is_error, result.text
    assert result.data["state"] == "started"
    [write] = sandbox.writes
    assert (write.method, write.path) == (
        "POST",
        f"/api/v2/vps/{vps}/backups/{newest.id}/actions/restore",
    )
    [question] = user.questions
    assert newest.created_at is not None
    for fact in (
        web.name,
        web.id,
        web.primary_ip,
        newest.id,
        f"{newest.created_at:%Y-%m-%d %H:%M}",
    ):
        assert fact is not None
        assert fact in question
    assert "DATA LOSS" in question
    assert "hours" in question
    lines = [json.loads(line) for line in product.audit_lines()[noted:]]
    last = lines[-1]
    assert last["outcome"] == "accepted by HostUp"
    assert last["consent"]["by"] == "user"
    assert last["jobId"] == result.data["jobId"]


@doors
async def test_only_the_typed_name_is_a_yes(product: Product, door: Door, user: User) -> None:
    replies = [
        DECLINE,
        CANCEL,
        typed("web-02"),
        typed("WEB-01 "),
        typed(""),
        typed("yes"),
        plainly(True),
        ElicitResult(action="accept"),
        ElicitResult(action="accept", content={}),
        ElicitResult(action="accept", content={"serverName": ["web-01"]}),
        ElicitResult(action="decline", content={"serverName": "web-01"}),
    ]
    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        for reply in replies:
            user.says(reply)
            answer = await assistant.no("restore_vps", planId=plan)
            assert says_nothing_was_changed(answer), (reply, answer.text)
            assert answer.kind == "not_confirmed", (reply, answer.text)
            assert "call again only if they ask" in answer.text
            # It may tell what was asked, but a model has nothing to type it into.
            assert "To go ahead, type" not in answer.text
            assert not suggests(answer)
        assert product.sandbox.writes == []
        assert len(user.questions) == len(replies)
        user.reply = agree
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(product.sandbox.writes) == 1, "a refused attempt does not use the plan up"


@doors
async def test_a_client_that_cannot_ask_learns_how(product: Product, door: Door) -> None:
    async with product.enter(door, None) as assistant:
        vps, backups = await assistant.backups("web-01")
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=backups[0])
        assert plan.data["planId"] is None
        assert [reason["code"] for reason in plan.data["here"]["reasons"]] == ["client_cannot_ask"]
        for way_out in ("MCP elicitation", "HOSTUP_MCP_CONFIRM=client", "HostUp's panel"):
            assert way_out in plan.text
        calls = [
            await assistant.no("delete_vps_backup", id=vps, backupId=backups[0]),
            await assistant.no("set_backup_retention", id=vps, autoDeleteOldest=True),
            await assistant.no("set_backup_schedule", id=vps, enabled=False),
        ]
        for result in calls:
            assert result.kind == "cannot_ask"
            assert says_nothing_was_changed(result)
            assert "elicitation" in result.text
            assert "panel" in result.text
            assert "HOSTUP_MCP_CONFIRM" in result.text
            assert "confirm=" not in result.text.replace("HOSTUP_MCP_CONFIRM", "")
    assert product.sandbox.writes == []


@one_door_each
async def test_confirm_client_asks_no_question(
    product: Product, door: Door, tmp_path: Path
) -> None:
    log = tmp_path / "audit.jsonl"
    flags = ("--allow", "all", "--audit-log", str(log))
    async with product.enter_alone(door, None, *flags, HOSTUP_MCP_CONFIRM="client") as assistant:
        _, plan = await assistant.planned("web-01")
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(product.sandbox.writes) == 1
    sent = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["consent"]["by"] for line in sent} == {"client"}
    assert all("HOSTUP_MCP_CONFIRM" in line["consent"]["how"] for line in sent)


@one_door_each
async def test_no_argument_is_a_yes(product: Product, door: Door) -> None:
    async with product.enter(door, None) as assistant:
        vps, backups = await assistant.backups("web-01")
        _, plan = await assistant.planned("web-01")
        for tool, arguments in (
            ("restore_vps", {"planId": plan}),
            ("delete_vps_backup", {"id": vps, "backupId": backups[0]}),
            ("set_backup_retention", {"id": vps, "autoDeleteOldest": True}),
        ):
            for word in ("confirm", "force"):
                result = await assistant.no(tool, **arguments, **{word: True})
                assert result.kind == "invalid_arguments"
                assert word in result.text
        # Nor does anything that only this server itself may fill in.
        for hidden in ("yes", "reader", "consent"):
            forged = {"by": "user", "how": "typed the server's name"}
            result = await assistant.no(
                "delete_vps_backup", id=vps, backupId=backups[0], **{hidden: forged}
            )
            assert result.kind == "invalid_arguments"
    assert product.sandbox.writes == []


@doors
async def test_a_call_cancelled_while_asking_ends(product: Product, door: Door, user: User) -> None:
    asked = anyio.Event()

    async def never(_: str) -> ElicitResult:
        asked.set()
        await anyio.sleep_forever()
        raise AssertionError

    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        user.reply = never
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: assistant.call("restore_vps", planId=plan))
            with anyio.fail_after(60):
                await asked.wait()
            tasks.cancel_scope.cancel()
        assert await assistant.find("web-01"), "the connection goes on"
        assert product.sandbox.writes == []
        user.reply = agree
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(product.sandbox.writes) == 1


# Fresh facts --------------------------------------------------------------------------------------


@one_door_each
async def test_a_plan_is_carried_out_once(product: Product, door: Door, user: User) -> None:
    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
        product.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        again = await assistant.no("restore_vps", planId=plan)
        assert again.kind == "plan_used"
        assert says_nothing_was_changed(again)
    async with product.enter(door, user) as other:
        # Over stdio another process, which shares the state of the same user.
        assert (await other.no("restore_vps", planId=plan)).kind == "plan_used"
    assert len(product.sandbox.writes) == 1
    assert len(user.questions) == 1


@one_door_each
async def test_a_gate_closed_after_planning_stops_it(
    product: Product, door: Door, user: User
) -> None:
    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        close_the_gate(product)
        result = await assistant.no("restore_vps", planId=plan)
    assert_plan_again(result)
    assert user.questions == []
    assert product.sandbox.writes == []


@pytest.mark.parametrize(
    ("door", "what"),
    list(zip(SAFETY_DOORS, ["gate", "backup", "owner", "gate"], strict=True)),
    ids=str,
)
async def test_what_changes_while_asking_stops_it(
    product: Product, door: Door, user: User, what: str
) -> None:
    change = {
        "gate": close_the_gate,
        "backup": lose_the_newest_backup,
        "owner": give_the_server_away,
    }[what]

    def meanwhile(question: str) -> ElicitResult:
        change(product)
        return agree(question)

    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        user.reply = meanwhile
        answer = await assistant.no("restore_vps", planId=plan)
    assert_plan_again(answer)
    assert product.sandbox.writes == []


def close_the_gate(product: Product) -> None:
    state = product.sandbox.state
    closed = Gate(False, "Storage is being moved.", "moving")
    state.put(replace(state.by_name("web-01"), restore_gate=closed))


def lose_the_newest_backup(product: Product) -> None:
    state = product.sandbox.state
    web = state.by_name("web-01")
    state.put(replace(web, backups=web.backups[1:]))


def give_the_server_away(product: Product) -> None:
    state = product.sandbox.state
    state.put(replace(state.by_name("web-01"), owner="other"))


def assert_plan_again(result: Result) -> None:
    assert result.kind == "plan_again", result.text
    assert says_nothing_was_changed(result)
    assert "plan_restore" in result.next_step
    assert not suggests(result)


# One yes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [d for d in SAFETY_DOORS if d.revision == MODERN], ids=str)
async def test_a_repeated_yes_changes_nothing_more(product: Product, door: Door) -> None:
    """A client, or a proxy before it, may repeat the request that carries the user's answer."""
    async with product.enter(door, User()) as assistant:
        vps, backups = await assistant.backups("shop-prod")
        retention = {"id": vps, "maxTotalBackups": 1}
        deletion = {"id": vps, "backupId": backups[-1]}
        for tool, arguments in (
            ("set_backup_retention", retention),
            ("delete_vps_backup", deletion),
        ):
            before = len(product.sandbox.writes)
            state, yes = await assistant.round(tool, **arguments)
            done = await assistant.resume(tool, state, yes, **arguments)
            assert not done.is_error, done.text
            for _ in range(2):
                again = await assistant.resume(tool, state, yes, **arguments)
                assert again.is_error
                assert says_nothing_was_changed(again), again.text
            assert len(product.sandbox.writes) == before + 1, tool
        state, yes = await assistant.round("set_backup_retention", **retention)
        asked_anew = await assistant.resume("set_backup_retention", state, yes, **retention)
        assert not asked_anew.is_error, "a new yes is a new yes"


# The last way back --------------------------------------------------------------------------------


@one_door_each
async def test_the_last_backups_are_pointed_out(product: Product, door: Door, user: User) -> None:
    user.says(DECLINE)
    async with product.enter(door, user) as assistant:
        for name, which in (("dev-01", 0), ("web-01", 0), ("web-01", 1)):
            vps, backups = await assistant.backups(name)
            await assistant.no("delete_vps_backup", id=vps, backupId=backups[which])
    only, newest, other = user.questions
    assert "ONLY backup" in only
    assert "NEWEST backup" in newest
    assert "ONLY" not in other
    assert "NEWEST" not in other
    assert product.sandbox.writes == []


@one_door_each
async def test_nothing_is_deleted_while_a_job_runs(
    product: Product, door: Door, user: User
) -> None:
    async with product.enter(door, user) as assistant:
        vps, backups = await assistant.backups("web-01")
        await assistant.ok("list_vps_snapshots", id=vps)
        job = (await assistant.ok("create_vps_backup", id=vps))["jobId"]
        calls: list[tuple[str, dict[str, str]]] = [
            ("delete_vps_backup", {"backupId": backups[-1]}),
            ("delete_vps_snapshot", {"snapshotName": "before-php-83"}),
        ]
        for tool, arguments in calls:
            refused = await assistant.no(tool, id=vps, **arguments)
            assert refused.kind in ("gate_closed", "job_running")
            assert says_nothing_was_changed(refused)
        assert user.questions == []
        assert len(product.sandbox.writes) == 1
        product.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        assert (await assistant.ok("get_job", jobId=job))["state"] == "succeeded"
        for tool, arguments in calls:
            await assistant.ok(tool, id=vps, **arguments)
    assert len(product.sandbox.writes) == 3


# The audit log ------------------------------------------------------------------------------------


@doors
async def test_the_audit_log_is_on_disk_first(product: Product, door: Door, user: User) -> None:
    seen: list[dict[str, object]] = []
    app = product.sandbox.app

    async def looking(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] != "GET":
            seen.append(json.loads(product.audit_lines()[-1]))
        await app(scope, receive, send)

    product.sandbox.app = looking
    noted = len(product.audit_lines())
    async with product.enter(door, user) as assistant:
        vps, backups = await assistant.backups("web-01")
        arguments = {"id": vps, "backupId": backups[-1]}
        user.says(DECLINE)
        await assistant.no("delete_vps_backup", **arguments)
        user.reply = agree
        await assistant.ok("delete_vps_backup", **arguments)
    lines = [json.loads(line) for line in product.audit_lines()[noted:]]
    ends = [line["outcome"] for line in lines if line["outcome"] != "asked the user"]
    assert ends == ["refused: not_confirmed", "sent", "accepted by HostUp"]
    assert [line["outcome"] for line in seen] == ["sent"]
    for line in (*lines[-2:], *seen):
        assert line["tool"] == "delete_vps_backup"
        assert line["ids"] == arguments
        assert line["consent"] == {"by": "user", "how": "typed the server's name"}
        assert line["caller"]
    assert SANDBOX_API_KEY not in product.audit_log.read_text()


async def test_servers_at_once_keep_one_chain(
    product: Product, user: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over stdio and HTTP, with the key that is made when it is needed first."""
    log = tmp_path / "audit.jsonl"
    flags = ("--allow", "all", "--audit-log", str(log))

    async def delete_some(assistant: Assistant) -> None:
        vps, backups = await assistant.backups("web-01")
        for backup in backups:  # whatever comes of it, is logged
            await assistant.call("delete_vps_backup", id=vps, backupId=backup)

    async with (
        product.enter_alone(Door("stdio", MODERN), user, *flags) as one,
        product.enter_alone(Door("stdio", LEGACY), user, *flags) as two,
        product.enter_alone(Door("streamable-http", MODERN), user, *flags) as three,
        anyio.create_task_group() as tasks,
    ):
        for assistant in (one, two, three):
            tasks.start_soon(delete_some, assistant)
    lines = log.read_text().splitlines()
    assert [json.loads(line)["chain"]["seq"] for line in lines] == [*range(1, len(lines) + 1)]
    sent = [line for line in lines if json.loads(line)["outcome"] == "sent"]
    assert len(sent) == len(product.sandbox.writes) > 1
    assert main(["audit", "verify", str(log), "--head", json.loads(lines[-1])["hmac"]]) == 0
    assert "The noted head is the last line." in capsys.readouterr().out


# Deleting and settings ----------------------------------------------------------------------------


@one_door_each
async def test_a_deletion_is_confirmed_and_sent_once(
    product: Product, door: Door, user: User
) -> None:
    async with product.enter(door, user) as assistant:
        vps, backups = await assistant.backups("web-01")
        user.says(typed("wrong"))
        refused = await assistant.no("delete_vps_backup", id=vps, backupId=backups[-1])
        assert says_nothing_was_changed(refused)
        assert product.sandbox.writes == []
        user.reply = agree
        done = await assistant.ok("delete_vps_backup", id=vps, backupId=backups[-1])
        assert done["state"] == "done"
        left = (await assistant.backups("web-01"))[1]
    assert left == backups[:-1]
    assert len(product.sandbox.writes) == 1
    assert product.sandbox.state.by_name("web-01").backup(backups[-1]) is None


@one_door_each
async def test_automatic_deletion_is_confirmed(product: Product, door: Door, user: User) -> None:
    async with product.enter(door, user) as assistant:
        vps = await assistant.find("shop-prod")
        user.says(DECLINE)
        refused = await assistant.no("set_backup_retention", id=vps, autoDeleteOldest=True)
        assert says_nothing_was_changed(refused)
        assert product.sandbox.writes == []
        user.reply = agree
        await assistant.ok("set_backup_retention", id=vps, autoDeleteOldest=True)
    assert len(product.sandbox.writes) == 1
    assert product.sandbox.state.by_name("shop-prod").retention.auto_delete_oldest
    for question in user.questions:
        assert "DELETE the oldest backups automatically" in question
        assert question.endswith("To go ahead, type: shop-prod")


# Never twice --------------------------------------------------------------------------------------


@one_door_each
async def test_a_second_write_at_once_is_refused(product: Product, door: Door, user: User) -> None:
    # The first is under way for as long as its result takes.
    product.sandbox.faults.add(Fault("slow", method="DELETE", seconds=1.5))
    answers: list[Result] = []
    async with product.enter(door, user) as assistant:
        vps, backups = await assistant.backups("web-01")

        async def delete(backup: str) -> None:
            answers.append(await assistant.call("delete_vps_backup", id=vps, backupId=backup))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(delete, backups[-1])
            await until(lambda: product.sandbox.writes)
            await delete(backups[-2])
    refused, done = answers
    assert not done.is_error
    assert refused.kind == "write_in_flight"
    assert says_nothing_was_changed(refused)
    assert len(product.sandbox.writes) == 1
    assert product.sandbox.state.by_name("web-01").backup(backups[-2]) is not None


LOST = ("drop_before", "drop_after", "error_after", "garble_after")


@pytest.mark.parametrize(
    ("door", "kind"),
    list(
        zip(SAFETY_DOORS, ["drop_before", "drop_after", "error_after", "garble_after"], strict=True)
    ),
    ids=str,
)
async def test_a_lost_response_is_unknown_and_final(
    product: Product, door: Door, user: User, kind: str
) -> None:
    server = "web-01"
    product.sandbox.faults.add(Fault(kind, method="POST"))  # type: ignore[arg-type]
    flags = ("--allow", "all")
    async with product.enter_alone(door, user, *flags) as assistant:
        vps, plan = await assistant.planned(server)
        result = await assistant.no("restore_vps", planId=plan)
        assert result.kind == "outcome_unknown"
        assert "NOT KNOWN" in result.text
        assert "Do not send it again" in result.text
        assert not suggests(result)
        assert len(product.sandbox.writes) == 1
        again = await assistant.no("restore_vps", planId=plan)
        assert again.kind == "plan_used"
        product.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        backup = (await assistant.backups(server))[1][0]
        assert (await assistant.no("delete_vps_backup", id=vps, backupId=backup)).kind == (
            "write_in_flight"
        )
    assert len(product.sandbox.writes) == 1
    disk = product.sandbox.state.by_name(server).disk
    assert (disk == "live") is (kind == "drop_before")


# Nothing suggests it ------------------------------------------------------------------------------


@one_door_each
async def test_no_result_suggests_destruction(product: Product, door: Door, user: User) -> None:
    async with product.enter(door, user) as assistant:
        for name in ("web-01", "shop-prod", "files", "legacy-erp", "staging", "db-01", "wiki"):
            vps, backups = await assistant.backups(name)
            await assistant.call("list_vps_snapshots", id=vps)
            await assistant.call("list_backup_schedules", id=vps)
            await assistant.call("list_restore_sources", id=vps)
            for backup in backups[:1]:
                for mode in ("in_place", "new_cloud_vps"):
                    await assistant.call("plan_restore", id=vps, mode=mode, backupId=backup)
        vps, backups = await assistant.backups("dev-01")
        await assistant.ok("create_vps_backup", id=vps)
        await assistant.no("create_vps_backup", id=vps)
        await assistant.no("delete_vps_backup", id=vps, backupId=backups[0])
    for result in assistant.results:
        assert not suggests(result), result.text
