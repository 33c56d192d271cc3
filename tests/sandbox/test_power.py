"""Power actions, when their state is reached, and when the guest answers after a boot."""

from typing import Any

import pytest

from hostup_mcp.sandbox import UNBOOTABLE_NOTE, Anomalies, Fault

from . import contract
from .wiring import Api, code, forward, with_variants

pytestmark = pytest.mark.anyio


async def act(api: Api, name: str, action: str, **extra: Any) -> Any:
    return await api.call("POST", api.vps(name, f"/actions/{action}"), **extra)


async def power(api: Api, name: str) -> tuple[str, int | None]:
    status = await api.json(api.vps(name, "/status"))
    contract.STATUS(status, "")
    return status["powerState"], status["uptimeSeconds"]


async def agent(api: Api, name: str) -> Any:
    shown = await api.json(api.vps(name, "/agent/exec"))
    contract.AGENT(shown, "")
    return shown


@pytest.mark.parametrize(
    ("name", "action", "during", "after"),
    [
        ("dev-01", "start", "starting", ("running", 4)),
        ("web-01", "shutdown", "stopping", ("stopped", None)),
        ("web-01", "stop", "stopping", ("stopped", None)),
        ("web-01", "restart", "stopping", ("running", 4)),
        ("web-01", "reset", "stopping", ("running", 4)),
    ],
)
async def test_actions_take_effect(
    api: Api, name: str, action: str, during: str, after: tuple[str, int | None]
) -> None:
    accepted = await act(api, name, action, json={})
    contract.OPERATION(accepted.json(), "")
    assert code(await act(api, name, "reset")) == (409, "operation_in_progress")
    forward(api, 3)
    assert (await power(api, name))[0] == during
    forward(api, 7)
    assert await power(api, name) == after
    job = (await api.json(accepted.json()["operation"]["pollUrl"]))["data"]
    assert (job["type"], job["isCompleted"]) == (action, True)
    assert job["result"] == {"vpsId": api.sandbox.state.by_name(name).id}


@pytest.mark.parametrize(
    ("name", "action", "status"),
    [
        ("web-01", "start", (409, "power_running")),
        ("dev-01", "stop", (409, "power_stopped")),
        ("dev-01", "restart", (409, "power_stopped")),
        ("intranet", "start", (409, "service_suspended")),
        ("crm", "reset", (409, "pending_order")),
        ("db-01", "restart", (409, "operation_in_progress")),
    ],
)
async def test_gates_of_power(api: Api, name: str, action: str, status: tuple[int, str]) -> None:
    gates = (await api.json(api.vps(name, "/details")))["actions"]
    contract.POWER_GATES(gates, "")
    assert gates[f"can{action.capitalize()}"]["code"] == status[1]
    assert code(await act(api, name, action)) == status


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("restart", {"force": True}, 202),
        ("restart", {"force": 1}, 400),
        ("stop", {"force": True}, 400),
        ("shutdown", {"mode": "hard"}, 400),
    ],
)
async def test_bodies_of_power(api: Api, action: str, body: Any, status: int) -> None:
    assert (await act(api, "web-01", action, json=body)).status_code == status


async def test_power_gates_in_three_places() -> None:
    api = with_variants(vps_actions=True, status_actions=True)
    shown = [(await api.json(api.vps("web-01", p)))["actions"] for p in ("", "/details", "/status")]
    assert shown[0] == shown[1] == shown[2]
    assert "actions" not in await with_variants().json(api.vps("web-01", "/status"))


async def test_actions_without_effect() -> None:
    api = with_variants(power_noop="accepted")
    for name, action in (("web-01", "start"), ("dev-01", "shutdown"), ("dev-01", "stop")):
        before = api.sandbox.state.by_name(name)
        assert (await act(api, name, action)).status_code == 202
        forward(api, 6)
        assert api.sandbox.state.by_name(name) == before


@pytest.mark.parametrize(("word", "flag"), [("ignored", "isCompleted"), ("fails", "isFailed")])
async def test_shutdowns_that_are_ignored(word: str, flag: str) -> None:
    api = with_variants(shutdown=word)
    before = api.sandbox.state.by_name("web-01")
    path = (await act(api, "web-01", "shutdown")).json()["operation"]["pollUrl"]
    forward(api, 6)
    assert (await api.json(path))["data"][flag] is True
    assert api.sandbox.state.by_name("web-01") == before
    await act(api, "web-01", "stop")
    forward(api, 6)
    assert (await power(api, "web-01"))[0] == "stopped"


@pytest.mark.parametrize(
    ("action", "during", "after"),
    [
        ("stop", "stopping", "stopped"),
        ("restart", "starting", "running"),
        ("restore", "starting", "running"),
    ],
)
async def test_power_may_lag(action: str, during: str, after: str) -> None:
    api = with_variants(power_lag=45.0)
    response = await (api.restore("web-01") if action == "restore" else act(api, "web-01", action))
    path = response.json()["operation"]["pollUrl"]
    forward(api, 40)
    assert (await api.json(path))["data"]["isCompleted"]
    assert (await power(api, "web-01"))[0] == during
    assert not (await agent(api, "web-01"))["available"]
    forward(api, 45)
    assert (await power(api, "web-01"))[0] == after
    forward(api, 10)
    assert (await agent(api, "web-01"))["available"] is (after == "running")


async def test_a_lag_is_cut_short_by_a_job() -> None:
    api = with_variants(power_lag=60.0)
    await act(api, "web-01", "restart")
    forward(api, 10)
    await api.restore("web-01")
    forward(api, 30)
    assert (await power(api, "web-01"))[0] == "stopped"
    forward(api, 80)
    assert (await power(api, "web-01"))[0] == "running"


async def test_a_failed_action_changes_nothing(api: Api) -> None:
    api.sandbox.faults.add(Fault("fail_job", "POST"))
    before = api.sandbox.state.by_name("web-01")
    await act(api, "web-01", "restart")
    forward(api, 6)
    assert api.sandbox.state.by_name("web-01") == before
    api.sandbox.anomalies = Anomalies(job_end="cancelled")
    await act(api, "web-01", "stop")
    forward(api, 6)
    assert api.sandbox.state.by_name("web-01") == before


async def test_the_guest_agent_needs_a_boot(api: Api) -> None:
    web = api.sandbox.state.by_name("web-01").id
    up = {"available": True, "reason": None, "vmRunning": True}
    assert await agent(api, "web-01") == up
    await act(api, "web-01", "restart")
    forward(api, 6)
    assert await agent(api, "web-01") == {
        "available": False,
        "reason": "The guest agent does not respond.",
        "vmRunning": True,
    }
    assert not api.sandbox.is_up(web)
    forward(api, 10)
    assert await agent(api, "web-01") == up
    assert api.sandbox.is_up(web)
    assert await agent(api, "dev-01") == {
        "available": False,
        "reason": "The server is not running.",
        "vmRunning": False,
    }


async def restore_unbootable(api: Api) -> None:
    notes = [each.note for each in api.sandbox.state.by_name("web-01").backups]
    assert (await api.restore("web-01", notes.index(UNBOOTABLE_NOTE))).status_code == 202
    forward(api, 3600)


async def test_one_backup_boots_to_nothing(api: Api) -> None:
    await restore_unbootable(api)
    web = api.sandbox.state.by_name("web-01")
    assert (await power(api, "web-01"))[0] == "running"
    assert not (await agent(api, "web-01"))["available"]
    assert not api.sandbox.is_up(web.id)
    await api.create("web-01")
    forward(api, 20)
    assert not api.sandbox.state.by_name("web-01").backups[-1].boots
    await api.restore("web-01", 0)
    forward(api, 50)
    assert (await agent(api, "web-01"))["available"]


async def test_a_dead_guest_ignores_requests(api: Api) -> None:
    await restore_unbootable(api)
    for action, body, state, uptime in (
        ("shutdown", None, "running", False),
        ("restart", None, "running", False),
        ("restart", {"force": True}, "running", True),
        ("stop", None, "stopped", None),
    ):
        await act(api, "web-01", action, json=body)
        forward(api, 6)
        shown, seconds = await power(api, "web-01")
        assert (shown, None if seconds is None else seconds < 10) == (state, uptime)


async def test_rollbacks_boot_like_their_snapshot(api: Api) -> None:
    await restore_unbootable(api)
    await api.call("POST", api.vps("web-01", "/snapshots"), json={"name": "dead"})
    forward(api, 3)
    for name, answers in (("before-php-83", True), ("dead", False)):
        await api.call("POST", api.vps("web-01", f"/snapshots/{name}/actions/restore"))
        forward(api, 60)
        assert (await agent(api, "web-01"))["available"] is answers


@pytest.mark.parametrize("name", ["web-01", "legacy-erp"])
async def test_no_guest_agent(name: str) -> None:
    api = with_variants(guest_agent="none", agent_response="bare")
    assert await api.json(api.vps(name, "/agent/exec")) == {"available": False}
    known = await agent(with_variants(), name)
    assert known["available"] is (name == "web-01")


async def test_scopes_of_the_guest_agent() -> None:
    for scope, status in (("read:vm", 200), ("write:vm", 403)):
        api = with_variants(agent_scope=scope)
        weak = Api(api.sandbox, "hostup_sandbox_read_8b2e6d03")
        path = api.vps("web-01", "/agent/exec")
        assert (await weak.get(path)).status_code == status
        assert (await api.get(path)).status_code == 200
        assert code(await weak.get(f"{path}?pid=1")) == (403, "forbidden")
        assert code(await api.get(f"{path}?pid=1")) == (404, "not_found")
        assert code(await api.get(f"{path}?pid=x")) == (400, "invalid_request")
        assert (await api.call("POST", path, json={"command": "id"})).status_code == 405


@pytest.mark.parametrize(
    ("word", "running", "stopped"),
    [
        ("known", 24.8, 24.8),
        ("with_agent", 24.8, None),
        ("null", None, None),
        ("zero", 0, 0),
        ("absent", "absent", "absent"),
    ],
)
async def test_sizes_of_disks(word: str, running: Any, stopped: Any) -> None:
    api = with_variants(disk_sizes=word)
    for name, used in (("web-01", running), ("dev-01", stopped)):
        disk, drive = (await api.json(api.vps(name, "/storage")))["disks"]
        assert drive["isCdrom"]
        assert disk.get("capacity", {"usedGb": "absent"})["usedGb"] == used
        if used not in (None, "absent"):
            contract.CAPACITY(disk["capacity"], "")
