"""A new server's price is known before the yes, and is part of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args, get_type_hints

import pytest
from support.account import fresh_account
from support.product import REVISIONS, Door

from hostup_mcp.sandbox import Anomalies, Fault, Sandbox, Variants
from hostup_mcp.sandbox.payg import Resources

from .harness import (
    DECLINE,
    SAFETY_DOORS,
    Assistant,
    Product,
    Result,
    User,
    agree,
    in_memory,
    says_nothing_was_changed,
)

NAME = "web-01"
SENT = "*/restore-to-payg"
WORDS = [word for word in get_args(get_type_hints(Anomalies)["payg_blocker"]) if word != "none"]


@asynccontextmanager
async def session(
    *, mode: str = REVISIONS[0], odd: str | None = None, **others: Any
) -> AsyncIterator[tuple[Sandbox, Assistant, User]]:
    given = {"anomalies": Anomalies(odd_field=odd)} if odd else {}
    sandbox, user = fresh_account(**given, **others), User()
    async with in_memory(sandbox, user, mode=mode) as assistant:
        yield sandbox, assistant, user


async def planned(assistant: Assistant, **arguments: Any) -> Result:
    vps, backups = await assistant.backups(NAME)
    given = {"mode": "new_cloud_vps", "backupId": backups[0], **arguments}
    return await assistant.call("plan_restore", id=vps, **given)


# The price ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
async def test_the_price_is_told_asked_and_sent(door: Door, product: Product) -> None:
    """2 cores, 4 GB, 80 GB and an address, at the sandbox's rates, for an hour and 720 hours."""
    user = User()
    async with product.enter(door, user) as assistant:
        plan = await planned(assistant, name="shop")
        assert "SEK 0.66 per hour, SEK 475.20 per month (720 h)" in plan.text
        assert "before any VAT, as reported" in plan.text
        assert "traffic is extra" in plan.text
        new = plan.data["newServer"]
        assert new["price"] == {
            "perHour": 0.66,
            "perMonth": 475.2,
            "currencyCode": "SEK",
            "trafficPerGb": 0.1,
        }
        assert (new["cpuCores"], new["memoryGb"], new["storageGb"]) == (2, 4, 80)
        assert new["name"].startswith("shop-")
        built = await assistant.ok("restore_vps", planId=plan.data["planId"])
        [question] = user.questions
        assert "SEK 0.66 per hour" in question
        assert "SEK 475.20 per month" in question
        [write] = product.sandbox.writes
        sizes = {name: new[name] for name in ("cpuCores", "memoryGb", "storageGb", "name")}
        assert json.loads(write.body or b"null") == sizes
        assert product.sandbox.state.servers[built["vpsId"]].name == new["name"]
    line = product.audit_lines()[-1]
    assert '"price": {"perHour": "0.66", "currencyCode": "SEK"}' in line


async def test_two_plans_have_two_names() -> None:
    async with session() as (_, assistant, _user):
        names = [(await planned(assistant)).data["newServer"]["name"] for _ in range(3)]
        assert len(set(names)) == 3
        assert all(name.startswith("restore-web-01-") for name in names)


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize("when", ["before the question", "while it is open"])
async def test_another_price_is_another_plan(mode: str, when: str) -> None:
    async with session(mode=mode) as (sandbox, assistant, user):
        plan = await planned(assistant)

        def raise_price(question: str = "") -> Any:
            sandbox.state.rates = sandbox.state.rates.times(1.1)
            return agree(question)

        if when == "before the question":
            raise_price()
        else:
            user.reply = raise_price
        result = await assistant.call("restore_vps", planId=plan.data["planId"])
        assert result.kind == "plan_again", result.text
        assert says_nothing_was_changed(result)
        assert len(user.questions) == (when != "before the question")
        assert not sandbox.writes
        again = await planned(assistant)
        assert "SEK 0.726 per hour" in again.text
        user.reply = agree
        await assistant.ok("restore_vps", planId=again.data["planId"])


async def test_a_price_that_keeps_rising_is_never_paid() -> None:
    async with session(anomalies=Anomalies(prices_rise=True)) as (sandbox, assistant, _):
        for _ in range(3):
            plan = await planned(assistant)
            assert (
                await assistant.no("restore_vps", planId=plan.data["planId"])
            ).kind == "plan_again"
        assert not sandbox.writes


@pytest.mark.parametrize(
    "odd",
    [
        "deployments/pricing=null",
        "deployments/pricing",
        "deployments/pricing/currencyCode=null",
        "deployments/pricing/ipPerHour",
        'deployments/pricing/cpuPerCoreHour="free"',
    ],
)
async def test_an_untold_price_is_said_to_be_unknown(odd: str) -> None:
    async with session(odd=odd) as (sandbox, assistant, user):
        sandbox.faults.add(Fault("status", "GET", "*/payg/limits", status=404, times=None))
        plan = await planned(assistant)
        assert plan.data["verdict"] == "possible"
        assert "The price is not known" in plan.text
        assert plan.data["newServer"]["price"]["perHour"] is None
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        assert "The price is not known" in user.questions[0]
        assert len(sandbox.writes) == 1


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_without_a_preflight_a_plan_is_possible(status: int) -> None:
    async with session() as (sandbox, assistant, user):
        for path in ("*/payg/limits", "*/payg/deployments"):
            sandbox.faults.add(Fault("status", "GET", path, status=status, times=None))
        plan = await planned(assistant)
        assert plan.data["verdict"] == "possible"
        assert "The price is not known" in plan.text
        assert "HostUp may refuse" in plan.text
        assert "The limits are not known" in plan.text
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        assert len(user.questions) == len(sandbox.writes) == 1


async def test_two_prices_are_both_told() -> None:
    async with session() as (sandbox, assistant, _):
        body = {"billing": {"currencyCode": "SEK", "cpuPerCoreHour": 1, "memoryPerGbHour": 1}}
        body["billing"] |= {"storagePerGbHour": 1, "bandwidthPerGb": 1, "ipPerHour": 1}
        sandbox.faults.add(Fault("json", "GET", "*/payg/limits", content=body, times=None))
        plan = await planned(assistant)
        assert "The price is not known: HostUp states both SEK 0.66 and SEK 87.00" in plan.text
        assert plan.data["newServer"]["price"]["perHour"] is None


# The size -----------------------------------------------------------------------------------------


async def test_an_unknown_size_is_asked_for() -> None:
    async with session(odd="deployments/defaults/resources") as (sandbox, assistant, user):
        web = sandbox.state.by_name(NAME)
        body = {"id": web.id, "name": NAME, "serviceStatus": "active"}
        sandbox.faults.add(Fault("json", "GET", f"/api/v2/vps/{web.id}", content=body, times=None))
        plan = await planned(assistant, cpuCores=4)
        assert plan.data["verdict"] == "unknown"
        assert plan.data["planId"] is None
        assert "must be given: memoryGb, storageGb" in plan.text
        plan = await planned(assistant, cpuCores=4, memoryGb=8, storageGb=60)
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        [write] = sandbox.writes
        size = {"cpuCores": 4, "memoryGb": 8, "storageGb": 60}
        assert json.loads(write.body or b"null") == {"name": plan.data["newServer"]["name"], **size}
        assert "SEK 1.00 per hour" in user.questions[0]


@pytest.mark.parametrize("limits", ["by_bound", "by_resource", "absent"])
async def test_limits_and_regions_are_told(limits: Any) -> None:
    variants = Variants(preflight_limits=limits)
    async with session(variants=variants) as (sandbox, assistant, _):
        sandbox.state.payg_limits = Resources(6, 24, 400, 2)
        plan = await planned(assistant, memoryGb=64, region="oslo")
        assert plan.data["verdict"] == "blocked"
        assert plan.data["planId"] is None
        assert "needs 64 GB of memory; the account's limit leaves " in plan.text
        assert 'does not list the region "oslo"; it lists "stockholm"' in plan.text
        assert "ask for a higher limit" in plan.text
        assert plan.data["newServer"]["regions"] == ["stockholm"]
        left = plan.data["newServer"]["left"]["memoryGb"]
        plan = await planned(assistant, memoryGb=left, region="stockholm")
        assert plan.data["verdict"] == "possible"
        assert not sandbox.writes


# The account --------------------------------------------------------------------------------------

STEPS = {
    "unnamed": "HostUp's support can explain it",
    "not_verified": "Verify the account in HostUp's panel",
    "no_cloud_access": "Ask HostUp's support to enable Cloud VPS",
    "no_card_on_file": "Add a payment card",
    "has_unpaid_invoice": "Pay the open invoice",
}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("access", ["object", "null"])
async def test_each_blocker_is_told_before(word: Any, access: Any) -> None:
    given = {"anomalies": Anomalies(payg_blocker=word), "variants": Variants(payg_access=access)}
    async with session(**given) as (sandbox, assistant, _):
        plan = await planned(assistant)
        assert plan.data["verdict"] == "blocked"
        assert plan.data["planId"] is None
        if access == "object":
            assert STEPS.get(word, "ask for a higher limit") in plan.text
        assert not sandbox.writes


@pytest.mark.parametrize("place", ["extensions", "top_level"])
@pytest.mark.parametrize("word", WORDS)
async def test_each_blocker_is_told_after(word: Any, place: Any) -> None:
    """Where only the write knows of it."""
    variants = Variants(blockers_shown="deploy", blocker_place=place)
    anomalies = Anomalies(payg_blocker=word)
    async with session(variants=variants, anomalies=anomalies) as (sandbox, assistant, _):
        plan = await planned(assistant)
        if plan.data["planId"] is None:
            # Its limits show in HostUp's numbers as well.
            assert "limit leaves" in plan.text
            return
        before = set(sandbox.state.servers)
        result = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert result.kind in ("refused", "forbidden"), result.text
        assert says_nothing_was_changed(result)
        if word != "unnamed":
            assert word in result.text
            assert STEPS[word] in result.next_step
        assert set(sandbox.state.servers) == before


@pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
async def test_through_every_door(door: Door, product: Product) -> None:
    """Each blocker is told before, and a price that changed after the plan is never paid."""
    sandbox, user = product.sandbox, User()
    async with product.enter(door, user) as assistant:
        for word in WORDS:
            sandbox.anomalies = Anomalies(payg_blocker=word)
            plan = await planned(assistant)
            assert plan.data["verdict"] == "blocked"
            assert STEPS.get(word, "ask for a higher limit") in plan.text
        sandbox.anomalies = Anomalies()
        plan = await planned(assistant)

        def raise_price(question: str) -> Any:
            sandbox.state.rates = sandbox.state.rates.times(1.1)
            return agree(question)

        user.reply = raise_price
        result = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert result.kind == "plan_again"
        assert not sandbox.writes


# A lost response ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "error_after"])
async def test_a_lost_server_is_looked_for_by_name(mode: str, kind: Any) -> None:
    async with session(mode=mode) as (sandbox, assistant, _):
        plan = await planned(assistant)
        name = plan.data["newServer"]["name"]
        sandbox.faults.add(Fault(kind, "POST", SENT))
        result = await assistant.call("restore_vps", planId=plan.data["planId"])
        assert result.kind == "outcome_unknown"
        built = [each.id for each in sandbox.state.servers.values() if each.name == name]
        assert len(built) == (kind != "drop_before")
        said = f'"{name}", is listed ({built[0]})' if built else f'No server named "{name}" is'
        assert said in result.error["seen"]
        assert f"Call list_vps with name {name}" in result.next_step
        found = await assistant.ok("get_job", writeId=result.error["writeId"])
        assert said in found["message"]
        listed = await assistant.ok("list_vps", name=name)
        assert [each["id"] for each in listed["data"]] == built


@pytest.mark.parametrize("response", ["neither", "shape_invalid"])
async def test_a_server_that_hostup_does_not_confirm(response: Any) -> None:
    async with session(anomalies=Anomalies(deploy_response=response)) as (sandbox, assistant, _):
        plan = await planned(assistant)
        result = await assistant.call("restore_vps", planId=plan.data["planId"])
        assert result.kind == "outcome_unknown"
        assert f'"{plan.data["newServer"]["name"]}", is listed (' in result.error["seen"]
        assert len(sandbox.writes) == 1


async def test_a_generated_name_is_said_to_be_possible() -> None:
    async with session(variants=Variants(payg_name="generated")) as (sandbox, assistant, _):
        plan = await planned(assistant)
        sandbox.faults.add(Fault("drop_after", "POST", SENT))
        result = await assistant.call("restore_vps", planId=plan.data["planId"])
        assert "HostUp may give it another name" in result.error["seen"]


async def test_a_declined_price_builds_nothing() -> None:
    async with session() as (sandbox, assistant, user):
        user.says(DECLINE)
        plan = await planned(assistant)
        result = await assistant.call("restore_vps", planId=plan.data["planId"])
        assert result.kind == "not_confirmed"
        assert not sandbox.writes
