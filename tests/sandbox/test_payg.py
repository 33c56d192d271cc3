"""New pay-as-you-go servers: whether, for how much, and what comes of each response."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import httpx
import pytest

from hostup_mcp.sandbox import (
    SANDBOX_OTHER_KEY,
    UNBOOTABLE_NOTE,
    Anomalies,
    Fault,
    ManualClock,
    Resources,
    Sandbox,
    Variants,
)
from hostup_mcp.sandbox.payg import WORDS

from . import contract
from .wiring import Api, code, forward, with_variants

pytestmark = pytest.mark.anyio

PREFLIGHT, LIMITS = "/api/v2/vps/payg/deployments", "/api/v2/vps/payg/limits"


def with_anomalies(variants: Variants | None = None, **anomalies: Any) -> Api:
    return Api(
        Sandbox(
            clock=ManualClock(), variants=variants or Variants(), anomalies=Anomalies(**anomalies)
        )
    )


async def deploy(api: Api, backup: int = 0, **body: Any) -> httpx.Response:
    path = f"/backups/{api.backup('web-01', backup)}/actions/restore-to-payg"
    return await api.call("POST", api.vps("web-01", path), json={"name": "fresh", **body})


async def named(api: Api, name: str = "fresh") -> Any:
    return (await api.json(f"/api/v2/vps?name={name}"))["data"]


async def preflight(api: Api) -> Any:
    shown = await api.json(PREFLIGHT)
    contract.PREFLIGHT(shown, "")
    return shown


async def test_an_account_without_blockers(api: Api) -> None:
    shown = await preflight(api)
    assert shown["available"]
    assert shown["access"]["blockerReasons"] == []
    assert shown["actions"] == {"canDeploy": {"allowed": True, "reason": None}}
    assert shown["pricing"]["cpuPerCoreHour"] == 0.12
    assert shown["limits"]["max"] == {"cpuCores": 32, "memoryGb": 248, "storageGb": 2000}
    assert (await deploy(api)).status_code == 202


async def test_an_account_without_a_card(sandbox: Sandbox) -> None:
    shown = await preflight(Api(sandbox, SANDBOX_OTHER_KEY))
    assert shown["access"]["blockerReasons"] == ["no_card_on_file"]
    assert not shown["access"]["hasCard"]
    assert shown["access"]["verified"]


def test_every_documented_word_is_a_blocker() -> None:
    choices = get_args(get_type_hints(Anomalies)["payg_blocker"])
    assert set(choices) == {"none", "unnamed", *WORDS}


@pytest.mark.parametrize("word", ["unnamed", *WORDS])
async def test_each_blocker(word: str) -> None:
    words = [] if word == "unnamed" else [word]
    api = with_anomalies(payg_blocker=word)
    shown = await preflight(api)
    assert shown["access"]["blockerReasons"] == words
    assert shown["reason"]
    for holder in (shown, shown["access"]):
        assert not holder["available"]
    assert not shown["actions"]["canDeploy"]["allowed"]
    response = await deploy(api)
    contract.PROBLEM(response.json(), "")
    assert response.status_code == (409 if word == "has_unpaid_invoice" else 403)
    assert response.json().get("extensions", {}).get("blockerReasons", []) == words
    assert await named(api) == []


@pytest.mark.parametrize("word", WORDS)
async def test_other_places_for_blockers(word: str) -> None:
    variants = Variants(
        blockers_shown="deploy", blocker_place="top_level", blocker_code="payg_blocked"
    )
    api = with_anomalies(variants, payg_blocker=word)
    assert (await preflight(api))["actions"]["canDeploy"]["allowed"]
    problem = (await deploy(api)).json()
    assert (problem["code"], problem["blockerReasons"]) == ("payg_blocked", [word])
    assert "extensions" not in problem


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("cpu_limit_exceeded", Resources(5, 99, 999, 9)),
        ("memory_limit_exceeded", Resources(99, 9, 999, 9)),
        ("storage_limit_exceeded", Resources(99, 99, 159, 9)),
        ("instance_limit_exceeded", Resources(99, 99, 999, 1)),
    ],
)
async def test_limits_of_an_account(api: Api, word: str, left: Resources) -> None:
    api.sandbox.state.payg_limits = left
    shown = await api.json(LIMITS)
    contract.LIMITS(shown, "")
    assert shown["current"] == {"cpuCores": 4, "memoryGb": 8, "storageGb": 80, "instanceCount": 1}
    assert shown["remaining"]["cpuCores"] == left.cpu_cores - 4
    assert (await preflight(api))["available"]
    response = await deploy(api)
    assert response.status_code == 403
    assert response.json()["extensions"]["blockerReasons"] == [word]


@pytest.mark.parametrize("word", ["cpu", "memory", "storage", "instance"])
async def test_exceeded_limits_have_nothing_left(word: str) -> None:
    api = with_anomalies(payg_blocker=f"{word}_limit_exceeded")
    remaining = (await api.json(LIMITS))["remaining"]
    field = {"cpu": "cpuCores", "instance": "instanceCount"}.get(word, f"{word}Gb")
    assert [name for name, amount in remaining.items() if amount == 0] == [field]


async def test_preflights_without_their_tail() -> None:
    api = with_variants(payg_access="null", payg_regions="strings", preflight_limits="absent")
    shown = await preflight(api)
    assert shown["access"] is None
    assert shown["regions"] == ["stockholm"]
    assert "limits" not in shown
    other = await preflight(with_variants(payg_regions="absent", preflight_limits="by_resource"))
    assert "regions" not in other
    assert other["limits"]["storageGb"] == {"min": 50, "max": 2000}
    blocked = with_anomalies(Variants(payg_access="null"), payg_blocker="not_verified")
    shown = await preflight(blocked)
    assert (shown["available"], shown["access"]) == (False, None)
    assert "Verify" in shown["reason"]


async def test_prices_rise_with_each_read() -> None:
    api = with_anomalies(prices_rise=True)
    read = [(await preflight(api))["pricing"]["cpuPerCoreHour"] for _ in range(3)]
    assert read == [0.12, 0.132, 0.144]
    assert (await api.json(LIMITS))["billing"]["cpuPerCoreHour"] == 0.156
    calm = with_variants()
    assert await preflight(calm) == await preflight(calm)
    calm.sandbox.state.rates = replace(calm.sandbox.state.rates, currency="EUR")
    assert (await preflight(calm))["pricing"]["currencyCode"] == "EUR"


async def test_a_month_of_a_new_server(api: Api) -> None:
    await deploy(api, cpuCores=2, memoryGb=4, storageGb=50)
    forward(api, 40)
    shown = await api.json(api.vps("fresh", "/billing-breakdown"))
    contract.BREAKDOWN(shown, "")
    amounts = {each["type"]: each["estimatedAmount"] for each in shown["estimate"]["lineItems"]}
    assert amounts == {"cpu": 172.8, "memory": 115.2, "storage": 108.0, "ipv4": 14.4}
    assert shown["estimate"]["estimatedMonthlyAmount"] == 410.4
    assert shown["estimate"]["period"]["endAt"] == "2026-05-01T00:00:00.000Z"
    (server,) = await named(api)
    assert server["billing"]["amount"] == 410.4


async def test_servers_that_are_not_billed_by_use(api: Api) -> None:
    shown = await api.json(api.vps("web-01", "/billing-breakdown"))
    assert (shown["available"], shown["estimate"]) == (False, None)
    strict = with_variants(fixed_breakdown="problem")
    assert code(await strict.get(strict.vps("web-01", "/billing-breakdown")))[0] == 409


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("operation", {"operation"}),
        ("deployment", {"status", "vpsId", "orderId"}),
        ("both", {"status", "vpsId", "orderId", "operation"}),
    ],
)
async def test_kinds_of_response(kind: str, keys: set[str]) -> None:
    api = with_variants(payg_response=kind)
    shown = (await deploy(api)).json()
    assert shown.keys() == keys
    (server,) = await named(api)
    assert shown.get("vpsId", server["id"]) == server["id"]
    forward(api, 40)
    (server,) = await named(api)
    assert (server["serviceStatus"], server["powerState"]) == ("active", "running")
    assert server["billing"]["isPayg"]
    if "operation" in shown:
        job = (await api.json(shown["operation"]["pollUrl"]))["data"]
        assert job["result"] == {"vpsId": server["id"]}


@pytest.mark.parametrize(("word", "status"), [("neither", 202), ("shape_invalid", 502)])
async def test_responses_that_hide_the_server(word: str, status: int) -> None:
    api = with_anomalies(deploy_response=word)
    response = await deploy(api)
    assert response.status_code == status
    if status == 202:
        assert response.json() == {"status": "provisioning"}
    else:
        contract.PROBLEM(response.json(), "")
        assert response.json()["code"] == "upstream_cloud_quick_deploy_shape_invalid"
    forward(api, 40)
    assert [each["powerState"] for each in await named(api)] == ["running"]


async def test_a_lost_response_builds_the_server(api: Api) -> None:
    api.sandbox.faults.add(Fault("drop_after", "POST", "*/restore-to-payg"))
    with suppress(httpx.RemoteProtocolError):
        await deploy(api)
    assert len(await named(api)) == 1


async def test_when_and_how_it_is_listed() -> None:
    late = with_variants(payg_listed="when_done", payg_response="operation")
    await deploy(late)
    assert await named(late) == []
    forward(late, 40)
    assert len(await named(late)) == 1
    other = with_variants(payg_name="generated")
    vps_id = (await deploy(other)).json()["vpsId"]
    assert await named(other) == []
    assert (await other.json(f"/api/v2/vps/{vps_id}"))["name"].startswith("restore-")


async def test_new_servers_can_be_renamed(api: Api) -> None:
    vps_id = (await deploy(api)).json()["vpsId"]
    api.sandbox.state.rename(vps_id, "mine")
    forward(api, 40)
    assert await named(api) == []
    assert [each["id"] for each in await named(api, "mine")] == [vps_id]


async def test_new_servers_answer_after_their_boot() -> None:
    api = with_variants(power_lag=30.0)
    notes = [each.note for each in api.sandbox.state.by_name("web-01").backups]
    good = (await deploy(api)).json()["vpsId"]
    dead = (await deploy(api, notes.index(UNBOOTABLE_NOTE), name="dead")).json()["vpsId"]
    seen = []
    for seconds in (0, 40, 30, 10):
        forward(api, seconds)
        shown = await api.json(f"/api/v2/vps/{good}")
        agent = await api.json(f"/api/v2/vps/{good}/agent/exec")
        seen.append((shown["serviceStatus"], shown["powerState"], agent["available"]))
    assert seen == [
        ("pending", "provisioning", False),
        ("active", "provisioning", False),
        ("active", "running", False),
        ("active", "running", True),
    ]
    shown = await api.json(f"/api/v2/vps/{dead}")
    assert (shown["serviceStatus"], shown["powerState"]) == ("active", "running")
    forward(api, 3600)
    assert not (await api.json(f"/api/v2/vps/{dead}/agent/exec"))["available"]
