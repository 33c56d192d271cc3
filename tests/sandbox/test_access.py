"""Keys open only what their scopes and their owner allow."""

import pytest

from hostup_mcp.sandbox import (
    ALL_SCOPES,
    RUNNING_JOB_ID,
    SANDBOX_API_KEY,
    SANDBOX_OTHER_KEY,
    SANDBOX_READ_ONLY_KEY,
    Key,
    ManualClock,
    Sandbox,
)

from . import contract
from .wiring import Api, code

pytestmark = pytest.mark.anyio

NEEDS = [
    ("GET", "", {"read:vm"}),
    ("GET", "/details", {"read:vm"}),
    ("GET", "/status", {"read:vm"}),
    ("GET", "/backups", {"read:vm"}),
    ("POST", "/backups", {"backup:vm"}),
    ("GET", "/backups/restore-sources", {"backup:vm"}),
    ("DELETE", "/backups/bkp_x", {"backup:vm"}),
    ("POST", "/backups/bkp_x/actions/restore", {"backup:vm"}),
    ("POST", "/backups/bkp_x/actions/restore-to-payg", {"backup:vm", "write:billing"}),
    ("POST", "/backups/actions/restore-from-vps", {"backup:vm"}),
    ("GET", "/backup-schedules", {"read:vm"}),
    ("POST", "/backup-schedules", {"write:vm"}),
    ("PATCH", "/backup-schedules", {"write:vm"}),
    ("DELETE", "/backup-schedules/bks_x", {"write:vm"}),
    ("GET", "/snapshots", {"read:vm"}),
    ("POST", "/snapshots", {"backup:vm"}),
    ("DELETE", "/snapshots/x", {"backup:vm"}),
    ("POST", "/snapshots/x/actions/restore", {"backup:vm"}),
    *(
        ("POST", f"/actions/{action}", {"power:vm"})
        for action in ("start", "shutdown", "stop", "restart", "reset")
    ),
    ("GET", "/storage", {"read:vm"}),
    ("GET", "/agent/exec", {"read:vm"}),
    ("GET", "/billing-breakdown", {"read:billing"}),
    ("POST", "/actions/cancel", {"write:billing"}),
    ("GET", "/cancellation", {"read:vm"}),
    ("DELETE", "/cancellation", {"write:billing"}),
]


@pytest.mark.parametrize(("method", "rest", "scopes"), NEEDS)
async def test_each_endpoint_needs_its_scopes(method: str, rest: str, scopes: set[str]) -> None:
    keys = {f"no-{scope}": Key(ALL_SCOPES - {scope}) for scope in scopes}
    keys["just"] = Key(frozenset(scopes))
    sandbox = Sandbox(clock=ManualClock(), keys=keys)
    path = f"/api/v2/vps/{sandbox.state.by_name('web-01').id}{rest}"
    for scope in scopes:
        response = await Api(sandbox, f"no-{scope}").call(method, path)
        assert code(response) == (403, "forbidden")
        assert scope in response.json()["detail"]
    assert (await Api(sandbox, "just").call(method, path)).status_code != 403


@pytest.mark.parametrize("key", [None, "wrong", "", f"{SANDBOX_API_KEY}x"])
async def test_no_valid_key(sandbox: Sandbox, key: str | None) -> None:
    response = await Api(sandbox, key).get("/api/v2/vps")
    assert code(response) == (401, "unauthorized")
    contract.PROBLEM(response.json(), "")


@pytest.mark.parametrize("header", ["Basic abc", SANDBOX_API_KEY, f"Token {SANDBOX_API_KEY}"])
async def test_only_bearer_counts(sandbox: Sandbox, header: str) -> None:
    response = await Api(sandbox, None).get("/api/v2/vps", headers={"Authorization": header})
    assert response.status_code == 401


async def test_old_key_header_is_refused(sandbox: Sandbox) -> None:
    response = await Api(sandbox, None).get("/api/v2/vps", headers={"X-API-Key": SANDBOX_API_KEY})
    assert response.status_code == 401


@pytest.mark.parametrize(("method", "rest", "scopes"), NEEDS)
async def test_foreign_ids_look_absent(
    sandbox: Sandbox, method: str, rest: str, scopes: set[str]
) -> None:
    api = Api(sandbox)
    foreign = await api.call(method, api.vps("other-web", rest))
    absent = await api.call(method, f"/api/v2/vps/vps_01{'0' * 24}{rest}")
    assert code(foreign) == code(absent) == (404, "vps_not_found")
    assert foreign.json()["detail"] == absent.json()["detail"]


async def test_owners_see_only_their_servers(sandbox: Sandbox) -> None:
    theirs = await Api(sandbox, SANDBOX_OTHER_KEY).json("/api/v2/vps")
    assert [each["name"] for each in theirs["data"]] == ["other-web", "other-db"]
    mine = await Api(sandbox).json("/api/v2/vps")
    assert not {each["id"] for each in mine["data"]} & {each["id"] for each in theirs["data"]}


async def test_jobs_belong_to_their_owner(sandbox: Sandbox) -> None:
    response = await Api(sandbox, SANDBOX_OTHER_KEY).get(f"/api/jobs/{RUNNING_JOB_ID}")
    assert code(response) == (404, "not_found")


async def test_foreign_backups_are_no_source(sandbox: Sandbox) -> None:
    api = Api(sandbox)
    foreign = sandbox.state.by_name("other-web")
    body = {"sourceVpsId": foreign.id, "backupId": foreign.backups[0].id}
    path = api.vps("web-01", "/backups/actions/restore-from-vps")
    assert code(await api.call("POST", path, json=body)) == (404, "vps_not_found")


async def test_gates_include_permission(sandbox: Sandbox) -> None:
    gates = await Api(sandbox, SANDBOX_READ_ONLY_KEY).gates("web-01")
    assert gates["canRestore"]["code"] == "forbidden"
    assert not gates["canCreateBackup"]["allowed"]


async def test_payg_blockers_are_named(sandbox: Sandbox) -> None:
    api = Api(sandbox, SANDBOX_OTHER_KEY)
    path = f"/backups/{api.backup('other-web')}/actions/restore-to-payg"
    response = await api.call("POST", api.vps("other-web", path))
    assert response.status_code == 403
    assert response.json()["extensions"]["blockerReasons"] == ["no_card_on_file"]
