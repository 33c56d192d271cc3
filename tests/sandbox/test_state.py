"""What is requested happens in its time, and nothing else does."""

from datetime import timedelta
from typing import Any

import pytest

from hostup_mcp.sandbox import RUNNING_JOB_ID, Fault, Retained, Sandbox

from .wiring import Api, code, forward, with_variants

pytestmark = pytest.mark.anyio


async def job(api: Api, accepted: Any) -> Any:
    return (await api.json(accepted.json()["operation"]["pollUrl"]))["data"]


async def test_backup_is_created(api: Api) -> None:
    before = {each.id for each in api.sandbox.state.by_name("web-01").backups}
    accepted = await api.create("web-01", json={"note": "Before the move"})
    assert accepted.json()["operation"]["status"] == "pending"
    seen, percents = [], []
    for _ in range(22):
        shown = await job(api, accepted)
        seen.append(shown["status"])
        percents.append(shown["progress"])
        forward(api, 1)
    assert list(dict.fromkeys(seen)) == ["pending", "queued", "in_progress", "completed"]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    listed = await api.json(api.vps("web-01", "/backups"))
    (new,) = [each for each in listed["backups"] if each["id"] not in before]
    assert (new["note"], new["backupType"]) == ("Before the move", "manual")
    assert listed["quotaInfo"] == {"used": 5, "limit": 6, "remaining": 1}
    assert api.sandbox.state.by_name("web-01").disk == "live"


@pytest.mark.parametrize("extra", [{}, {"json": {}}, {"json": {"note": ""}}])
async def test_note_is_optional(api: Api, extra: dict[str, Any]) -> None:
    assert (await api.create("web-01", **extra)).status_code == 202


async def test_the_quota_fills_up(api: Api) -> None:
    for _ in range(2):
        assert (await api.create("web-01")).status_code == 202
        forward(api, 20)
    assert code(await api.create("web-01")) == (409, "backup_quota_reached")
    path = api.vps("web-01", f"/backups/{api.backup('web-01')}")
    assert (await api.call("DELETE", path)).status_code == 204
    assert code(await api.call("DELETE", path)) == (404, "not_found")
    assert (await api.gates("web-01"))["canCreateBackup"]["allowed"]
    assert (await api.create("web-01")).status_code == 202


async def test_running_jobs_close_the_gates(api: Api) -> None:
    await api.create("web-01")
    for gate in (await api.gates("web-01")).values():
        assert gate["code"] == "operation_in_progress"
        assert gate["reason"]
    assert not (await api.json(api.vps("web-01", "/snapshots")))["actions"]["canCreate"]["allowed"]
    tasks = (await api.json(api.vps("web-01", "/status")))["pendingTasks"]
    assert [each["type"] for each in tasks] == ["backup"]
    forward(api, 20)
    assert all(gate["allowed"] for gate in (await api.gates("web-01")).values())
    assert (await api.json(api.vps("web-01", "/status")))["pendingTasks"] == []


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("POST", "/backups", None),
        ("DELETE", "/backups/{bkp}", None),
        ("POST", "/backups/{bkp}/actions/restore", None),
        ("POST", "/backups/{bkp}/actions/restore-to-payg", None),
        ("POST", "/backups/actions/restore-from-vps", {"sourceVpsId": "{src}", "backupId": "{b}"}),
        ("POST", "/snapshots", {"name": "n"}),
        ("DELETE", "/snapshots/before-php-83", None),
        ("POST", "/snapshots/before-php-83/actions/restore", None),
        (
            "POST",
            "/backup-schedules",
            {"frequency": "daily", "hour": 1, "retentionCount": 1, "enabled": True},
        ),
        ("PATCH", "/backup-schedules", {"autoDeleteOldest": True}),
        ("DELETE", "/backup-schedules/{bks}", None),
    ],
)
async def test_no_write_during_a_job(
    api: Api, method: str, rest: str, body: dict[str, Any] | None
) -> None:
    web, dev = api.sandbox.state.by_name("web-01"), api.sandbox.state.by_name("dev-01")
    await api.create("web-01")
    if body is not None and "sourceVpsId" in body:
        body = {"sourceVpsId": dev.id, "backupId": dev.backups[0].id}
    path = rest.format(bkp=web.backups[0].id, bks=web.schedules[0].id)
    truth = api.sandbox.state.by_name("web-01")
    response = await api.call(method, api.vps("web-01", path), json=body)
    assert code(response) == (409, "operation_in_progress")
    assert api.sandbox.state.by_name("web-01") == truth


async def test_restore_in_place(api: Api) -> None:
    wanted = api.backup("web-01", 1)
    accepted = await api.restore("web-01", 1)
    assert (await api.json(api.vps("web-01")))["powerState"] == "running"
    forward(api, 20)
    assert (await job(api, accepted))["status"] == "in_progress"
    assert (await api.json(api.vps("web-01")))["powerState"] == "stopped"
    forward(api, 20)
    assert (await job(api, accepted))["result"]["backupId"] == wanted
    web = api.sandbox.state.by_name("web-01")
    assert (web.disk, web.power_state) == (f"state as of backup {wanted}", "running")
    assert len(web.backups) == 4


async def test_stopped_servers_stay_stopped(api: Api) -> None:
    await api.restore("dev-01")
    forward(api, 40)
    assert api.sandbox.state.by_name("dev-01").power_state == "stopped"


async def test_foreign_backup_is_not_restored(api: Api) -> None:
    foreign = api.backup("dev-01")
    path = api.vps("web-01", f"/backups/{foreign}/actions/restore")
    assert code(await api.call("POST", path)) == (404, "not_found")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("files", "vps_not_ready"),
        ("analytics", "storage_migration_window"),
        ("intranet", "service_suspended"),
        ("db-01", "operation_in_progress"),
    ],
)
async def test_a_closed_gate_refuses(api: Api, name: str, word: str) -> None:
    assert code(await api.restore(name)) == (409, word)
    forward(api, 60)
    assert api.sandbox.state.by_name(name).disk == "live"


async def test_restore_from_other_sources(api: Api) -> None:
    state = api.sandbox.state
    path = api.vps("web-01", "/backups/actions/restore-from-vps")
    retained = next(iter(state.retained.values()))
    for source in (state.by_name("dev-01"), retained):
        wanted = source.backups[0].id
        body = {"sourceVpsId": source.id, "backupId": wanted}
        assert (await api.call("POST", path, json=body)).status_code == 202
        forward(api, 40)
        assert api.sandbox.state.by_name("web-01").disk == f"state as of backup {wanted}"
    assert isinstance(retained, Retained)
    assert api.sandbox.state.by_name("dev-01").disk == "live"


async def test_restore_from_vps_has_rules(api: Api) -> None:
    path = api.vps("web-01", "/backups/actions/restore-from-vps")
    web, media = api.sandbox.state.by_name("web-01"), api.sandbox.state.by_name("media")

    async def asked(source: str, backup: str) -> tuple[int, str]:
        body = {"sourceVpsId": source, "backupId": backup}
        return code(await api.call("POST", path, json=body))

    assert await asked(web.id, web.backups[0].id) == (400, "invalid_request")
    assert await asked(media.id, web.backups[0].id) == (404, "not_found")
    assert await asked("vps_none", web.backups[0].id) == (404, "vps_not_found")
    assert await asked(media.id, media.backups[0].id) == (409, "target_storage_too_small")


async def test_restore_to_a_new_payg_server(api: Api) -> None:
    source = api.sandbox.state.by_name("web-01")
    path = f"/backups/{source.backups[0].id}/actions/restore-to-payg"
    body = {"name": "restore-web-01", "region": "stockholm", "cpuCores": 8}
    accepted = await api.call("POST", api.vps("web-01", path), json=body)
    assert accepted.status_code == 202
    assert (await api.gates("web-01"))["canRestore"]["allowed"]
    (listed,) = (await api.json("/api/v2/vps?name=restore-web-01"))["data"]
    assert (listed["serviceStatus"], listed["powerState"]) == ("pending", "provisioning")
    forward(api, 40)
    new = api.sandbox.state.by_name("restore-web-01")
    assert (await job(api, accepted))["result"] == {"vpsId": new.id}
    shown = await api.json(f"/api/v2/vps/{new.id}")
    assert shown["billing"]["isPayg"]
    assert shown["resources"] == {"cpuCores": 8, "memoryGb": 4, "storageGb": 80}
    assert new.disk == f"state as of backup {source.backups[0].id}"
    assert api.sandbox.state.by_name("web-01") == source


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "a_b_c"},
        {"region": "mars"},
        {"cpuCores": 33},
        {"cpuCores": 1.5},
        {"cpuCores": True},
        {"memoryGb": 257},
        {"storageGb": 49},
        {"plan": "big"},
    ],
)
async def test_payg_bodies_are_checked(api: Api, body: dict[str, Any]) -> None:
    path = f"/backups/{api.backup('web-01')}/actions/restore-to-payg"
    response = await api.call("POST", api.vps("web-01", path), json=body)
    assert code(response) == (400, "invalid_request")
    assert [each["pointer"] for each in response.json()["errors"]] == [f"/{next(iter(body))}"]


async def test_payg_storage_fits_the_backup(api: Api) -> None:
    path = f"/backups/{api.backup('media')}/actions/restore-to-payg"
    response = await api.call("POST", api.vps("media", path), json={"storageGb": 100})
    assert response.status_code == 400


async def test_snapshots_live_for_a_day(api: Api) -> None:
    accepted = await api.call("POST", api.vps("web-01", "/snapshots"), json={"name": "a"})
    forward(api, 3)
    assert (await job(api, accepted))["isCompleted"]
    shown = (await api.json(api.vps("web-01", "/snapshots")))["data"]
    assert [each["name"] for each in shown] == ["before-php-83", "a"]
    assert shown[1]["parentName"] == "before-php-83"
    forward(api, timedelta(hours=23).total_seconds())
    assert [s.name for s in api.sandbox.state.by_name("web-01").snapshots] == ["a"]
    forward(api, 3600)
    assert api.sandbox.state.by_name("web-01").snapshots == ()


async def test_snapshot_rollback_and_deletion(api: Api) -> None:
    path = api.vps("web-01", "/snapshots/before-php-83")
    await api.call("POST", f"{path}/actions/restore")
    forward(api, 3)
    assert api.sandbox.state.by_name("web-01").disk == "state as of snapshot before-php-83"
    assert (await api.call("DELETE", path)).status_code == 204
    assert code(await api.call("DELETE", path)) == (404, "not_found")
    assert code(await api.call("POST", f"{path}/actions/restore")) == (404, "not_found")


async def test_snapshot_gates(api: Api) -> None:
    async def create(server: str, name: str) -> tuple[int, str]:
        path = api.vps(server, "/snapshots")
        response = await api.call("POST", path, json={"name": name})
        forward(api, 3)
        return (202, "") if response.status_code == 202 else code(response)

    assert await create("staging", "a") == (409, "snapshots_unavailable")
    assert await create("crm", "a") == (409, "pending_order")
    assert await create("web-01", "before-php-83") == (409, "snapshot_exists")
    for name in ("a" * 40, "b_-9"):
        assert await create("web-01", name) == (202, "")
    assert await create("web-01", "c") == (409, "snapshot_limit_reached")
    for name in ("", "a" * 41, "a b", "å", "a\n"):
        assert await create("web-01", name) == (400, "invalid_request")


async def test_only_one_schedule_is_active(api: Api) -> None:
    path = api.vps("web-01", "/backup-schedules")
    old = api.sandbox.state.by_name("web-01").schedules[0]
    daily = {"frequency": "daily", "hour": 4, "retentionCount": 2, "enabled": True, "name": "N"}
    assert (await api.call("POST", path, json=daily)).json()["schedule"]["id"] == old.id
    weekly = {**daily, "frequency": "weekly", "dayOfWeek": 0}
    shown = (await api.call("POST", path, json=weekly)).json()["schedule"]
    assert (shown["time"], shown["daySpecifier"]) == ("04:00", "0")
    listed = (await api.json(path))["schedules"]
    assert {each["frequency"]: each["enabled"] for each in listed} == {
        "daily": False,
        "weekly": True,
    }
    for each in listed:
        assert (await api.call("DELETE", f"{path}/{each['id']}")).status_code == 204
        assert (await api.call("DELETE", f"{path}/{each['id']}")).status_code == 404
    assert len(api.sandbox.state.by_name("web-01").backups) == 4


GOOD = {"frequency": "daily", "hour": 2, "retentionCount": 3, "enabled": True}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"frequency": "hourly"}, "/frequency"),
        ({"hour": 24}, "/hour"),
        ({"hour": "2"}, "/hour"),
        ({"minute": 30}, "/minute"),
        ({"dayOfWeek": 1}, "/dayOfWeek"),
        ({"dayOfMonth": 1}, "/dayOfMonth"),
        ({"frequency": "weekly"}, "/dayOfWeek"),
        ({"frequency": "weekly", "dayOfWeek": 7}, "/dayOfWeek"),
        ({"frequency": "weekly", "dayOfWeek": 1, "dayOfMonth": 1}, "/dayOfMonth"),
        ({"frequency": "monthly", "dayOfMonth": 0}, "/dayOfMonth"),
        ({"frequency": "monthly", "dayOfMonth": 1, "dayOfWeek": 1}, "/dayOfWeek"),
        ({"retentionCount": 0}, "/retentionCount"),
        ({"retentionCount": 7}, "/retentionCount"),
        ({"enabled": 1}, "/enabled"),
    ],
)
async def test_schedule_bodies_are_checked(api: Api, change: dict[str, Any], pointer: str) -> None:
    response = await api.call("POST", api.vps("web-01", "/backup-schedules"), json=GOOD | change)
    assert code(response) == (400, "invalid_request")
    assert [each["pointer"] for each in response.json()["errors"]] == [pointer]


@pytest.mark.parametrize("name", ["frequency", "hour", "retentionCount", "enabled"])
async def test_schedule_fields_are_required(api: Api, name: str) -> None:
    body = {key: value for key, value in GOOD.items() if key != name}
    response = await api.call("POST", api.vps("web-01", "/backup-schedules"), json=body)
    assert response.json()["errors"][0]["code"] == "missing_required"


async def test_auto_delete_applies_at_once(api: Api) -> None:
    path = api.vps("web-01", "/backup-schedules")
    response = await api.call("PATCH", path, json={"maxTotalBackups": 2})
    assert response.json()["settings"]["availableScheduledSlots"] == 0
    assert len(api.sandbox.state.by_name("web-01").backups) == 4
    shown = await api.json(api.vps("web-01", "/backups"))
    assert shown["quotaInfo"] == {"used": 4, "limit": 2, "remaining": 0}
    newest = sorted(shown["backups"], key=lambda each: each["createdAt"], reverse=True)[:2]
    response = await api.call("PATCH", path, json={"autoDeleteOldest": True})
    assert response.json()["settings"]["totalBackupLimit"] == 2
    left = api.sandbox.state.by_name("web-01").backups
    assert {each.id for each in left} == {each["id"] for each in newest}


async def test_auto_delete_makes_room(api: Api) -> None:
    oldest = api.backup("mail", 2)
    assert (await api.create("mail")).status_code == 202
    forward(api, 20)
    mail = api.sandbox.state.by_name("mail")
    assert len(mail.backups) == 3
    assert mail.backup(oldest) is None


@pytest.mark.parametrize(
    "body", [{}, {"maxTotalBackups": 0}, {"maxTotalBackups": 7}, {"autoDeleteOldest": "yes"}]
)
async def test_settings_are_checked(api: Api, body: dict[str, Any]) -> None:
    response = await api.call("PATCH", api.vps("web-01", "/backup-schedules"), json=body)
    assert code(response) == (400, "invalid_request")


@pytest.mark.parametrize(
    "extra",
    [
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"[]", "headers": {"Content-Type": "application/json"}},
        {"content": b'{"note":"x"}', "headers": {"Content-Type": "text/plain"}},
        {"content": b"\xff", "headers": {"Content-Type": "application/json"}},
        {"json": {"note": None}},
        {"json": {"note": 5}},
        {"json": {"mode": "stop"}},
        {"data": {"note": "x"}},
    ],
)
async def test_backup_bodies_are_checked(api: Api, extra: dict[str, Any]) -> None:
    assert code(await api.create("web-01", **extra)) == (400, "invalid_request")
    assert (await api.gates("web-01"))["canCreateBackup"]["allowed"]


async def test_required_bodies(api: Api) -> None:
    for method, rest in [
        ("POST", "/snapshots"),
        ("POST", "/backup-schedules"),
        ("PATCH", "/backup-schedules"),
        ("POST", "/backups/actions/restore-from-vps"),
    ]:
        response = await api.call(method, api.vps("web-01", rest))
        assert response.json()["errors"][0]["code"] == "missing_required"


async def test_initial_job_ends(api: Api) -> None:
    assert (await api.json(f"/api/jobs/{RUNNING_JOB_ID}"))["data"]["isRunning"]
    forward(api, 15 * 60)
    assert (await api.json(f"/api/jobs/{RUNNING_JOB_ID}"))["data"]["isCompleted"]
    assert len(api.sandbox.state.by_name("db-01").backups) == 3
    assert (await api.gates("db-01"))["canCreateBackup"]["allowed"]


async def test_failed_backup_leaves_nothing(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("fail_job", "POST", detail="Storage did not response."))
    accepted = await api.create("web-01")
    forward(api, 20)
    shown = await job(api, accepted)
    assert (shown["isFailed"], shown["status"]) == (True, "failed")
    assert shown["progressMessage"] == "Storage did not response."
    assert len(sandbox.state.by_name("web-01").backups) == 4


async def test_failed_restore_breaks_the_disk(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("fail_job", "POST"))
    await api.restore("web-01")
    forward(api, 40)
    web = sandbox.state.by_name("web-01")
    assert web.disk.startswith("incomplete copy of backup")
    assert web.power_state == "stopped"


@pytest.mark.parametrize(("listed", "left"), [("at_once", ["error"]), ("when_done", [])])
async def test_failed_payg_is_never_active(listed: str, left: list[str]) -> None:
    api = with_variants(payg_listed=listed)
    api.sandbox.faults.add(Fault("fail_job", "POST"))
    path = f"/backups/{api.backup('web-01')}/actions/restore-to-payg"
    body = {"name": "restored"}
    assert (await api.call("POST", api.vps("web-01", path), json=body)).status_code == 202
    forward(api, 40)
    found = (await api.json("/api/v2/vps?name=restored"))["data"]
    assert [each["powerState"] for each in found] == left
    assert all(each["serviceStatus"] == "pending" for each in found)


async def test_restore_fails_without_its_backup() -> None:
    api = with_variants(delete_during_job=204)
    accepted = await api.restore("web-01")
    path = api.vps("web-01", f"/backups/{api.backup('web-01')}")
    assert (await api.call("DELETE", path)).status_code == 204
    forward(api, 40)
    assert (await job(api, accepted))["isFailed"]


async def test_step_size_does_not_matter() -> None:
    short, long = with_variants(), with_variants()
    for api in (short, long):
        await api.create("web-01")
        await api.restore("dev-01")
    for _ in range(60):
        forward(short, 1)
        short.sandbox.state.by_name("web-01")
    forward(long, 60)
    assert short.sandbox.state.servers == long.sandbox.state.servers
