"""The same safety, point by point and case by case, without a process in between."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from support.account import fresh_account
from support.product import MODERN, REVISIONS

from hostup_mcp.sandbox import (
    SANDBOX_READ_ONLY_KEY,
    Fault,
    ManualClock,
    Sandbox,
    Variants,
)
from hostup_mcp.server.app import build_server
from hostup_mcp.wording.questions import MAX_QUESTION

from .harness import (
    DECLINE,
    EVERYTHING,
    Result,
    User,
    agree,
    connected,
    in_memory,
    plainly,
    says_nothing_was_changed,
    settings,
    suggests,
    typed,
)

revisions = pytest.mark.parametrize("mode", REVISIONS)


async def test_a_refused_plan_was_not_carried_out(sandbox: Sandbox, user: User) -> None:
    sandbox.faults.add(Fault("status", method="POST", status=409))
    async with in_memory(sandbox, user) as assistant:
        _, plan = await assistant.planned()
        await assistant.no("restore_vps", planId=plan)
        again = await assistant.call("restore_vps", planId=plan)
    assert "was carried out before" not in again.text


async def test_a_write_that_never_left_keeps_the_plan(user: User) -> None:
    sandbox = fresh_account()
    inner = sandbox.transport()

    class Flaky(httpx.AsyncBaseTransport):
        down = True

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if self.down and request.method == "POST":
                raise httpx.ConnectError("refused", request=request)
            return await inner.handle_async_request(request)

    flaky = Flaky()
    server = build_server(settings(), transport=flaky, now=sandbox.clock.now)
    async with connected(server, user, MODERN) as assistant:
        _, plan = await assistant.planned()
        assert (await assistant.no("restore_vps", planId=plan)).kind == "unreachable"
        assert sandbox.writes == []
        flaky.down = False
        assert not (await assistant.call("restore_vps", planId=plan)).is_error
    assert len(sandbox.writes) == 1


# The question -------------------------------------------------------------------------------------


@revisions
async def test_another_servers_name_is_no_yes(mode: str) -> None:
    sandbox, user = fresh_account(), User()
    async with in_memory(sandbox, user, mode=mode) as assistant:
        vps, backups = await assistant.backups("dev-01")
        user.says(typed("web-01"))
        wrong = await assistant.no("delete_vps_backup", id=vps, backupId=backups[0])
        assert wrong.kind == "not_confirmed"
    assert sandbox.writes == []


@pytest.mark.parametrize(
    ("server", "index", "word"),
    [("dev-01", 0, "ONLY"), ("web-01", 0, "NEWEST"), ("web-01", 1, None), ("legacy-erp", 2, "NEW")],
)
async def test_the_question_marks_the_last_backup(
    server: str, index: int, word: str | None, sandbox: Sandbox, user: User
) -> None:
    async with in_memory(sandbox, user) as assistant:
        vps, backups = await assistant.backups(server)
        user.says(DECLINE)
        await assistant.no("delete_vps_backup", id=vps, backupId=backups[index])
    [question] = user.questions
    assert ("ONLY" in question or "NEWEST" in question) is (word is not None)
    assert (word or "") in question
    where = sandbox.state.by_name(server)
    for fact in (where.id, where.primary_ip or "no IP", backups[index]):
        assert fact in question


async def test_a_future_date_does_not_hide_the_newest(sandbox: Sandbox, user: User) -> None:
    web = sandbox.state.by_name("web-01")
    ahead = replace(web.backups[-1], created_at=sandbox.clock.now() + timedelta(days=900))
    sandbox.state.put(replace(web, backups=(*web.backups[:-1], ahead)))
    user.says(DECLINE)
    async with in_memory(sandbox, user) as assistant:
        vps, _ = await assistant.backups("web-01")
        for backup in (web.backups[0], web.backups[1], ahead):
            await assistant.no("delete_vps_backup", id=vps, backupId=backup.id)
    assert ["NEWEST" in question for question in user.questions] == [True, False, True]


@pytest.mark.parametrize("flag", [True, False])
async def test_nothing_is_deleted_while_a_job_runs(user: User, flag: bool) -> None:
    sandbox = fresh_account(variants=Variants(pending_tasks="objects" if flag else "count"))
    async with in_memory(sandbox, user) as assistant:
        vps, backups = await assistant.backups("db-01")
        first = await assistant.no("delete_vps_backup", id=vps, backupId=backups[-1])
        web, points = await assistant.backups("web-01")
        await assistant.ok("list_vps_snapshots", id=web)
        await assistant.ok("create_vps_backup", id=web)
        second = await assistant.no("delete_vps_backup", id=web, backupId=points[-1])
        third = await assistant.no("delete_vps_snapshot", id=web, snapshotName="before-php-83")
    for result in (first, second, third):
        assert result.kind in ("gate_closed", "job_running")
        assert says_nothing_was_changed(result)
    assert user.questions == []
    assert [w.method for w in sandbox.writes] == ["POST"]


async def test_a_job_in_the_live_state_stops_a_deletion(user: User) -> None:
    sandbox = fresh_account()
    async with in_memory(sandbox, user) as assistant:
        vps, backups = await assistant.backups("web-01")
        plan = await assistant.ok("plan_restore", id=vps, mode="new_cloud_vps", backupId=backups[1])
        await assistant.ok("restore_vps", planId=plan["planId"])
        user.questions.clear()
        result = await assistant.no("delete_vps_backup", id=vps, backupId=backups[1])
    assert result.kind == "job_running"
    assert user.questions == []
    assert len(sandbox.writes) == 1


@revisions
async def test_a_backup_that_may_evict_is_asked_about(mode: str) -> None:
    sandbox, user = fresh_account(), User()
    async with in_memory(sandbox, user, mode=mode) as assistant:
        vps = await assistant.find("mail")
        user.says(DECLINE)
        refused = await assistant.no("create_vps_backup", id=vps)
        assert says_nothing_was_changed(refused)
        assert sandbox.writes == []
        user.reply = agree
        await assistant.ok("create_vps_backup", id=vps)
    goes = sandbox.state.by_name("mail").backups[-1]
    assert goes.created_at is not None
    likeliest = f"Likeliest to be deleted: the oldest, from {goes.created_at:%a %Y-%m-%d %H:%M} UTC"
    assert likeliest in user.questions[0]
    assert user.questions[0].endswith(f"\nIDs: {vps}, {goes.id}")
    assert len(sandbox.writes) == 1


@revisions
@pytest.mark.parametrize(("keep", "typed_name"), [(3, False), (2, True)])
async def test_fewer_backups_are_confirmed_by_name(mode: str, keep: int, typed_name: bool) -> None:
    sandbox, user = fresh_account(), User()
    arguments = {"enabled": True, "frequency": "daily", "hour": 3, "retentionCount": keep}
    async with in_memory(sandbox, user, mode=mode) as assistant:
        vps = await assistant.find("shop-prod")
        user.says(plainly(True) if typed_name else DECLINE)
        refused = await assistant.no("set_backup_schedule", id=vps, **arguments)
        assert refused.kind == "not_confirmed"
        assert sandbox.writes == []
        user.reply = agree
        await assistant.ok("set_backup_schedule", id=vps, **arguments)
    for question in user.questions:
        assert ("DELETE" in question) is typed_name
        assert question.endswith("type: shop-prod") is typed_name
    assert len(sandbox.writes) == 1


async def test_a_missing_scope_says_where_to_add_it(sandbox: Sandbox, user: User) -> None:
    async with in_memory(sandbox, user, api_key=SANDBOX_READ_ONLY_KEY) as assistant:
        vps = await assistant.find("web-01")
        listing = await assistant.call("list_vps_backups", id=vps)
        refused = await assistant.no("create_vps_backup", id=vps)
    for result in (listing, refused):
        assert "backup:vm" in result.text
        assert "https://cloud.hostup.se/api-management" in result.text
    assert sandbox.writes == []


async def test_a_hostile_name_cannot_fake_the_question(sandbox: Sandbox, user: User) -> None:
    web = sandbox.state.by_name("dev-01")
    sandbox.state.put(replace(web, name="x" * 300))
    hostile = next(s for s in sandbox.state.owned("main") if s.name.startswith("web-02"))
    async with in_memory(sandbox, user) as assistant:
        await assistant.ok("list_vps")
        for server in (web, hostile):
            listing = await assistant.ok("list_vps_backups", id=server.id)
            plan = await assistant.ok(
                "plan_restore",
                id=server.id,
                mode="in_place",
                backupId=listing["backups"][0]["id"],
            )
            result = await assistant.call("restore_vps", planId=plan["planId"])
            assert not result.is_error, result.text
    assert user.questions[0].endswith(f"To go ahead, type: {web.id}")
    for question in user.questions:
        assert len(question.splitlines()) == 6, "only between its parts"
        assert len(question) <= MAX_QUESTION
        assert "\u202e" not in question
        assert "\x1b" not in question


# Plans --------------------------------------------------------------------------------------------


def spoiled(plan: str) -> list[str]:
    middle = len(plan) // 2
    other = "a" if plan[middle] != "a" else "b"
    return [
        plan[:-1],
        plan[:middle],
        plan + "a",
        plan[:middle] + other + plan[middle + 1 :],
        "plan_" + plan[:4:-1],
        "plan_" + "0" * 16,
        plan.upper(),
        "v1.AAAA",
        "",
        "web-01",
        "../../etc/passwd",
        "x" * 5000,
    ]


@revisions
async def test_forged_plans_are_refused(mode: str) -> None:
    sandbox, user = fresh_account(), User()
    async with in_memory(sandbox, user, mode=mode) as assistant:
        _, plan = await assistant.planned()
        seen = len(sandbox.requests)
        for forged in spoiled(plan):
            result = await assistant.no("restore_vps", planId=forged)
            assert result.kind in ("plan_again", "invalid_arguments"), forged
            assert len(forged) < 10 or forged not in result.text
        async with in_memory(sandbox, user, mode=mode) as elsewhere:
            assert (await elsewhere.no("restore_vps", planId=plan)).kind == "plan_again"
        assert len(sandbox.requests) == seen, "nothing is asked of HostUp for a forged plan"
    assert user.questions == []


@revisions
@pytest.mark.parametrize(("seconds", "good"), [(0, True), (590, True), (601, False)])
async def test_a_plan_lasts_ten_minutes(mode: str, seconds: float, good: bool) -> None:
    clock = ManualClock()
    sandbox, user = Sandbox(clock=clock), User()
    async with in_memory(sandbox, user, mode=mode) as assistant:
        _, plan = await assistant.planned()
        clock.advance(seconds)
        result = await assistant.call("restore_vps", planId=plan)
    assert result.is_error is not good
    assert len(sandbox.writes) == good
    if not good:
        assert result.kind == "plan_again"
        assert "expired" in result.text
        assert user.questions == []


async def test_a_plan_expires_while_the_user_thinks() -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock)

    def slowly(question: str) -> Any:
        clock.advance(timedelta(minutes=11))
        return agree(question)

    async with in_memory(sandbox, User(slowly)) as assistant:
        _, plan = await assistant.planned()
        assert (await assistant.no("restore_vps", planId=plan)).kind == "plan_again"
    assert sandbox.writes == []


@revisions
async def test_concurrent_calls_send_a_plan_once(mode: str) -> None:
    sandbox, user = fresh_account(), User()
    answers: list[Result] = []
    async with in_memory(sandbox, user, mode=mode) as assistant:
        _, plan = await assistant.planned()

        async def carry_out() -> None:
            answers.append(await assistant.call("restore_vps", planId=plan))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(carry_out)
    assert len(sandbox.writes) == 1
    assert sorted(result.is_error for result in answers) == [False, True, True, True, True]
    for result in answers:
        assert not result.is_error or says_nothing_was_changed(result)


async def test_a_changed_backup_needs_a_new_plan(sandbox: Sandbox, user: User) -> None:
    async with in_memory(sandbox, user) as assistant:
        _, plan = await assistant.planned()
        web = sandbox.state.by_name("web-01")
        changed = replace(web.backups[0], size_gb=0.1)
        sandbox.state.put(replace(web, backups=(changed, *web.backups[1:])))
        result = await assistant.no("restore_vps", planId=plan)
    assert result.kind == "plan_again"
    assert sandbox.writes == []


async def test_another_owners_server_is_not_restored(sandbox: Sandbox, user: User) -> None:
    async with in_memory(sandbox, user) as assistant:
        _, plan = await assistant.planned()
        sandbox.state.put(replace(sandbox.state.by_name("web-01"), owner="other"))
        result = await assistant.no("restore_vps", planId=plan)
    assert result.kind == "plan_again"
    assert says_nothing_was_changed(result)
    assert sandbox.writes == []
    assert user.questions == []


@revisions
async def test_a_renamed_server_is_not_restored(user: User, mode: str) -> None:
    """The name that the user typed is no longer this server's when it is read before the write."""
    sandbox = fresh_account()
    web, app, looks = sandbox.state.by_name("web-01"), sandbox.app, 0

    async def renaming(scope: Any, receive: Any, send: Any) -> None:
        nonlocal looks
        if looks and scope.get("path") == f"/api/v2/vps/{web.id}":
            looks += 1
            if looks > 2:
                sandbox.state.put(replace(sandbox.state.servers[web.id], name="billing"))
        await app(scope, receive, send)

    sandbox.app = renaming
    async with in_memory(sandbox, user, mode=mode) as assistant:
        _, plan = await assistant.planned()
        looks = 1
        result = await assistant.no("restore_vps", planId=plan)
    assert result.kind == "changed_meanwhile", result.text
    assert says_nothing_was_changed(result)
    assert len(user.questions) == 1
    assert sandbox.state.servers[web.id].name == "billing"
    assert sandbox.writes == []


async def test_a_new_server_needs_the_spend_group(sandbox: Sandbox, user: User) -> None:
    allowed = {"allow": frozenset(g for g in EVERYTHING if g != "spend")}
    async with in_memory(sandbox, user, **allowed) as assistant:
        vps, backups = await assistant.backups("web-01")
        plan = await assistant.call(
            "plan_restore", id=vps, mode="new_cloud_vps", backupId=backups[0]
        )
    assert plan.data["verdict"] == "possible"
    assert [reason["code"] for reason in plan.data["here"]["reasons"]] == ["locked"]
    assert "not from here" in plan.text
    assert "spend" in plan.text
    assert plan.data["planId"] is None
    assert user.questions == []
    assert sandbox.writes == []


async def test_the_question_says_a_new_server_costs(sandbox: Sandbox, user: User) -> None:
    user.says(DECLINE)
    async with in_memory(sandbox, user) as assistant:
        vps, backups = await assistant.backups("web-01")
        size = {"name": "shadow", "memoryGb": 8}
        plan = await assistant.ok(
            "plan_restore", id=vps, mode="new_cloud_vps", backupId=backups[0], **size
        )
        await assistant.no("restore_vps", planId=plan["planId"])
    [question] = user.questions
    for fact in ("paid", "SEK 0.82 per hour", "shadow-", "8 GB memory", "web-01"):
        assert fact in question


# Verdicts -----------------------------------------------------------------------------------------


async def plan_of(sandbox: Sandbox, name: str, mode: str, index: int = 0) -> Result:
    async with in_memory(sandbox, User()) as assistant:
        vps, backups = await assistant.backups(name)
        if mode == "snapshot":
            await assistant.ok("list_vps_snapshots", id=vps)
            return await assistant.call(
                "plan_restore", id=vps, mode=mode, snapshotName="before-php-83"
            )
        if mode == "from_other_vps":
            sources = (await assistant.ok("list_restore_sources", id=vps))["sources"]
            source = next(s for s in sources if s["backups"])
            return await assistant.call(
                "plan_restore",
                id=vps,
                mode=mode,
                sourceVpsId=source["id"],
                backupId=source["backups"][0]["id"],
            )
        return await assistant.call("plan_restore", id=vps, mode=mode, backupId=backups[index])


@pytest.mark.parametrize(
    ("name", "mode", "verdict", "source"),
    [
        ("web-01", "in_place", "possible", "gate"),
        ("web-01", "snapshot", "possible", "gate"),
        ("web-01", "new_cloud_vps", "possible", "gate"),
        ("web-01", "from_other_vps", "unknown", "unknown"),
        ("db-01", "in_place", "blocked", "gate"),
        ("files", "in_place", "blocked", "unknown"),
        ("analytics", "in_place", "blocked", "gate"),
        ("intranet", "in_place", "blocked", "gate"),
        ("db-01", "from_other_vps", "blocked", "gate"),
    ],
)
async def test_a_verdict_says_where_it_comes_from(
    name: str, mode: str, verdict: str, source: str, sandbox: Sandbox
) -> None:
    plan = await plan_of(sandbox, name, mode)
    assert not plan.is_error, plan.text
    assert plan.data["verdict"] == verdict
    assert source in {reason["source"] for reason in plan.data["reasons"]}
    assert (plan.data["planId"] is not None) is (verdict == "possible")
    assert (plan.data["expiresAt"] is not None) is (verdict == "possible")
    assert verdict.upper() in plan.text
    for reason in plan.data["reasons"]:
        assert verdict == "possible" or reason["message"] in plan.text
    assert sandbox.writes == []


@pytest.mark.parametrize(("gate", "verdict"), [("backups", "possible"), ("absent", "unknown")])
async def test_a_missing_gate_is_not_an_open_gate(gate: Any, verdict: str) -> None:
    sandbox = fresh_account(variants=Variants(from_vps_gate=gate))
    plan = await plan_of(sandbox, "web-01", "from_other_vps")
    assert plan.data["verdict"] == verdict
    assert "Everything on" in plan.data["dataLoss"]


async def test_snapshots_without_gates_are_unknown() -> None:
    sandbox = fresh_account(variants=Variants(snapshot_extra_fields=False))
    plan = await plan_of(sandbox, "web-01", "snapshot")
    assert plan.data["verdict"] == "unknown"
    assert plan.data["planId"] is None


async def test_an_unknown_date_means_unknown_loss(sandbox: Sandbox) -> None:
    undated = await plan_of(sandbox, "legacy-erp", "in_place", index=1)
    assert undated.data["verdict"] == "possible"
    assert "unknown" in undated.data["dataLoss"]
    dated = await plan_of(sandbox, "legacy-erp", "in_place", index=0)
    assert "days" in dated.data["dataLoss"]
    assert "unknown" not in dated.data["dataLoss"]


async def test_a_full_quota_is_no_advice_to_delete(sandbox: Sandbox) -> None:
    plan = await plan_of(sandbox, "shop-prod", "in_place")
    oldest = sandbox.state.by_name("shop-prod").backups[-1]
    first = " ".join(plan.data["recommendedFirst"])
    assert "cannot be backed up now" in first
    assert "more can be bought in HostUp's panel" in first
    assert oldest.id not in plan.text
    assert not suggests(plan)
    open_slots = await plan_of(sandbox, "web-01", "in_place")
    assert "Back up the current state" in " ".join(open_slots.data["recommendedFirst"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"mode": "in_place"}, "backupId"),
        ({"mode": "snapshot"}, "snapshotName"),
        ({"mode": "from_other_vps", "backupId": "BACKUP"}, "sourceVpsId"),
        ({"mode": "overwrite", "backupId": "BACKUP"}, "mode"),
    ],
)
async def test_arguments_that_the_mode_needs_are_named(
    arguments: dict[str, Any], named: str, sandbox: Sandbox
) -> None:
    async with in_memory(sandbox, None) as assistant:
        vps, backups = await assistant.backups("web-01")
        seen = len(sandbox.requests)
        given = {k: backups[0] if v == "BACKUP" else v for k, v in arguments.items()}
        result = await assistant.no("plan_restore", id=vps, **given)
    assert result.kind == "invalid_arguments"
    assert any(field.startswith(named) for field in result.error["fields"])
    assert len(sandbox.requests) == seen


@pytest.mark.parametrize(
    ("variants", "state"),
    [
        ({"restore_response": "202"}, "started"),
        ({"restore_response": "200"}, "started"),
        ({"restore_response": "204"}, "accepted"),
        ({"done_at_once": True}, "done"),
    ],
)
async def test_a_restore_is_reported_as_hostup_does(
    variants: dict[str, Any], state: str, user: User
) -> None:
    sandbox = fresh_account(variants=Variants(**variants))
    async with in_memory(sandbox, user) as assistant:
        _, plan = await assistant.planned()
        done = await assistant.ok("restore_vps", planId=plan)
    assert done["state"] == state
    assert len(sandbox.writes) == 1


async def test_hostup_says_to_stop_the_server_first(
    user: User,
) -> None:
    sandbox = fresh_account(variants=Variants(restore_of_running="refused"))
    async with in_memory(sandbox, user) as assistant:
        _, plan = await assistant.planned()
        result = await assistant.no("restore_vps", planId=plan)
    assert result.kind == "conflict"
    assert "has to be stopped first" in result.text
    assert sandbox.state.by_name("web-01").disk == "live"
    assert len(sandbox.writes) == 1


async def test_extra_fields_of_sources_are_read() -> None:
    told = fresh_account(variants=Variants(source_extras=True))
    async with in_memory(told, None) as assistant:
        vps = await assistant.find("dev-01")
        listed = await assistant.call("list_restore_sources", id=vps, limit=500)
    assert not listed.is_error
    backups = [b for s in listed.data["sources"] for b in s["backups"]]
    assert any(b["note"] == "Before upgrade" for b in backups)


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("shape", ["schedule", "schedules", "none"])
async def test_a_schedule_works_with_every_response(status: Any, shape: Any, user: User) -> None:
    sandbox = fresh_account(variants=Variants(schedule_status=status, schedule_response=shape))
    daily = {"enabled": True, "frequency": "daily", "hour": 3, "retentionCount": 2}
    async with in_memory(sandbox, user) as assistant:
        vps = await assistant.find("web-01")
        await assistant.ok("set_backup_schedule", id=vps, **daily)
        listed = (await assistant.ok("list_backup_schedules", id=vps))["schedules"]
        assert [s["retentionCount"] for s in listed if s["enabled"]] == [2]
        await assistant.ok("set_backup_schedule", id=vps, **daily)
        await assistant.ok("set_backup_schedule", id=vps, enabled=False)
        listed = (await assistant.ok("list_backup_schedules", id=vps))["schedules"]
        assert not any(s["enabled"] for s in listed)
        await assistant.ok("set_backup_schedule", id=vps, **daily | {"enabled": False})
    assert len(sandbox.writes) == 4
    assert "OFF" in user.questions[2]


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_deletion_works_with_every_response(status: Any, user: User) -> None:
    sandbox = fresh_account(variants=Variants(snapshot_delete=status))
    async with in_memory(sandbox, user) as assistant:
        vps = await assistant.find("web-01")
        name = (await assistant.ok("list_vps_snapshots", id=vps))["data"][0]["name"]
        result = await assistant.call("delete_vps_snapshot", id=vps, snapshotName=name)
        assert result.data["state"] == ("started" if status == 202 else "done")
    assert len(sandbox.writes) == 1


# Scopes -------------------------------------------------------------------------------------------


async def test_a_missing_scope_is_named(user: User) -> None:
    sandbox = fresh_account(variants=Variants(gates_fold_permission=False))
    key = {"api_key": SANDBOX_READ_ONLY_KEY}
    async with in_memory(sandbox, user, **key) as assistant:
        _, plan = await assistant.planned()
        result = await assistant.no("restore_vps", planId=plan)
        sources = await assistant.no("list_restore_sources", id=await assistant.find("web-01"))
    for refused in (result, sources):
        assert refused.kind == "forbidden"
        assert "backup:vm" in refused.text
        assert "https://cloud.hostup.se/api-management" in refused.text
        assert refused.error["requestId"]


async def test_an_empty_list_says_what_was_searched(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        empty = await assistant.call("list_vps", name="no-such-server")
        assert not empty.is_error
        assert "no-such-server" in empty.text
        assert "Only those of this API key's account are listed" in empty.text
        vps = await assistant.find("staging")
        nothing = await assistant.call("list_vps_backups", id=vps)
        assert nothing.data["backups"] == []
        assert nothing.text.startswith('"staging" (192.0.2.11, ')
        assert "HostUp lists no backups of it for this key." in nothing.text
        assert nothing.data["explanation"]["restore"]["verdict"] == "blocked"


# The audit log ------------------------------------------------------------------------------------


async def test_the_audit_log_has_every_kind_of_end(tmp_path: Path, user: User) -> None:
    log = tmp_path / "audit.jsonl"
    sandbox = fresh_account()
    sandbox.faults.add(
        Fault("status", method="POST", path="*/actions/restore", status=409),
        Fault("drop_after", method="POST", path="*/actions/restore"),
    )
    async with in_memory(sandbox, user, audit_log=log) as assistant:
        for _ in range(2):
            _, plan = await assistant.planned()
            await assistant.no("restore_vps", planId=plan)
        await assistant.no("restore_vps", planId="plan_0000000000000000")
    outcomes = [json.loads(line)["outcome"] for line in log.read_text().splitlines()]
    told = [o for o in outcomes if o not in ("sent", "asked the user")]
    assert told == ["refused: conflict", "outcome_unknown", "refused: plan_again"]
    refused = [json.loads(line) for line in log.read_text().splitlines()]
    assert any(line["requestId"] for line in refused)


async def test_an_existing_audit_log_is_appended_to(tmp_path: Path, user: User) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_text('{"earlier": "line"}\n')
    inode = os.stat(log).st_ino
    async with in_memory(fresh_account(), user, audit_log=log) as assistant:
        vps, backups = await assistant.backups("web-01")
        await assistant.ok("delete_vps_backup", id=vps, backupId=backups[-1])
    assert log.read_text().startswith('{"earlier": "line"}\n')
    assert os.stat(log).st_ino == inode
    assert len(log.read_text().splitlines()) > 2
