"""`set_vps_power`: asked before anything stops, refused where it would do nothing or harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from support.product import REVISIONS

from hostup_mcp.config import Group
from hostup_mcp.sandbox import Anomalies, Fault, ManualClock, Sandbox, Variants

from .harness import DECLINE, Assistant, Result, User, in_memory, says_nothing_was_changed, typed

NAME = "web-01"


@asynccontextmanager
async def account(
    power: str = "running", *, mode: str = REVISIONS[0], **variants: Any
) -> AsyncIterator[tuple[Sandbox, Assistant, User]]:
    sandbox = Sandbox(clock=ManualClock(), variants=Variants(**variants), rate_limit=None)
    set_state(sandbox, power)
    user = User()
    async with in_memory(sandbox, user, mode=mode) as assistant:
        yield sandbox, assistant, user


def set_state(sandbox: Sandbox, power: str) -> None:
    sandbox.state.put(replace(sandbox.state.by_name(NAME), power_state=power))


def state_of(sandbox: Sandbox) -> str | None:
    sandbox.state.settle(sandbox.clock.now())
    return sandbox.state.by_name(NAME).power_state


async def power(assistant: Assistant, action: str) -> Result:
    return await assistant.call("set_vps_power", id=await assistant.find(NAME), action=action)


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize(
    ("action", "before", "after", "asked"),
    [
        ("start", "stopped", "running", None),
        ("shutdown", "running", "stopped", "plain"),
        ("restart", "running", "running", "plain"),
        ("stop", "running", "stopped", "typed"),
        ("stop", "stopping", "stopped", "typed"),
    ],
)
async def test_an_action_is_carried_out(
    mode: str, action: str, before: str, after: str, asked: str | None
) -> None:
    async with account(before, mode=mode, power_noop="accepted") as (sandbox, assistant, user):
        result = await power(assistant, action)
        assert not result.is_error, result.text
        [write] = sandbox.writes
        assert write.path.endswith(f"/actions/{action}")
        assert [("To go ahead, type:" in q) for q in user.questions] == (
            [] if asked is None else [asked == "typed"]
        )
        sandbox.clock.advance(60)  # type: ignore[attr-defined]
        job = await assistant.ok("get_job", jobId=result.data["jobId"])
        assert state_of(sandbox) == after
        assert job["state"] == "succeeded"
        assert f"the server is {after} now" in job["message"]


async def test_a_stop_says_what_may_be_lost() -> None:
    async with account() as (sandbox, assistant, user):
        user.says(DECLINE)
        for action, says in (("stop", "LOST"), ("shutdown", "until it is started again")):
            result = await power(assistant, action)
            assert result.kind == "not_confirmed"
            assert says in user.questions[-1]
            assert NAME in user.questions[-1]
        user.says(typed("web-02"))
        assert (await power(assistant, "stop")).kind == "not_confirmed"
        assert not sandbox.writes


@pytest.mark.parametrize(
    ("action", "state", "says"),
    [
        ("start", "running", "is already running"),
        ("start", "starting", "is already starting"),
        ("shutdown", "stopped", "is already stopped"),
        ("shutdown", "stopping", "is already stopping"),
        ("stop", "stopped", "is already stopped"),
        ("restart", "stopped", "is stopped, so it cannot be restarted"),
    ],
)
async def test_what_would_do_nothing_is_refused(action: str, state: str, says: str) -> None:
    async with account(state) as (sandbox, assistant, user):
        result = await power(assistant, action)
        assert result.kind == "power_state"
        assert says in result.text
        assert says_nothing_was_changed(result)
        assert user.questions == []
        assert not sandbox.writes


@pytest.mark.parametrize("tasks", ["objects", "strings", "count", "absent"])
@pytest.mark.parametrize("gates", [True, False])
async def test_no_start_while_a_job_runs(tasks: Any, gates: bool) -> None:
    async with account("stopped", pending_tasks=tasks, vps_actions=gates) as (
        sandbox,
        assistant,
        _,
    ):
        vps, backups = await assistant.backups(NAME)
        plan = await assistant.ok("plan_restore", id=vps, mode="in_place", backupId=backups[0])
        await assistant.ok("restore_vps", planId=plan["planId"])
        result = await power(assistant, "start")
        assert result.kind in ("job_running", "gate_closed"), result.text
        assert says_nothing_was_changed(result)
        assert len(sandbox.writes) == 1
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        assert not (await power(assistant, "start")).is_error


async def test_a_key_without_backups_may_start() -> None:
    """Its restore gate is closed because of the key, which says nothing about a job."""
    async with account("stopped", pending_tasks="absent") as (sandbox, assistant, _):
        web = sandbox.state.by_name(NAME)
        closed = {"canRestore": {"allowed": False, "reason": "No scope.", "code": "forbidden"}}
        body = {"backups": [], "quotaInfo": {}, "actions": closed}
        sandbox.faults.add(Fault("json", "GET", f"*/{web.id}/backups", content=body))
        result = await power(assistant, "start")
        assert not result.is_error, result.text


async def test_hostups_gate_decides() -> None:
    async with account("provisioning", vps_actions=True) as (sandbox, assistant, user):
        for action in ("start", "shutdown", "restart", "stop"):
            result = await power(assistant, action)
            assert result.kind == "gate_closed"
            assert "The server is provisioning." in result.text
        assert user.questions == []
        assert not sandbox.writes


async def test_other_work_is_in_the_question() -> None:
    async with account() as (_, assistant, user):
        await assistant.ok("create_vps_backup", id=await assistant.find(NAME))
        user.says(DECLINE)
        await power(assistant, "stop")
        assert "other work to do on it" in user.questions[-1]


async def test_a_change_while_asking_sends_nothing() -> None:
    async with account() as (sandbox, assistant, user):

        def crash(question: str) -> Any:
            set_state(sandbox, "error")
            return typed(NAME)

        user.reply = crash
        assert (await power(assistant, "stop")).kind == "changed_meanwhile"
        assert not sandbox.writes


async def test_a_completed_job_is_not_a_reached_state() -> None:
    async with account(power_lag=40) as (sandbox, assistant, _):
        job = (await power(assistant, "shutdown")).data["jobId"]
        sandbox.clock.advance(10)  # type: ignore[attr-defined]
        early = await assistant.ok("get_job", jobId=job)
        assert early["state"] == "succeeded"
        assert "up to a minute" in early["message"]
        assert "call get_job again" in early["message"]
        sandbox.clock.advance(40)  # type: ignore[attr-defined]
        late = await assistant.ok("get_job", jobId=job)
        assert "the server is stopped now" in late["message"]


async def test_a_shutdown_that_is_ignored_is_told() -> None:
    async with account(shutdown="ignored") as (sandbox, assistant, _):
        job = (await power(assistant, "shutdown")).data["jobId"]
        for seconds in (30, 61):
            sandbox.clock.advance(seconds)  # type: ignore[attr-defined]
            result = await assistant.ok("get_job", jobId=job)
        assert "a minute later it is running now, not stopped" in result["message"]
        assert "may have ignored" in result["message"]
        sandbox.faults.add(Fault("status", "GET", "*/status", status=500, times=None))
        unread = await assistant.ok("get_job", jobId=job)
        assert "its power state could not be read" in unread["message"]


async def test_a_lost_response_is_not_sent_again() -> None:
    async with account() as (sandbox, assistant, _):
        sandbox.faults.add(Fault("drop_after", method="POST", path="*"))
        result = await power(assistant, "shutdown")
        assert result.kind == "outcome_unknown"
        assert "The power state of the server is" in result.error["seen"]
        assert (await power(assistant, "stop")).kind == "write_in_flight"
        assert len(sandbox.writes) == 1


@pytest.mark.parametrize(
    ("action", "before", "kind"),
    [("start", "stopped", "outcome_unknown"), ("restart", "running", "outcome_unknown")],
)
async def test_an_unclear_response_is_looked_into(action: str, before: str, kind: str) -> None:
    """What HostUp did not say, a read has to show; a restart cannot be seen."""
    sandbox = Sandbox(
        clock=ManualClock(), anomalies=Anomalies(write_response="empty_object"), rate_limit=None
    )
    set_state(sandbox, before)
    async with in_memory(sandbox, User()) as assistant:
        result = await power(assistant, action)
        assert result.kind == kind, result.text


async def test_the_group_unlocks_it() -> None:
    sandbox = Sandbox(clock=ManualClock(), rate_limit=None)
    others = frozenset(Group) - {Group.POWER}
    async with in_memory(sandbox, User(), allow=others) as assistant:
        assert "set_vps_power" not in await assistant.tools()
        result = await power(assistant, "stop")
        assert result.kind == "not_allowed"
        assert "power" in result.text


# Where it is named --------------------------------------------------------------------------------


@pytest.mark.parametrize("unlocked", [True, False])
async def test_it_is_named_where_it_is_unlocked(unlocked: bool) -> None:
    """In a plan that may leave the server stopped, and where HostUp wants it stopped first."""
    variants = Variants(restore_of_running="refused")
    sandbox = Sandbox(clock=ManualClock(), variants=variants, rate_limit=None)
    allow = frozenset(Group) if unlocked else frozenset(Group) - {Group.POWER}
    async with in_memory(sandbox, User(), allow=allow) as assistant:
        vps, backups = await assistant.backups(NAME)
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=backups[0])
        assert ("set_vps_power can" in plan.text) is unlocked
        refused = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert refused.kind == "conflict"
        assert ("set_vps_power with action shutdown" in refused.next_step) is unlocked
        assert ("in HostUp's panel" in refused.next_step) is not unlocked
        for result in assistant.results:
            assert unlocked or "set_vps_power" not in result.text


async def test_a_stopped_server_is_brought_back() -> None:
    """A restore that leaves the server stopped, and the start that it then needs."""
    async with account(restored_power="stopped") as (sandbox, assistant, _):
        vps, plan = await assistant.planned(NAME)
        await assistant.ok("restore_vps", planId=plan)
        sandbox.clock.advance(200)  # type: ignore[attr-defined]
        verdict = await assistant.ok("verify_recovery", id=vps)
        assert verdict["verdict"] == "not_back"
        started = await power(assistant, "start")
        assert not started.is_error, started.text
        sandbox.clock.advance(60)  # type: ignore[attr-defined]
        assert (await assistant.ok("verify_recovery", id=vps))["verdict"] == "back"
