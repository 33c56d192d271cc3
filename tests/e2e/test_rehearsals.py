"""A rehearsal: built for a price, mentioned while it costs, and the only server that is ended."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from support.account import fresh_account
from support.product import REVISIONS, Door

from hostup_mcp.config import Group
from hostup_mcp.sandbox import Anomalies, Fault, Sandbox, Variants

from .harness import (
    DECLINE,
    SAFETY_DOORS,
    Assistant,
    Product,
    Result,
    User,
    in_memory,
    says_nothing_was_changed,
    typed,
)

NAME = "web-01"
BUILD = "*/restore-to-payg"
CANCEL = "*/actions/cancel"


@asynccontextmanager
async def session(
    *, mode: str = REVISIONS[0], settings: dict[str, Any] | None = None, **others: Any
) -> AsyncIterator[tuple[Sandbox, Assistant, User]]:
    sandbox, user = fresh_account(**others), User()
    async with in_memory(sandbox, user, mode=mode, **(settings or {})) as assistant:
        yield sandbox, assistant, user


async def planned(assistant: Assistant, **arguments: Any) -> Result:
    vps, backups = await assistant.backups(NAME)
    given = {"mode": "new_cloud_vps", "backupId": backups[0], "rehearsal": True, **arguments}
    return await assistant.call("plan_restore", id=vps, **given)


async def rehearsed(assistant: Assistant) -> tuple[str, str]:
    """The id and the name of the server of a new rehearsal."""
    plan = await planned(assistant)
    built = await assistant.ok("restore_vps", planId=plan.data["planId"])
    return str(built["vpsId"]), str(plan.data["newServer"]["name"])


async def record(assistant: Assistant, recovery_id: str) -> dict[str, Any]:
    """The evidence of a rehearsal."""
    read = await assistant.client.read_resource(f"hostup://recoveries/{recovery_id}")
    [content] = read.contents
    found: dict[str, Any] = json.loads(content.text)  # type: ignore[union-attr]
    return found


def cancelled(sandbox: Sandbox) -> list[str]:
    return [w.path.split("/")[4] for w in sandbox.writes if w.path.endswith("/cancel")]


# It goes well -------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
async def test_a_rehearsal_from_plan_to_end(door: Door, product: Product) -> None:
    user = User()
    sandbox = product.sandbox
    async with product.enter(door, user) as assistant:
        plan = await planned(assistant)
        assert "SEK 1.32 for two hours" in plan.text
        assert "A twin of a live server boots" in plan.text
        assert plan.data["newServer"]["name"].startswith("rehearsal-web-01-")
        built = await assistant.ok("restore_vps", planId=plan.data["planId"])
        [question] = user.questions
        assert question.startswith("Rehearse: build a temporary, paid server")
        assert "SEK 1.32 for two hours, SEK 0.66 per hour until it is ended" in question
        assert "its scheduled jobs, mail queue and payment runs may start" in question
        assert "Rehearse when that does no harm" in question
        vps = built["vpsId"]
        sandbox.clock.advance(3 * 3600)  # type: ignore[attr-defined]
        listed = await assistant.call("list_vps")
        assert "A rehearsal is running" in listed.text
        ended = await assistant.call("end_rehearsal", id=vps)
        assert not ended.is_error, ended.text
        assert "end the rehearsal" in user.questions[1].lower()
        assert "DATA LOSS" in user.questions[1]
        assert "HostUp does not document when the hourly charge stops" in user.questions[1]
        assert ended.text.startswith('Ending the rehearsal on "')
        assert "Call list_vps in a few minutes: the server is gone once it has ended" in ended.text
        assert f"To go ahead, type: {plan.data['newServer']['name']}" in user.questions[1]
        assert "HostUp shows the cancellation as pending" in ended.text
        assert "does not document when the hourly charge stops" in ended.text
        assert cancelled(sandbox) == [vps]
        body = json.loads(sandbox.writes[-1].body or b"{}")
        assert body["cancelType"] == "immediate"
        assert body["reason"]
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        sandbox.state.settle(sandbox.clock.now())
        assert sandbox.state.servers[vps].service_status == "terminated"


async def test_a_running_rehearsal_is_mentioned() -> None:
    """In every result about the account, with its age and what it has cost."""
    async with session() as (sandbox, assistant, _user):
        vps, name = await rehearsed(assistant)
        source, backups = await assistant.backups(NAME)
        sandbox.clock.advance(90 * 60)  # type: ignore[attr-defined]
        calls: list[tuple[str, dict[str, Any]]] = [
            ("list_vps", {}),
            ("check_backups", {}),
            ("list_vps_backups", {"id": source}),
            ("list_vps_snapshots", {"id": source}),
            ("list_backup_schedules", {"id": source}),
            ("list_restore_sources", {"id": source}),
            ("plan_restore", {"id": source, "mode": "in_place", "backupId": backups[0]}),
            ("create_vps_snapshot", {"id": source, "name": "by-hand"}),
        ]
        for tool, arguments in calls:
            result = await assistant.call(tool, **arguments)
            last = result.text.splitlines()[-1]
            assert last == (
                f'A rehearsal is running: "{name}" ({vps}), for 1 hour 30 minutes, about SEK 0.99 '
                "so far (SEK 0.66 per hour, without traffic and VAT). When it is no longer needed, "
                "end_rehearsal ends it."
            ), tool
            [told] = result.data["rehearsals"]
            assert told == {
                "code": "rehearsal_runs",
                "vpsId": vps,
                "name": name,
                "age": 5400,
                "perHour": {"amount": 0.66, "currencyCode": "SEK"},
                "spent": {"amount": 0.99, "currencyCode": "SEK"},
            }
        assert "rehearsal" not in (await assistant.no("get_job", jobId="job_1")).text


async def test_its_server_needs_no_backups() -> None:
    """Of the servers that are read, each is healthy, has a problem, or is the rehearsal's."""
    async with session() as (sandbox, assistant, _user):
        before = await assistant.call("check_backups")
        assert before.data["notChecked"] == []
        vps, _name = await rehearsed(assistant)
        after = await assistant.call("check_backups")
        assert after.data["notChecked"] == [vps]
        for count in ("checked", "healthy", "servers"):
            assert after.data[count] == before.data[count], count
        first = after.text.splitlines()[0]
        assert f". Not checked: 1 temporary server of a rehearsal ({vps}). Limit 2 days." in first
        assert vps not in after.text.splitlines()[1:-1]
        # Renamed, it may be in use.
        sandbox.state.put(replace(sandbox.state.servers[vps], name="shop"))
        renamed = await assistant.call("check_backups")
        assert renamed.data["notChecked"] == []
        assert renamed.data["checked"] == before.data["checked"] + 1
        assert f'{vps} "shop"' in renamed.text


async def test_the_mention_ends_with_the_server() -> None:
    async with session() as (sandbox, assistant, _user):
        vps, name = await rehearsed(assistant)
        await assistant.ok("end_rehearsal", id=vps)
        sandbox.clock.advance(61)  # type: ignore[attr-defined]
        sandbox.state.put(
            replace(
                sandbox.state.servers[vps],
                service_status="active",
                cancellation=None,
            )
        )
        going = await assistant.call("list_vps")
        assert f'A rehearsal is being ended: "{name}"' in going.text
        await assistant.call("list_vps")
        sandbox.state.put(replace(sandbox.state.servers[vps], service_status="terminated"))
        sandbox.clock.advance(61)  # type: ignore[attr-defined]
        for _ in range(2):
            assert "rehearsal is" not in (await assistant.call("list_vps")).text
        assert "rehearsals" not in (await assistant.call("list_vps")).data
        again = await assistant.no("end_rehearsal", id=vps)
        assert again.kind == "not_a_rehearsal"
        assert cancelled(sandbox) == [vps]


@pytest.mark.parametrize("gone", ["terminated", "cancelled", "gone"])
async def test_each_way_to_be_gone_is_seen(gone: Any) -> None:
    async with session(variants=Variants(cancelled_server=gone)) as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        await assistant.ok("end_rehearsal", id=vps)
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        assert "rehearsal is" not in (await assistant.call("check_backups")).text


async def test_a_server_that_is_not_listed_yet_is_not_gone() -> None:
    variants = Variants(payg_listed="when_done", payg_response="both")
    async with session(variants=variants) as (sandbox, assistant, _):
        vps, name = await rehearsed(assistant)
        for seconds in (0, 30, 61, 3600):
            sandbox.clock.advance(seconds)  # type: ignore[attr-defined]
            told = await assistant.call("list_vps")
            assert f'A rehearsal is running: "{name}"' in told.text
        await assistant.ok("end_rehearsal", id=vps)


async def test_without_the_group_the_panel_is_named() -> None:
    sandbox, user = fresh_account(), User()
    async with in_memory(sandbox, user) as assistant:
        assert "end_rehearsal" in await assistant.tools()
    allowed = frozenset(Group) - {Group.SPEND}
    async with in_memory(sandbox, user, allow=allowed) as assistant:
        assert "end_rehearsal" not in await assistant.tools()
        result = await assistant.no("end_rehearsal", id=await assistant.find(NAME))
        assert result.kind == "not_allowed"


async def test_an_unknown_price_is_mentioned_as_such() -> None:
    async with session() as (sandbox, assistant, user):
        for path in ("*/payg/limits", "*/payg/deployments"):
            sandbox.faults.add(Fault("status", "GET", path, status=404, times=None))
        plan = await planned(assistant)
        assert "The price is not known" in plan.text
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        assert "The price is not known" in user.questions[0]
        told = await assistant.call("list_vps")
        assert "what it has cost is not known" in told.text


async def test_a_rehearsal_is_a_new_server_only() -> None:
    async with session() as (sandbox, assistant, _user):
        result = await planned(assistant, mode="in_place")
        assert result.kind == "invalid_arguments"
        assert result.error["fields"] == [
            "rehearsal: builds a temporary new server, so it needs mode new_cloud_vps; in_place "
            "would overwrite this one"
        ]
        assert sandbox.writes == []


@pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
@pytest.mark.parametrize("boots", [True, False])
async def test_a_rehearsal_shows_whether_it_boots(
    door: Door, boots: bool, product: Product
) -> None:
    """One backup that works, and one that boots to nothing."""
    sandbox, user = product.sandbox, User()
    async with product.enter(door, user) as assistant:
        servers = sandbox.state.owned("main")
        source, backup = next(
            (server, backup)
            for server in servers
            for backup in server.backups
            if backup.boots is boots and server.has_guest_agent and server.billing is not None
            if server.service_status == "active"
        )
        await assistant.ok("list_vps", limit=100)
        await assistant.ok("list_vps_backups", id=source.id, limit=500)
        given = {"mode": "new_cloud_vps", "backupId": backup.id, "rehearsal": True}
        plan = await assistant.ok("plan_restore", id=source.id, **given)
        assert plan["planId"], plan
        built = await assistant.ok("restore_vps", planId=plan["planId"])
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        result = await assistant.call("verify_recovery", id=built["vpsId"])
        assert result.data["verdict"] == ("back" if boots else "not_back"), result.text
        name = plan["newServer"]["name"]
        assert result.text.startswith(f'"{name}" (203.0.113.'), "it is called by its name"
        evidence = await record(assistant, result.data["recoveryId"])
        assert (evidence["kind"], evidence["verdict"]) == ("rehearsal", result.data["verdict"])
        assert evidence["items"] == result.data["items"]
        assert evidence["restored"]["id"] == backup.id
        assert evidence["agreed"] == {"by": "user", "how": "said yes to the question"}
        assert evidence["price"] == {"perHour": "0.66", "currencyCode": "SEK"}
        assert (evidence["vpsId"], evidence["newVpsId"]) == (source.id, built["vpsId"])
        assert evidence["sentAt"] < evidence["jobEndedAt"] < evidence["verifiedAt"]
        assert "A rehearsal is running" in result.text
        await assistant.ok("end_rehearsal", id=built["vpsId"])


@pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
async def test_through_every_door_nothing_else_is_ended(door: Door, product: Product) -> None:
    """A forgotten rehearsal is mentioned, a lost one is found and ended, and no other server is."""
    sandbox, user = product.sandbox, User()
    # Of its own: a lost response leaves the server locked for the tests that follow.
    async with product.enter_alone(door, user, *product.flags) as assistant:
        servers = [each["id"] for each in (await assistant.ok("list_vps", limit=100))["data"]]
        plan = await planned(assistant)
        name = plan.data["newServer"]["name"]
        sandbox.faults.add(Fault("drop_after", "POST", BUILD))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        sandbox.clock.advance(26 * 3600 + 600)  # type: ignore[attr-defined]
        told = await assistant.call("check_backups")
        [vps] = [each.id for each in sandbox.state.servers.values() if each.name == name]
        assert f'"{name}" ({vps}), for 1 day 2 hours, about SEK 17.27 so far' in told.text
        for other in servers:
            await refused(assistant, sandbox, other)
        sandbox.state.put(replace(sandbox.state.servers[vps], name="shop"))
        await refused(assistant, sandbox, vps)
        sandbox.state.put(replace(sandbox.state.servers[vps], name=name))
        await assistant.ok("end_rehearsal", id=vps)
        assert cancelled(sandbox) == [vps]


# A lost response ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", REVISIONS)
async def test_a_lost_rehearsal_is_found_and_ended(mode: str) -> None:
    async with session(mode=mode) as (sandbox, assistant, _user):
        plan = await planned(assistant)
        name = plan.data["newServer"]["name"]
        sandbox.faults.add(Fault("drop_after", "POST", BUILD))
        lost = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert lost.kind == "outcome_unknown"
        [vps] = [each.id for each in sandbox.state.servers.values() if each.name == name]
        listed = await assistant.call("list_vps", name=name)
        assert f'A rehearsal is running: "{name}" ({vps})' in listed.text
        await assistant.ok("end_rehearsal", id=vps)
        assert cancelled(sandbox) == [vps]


async def test_a_rehearsal_that_was_never_built() -> None:
    async with session() as (sandbox, assistant, _):
        plan = await planned(assistant)
        name = plan.data["newServer"]["name"]
        sandbox.faults.add(Fault("drop_before", "POST", BUILD))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        told = await assistant.call("list_vps")
        assert f"not known whether it built a server: look with list_vps for the name {name}" in (
            told.text
        )
        sandbox.clock.advance(25 * 3600)  # type: ignore[attr-defined]
        assert "rehearsal" not in (await assistant.call("list_vps")).text


async def test_a_refused_rehearsal_is_forgotten() -> None:
    async with session() as (sandbox, assistant, _):
        plan = await planned(assistant)
        sandbox.faults.add(Fault("status", "POST", BUILD, status=403))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        assert "rehearsal" not in (await assistant.call("list_vps")).text


# Every attempt to have another server cancelled ---------------------------------------------------


async def refused(assistant: Assistant, sandbox: Sandbox, vps: str, *kinds: str) -> Result:
    before = cancelled(sandbox)
    result = await assistant.no("end_rehearsal", id=vps)
    assert result.kind in (kinds or ("not_a_rehearsal",)), result.text
    assert says_nothing_was_changed(result) or result.kind == "unknown_id"
    assert cancelled(sandbox) == before
    return result


async def test_no_other_server_is_ended() -> None:
    """Not with a rehearsal, and not without one."""
    async with session() as (sandbox, assistant, user):
        everything = [each["id"] for each in (await assistant.ok("list_vps", limit=100))["data"]]
        for vps in everything:
            await refused(assistant, sandbox, vps)
        vps, _ = await rehearsed(assistant)
        user.questions.clear()
        for other in everything:
            await refused(assistant, sandbox, other)
        await refused(assistant, sandbox, "vps_01hxinvented000000", "unknown_id")
        await refused(assistant, sandbox, f"{vps}/../{everything[0]}", "unknown_id")
        assert user.questions == []


async def test_a_restored_server_is_not_ended() -> None:
    """A new server that is meant to stay is no rehearsal, although this caller built it."""
    async with session() as (sandbox, assistant, _):
        plan = await planned(assistant, rehearsal=False)
        built = await assistant.ok("restore_vps", planId=plan.data["planId"])
        await assistant.ok("list_vps", name=plan.data["newServer"]["name"])
        await refused(assistant, sandbox, built["vpsId"])


async def test_a_renamed_server_is_not_ended() -> None:
    async with session() as (sandbox, assistant, _):
        vps, name = await rehearsed(assistant)
        server = sandbox.state.servers[vps]
        for other in ("shop-new", name.upper(), f"{name}-2", ""):
            sandbox.state.put(replace(server, name=other))
            result = await refused(assistant, sandbox, vps)
            assert "may be in use" in result.text
        sandbox.state.put(server)
        await assistant.ok("end_rehearsal", id=vps)


async def test_a_server_that_is_not_payg_is_not_ended() -> None:
    async with session() as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        server = sandbox.state.servers[vps]
        sandbox.state.put(replace(server, billing=replace(server.billing, is_payg=False)))
        await refused(assistant, sandbox, vps)
        sandbox.state.put(server)
        odd = {"id": vps, "name": server.name, "billing": None}
        sandbox.faults.add(Fault("json", "GET", f"/api/v2/vps/{vps}", content=odd))
        await refused(assistant, sandbox, vps)


async def test_another_server_of_the_name_is_not_ended() -> None:
    """Two of one name: which of them was built cannot be told, so neither is ended by its name."""
    async with session() as (sandbox, assistant, _):
        plan = await planned(assistant)
        name = plan.data["newServer"]["name"]
        sandbox.faults.add(Fault("drop_after", "POST", BUILD))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        [built] = [each for each in sandbox.state.servers.values() if each.name == name]
        other = sandbox.state.by_name("db-01")
        sandbox.state.put(replace(other, name=name, billing=replace(other.billing, is_payg=True)))
        await assistant.ok("list_vps", limit=100)
        for vps in (built.id, other.id):
            await refused(assistant, sandbox, vps)


async def test_a_server_from_before_is_not_taken_for_it() -> None:
    """A server of before that has the name by now was not built by the rehearsal."""
    async with session() as (sandbox, assistant, user):
        plan = await planned(assistant)
        name = plan.data["newServer"]["name"]
        sandbox.faults.add(Fault("drop_before", "POST", BUILD))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        db = sandbox.state.by_name("db-01")
        sandbox.state.put(replace(db, name=name, billing=replace(db.billing, is_payg=True)))
        told = await assistant.call("list_vps", name=name)
        assert "it is not known whether it built a server" in told.text
        user.questions.clear()
        await refused(assistant, sandbox, db.id)
        assert user.questions == []


async def test_a_server_of_the_name_before_stops_it() -> None:
    async with session() as (sandbox, assistant, _user):
        plan = await planned(assistant)
        other = sandbox.state.by_name("db-01")
        sandbox.state.put(replace(other, name=plan.data["newServer"]["name"]))
        result = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert result.kind == "plan_again"
        assert not sandbox.writes


async def test_a_response_that_names_an_old_server_is_not_believed() -> None:
    async with session() as (sandbox, assistant, _):
        plan = await planned(assistant)
        db = sandbox.state.by_name("db-01")
        sandbox.state.put(replace(db, billing=replace(db.billing, is_payg=True)))
        body = {"status": "provisioning", "vpsId": db.id, "orderId": "ord_1"}
        sandbox.faults.add(Fault("json", "POST", BUILD, content=body, status=202))
        result = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert result.kind == "outcome_unknown"
        await assistant.ok("list_vps", limit=100)
        await refused(assistant, sandbox, db.id)


async def test_an_incomplete_list_proves_no_name() -> None:
    async with session(anomalies=Anomalies(cursor="missing")) as (sandbox, assistant, _):
        plan = await planned(assistant)
        sandbox.faults.add(Fault("drop_after", "POST", BUILD))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        name = plan.data["newServer"]["name"]
        [built] = [each for each in sandbox.state.servers.values() if each.name == name]
        found = await assistant.ok("list_vps", name=name)
        if any(each["id"] == built.id for each in found["data"]):
            result = await assistant.call("end_rehearsal", id=built.id)
            assert result.kind in (None, "not_a_rehearsal")


async def test_no_answer_to_another_question_ends_it() -> None:
    async with session() as (sandbox, assistant, user):
        vps, name = await rehearsed(assistant)
        for answer in (DECLINE, typed(NAME), typed(vps), typed(name[:-1])):
            user.says(answer)
            result = await assistant.no("end_rehearsal", id=vps)
            assert result.kind == "not_confirmed"
        assert cancelled(sandbox) == []


async def test_a_second_end_sends_nothing() -> None:
    async with session() as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        await assistant.ok("end_rehearsal", id=vps)
        result = await assistant.no("end_rehearsal", id=vps)
        assert result.kind == "conflict"
        assert "cancelled already" in result.text
        assert cancelled(sandbox) == [vps]


async def test_a_rename_while_asking_ends_nothing() -> None:
    async with session() as (sandbox, assistant, user):
        vps, name = await rehearsed(assistant)

        def rename(question: str) -> Any:
            sandbox.state.put(replace(sandbox.state.servers[vps], name="in-use"))
            return typed(name)

        user.reply = rename
        result = await assistant.no("end_rehearsal", id=vps)
        assert result.kind in ("not_a_rehearsal", "changed_meanwhile")
        assert cancelled(sandbox) == []


@pytest.mark.parametrize("path", ["GET */vps/{id}", "GET */vps"])
async def test_what_cannot_be_read_is_not_ended(path: str) -> None:
    async with session() as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        method, glob = path.format(id=vps).split()
        sandbox.faults.add(Fault("status", method, glob, status=500, times=None))
        result = await assistant.no("end_rehearsal", id=vps)
        assert cancelled(sandbox) == []
        assert result.kind == "hostup_failed"


# Cancelling ---------------------------------------------------------------------------------------


async def test_a_refusal_with_a_side_effect_is_told() -> None:
    async with session(anomalies=Anomalies(invoice_overdue=True)) as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        result = await assistant.no("end_rehearsal", id=vps)
        assert result.kind == "conflict"
        assert "may have switched off auto-renewal" in result.text
        assert "Pay the open invoice" in result.next_step
        assert not says_nothing_was_changed(result)
        assert sandbox.state.servers[vps].auto_renew is False
        assert "A rehearsal is running" in (await assistant.call("list_vps")).text


@pytest.mark.parametrize(
    ("variants", "anomalies", "says"),
    [
        ({}, {}, "shows the cancellation as pending"),
        ({"cancellation_shown": "scheduled"}, {}, "shows the cancellation as scheduled"),
        ({"cancellation_shown": "none_first"}, {}, "shows no cancellation (yet)"),
        ({"cancel_response": "cancellation"}, {}, "shows the cancellation as pending"),
        ({"cancel_response": "nested", "cancel_status": 202}, {}, "as pending"),
        ({}, {"cancellation_end": "pending"}, "shows the cancellation as pending"),
    ],
)
async def test_each_reading_of_a_cancellation(
    variants: dict[str, Any], anomalies: dict[str, Any], says: str
) -> None:
    given = {"variants": Variants(**variants), "anomalies": Anomalies(**anomalies)}
    async with session(**given) as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        result = await assistant.call("end_rehearsal", id=vps)
        assert not result.is_error, result.text
        assert says in result.text
        assert "assume that it goes on until the server is gone" in result.text


async def test_a_revoked_cancellation_can_be_asked_for_again() -> None:
    async with session(anomalies=Anomalies(cancellation_end="revoked")) as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        await assistant.ok("end_rehearsal", id=vps)
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        assert "A rehearsal is being ended" in (await assistant.call("list_vps")).text
        await assistant.ok("end_rehearsal", id=vps)
        assert cancelled(sandbox) == [vps, vps]


async def test_a_lost_cancellation_is_looked_at() -> None:
    async with session() as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        sandbox.faults.add(Fault("drop_after", "POST", CANCEL))
        result = await assistant.no("end_rehearsal", id=vps)
        assert result.kind == "outcome_unknown"
        assert "HostUp shows the cancellation as pending" in result.error["seen"]
        assert (await assistant.no("end_rehearsal", id=vps)).kind in (
            "conflict",
            "write_in_flight",
        )
        assert cancelled(sandbox) == [vps]
