"""Attempts to have `end_rehearsal` cancel another server, or the same one twice.

What counts is what reached the account: each test looks at the cancellations that it received.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from support.account import fresh_account
from support.product import LEGACY, MODERN, REVISIONS

from hostup_mcp.config import Confirm, Group
from hostup_mcp.sandbox import Fault, Sandbox, Variants
from hostup_mcp.sandbox.state import Server
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

from .harness import (
    EVERYTHING,
    Assistant,
    Result,
    User,
    agree,
    connected,
    in_memory,
    says_nothing_was_changed,
    settings,
    typed,
)

BUILD = "*/restore-to-payg"
revisions = pytest.mark.parametrize("mode", REVISIONS)


@asynccontextmanager
async def session(
    *, mode: str = MODERN, settings: dict[str, Any] | None = None, **others: Any
) -> AsyncIterator[tuple[Sandbox, Assistant, User]]:
    sandbox, user = fresh_account(**others), User()
    async with in_memory(sandbox, user, mode=mode, **(settings or {})) as assistant:
        yield sandbox, assistant, user


async def planned(assistant: Assistant) -> tuple[str, str]:
    """The planId of a rehearsal, and the name of its server."""
    vps, backups = await assistant.backups("web-01")
    given = {"mode": "new_cloud_vps", "backupId": backups[0], "rehearsal": True}
    plan = await assistant.ok("plan_restore", id=vps, **given)
    return str(plan["planId"]), str(plan["newServer"]["name"])


async def rehearsed(assistant: Assistant) -> tuple[str, str]:
    """The id and the name of the server of a new rehearsal."""
    plan, name = await planned(assistant)
    return str((await assistant.ok("restore_vps", planId=plan))["vpsId"]), name


def cancelled(sandbox: Sandbox) -> list[str]:
    """The servers that the account was told to cancel, whatever it made of that."""
    sent = [r for r in sandbox.requests if r.method == "POST" and r.path.endswith("/cancel")]
    assert all(r.path.startswith("/api/v2/vps/") for r in sent)
    return [r.path.split("/")[4] for r in sent]


def change(sandbox: Sandbox, vps: str, **fields: Any) -> Server:
    """Change a server behind the back of the product; returns it as it was."""
    server = sandbox.state.servers[vps]
    if (is_payg := fields.pop("is_payg", None)) is not None:
        fields["billing"] = replace(server.billing, is_payg=is_payg)
    sandbox.state.put(replace(server, **fields))
    return server


def as_payg(sandbox: Sandbox, server: str, name: str) -> str:
    """Make another server of the account look as much as it can like a rehearsal's; its id."""
    vps = sandbox.state.by_name(server).id
    change(sandbox, vps, name=name, is_payg=True)
    return vps


async def refused(assistant: Assistant, vps: str, kind: str = "not_a_rehearsal") -> Result:
    result = await assistant.no("end_rehearsal", id=vps)
    assert result.kind == kind, result.text
    assert says_nothing_was_changed(result) or kind == "unknown_id"
    return result


# A yes --------------------------------------------------------------------------------------------


async def test_a_yes_ends_one_server_once() -> None:
    """Replayed for the same server, for another one, and after a later question."""
    async with session() as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        other, _ = await rehearsed(assistant)
        state, answers = await assistant.round("end_rehearsal", id=vps)
        with pytest.raises(MCPError, match="requestState"):
            # Sealed with its arguments: it is no answer about another server.
            await assistant.resume("end_rehearsal", state, answers, id=other)
        assert cancelled(sandbox) == []
        done = await assistant.resume("end_rehearsal", state, answers, id=vps)
        assert not done.is_error, done.text
        for _ in range(3):
            again = await assistant.resume("end_rehearsal", state, answers, id=vps)
            assert again.kind == "not_confirmed"
            assert "already used" in again.text
        assert cancelled(sandbox) == [vps]
        # Not even where HostUp has revoked the cancellation since.
        change(sandbox, vps, cancellation=None)
        again = await assistant.resume("end_rehearsal", state, answers, id=vps)
        assert again.kind == "not_confirmed"
        assert cancelled(sandbox) == [vps]


async def test_a_yes_to_something_else_ends_nothing() -> None:
    async with session() as (sandbox, assistant, _):
        vps, name = await rehearsed(assistant)
        plan, _ = await planned(assistant)
        for tool, arguments in (
            ("restore_vps", {"planId": plan}),
            ("set_vps_power", {"id": vps, "action": "stop"}),
        ):
            change(sandbox, vps, service_status="active", power_state="running")
            state, _ = await assistant.round(tool, **arguments)
            with pytest.raises(MCPError, match="requestState"):
                await assistant.resume("end_rehearsal", state, {"confirm": typed(name)}, id=vps)
        assert cancelled(sandbox) == []


@pytest.mark.parametrize(
    ("meanwhile", "kind"),
    [
        ({"name": "in-use"}, "not_a_rehearsal"),
        ({"is_payg": False}, "not_a_rehearsal"),
        ({"name": ""}, "not_a_rehearsal"),
    ],
    ids=str,
)
@revisions
async def test_what_changed_while_asking(mode: str, meanwhile: dict[str, Any], kind: str) -> None:
    async with session(mode=mode) as (sandbox, assistant, user):
        vps, _ = await rehearsed(assistant)

        def change_and_agree(question: str) -> Any:
            change(sandbox, vps, **meanwhile)
            return agree(question)

        user.reply = change_and_agree
        await refused(assistant, vps, kind)
        assert cancelled(sandbox) == []


@revisions
async def test_an_end_elsewhere_while_asking(mode: str) -> None:
    """The user cancels it in HostUp's panel, and says yes here too."""
    async with session(mode=mode) as (sandbox, assistant, user):
        vps, _ = await rehearsed(assistant)

        def cancel_and_agree(question: str) -> Any:
            sandbox.faults.add(
                Fault("json", "GET", "*/cancellation", content={"status": "pending"}, times=None)
            )
            return agree(question)

        user.reply = cancel_and_agree
        result = await assistant.no("end_rehearsal", id=vps)
        assert result.kind in ("conflict", "changed_meanwhile"), result.text
        assert cancelled(sandbox) == []


@revisions
async def test_two_calls_at_once_send_one(mode: str) -> None:
    async with session(mode=mode) as (sandbox, assistant, _):
        vps, _ = await rehearsed(assistant)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(lambda: assistant.call("end_rehearsal", id=vps))
        assert cancelled(sandbox) == [vps]
        kinds = sorted(str(each.kind) for each in assistant.results[-3:])
        assert kinds.count("None") == 1, kinds


# An id --------------------------------------------------------------------------------------------


@revisions
async def test_the_id_of_a_rehearsal_that_is_over(mode: str) -> None:
    """HostUp gives it to another server, which even has that name and is pay-as-you-go."""
    async with session(mode=mode, variants=Variants(cancelled_server="gone")) as (
        sandbox,
        assistant,
        user,
    ):
        vps, name = await rehearsed(assistant)
        await assistant.ok("end_rehearsal", id=vps)
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        await assistant.ok("check_backups")
        db = sandbox.state.by_name("db-01")
        sandbox.state.put(replace(db, id=vps, name=name, billing=replace(db.billing, is_payg=True)))
        found = await assistant.ok("list_vps", name=name)
        assert [each["id"] for each in found["data"]] == [vps]
        user.questions.clear()
        await refused(assistant, vps)
        assert user.questions == []
        assert cancelled(sandbox) == [vps]


@revisions
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
async def test_no_other_server_of_the_account(mode: str, lost: bool) -> None:
    """Ordinary, pay-as-you-go, or with the very name that was sent: only what was built."""
    async with session(mode=mode) as (sandbox, assistant, user):
        ordinary = [each["id"] for each in (await assistant.ok("list_vps", limit=100))["data"]]
        plan, name = await planned(assistant)
        if lost:
            sandbox.faults.add(Fault("drop_after", "POST", BUILD))
        await assistant.call("restore_vps", planId=plan)
        [built] = [each.id for each in sandbox.state.servers.values() if each.name == name]
        for vps in ordinary:
            change(sandbox, vps, is_payg=True)
        user.questions.clear()
        for vps in ordinary[:5]:
            await refused(assistant, vps)
        # Two servers of the name: with the response lost, which of them was built is not known.
        twin = as_payg(sandbox, "db-01", name)
        listed = await assistant.call("list_vps", limit=100)
        await refused(assistant, twin)
        if lost:
            assert "it is not known whether it built a server" in listed.text
            await refused(assistant, built)
        assert user.questions == []
        # The one that was built is called otherwise by now, and the other one has its name.
        change(sandbox, built, name="shop")
        await assistant.ok("list_vps", limit=100)
        for vps in (twin, built):
            await refused(assistant, vps)
        assert user.questions == []
        assert cancelled(sandbox) == []
        change(sandbox, twin, name="db-01")
        change(sandbox, built, name=name)
        await assistant.ok("list_vps", name=name)
        await assistant.ok("end_rehearsal", id=built)
        assert cancelled(sandbox) == [built]


@revisions
async def test_an_id_that_hostup_mixes_up(mode: str) -> None:
    """Asked for one server, HostUp shows another one: neither is cancelled."""
    async with session(mode=mode) as (sandbox, assistant, user):
        vps, name = await rehearsed(assistant)
        other = as_payg(sandbox, "db-01", name)
        shown = {"id": other, "name": name, "billing": {"isPayg": True}}
        sandbox.faults.add(Fault("json", "GET", f"/api/v2/vps/{vps}", content=shown, times=None))
        user.questions.clear()
        result = await assistant.no("end_rehearsal", id=vps)
        assert says_nothing_was_changed(result)
        assert user.questions == []
        assert cancelled(sandbox) == []


async def test_arguments_of_a_model_change_nothing() -> None:
    async with session() as (sandbox, assistant, _):
        vps, name = await rehearsed(assistant)
        other = await assistant.find("db-01")
        for arguments in (
            {"id": vps, "serverName": name},
            {"id": vps, "confirm": True},
            {"id": vps, "cancelType": "endOfBillingPeriod"},
            {"id": vps, "recoveryId": "rec_0000000000000000"},
            {"vpsId": vps, "id": other},
            {"id": [vps]},
            {"id": None},
            {"id": f" {vps}"},
            {"id": f"{other}#{vps}"},
            {"id": f"{vps}/../{other}"},
            {"id": f"..%2f{other}"},
            {"id": vps.upper()},
            {},
        ):
            result = await assistant.no("end_rehearsal", **arguments)
            assert result.kind in ("invalid_arguments", "unknown_id"), arguments
        assert cancelled(sandbox) == []


# A session ----------------------------------------------------------------------------------------


@revisions
async def test_without_spend_nothing_is_ended(mode: str) -> None:
    """Its record is there, in state that both sessions share: what is missing is the group."""
    sandbox, user, state = fresh_account(), User(), InMemoryState()

    def server(allow: frozenset[Group]) -> Any:
        given = settings(allow=allow)
        return serve_with(Services(given, sandbox.transport(), sandbox.clock.now, state))

    async with connected(server(EVERYTHING), user, mode) as assistant:
        vps, name = await rehearsed(assistant)
    for allow in (frozenset[Group](), EVERYTHING - {Group.SPEND}):
        async with connected(server(allow), user, mode) as locked:
            assert "end_rehearsal" not in await locked.tools()
            told = await locked.call("list_vps", name=name)
            assert "can cancel that server in HostUp's panel" in told.text
            result = await locked.no("end_rehearsal", id=vps)
            assert result.kind == "not_allowed"
            assert "spend" in result.text
    assert cancelled(sandbox) == []


@revisions
async def test_a_user_who_cannot_be_asked(mode: str) -> None:
    sandbox = fresh_account()
    client = {"confirm": Confirm.CLIENT}
    async with in_memory(sandbox, None, mode=mode, **client) as assistant:
        vps, _ = await rehearsed(assistant)
        other = as_payg(sandbox, "db-01", "rehearsal-db-01-0123456789abc")
        await assistant.ok("list_vps", limit=100)
        await refused(assistant, other)
        change(sandbox, vps, name="shop")
        await refused(assistant, vps)
        assert cancelled(sandbox) == []
    async with in_memory(sandbox, None, mode=LEGACY) as assistant:
        await assistant.ok("list_vps", limit=100)
        assert (await assistant.no("end_rehearsal", id=vps)).kind == "not_a_rehearsal"
        assert cancelled(sandbox) == []
