"""Cancelling a server: what it reads as, what it leaves, and how it is refused."""

from datetime import timedelta
from typing import Any

import pytest

from hostup_mcp.sandbox import Anomalies, ManualClock, Sandbox, Variants

from . import contract
from .wiring import Api, code, forward, with_variants

pytestmark = pytest.mark.anyio

NOW = {"reason": "rehearsal is over", "cancelType": "immediate"}


async def cancel(api: Api, name: str = "api-sthlm", **changes: Any) -> Any:
    body = {key: value for key, value in (NOW | changes).items() if value is not None}
    return await api.call("POST", api.vps(name, "/actions/cancel"), json=body)


async def shown(api: Api, name: str = "api-sthlm") -> Any:
    body = await api.json(api.vps(name, "/cancellation"))
    contract.CANCELLATION(body, "")
    return body


async def test_an_immediate_cancellation(api: Api) -> None:
    assert (await shown(api))["status"] == "none"
    response = await cancel(api)
    assert (response.status_code, response.json()) == (200, {"cancellationLookupPending": True})
    body = await shown(api)
    assert (body["status"], body["revokable"], body["cancelType"]) == ("pending", True, "immediate")
    assert body["reason"] == NOW["reason"]
    assert (await api.json(api.vps("api-sthlm")))["serviceStatus"] == "active"
    assert (await cancel(api)).status_code == 409
    forward(api, 30)
    body = await shown(api)
    assert (body["status"], body["revokable"]) == ("completed", False)
    server = await api.json(api.vps("api-sthlm"))
    assert (server["serviceStatus"], server["powerState"]) == ("terminated", "stopped")
    assert (await api.gates("api-sthlm"))["canRestore"]["code"] == "service_terminated"
    assert (await cancel(api)).status_code == 409


@pytest.mark.parametrize(("name", "days"), [("api-sthlm", 30), ("web-01", 12)])
async def test_a_cancellation_at_the_end(api: Api, name: str, days: int) -> None:
    await cancel(api, name, cancelType="end_of_period")
    assert (await shown(api, name))["status"] == "pending"
    forward(api, 30)
    body = await shown(api, name)
    assert (body["status"], body["cancelType"]) == ("scheduled", "end_of_period")
    assert body["scheduledAt"] > body["cancelledAt"]
    forward(api, timedelta(days=days).total_seconds())
    assert (await shown(api, name))["status"] == "completed"
    assert (await api.json(api.vps(name)))["serviceStatus"] == "terminated"


@pytest.mark.parametrize(
    ("word", "first", "second"),
    [
        ("pending", "pending", "pending"),
        ("scheduled", "scheduled", "scheduled"),
        ("none_first", "none", "pending"),
    ],
)
async def test_what_a_cancellation_reads_as(word: str, first: str, second: str) -> None:
    api = with_variants(cancellation_shown=word)
    await cancel(api)
    body = await shown(api)
    assert (body["status"], body["revokable"]) == (first, first != "none")
    forward(api, 15)
    assert (await shown(api))["status"] == second


@pytest.mark.parametrize(("word", "listed"), [("cancelled", ["cancelled"]), ("gone", [])])
async def test_what_a_cancellation_leaves(word: str, listed: list[str]) -> None:
    api = with_variants(cancelled_server=word)
    path, vps_id = api.vps("api-sthlm"), api.sandbox.state.by_name("api-sthlm").id
    await cancel(api)
    forward(api, 30)
    found = (await api.json("/api/v2/vps?name=api-sthlm"))["data"]
    assert [each["serviceStatus"] for each in found] == listed
    assert (await api.get(f"{path}/cancellation")).status_code == (200 if listed else 404)
    assert (vps_id in api.sandbox.state.gone) is not listed


@pytest.mark.parametrize("status", [200, 204])
async def test_cancellations_can_be_revoked(status: int) -> None:
    api = with_variants(cancellation_delete=status)
    path = api.vps("api-sthlm", "/cancellation")
    assert code(await api.call("DELETE", path)) == (404, "not_found")
    await cancel(api)
    assert not api.sandbox.state.by_name("api-sthlm").auto_renew
    response = await api.call("DELETE", path)
    assert response.status_code == status
    if status == 200:
        contract.CANCELLATION(response.json(), "")
    forward(api, 3600)
    assert (await shown(api))["status"] == "revoked"
    assert (await api.json(api.vps("api-sthlm")))["serviceStatus"] == "active"
    assert api.sandbox.state.by_name("api-sthlm").auto_renew
    assert (await api.call("DELETE", path)).status_code == 409
    assert (await cancel(api)).status_code == 200


@pytest.mark.parametrize("end", ["pending", "revoked"])
async def test_cancellations_that_end_nothing(end: Any) -> None:
    api = Api(Sandbox(clock=ManualClock(), anomalies=Anomalies(cancellation_end=end)))
    await cancel(api)
    assert (await shown(api))["status"] == "pending"
    forward(api, 24 * 3600)
    assert (await shown(api))["status"] == end
    assert (await api.json(api.vps("api-sthlm")))["serviceStatus"] == "active"


async def test_a_refusal_with_a_side_effect(api: Api) -> None:
    for name in ("intranet", "web-01"):
        assert api.sandbox.state.by_name(name).auto_renew
        refused = await cancel(api, name)
        assert code(refused) == (409, "cancellation_blocked_overdue_invoice")
        assert (await shown(api, name))["status"] == "none"
        assert not api.sandbox.state.by_name(name).auto_renew
        api.sandbox.anomalies = Anomalies(invoice_overdue=True)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reason": None}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": " "}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"cancelType": "now"}, "/cancelType"),
        ({"otherReason": "because"}, "/otherReason"),
        ({"force": True}, "/force"),
    ],
)
async def test_cancel_bodies_are_checked(api: Api, changes: dict[str, Any], pointer: str) -> None:
    response = await cancel(api, **changes)
    assert code(response) == (400, "invalid_request")
    assert [each["pointer"] for each in response.json()["errors"]] == [pointer]
    assert (await shown(api))["status"] == "none"


@pytest.mark.parametrize("shape", ["cancellation", "nested"])
async def test_other_ways_to_answer(shape: str) -> None:
    api = with_variants(cancel_status=202, cancel_response=shape, cancel_reason="optional")
    response = await cancel(api, reason=None, cancelType=None)
    assert response.status_code == 202
    body = response.json()
    assert not body.pop("cancellationLookupPending")
    body = body["cancellation"] if shape == "nested" else body
    contract.CANCELLATION(body, "")
    assert body["cancelType"] == "end_of_period"
    other = with_variants()
    assert (await cancel(other, reason="other", otherReason="moving")).status_code == 200


@pytest.mark.parametrize("left", ["terminated", "gone"])
async def test_orders_are_cancelled_at_once(left: Any) -> None:
    api = Api(Sandbox(clock=ManualClock(), variants=Variants(cancelled_server=left)))
    path = f"/backups/{api.backup('web-01')}/actions/restore-to-payg"
    await api.call("POST", api.vps("web-01", path), json={"name": "fresh"})
    new = api.sandbox.state.by_name("fresh").id
    assert (await cancel(api, "fresh")).status_code == 200
    forward(api, 3600)
    assert [each["id"] for each in (await api.json("/api/v2/vps?name=fresh"))["data"]] == (
        [] if left == "gone" else [new]
    )
    if left == "terminated":
        body = await shown(api, "fresh")
        assert (body["status"], body["cancelledPendingOrder"]) == ("completed", True)


async def test_jobs_of_a_cancelled_server_fail(api: Api) -> None:
    path = f"/backups/{api.backup('api-sthlm')}/actions/restore-to-payg"
    deployed = await api.call("POST", api.vps("api-sthlm", path), json={"name": "fresh"})
    restored = await api.restore("api-sthlm")
    await cancel(api)
    forward(api, 3600)
    for each in (deployed, restored):
        job = (await api.json(each.json()["operation"]["pollUrl"]))["data"]
        assert job["isFailed"]
    assert (await api.json(api.vps("fresh")))["powerState"] == "error"
