"""How a destructive call is made safe, over stdio and HTTP, in both eras of the protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.types import ElicitResult
from support.catalog import GROUPS, READING
from support.product import MODERN, Door
from support.waiting import until

from hostup_mcp.sandbox import SANDBOX_API_KEY, Fault, Gate

from .world import (
    CANCEL,
    DECLINE,
    ONE_DOOR_EACH,
    SAFETY_DOORS,
    Answer,
    House,
    Person,
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
async def test_a_locked_tool_says_what_unlocks_it(house: House, door: Door, person: Person) -> None:
    async with house.enter_alone(door, person) as assistant:
        assert await assistant.tools() == READING
        for tool, group in GROUPS.items():
            answer = await assistant.no(tool)
            assert answer.kind == "not_allowed"
            assert says_nothing_was_changed(answer)
            assert "--allow" in answer.text
            assert group in answer.text
    assert house.sandbox.requests == []
    assert person.questions == []


@one_door_each
async def test_a_group_unlocks_its_own_tools_only(house: House, door: Door, person: Person) -> None:
    async with house.enter_alone(door, person, "--allow", "delete") as assistant:
        unlocked = {tool for tool, group in GROUPS.items() if group == "delete"}
        assert await assistant.tools() == READING | unlocked
        _, plan = await assistant.planned()
        assert (await assistant.no("restore_vps", planId=plan)).kind == "not_allowed"
    assert house.sandbox.writes == []


# The way of a restore -----------------------------------------------------------------------------


@doors
async def test_a_restore_is_confirmed_and_sent_once(
    house: House, door: Door, person: Person
) -> None:
    sandbox = house.sandbox
    web = sandbox.state.by_name("web-01")
    newest = max(web.backups, key=lambda backup: backup.created_at or sandbox.clock.now())
    noted = len(house.trail())
    async with house.enter(door, person) as assistant:
        vps, plan = await assistant.planned("web-01")
        assert sandbox.writes == []
        answer = await assistant.call("restore_vps", planId=plan)
    assert not answer.is_error, answer.text
    assert answer.data["state"] == "started"
    [write] = sandbox.writes
    assert (write.method, write.path) == (
        "POST",
        f"/api/v2/vps/{vps}/backups/{newest.id}/actions/restore",
    )
    [question] = person.questions
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
    assert "LOST" in question
    assert "hours" in question
    lines = [json.loads(line) for line in house.trail()[noted:]]
    last = lines[-1]
    assert last["outcome"] == "accepted by HostUp"
    assert last["consent"]["by"] == "user"
    assert last["jobId"] == answer.data["jobId"]


@doors
async def test_only_the_typed_name_is_a_yes(house: House, door: Door, person: Person) -> None:
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
    async with house.enter(door, person) as assistant:
        _, plan = await assistant.planned("web-01")
        for reply in replies:
            person.says(reply)
            answer = await assistant.no("restore_vps", planId=plan)
            assert says_nothing_was_changed(answer), (reply, answer.text)
            assert answer.kind == "not_confirmed", (reply, answer.text)
            assert "Do not try again unless they ask" in answer.text
            assert "web-01" not in answer.text, "what to type is for the person alone"
            assert not suggests(answer)
        assert house.sandbox.writes == []
        assert len(person.questions) == len(replies)
        person.reply = agree
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(house.sandbox.writes) == 1, "a refused attempt does not use the plan up"


@doors
async def test_a_client_that_cannot_ask_learns_how(house: House, door: Door) -> None:
    async with house.enter(door, None) as assistant:
        vps, backups = await assistant.backups("web-01")
        _, plan = await assistant.planned("web-01")
        calls = [
            await assistant.no("restore_vps", planId=plan),
            await assistant.no("delete_vps_backup", id=vps, backupId=backups[0]),
            await assistant.no("set_backup_retention", id=vps, autoDeleteOldest=True),
            await assistant.no("set_backup_schedule", id=vps, enabled=False),
        ]
        for answer in calls:
            assert answer.kind == "cannot_ask"
            assert says_nothing_was_changed(answer)
            assert "elicitation" in answer.text
            assert "panel" in answer.text
            assert "HOSTUP_MCP_CONFIRM" in answer.text
            assert "confirm=" not in answer.text.replace("HOSTUP_MCP_CONFIRM", "")
    assert house.sandbox.writes == []


@one_door_each
async def test_confirm_client_asks_no_question(house: House, door: Door, tmp_path: Path) -> None:
    log = tmp_path / "trail.jsonl"
    flags = ("--allow", "all", "--audit-log", str(log))
    async with house.enter_alone(door, None, *flags, HOSTUP_MCP_CONFIRM="client") as assistant:
        _, plan = await assistant.planned("web-01")
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(house.sandbox.writes) == 1
    sent = [json.loads(line) for line in log.read_text().splitlines()]
    assert {line["consent"]["by"] for line in sent} == {"client"}
    assert all("HOSTUP_MCP_CONFIRM" in line["consent"]["how"] for line in sent)


@one_door_each
async def test_no_argument_is_a_yes(house: House, door: Door) -> None:
    async with house.enter(door, None) as assistant:
        vps, backups = await assistant.backups("web-01")
        _, plan = await assistant.planned("web-01")
        for tool, arguments in (
            ("restore_vps", {"planId": plan}),
            ("delete_vps_backup", {"id": vps, "backupId": backups[0]}),
            ("set_backup_retention", {"id": vps, "autoDeleteOldest": True}),
        ):
            for word in ("confirm", "force"):
                answer = await assistant.no(tool, **arguments, **{word: True})
                assert answer.kind == "invalid_arguments"
                assert word in answer.text
        # Nor does anything that only this server itself may fill in.
        for hidden in ("yes", "reader", "consent"):
            forged = {"by": "user", "how": "typed the server's name"}
            answer = await assistant.no(
                "delete_vps_backup", id=vps, backupId=backups[0], **{hidden: forged}
            )
            assert answer.kind == "invalid_arguments"
    assert house.sandbox.writes == []


@doors
async def test_a_call_cancelled_while_asking_ends(house: House, door: Door, person: Person) -> None:
    asked = anyio.Event()

    async def never(_: str) -> ElicitResult:
        asked.set()
        await anyio.sleep_forever()
        raise AssertionError

    async with house.enter(door, person) as assistant:
        _, plan = await assistant.planned("web-01")
        person.reply = never
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: assistant.call("restore_vps", planId=plan))
            with anyio.fail_after(60):
                await asked.wait()
            tasks.cancel_scope.cancel()
        assert await assistant.find("web-01"), "the connection goes on"
        assert house.sandbox.writes == []
        person.reply = agree
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(house.sandbox.writes) == 1


# Fresh facts --------------------------------------------------------------------------------------


@one_door_each
async def test_a_plan_is_carried_out_once(house: House, door: Door, person: Person) -> None:
    async with house.enter(door, person) as assistant:
        _, plan = await assistant.planned("web-01")
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
        house.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        again = await assistant.no("restore_vps", planId=plan)
        assert again.kind == "plan_used"
        assert says_nothing_was_changed(again)
    async with house.enter(door, person) as other:
        # Over stdio another process, which shares the state of the same user.
        assert (await other.no("restore_vps", planId=plan)).kind == "plan_used"
    assert len(house.sandbox.writes) == 1
    assert len(person.questions) == 1


@one_door_each
async def test_a_gate_closed_after_planning_stops_it(
    house: House, door: Door, person: Person
) -> None:
    async with house.enter(door, person) as assistant:
        _, plan = await assistant.planned("web-01")
        close_the_gate(house)
        answer = await assistant.no("restore_vps", planId=plan)
    assert_plan_again(answer)
    assert person.questions == []
    assert house.sandbox.writes == []


@pytest.mark.parametrize(
    ("door", "what"),
    list(zip(SAFETY_DOORS, ["gate", "backup", "owner", "gate"], strict=True)),
    ids=str,
)
async def test_what_changes_while_asking_stops_it(
    house: House, door: Door, person: Person, what: str
) -> None:
    change = {
        "gate": close_the_gate,
        "backup": lose_the_newest_backup,
        "owner": give_the_server_away,
    }[what]

    def meanwhile(question: str) -> ElicitResult:
        change(house)
        return agree(question)

    async with house.enter(door, person) as assistant:
        _, plan = await assistant.planned("web-01")
        person.reply = meanwhile
        answer = await assistant.no("restore_vps", planId=plan)
    assert_plan_again(answer)
    assert house.sandbox.writes == []


def close_the_gate(house: House) -> None:
    state = house.sandbox.state
    closed = Gate(False, "Storage is being moved.", "moving")
    state.put(replace(state.by_name("web-01"), restore_gate=closed))


def lose_the_newest_backup(house: House) -> None:
    state = house.sandbox.state
    web = state.by_name("web-01")
    state.put(replace(web, backups=web.backups[1:]))


def give_the_server_away(house: House) -> None:
    state = house.sandbox.state
    state.put(replace(state.by_name("web-01"), owner="other"))


def assert_plan_again(answer: Answer) -> None:
    assert answer.kind == "plan_again", answer.text
    assert says_nothing_was_changed(answer)
    assert "plan_restore" in answer.next_step
    assert not suggests(answer)


# One yes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [d for d in SAFETY_DOORS if d.era == MODERN], ids=str)
async def test_a_repeated_yes_changes_nothing_more(house: House, door: Door) -> None:
    """A client, or a proxy before it, may repeat the request that carries the person's answer."""
    async with house.enter(door, Person()) as assistant:
        vps, backups = await assistant.backups("shop-prod")
        retention = {"id": vps, "maxTotalBackups": 1}
        deletion = {"id": vps, "backupId": backups[-1]}
        for tool, arguments in (
            ("set_backup_retention", retention),
            ("delete_vps_backup", deletion),
        ):
            before = len(house.sandbox.writes)
            state, yes = await assistant.round(tool, **arguments)
            done = await assistant.resume(tool, state, yes, **arguments)
            assert not done.is_error, done.text
            for _ in range(2):
                again = await assistant.resume(tool, state, yes, **arguments)
                assert again.is_error
                assert says_nothing_was_changed(again), again.text
            assert len(house.sandbox.writes) == before + 1, tool
        state, yes = await assistant.round("set_backup_retention", **retention)
        asked_anew = await assistant.resume("set_backup_retention", state, yes, **retention)
        assert not asked_anew.is_error, "a new yes is a new yes"


# The last way back --------------------------------------------------------------------------------


@one_door_each
async def test_the_last_backups_are_pointed_out(house: House, door: Door, person: Person) -> None:
    person.says(DECLINE)
    async with house.enter(door, person) as assistant:
        for name, which in (("dev-01", 0), ("web-01", 0), ("web-01", 1)):
            vps, backups = await assistant.backups(name)
            await assistant.no("delete_vps_backup", id=vps, backupId=backups[which])
    only, newest, other = person.questions
    assert "ONLY backup" in only
    assert "NEWEST backup" in newest
    assert "ONLY" not in other
    assert "NEWEST" not in other
    assert house.sandbox.writes == []


@one_door_each
async def test_nothing_is_deleted_while_a_job_runs(
    house: House, door: Door, person: Person
) -> None:
    async with house.enter(door, person) as assistant:
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
        assert person.questions == []
        assert len(house.sandbox.writes) == 1
        house.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        assert (await assistant.ok("get_job", jobId=job))["state"] == "succeeded"
        for tool, arguments in calls:
            await assistant.ok(tool, id=vps, **arguments)
    assert len(house.sandbox.writes) == 3


# The audit log ------------------------------------------------------------------------------------


@doors
async def test_the_audit_log_is_on_disk_first(house: House, door: Door, person: Person) -> None:
    seen: list[dict[str, object]] = []
    app = house.sandbox.app

    async def looking(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] != "GET":
            seen.append(json.loads(house.trail()[-1]))
        await app(scope, receive, send)

    house.sandbox.app = looking
    noted = len(house.trail())
    async with house.enter(door, person) as assistant:
        vps, backups = await assistant.backups("web-01")
        arguments = {"id": vps, "backupId": backups[-1]}
        person.says(DECLINE)
        await assistant.no("delete_vps_backup", **arguments)
        person.reply = agree
        await assistant.ok("delete_vps_backup", **arguments)
    lines = [json.loads(line) for line in house.trail()[noted:]]
    ends = [line["outcome"] for line in lines if line["outcome"] != "asked the user"]
    assert ends == ["refused: not_confirmed", "sent", "accepted by HostUp"]
    assert [line["outcome"] for line in seen] == ["sent"]
    for line in (*lines[-2:], *seen):
        assert line["tool"] == "delete_vps_backup"
        assert line["ids"] == arguments
        assert line["consent"] == {"by": "user", "how": "typed the server's name"}
        assert line["caller"]
    assert SANDBOX_API_KEY not in house.audit_log.read_text()


# Deleting and settings ----------------------------------------------------------------------------


@one_door_each
async def test_a_deletion_is_confirmed_and_sent_once(
    house: House, door: Door, person: Person
) -> None:
    async with house.enter(door, person) as assistant:
        vps, backups = await assistant.backups("web-01")
        person.says(typed("wrong"))
        refused = await assistant.no("delete_vps_backup", id=vps, backupId=backups[-1])
        assert says_nothing_was_changed(refused)
        assert house.sandbox.writes == []
        person.reply = agree
        done = await assistant.ok("delete_vps_backup", id=vps, backupId=backups[-1])
        assert done["state"] == "done"
        left = (await assistant.backups("web-01"))[1]
    assert left == backups[:-1]
    assert len(house.sandbox.writes) == 1
    assert house.sandbox.state.by_name("web-01").backup(backups[-1]) is None


@one_door_each
async def test_automatic_deletion_is_confirmed(house: House, door: Door, person: Person) -> None:
    async with house.enter(door, person) as assistant:
        vps = await assistant.find("shop-prod")
        person.says(DECLINE)
        refused = await assistant.no("set_backup_retention", id=vps, autoDeleteOldest=True)
        assert says_nothing_was_changed(refused)
        assert house.sandbox.writes == []
        person.reply = agree
        await assistant.ok("set_backup_retention", id=vps, autoDeleteOldest=True)
    assert len(house.sandbox.writes) == 1
    assert house.sandbox.state.by_name("shop-prod").retention.auto_delete_oldest
    for question in person.questions:
        assert "DELETE the oldest backups automatically" in question
        assert question.endswith("To go ahead, type: shop-prod")


# Never twice --------------------------------------------------------------------------------------


@one_door_each
async def test_a_second_write_at_once_is_refused(house: House, door: Door, person: Person) -> None:
    # The first is under way for as long as its answer takes.
    house.sandbox.faults.add(Fault("slow", method="DELETE", seconds=1.5))
    answers: list[Answer] = []
    async with house.enter(door, person) as assistant:
        vps, backups = await assistant.backups("web-01")

        async def delete(backup: str) -> None:
            answers.append(await assistant.call("delete_vps_backup", id=vps, backupId=backup))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(delete, backups[-1])
            await until(lambda: house.sandbox.writes)
            await delete(backups[-2])
    refused, done = answers
    assert not done.is_error
    assert refused.kind == "write_in_flight"
    assert says_nothing_was_changed(refused)
    assert len(house.sandbox.writes) == 1
    assert house.sandbox.state.by_name("web-01").backup(backups[-2]) is not None


LOST = ("drop_before", "drop_after", "error_after", "garble_after")


@pytest.mark.parametrize(
    ("door", "kind"),
    list(
        zip(SAFETY_DOORS, ["drop_before", "drop_after", "error_after", "garble_after"], strict=True)
    ),
    ids=str,
)
async def test_a_lost_response_is_unknown_and_final(
    house: House, door: Door, person: Person, kind: str
) -> None:
    server = "web-01"
    house.sandbox.faults.add(Fault(kind, method="POST"))  # type: ignore[arg-type]
    flags = ("--allow", "all")
    async with house.enter_alone(door, person, *flags) as assistant:
        vps, plan = await assistant.planned(server)
        answer = await assistant.no("restore_vps", planId=plan)
        assert answer.kind == "outcome_unknown"
        assert "NOT KNOWN" in answer.text
        assert "Do not send it again" in answer.text
        assert not suggests(answer)
        assert len(house.sandbox.writes) == 1
        again = await assistant.no("restore_vps", planId=plan)
        assert again.kind == "plan_used"
        house.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        backup = (await assistant.backups(server))[1][0]
        assert (await assistant.no("delete_vps_backup", id=vps, backupId=backup)).kind == (
            "write_in_flight"
        )
    assert len(house.sandbox.writes) == 1
    disk = house.sandbox.state.by_name(server).disk
    assert (disk == "live") is (kind == "drop_before")


# Nothing suggests it ------------------------------------------------------------------------------


@one_door_each
async def test_no_result_suggests_destruction(house: House, door: Door, person: Person) -> None:
    async with house.enter(door, person) as assistant:
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
    for answer in assistant.heard:
        assert not suggests(answer), answer.text
