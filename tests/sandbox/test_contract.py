"""Every response has exactly the documented fields, for every server of the account."""

from typing import Any

import httpx
import pytest

from hostup_mcp.sandbox import HOSTILE_NAME, RUNNING_JOB_ID, ManualClock, Sandbox

from . import contract
from .wiring import Api

pytestmark = pytest.mark.anyio

NAMES = [each.name for each in Sandbox(clock=ManualClock()).state.owned("main")]
READS = {
    "": contract.VPS,
    "/details": contract.DETAILS,
    "/status": contract.STATUS,
    "/backups": contract.BACKUPS,
    "/backup-schedules": contract.SCHEDULES,
    "/snapshots": contract.SNAPSHOTS,
    "/storage": contract.STORAGE,
    "/agent/exec": contract.AGENT,
    "/cancellation": contract.CANCELLATION,
}


@pytest.mark.parametrize("rest", READS)
@pytest.mark.parametrize("name", NAMES)
async def test_reads_of_every_server(api: Api, name: str, rest: str) -> None:
    response = await api.get(api.vps(name, rest))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    READS[rest](response.json(), rest)


async def test_the_list_of_servers(api: Api) -> None:
    contract.VPS_PAGE(await api.json("/api/v2/vps"), "")


async def test_the_restore_sources(api: Api) -> None:
    for name in NAMES:
        response = await api.get(api.vps(name, "/backups/restore-sources"))
        if api.sandbox.state.by_name(name).service_status == "active":
            contract.SOURCES(response.json(), "")
        else:
            contract.PROBLEM(response.json(), "")
            assert response.status_code == 409


async def test_pay_as_you_go(api: Api) -> None:
    contract.PREFLIGHT(await api.json("/api/v2/vps/payg/deployments"), "")
    contract.LIMITS(await api.json("/api/v2/vps/payg/limits"), "")
    contract.BREAKDOWN(await api.json(api.vps("api-sthlm", "/billing-breakdown")), "")


async def test_who_am_i(api: Api) -> None:
    assert "read:vm" in (await api.json("/api/v2/me"))["scopes"]


async def test_a_job(api: Api) -> None:
    contract.JOB(await api.json(f"/api/jobs/{RUNNING_JOB_ID}"), "")


def _writes(api: Api) -> dict[str, tuple[str, str, Any, int]]:
    bkp, media = api.backup("web-01"), api.sandbox.state.by_name("dev-01")
    source = {"sourceVpsId": media.id, "backupId": media.backups[0].id}
    schedule = {"frequency": "daily", "hour": 2, "retentionCount": 2, "enabled": True}
    restore = "/snapshots/before-php-83/actions/restore"
    return {
        "backup": ("POST", "/backups", {"note": "x"}, 202),
        "restore": ("POST", f"/backups/{bkp}/actions/restore", None, 202),
        "from_vps": ("POST", "/backups/actions/restore-from-vps", source, 202),
        "snapshot": ("POST", "/snapshots", {"name": "a-b_1", "description": None}, 202),
        "rollback": ("POST", restore, None, 202),
        "restart": ("POST", "/actions/restart", {"force": True}, 202),
        "schedule": ("POST", "/backup-schedules", schedule, 200),
        "settings": ("PATCH", "/backup-schedules", {"maxTotalBackups": 5}, 200),
        "delete_backup": ("DELETE", f"/backups/{bkp}", None, 204),
        "delete_snapshot": ("DELETE", "/snapshots/before-php-83", None, 204),
    }


@pytest.mark.parametrize(
    "which", ["backup", "restore", "restart", "from_vps", "snapshot", "rollback"]
)
async def test_queued_writes_return_operations(api: Api, which: str) -> None:
    method, rest, body, status = _writes(api)[which]
    response = await api.call(method, api.vps("web-01", rest), json=body)
    assert response.status_code == status, response.text
    contract.OPERATION(response.json(), "")
    polled = await api.json(response.json()["operation"]["pollUrl"])
    contract.JOB(polled, "")


@pytest.mark.parametrize("which", ["delete_backup", "delete_snapshot"])
async def test_deletions_have_no_body(api: Api, which: str) -> None:
    method, rest, _, status = _writes(api)[which]
    response = await api.call(method, api.vps("web-01", rest))
    assert (response.status_code, response.content) == (status, b"")
    assert "content-length" not in response.headers


async def test_schedule_writes(api: Api) -> None:
    method, rest, body, _ = _writes(api)["schedule"]
    response = await api.call(method, api.vps("web-01", rest), json=body)
    contract.SCHEDULE(response.json()["schedule"], "")
    method, rest, body, _ = _writes(api)["settings"]
    response = await api.call(method, api.vps("web-01", rest), json=body)
    contract.shape(settings=contract.SETTINGS)(response.json(), "")
    schedule = api.sandbox.state.by_name("web-01").schedules[0].id
    gone = await api.call("DELETE", api.vps("web-01", f"/backup-schedules/{schedule}"))
    assert gone.status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v2/domains", 404),
        ("GET", "/", 404),
        ("GET", "/api/v2/vps/", 404),
        ("PUT", "/api/v2/vps", 405),
        ("DELETE", "/api/v2/vps", 405),
        ("GET", "/api/v2/vps/vps_none", 404),
        ("GET", "/api/v2/vps?limit=0", 400),
        ("GET", "/api/jobs/job_none", 404),
    ],
)
async def test_refusals_are_problems(api: Api, method: str, path: str, status: int) -> None:
    response = await api.call(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    contract.PROBLEM(response.json(), "")
    assert response.json()["status"] == status
    assert response.json()["instance"] == path.partition("?")[0]


async def test_405_names_allowed_methods(api: Api) -> None:
    response = await api.call("PUT", api.vps("web-01", "/backup-schedules"))
    assert response.headers["allow"] == "GET, POST, PATCH"


async def test_request_ids_differ(api: Api) -> None:
    responses: list[httpx.Response] = [await api.get("/nowhere") for _ in range(5)]
    assert len({each.json()["requestId"] for each in responses}) == 5


async def test_gates_omit_an_absent_code(api: Api) -> None:
    assert await api.gates("web-01") == {
        "canCreateBackup": {"allowed": True, "reason": None},
        "canRestore": {"allowed": True, "reason": None},
    }


async def test_hostile_text_is_unchanged(api: Api) -> None:
    shown = await api.json(api.vps(HOSTILE_NAME))
    assert shown["name"] == HOSTILE_NAME
