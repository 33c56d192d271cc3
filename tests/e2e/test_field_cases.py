"""What HostUp's responses look like in the field, told as it is: one test for each case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from support.account import fresh_account

from hostup_mcp.sandbox import Anomalies, Fault, ManualClock, Sandbox, Variants
from hostup_mcp.server.refusals import LIFE
from hostup_mcp.wording.formats import stamp

from .harness import Assistant, Result, User, in_memory, typed


@asynccontextmanager
async def session(
    *, variants: Variants | None = None, **anomalies: Any
) -> AsyncIterator[tuple[Assistant, Sandbox]]:
    """An assistant at the product, before an account with `anomalies`."""
    account = fresh_account(
        clock=ManualClock(), variants=variants or Variants(), anomalies=Anomalies(**anomalies)
    )
    async with in_memory(account, User()) as assistant:
        yield assistant, account


def advice(listing: Result) -> list[str]:
    """The codes of the advice."""
    findings = listing.data["explanation"]["findings"].get("advice", [])
    return [each["code"] if isinstance(each, dict) else each for each in findings]


def obstacles(result: Result, action: str = "") -> list[str]:
    """The codes of what speaks against it here, in a plan or for an action of a listing."""
    told = result.data["explanation"][action] if action else result.data
    return [reason["code"] for reason in told["here"]["reasons"]]


# Contradictions -----------------------------------------------------------------------------------


async def test_a_403_counts_while_the_key_is_refused() -> None:
    async with session() as (assistant, account):
        vps, [backup, *_] = await assistant.backups("web-01")
        account.faults.add(Fault("status", "POST", "*/backups", status=403))
        reads = Fault("status", "GET", "*/restore-sources", status=403, times=None)
        account.faults.add(reads)
        at = stamp(account.clock.now(), UTC)
        assert (await assistant.no("create_vps_backup", id=vps)).kind == "forbidden"
        listing = await assistant.call("list_vps_backups", id=vps)
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=backup)
        assert listing.data["explanation"]["restore"]["verdict"] == "possible"
        assert obstacles(listing, "restore") == obstacles(listing, "create") == ["key_refused"]
        assert obstacles(plan) == ["key_refused"]
        assert plan.data["planId"] is None
        for told in (listing, plan):
            assert f"403 at {at}" in told.text
            assert "still refused when checked just now" in told.text
        # The user mends the key: the next read notices.
        account.faults.clear()
        listing = await assistant.call("list_vps_backups", id=vps)
        assert obstacles(listing, "restore") == obstacles(listing, "create") == []
        asked = len(account.requests)
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=backup)
        assert plan.data["planId"]
        assert not any("sources" in request.path for request in account.requests[asked:])


@pytest.mark.parametrize("paths", ["*/restore-to-payg", "*"])
async def test_a_403_that_no_read_checks_lasts(paths: str) -> None:
    async with session() as (assistant, account):
        vps, [backup, *_] = await assistant.backups("web-01")
        mode = {"id": vps, "mode": "new_cloud_vps", "backupId": backup}
        account.faults.add(Fault("status", "POST", paths, status=403))
        plan = await assistant.ok("plan_restore", **mode)
        assert (await assistant.no("restore_vps", planId=plan["planId"])).kind == "forbidden"
        listing = await assistant.call("list_vps_backups", id=vps)
        assert obstacles(listing, "restore") == [], "another scope"
        until = stamp(account.clock.now() + LIFE, UTC)
        account.clock.advance(599)  # type: ignore[attr-defined]
        told = await assistant.call("plan_restore", **mode)
        assert obstacles(told) == ["key_refused"]
        assert f"try again after {until}" in told.text
        assert told.data["planId"] is None
        account.clock.advance(1)  # type: ignore[attr-defined]
        assert obstacles(await assistant.call("plan_restore", **mode)) == []


async def test_an_edge_403_does_not_blame_the_key() -> None:
    async with session() as (assistant, account):
        vps, _ = await assistant.backups("web-01")
        account.faults.add(Fault("html", "POST", "*/backups", status=403))
        assert (await assistant.no("create_vps_backup", id=vps)).kind == "edge_refused"
        assert obstacles(await assistant.call("list_vps_backups", id=vps), "restore") == []


async def test_checked_at_changes_no_plan() -> None:
    async with session(gates_checked_at=True) as (assistant, account):
        _, plan_id = await assistant.planned()
        await assistant.ok("restore_vps", planId=plan_id)
        assert len(account.writes) == 1


@pytest.mark.parametrize("hours", [3.0, -3.0])
async def test_plans_are_by_hostups_clock(hours: float) -> None:
    async with session(clock_hours_ahead=hours) as (assistant, account):
        vps, [backup, *_] = await assistant.backups("web-01")
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=backup)
        assert "everything written since then, up to 8 hours of changes." in plan.text
        # The clocks are set right meanwhile; the question says what the plan said.
        account.anomalies = Anomalies(clock_hours_ahead=0.001)
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        assert assistant.user is not None
        assert "8 hours of changes" in assistant.user.questions[-1]


@pytest.mark.parametrize("hours", [3.0, -3.0, 0.001])
async def test_each_read_with_ages_tells_the_clocks(hours: float) -> None:
    async with session(clock_hours_ahead=hours) as (assistant, _):
        vps, [backup, *_] = await assistant.backups("web-01")
        calls: dict[str, dict[str, str]] = {
            "list_vps_snapshots": {"id": vps},
            "list_backup_schedules": {"id": vps},
            "list_restore_sources": {"id": vps},
            "plan_restore": {"id": vps, "mode": "in_place", "backupId": backup},
        }
        for tool, arguments in calls.items():
            result = await assistant.call(tool, **arguments)
            assert ("This machine's clock is" in result.text) == (hours != 0.001), tool


@pytest.mark.parametrize("tool", ["list_vps_snapshots", "list_backup_schedules"])
async def test_a_closed_gate_comes_with_its_step(tool: str) -> None:
    async with session() as (assistant, account):
        web = account.state.by_name("web-01")
        await assistant.find("web-01")
        assert "To unblock" not in (await assistant.call(tool, id=web.id)).text
        account.state.put(replace(web, service_status="suspended"))
        assert (
            "To unblock: The service is suspended: " in (await assistant.call(tool, id=web.id)).text
        )


# Servers ------------------------------------------------------------------------------------------


async def test_an_ignored_filter_is_reported() -> None:
    async with session(filters_ignored=True) as (assistant, _):
        listed = await assistant.call("list_vps", name="web-01")
        assert [server["name"] for server in listed.data["data"]] == ["web-01"]
        assert "HostUp did not apply the filter" in listed.text
        none = await assistant.call("list_vps", name="no-such")
        assert none.data["data"] == []
        assert "HostUp did not apply the filter" in none.text


@pytest.mark.parametrize("cursor", ["repeats", "missing"])
async def test_a_cursor_that_leads_nowhere_ends(cursor: str) -> None:
    async with session(cursor=cursor) as (assistant, _):
        page = await assistant.call("list_vps", limit=2)
        if cursor == "repeats":
            assert page.data["complete"] is True
            page = await assistant.call("list_vps", limit=2, cursor=page.data["nextCursor"])
        assert page.data["nextCursor"] is None
        assert page.data["complete"] is False
        assert "INCOMPLETE" in page.text


async def test_an_unknown_name_may_match_a_filter() -> None:
    async with session(filters_ignored=True) as (assistant, account):
        account.state.put(replace(account.state.by_name("shop-prod"), name=None))
        listed = await assistant.call("list_vps", name="web-01")
        first = '1 server with name "web-01", and 1 whose name or IP is unknown, so may match:'
        assert listed.text.splitlines()[0] == first


async def test_servers_with_equal_names_differ_by_id() -> None:
    async with session() as (assistant, account):
        staging, web = (account.state.by_name(name) for name in ("staging", "web-01"))
        account.state.put(replace(staging, name="Web-01"))
        listed = await assistant.call("list_vps", limit=100)
        assert set(listed.data["sameName"]) == {staging.id, web.id}
        assert "SAME NAME" in listed.text
        backups = await assistant.ok("list_vps_backups", id=web.id)
        newest = backups["backups"][0]["id"]
        for name, kind in (("web-01", "not_confirmed"), ("web-01 10", None)):
            plan = await assistant.ok("plan_restore", id=web.id, mode="in_place", backupId=newest)
            assert assistant.user is not None
            assistant.user.says(typed(name))
            result = await assistant.call("restore_vps", planId=plan["planId"])
            assert result.kind == kind
        question = assistant.user.questions[-1]
        assert question.splitlines()[-1] == "To go ahead, type: web-01 10"


async def test_a_name_like_an_id_is_not_typed() -> None:
    async with session() as (assistant, account):
        shop, web = (account.state.by_name(name) for name in ("shop-prod", "web-01"))
        account.state.put(replace(shop, name=web.id))
        listed = await assistant.call("list_vps", limit=100)
        assert listed.data["sameName"] == [shop.id]
        account.state.put(replace(shop, name=web.primary_ip))
        listed = await assistant.call("list_vps", limit=100)
        assert listed.data["sameName"] == [shop.id]
        account.state.put(replace(shop, name=web.id))
        backups = await assistant.ok("list_vps_backups", id=shop.id)
        await assistant.call("delete_vps_backup", id=shop.id, backupId=backups["backups"][-1]["id"])
        assert assistant.user is not None
        assert assistant.user.questions[-1].splitlines()[-1] == f"To go ahead, type: {shop.id}"


@pytest.mark.parametrize(
    ("name", "known", "about"),
    [
        ("dev-01", "active, 192.0.2.12", "192.0.2.12, active"),
        ("old-shop", "terminated, no IP", "no IP known, terminated"),
    ],
)
async def test_the_other_server_is_named(name: str, known: str, about: str) -> None:
    async with session(variants=Variants(from_vps_gate="backups")) as (assistant, _):
        vps = await assistant.find("web-01")
        sources = (await assistant.ok("list_restore_sources", id=vps))["sources"]
        other = next(source for source in sources if source["name"] == name)
        plan = await assistant.call(
            "plan_restore",
            id=vps,
            mode="from_other_vps",
            sourceVpsId=other["id"],
            backupId=other["backups"][0]["id"],
        )
        described = f'"{name}" ({other["id"]}, {known})'
        assert f" UTC of {described}" in plan.text
        assert plan.data["source"]["name"] == name
        await assistant.call("restore_vps", planId=plan.data["planId"])
        assert assistant.user is not None
        question = assistant.user.questions[-1]
        assert f'The other server: "{name}" ({about}).' in question
        assert other["id"] in question.splitlines()[-2]


# Backups ------------------------------------------------------------------------------------------


async def test_a_limit_below_zero_is_unknown() -> None:
    async with session(odd_field="backups/quotaInfo/limit=-1") as (assistant, _):
        vps = await assistant.find("web-01")
        listing = await assistant.call("list_vps_backups", id=vps)
        assert listing.data["quotaInfo"]["limit"] is None
        assert "4 used, limit unknown" in listing.text
        assert "quotaInfo.limit" in listing.text
        assert listing.data["explanation"]["create"]["verdict"] == "possible"


async def test_suspension_gets_one_plain_step() -> None:
    async with session(variants=Variants(reason_language="sv")) as (assistant, _):
        vps, [backup, *_] = await assistant.backups("intranet")
        listing = await assistant.call("list_vps_backups", id=vps)
        step = (
            "The service is suspended: pay any overdue invoice in HostUp's panel; if there is "
            "none, only HostUp's support can lift it."
        )
        explained = listing.data["explanation"]
        assert explained["restore"]["toUnblock"] == explained["create"]["toUnblock"] == step
        assert "Tjänsten är avstängd" in listing.text, "HostUp's reason as it came"
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=backup)
        assert plan.data["toUnblock"] == step
        refused = [
            await assistant.no("create_vps_backup", id=vps),
            await assistant.no("create_vps_snapshot", id=vps, name="now"),
            await assistant.no("delete_vps_backup", id=vps, backupId=backup),
        ]
        assert all(result.next_step.startswith(step) for result in refused)


async def test_doubts_about_restore_sources_are_data_too() -> None:
    async with session() as (assistant, account):
        dev = account.state.by_name("dev-01")
        account.state.put(replace(dev, backups=(replace(dev.backups[0], size_gb=0),)))
        vps = await assistant.find("web-01")
        listed = await assistant.call("list_restore_sources", id=vps)
        doubts = {source["name"]: source["doubts"] for source in listed.data["sources"]}
        assert doubts.pop("dev-01") == {dev.backups[0].id: "backup_empty"}
        assert not any(doubts.values())
        assert "is 0 GB" in listed.text


# Odd values in words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "field", "says"),
    [
        (
            "list_vps_snapshots",
            'snapshots/data/0/expiresAt="0001-01-01T00:00:00Z"',
            'expiry date unknown (HostUp says "0001-01-01T00:00:00Z")',
        ),
        (
            "list_backup_schedules",
            'backup-schedules/schedules/0/lastRun="9999-12-31T00:00:00Z"',
            'last run date unknown (HostUp says "9999-12-31T00:00:00Z")',
        ),
        ("list_restore_sources", "restore-sources/sources/0/backups/0/sizeGb=0", "is 0 GB"),
        ("list_restore_sources", "restore-sources/sources/0/backups=null", "  backups unknown"),
        ("list_restore_sources", "restore-sources/sources=[null]", "no readable backups"),
    ],
)
async def test_an_odd_value_is_told_as_such(tool: str, field: str, says: str) -> None:
    async with session(odd_field=field) as (assistant, _):
        assert says in (await assistant.call(tool, id=await assistant.find("web-01"))).text
