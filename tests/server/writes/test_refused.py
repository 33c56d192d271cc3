"""What HostUp refused: what it means for the plan, for the user, and for what was changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from hostup_mcp.config import Group
from hostup_mcp.hostup.requests import Expected
from hostup_mcp.server.writes.refused import OVERDUE

from ..wiring import error_of
from .bench import DESTRUCTIVE, VPS, Bench

CONSUMED = "This plan was consumed; another restore needs a new one from plan_restore."
WITH_TOOL = (
    "If HostUp wants the server to be stopped first, set_vps_power with action shutdown does that."
)
IN_PANEL = "If HostUp wants the server to be stopped first, the user can do that in HostUp's panel."


def refusing(status: int, **others: Any) -> Bench:
    bench = Bench(**others)
    problem = {"status": status, "code": "some_code", "detail": "Not now."}
    bench.response = httpx.Response(status, json=problem)
    return bench


@pytest.mark.parametrize(
    ("allow", "stop"),
    [(frozenset(Group), WITH_TOOL), (frozenset({Group.RESTORE}), IN_PANEL)],
)
async def test_a_conflict_with_a_plan_says_how_to_stop_the_server(
    allow: frozenset[Group], stop: str
) -> None:
    bench = refusing(409, allow=allow)
    error = error_of(await bench.run({"planId": await bench.plan()}))
    assert error["kind"] == "conflict"
    plain = error_of(await refusing(409).run())
    assert CONSUMED not in plain["nextStep"]
    assert error["nextStep"] == f"{plain['nextStep']} {CONSUMED} {stop}"
    assert error["message"].endswith(" Nothing was changed.")


async def test_another_refusal_with_a_plan_needs_no_stop() -> None:
    bench = refusing(422)
    error = error_of(await bench.run({"planId": await bench.plan()}))
    assert error["nextStep"].endswith(CONSUMED)


async def test_a_plan_that_was_not_sent_is_not_consumed() -> None:
    bench = Bench()
    bench.response = httpx.ConnectError("refused")
    error = error_of(await bench.run({"planId": await bench.plan()}))
    assert CONSUMED not in error["nextStep"]
    assert error["message"].endswith(" Nothing was changed.")


def cancelling(response: httpx.Response | Exception) -> Bench:
    bench = Bench()
    request = replace(DESTRUCTIVE.request, expected=Expected.CANCELLATION)
    bench.proposals = [replace(DESTRUCTIVE, request=request)]
    bench.response = response
    return bench


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "code": code, "detail": "Invoice."})


MAY_HAVE_CHANGED = (
    "HostUp refused to cancel the server, which goes on costing money. It may have switched off "
    "auto-renewal all the same. "
)
TELL = "Tell the user; they can look in HostUp's panel."


@pytest.mark.parametrize(
    ("code", "pays"),
    [(OVERDUE, True), ("other_conflict", False)],
)
async def test_a_refused_cancellation_may_have_changed_something(code: str, pays: bool) -> None:
    """HostUp documents that an overdue invoice blocks it only after auto-renewal is off."""
    error = error_of(await cancelling(problem(409, code)).run())
    assert error["kind"] == "conflict"
    assert error["message"].startswith(MAY_HAVE_CHANGED)
    assert "Invoice." in error["message"]
    assert "Nothing was changed" not in error["message"]
    assert error["nextStep"].endswith(TELL)
    assert ("invoice" in error["nextStep"]) is pays
    assert (error["nextStep"] == TELL) is not pays


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(423, json={"status": 423, "code": "locked", "detail": "Busy."}),
        httpx.Response(422, json={"status": 422, "code": "refused", "detail": "No."}),
        httpx.ConnectError("refused"),
    ],
    ids=["locked", "refused", "not sent"],
)
async def test_other_refusals_of_a_cancellation_change_nothing(response: Any) -> None:
    error = error_of(await cancelling(response).run())
    assert not error["message"].startswith(MAY_HAVE_CHANGED)
    assert error["message"].endswith(" Nothing was changed.")


async def test_a_conflict_of_another_change_changes_nothing() -> None:
    error = error_of(await refusing(409).run({"id": VPS}))
    assert error["message"].endswith(" Nothing was changed.")
