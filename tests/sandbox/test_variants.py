"""Each open point of the documentation can be played in every way."""

from typing import Any

import pytest

from hostup_mcp.sandbox import Fault

from . import contract
from .wiring import Api, code, forward, variant

pytestmark = pytest.mark.anyio


async def backups(api: Api, name: str) -> Any:
    return await api.json(api.vps(name, "/backups"))


async def started(api: Api) -> Any:
    answer = await api.create("web-01")
    assert answer.status_code == 202
    return answer.json()["operation"]


@pytest.mark.parametrize("envelope", ["operation", "data_operation"])
async def test_job_envelopes(envelope: str) -> None:
    api = variant(job_envelope=envelope)
    shown = await api.json((await started(api))["pollUrl"])
    if envelope == "data_operation":
        shown = shown["data"]
    contract.OPERATION(shown, "")


async def test_words_of_a_job() -> None:
    api = variant(running_word="crunching", done_word="succeeded", job_flags=False)
    path = (await started(api))["pollUrl"]
    forward(api, 10)
    shown = (await api.json(path))["data"]
    assert shown["status"] == shown["state"] == "crunching"
    assert "isRunning" not in shown
    forward(api, 10)
    assert (await api.json(path))["data"]["status"] == "succeeded"


@pytest.mark.parametrize(
    ("where", "url", "served"),
    [
        ("null", "None", "/api/jobs/{}"),
        ("other_host", "https://jobs.example.net/api/jobs/{}", "/api/jobs/{}"),
        ("operations", "/api/v2/operations/{}", "/api/v2/operations/{}"),
    ],
)
async def test_poll_urls(where: str, url: str, served: str) -> None:
    api = variant(poll_url=where)
    operation = await started(api)
    assert str(operation["pollUrl"]) == url.format(operation["jobId"])
    assert (await api.get(served.format(operation["jobId"]))).status_code == 200
    other = "/api/jobs/{}" if where == "operations" else "/api/v2/operations/{}"
    assert (await api.get(other.format(operation["jobId"]))).status_code == 404


async def test_done_at_once() -> None:
    api = variant(done_at_once=True)
    operation = await started(api)
    assert (await started(variant()))["result"] is None
    assert operation["status"] == "completed"
    assert operation["result"]["backupId"] == api.backup("web-01", 4)


async def test_results_may_be_missing() -> None:
    api = variant(done_at_once=True, job_result="null")
    assert (await started(api))["result"] is None


async def test_jobs_may_vanish_when_over() -> None:
    api = variant(job_vanishes=True)
    path = (await started(api))["pollUrl"]
    forward(api, 19)
    assert (await api.get(path)).status_code == 200
    forward(api, 1)
    assert (await api.get(path)).status_code == 404


async def test_job_errors_in_the_older_shape() -> None:
    api = variant(job_errors="legacy")
    answer = await api.get("/api/jobs/job_none")
    contract.LEGACY_ERROR(answer.json(), "")
    assert answer.json()["code"] == "NOT_FOUND"
    api.sandbox.faults.add(Fault("status", status=429))
    answer = await api.get("/api/jobs/job_none")
    contract.LEGACY_ERROR(answer.json(), "")
    assert answer.json()["retryAfter"] == answer.headers["x-ratelimit-reset"]
    contract.PROBLEM((await api.get("/api/v2/vps/none")).json(), "")


async def test_jobs_may_need_a_scope() -> None:
    api = variant(job_scope="read:none")
    assert code(await api.get((await started(api))["pollUrl"])) == (403, "forbidden")


@pytest.mark.parametrize("place", ["message", "result", "error", "none"])
@pytest.mark.parametrize("envelope", ["legacy", "operation"])
async def test_where_the_reason_of_a_failure_stands(place: str, envelope: str) -> None:
    api = variant(failure_reason=place, job_envelope=envelope)
    api.sandbox.faults.add(Fault("fail_job", detail="Disk gone."))
    path = (await started(api))["pollUrl"]
    forward(api, 20)
    answer = await api.get(path)
    assert ("Disk gone." in answer.text) is (place != "none")
    shown = answer.json()["data" if envelope == "legacy" else "operation"]
    assert shown["status"] == "failed"
    if place == "error":
        assert shown["error"] == "Disk gone."


async def test_a_running_backup_may_be_listed() -> None:
    api = variant(running_backup_listed=True, delete_during_job=204)
    shown = await backups(api, "db-01")
    contract.BACKUPS(shown, "")
    assert [each["createdAt"] is None for each in shown["backups"]] == [True, False, False]
    assert shown["quotaInfo"]["used"] == 3
    coming = shown["backups"][0]["id"]
    answer = await api.call("DELETE", api.vps("db-01", f"/backups/{coming}"))
    assert answer.status_code == 409
    forward(api, 15 * 60)
    done = (await backups(api, "db-01"))["backups"]
    assert next(each for each in done if each["id"] == coming)["createdAt"]


async def test_orders_of_backups() -> None:
    def created(shown: Any) -> list[str]:
        return [each["createdAt"] or "" for each in shown["backups"]]

    newest = created(await backups(variant(), "legacy-erp"))
    oldest = created(await backups(variant(backup_order="oldest_first"), "legacy-erp"))
    by_id = [b["id"] for b in (await backups(variant(backup_order="by_id"), "archive"))["backups"]]
    assert newest == sorted(newest, reverse=True)
    assert oldest == sorted(newest)
    assert by_id == sorted(by_id)


async def test_a_null_quota_may_mean_none() -> None:
    assert (await variant().gates("build-01"))["canCreateBackup"]["allowed"]
    api = variant(null_quota="none")
    assert not (await api.gates("build-01"))["canCreateBackup"]["allowed"]
    assert (await api.create("build-01")).status_code == 409


@pytest.mark.parametrize(
    ("where", "listed", "detailed"),
    [("absent", False, False), ("backups", True, False), ("details", False, True)],
)
async def test_where_the_gate_for_other_servers_stands(
    where: str, listed: bool, detailed: bool
) -> None:
    api = variant(from_vps_gate=where)
    details = await api.json(api.vps("web-01", "/details"))
    assert ("canRestoreFromAnotherVps" in await api.gates("web-01")) is listed
    assert ("canRestoreFromAnotherVps" in details["actions"]) is detailed


async def test_sizes_of_sources() -> None:
    api = variant(source_sizes="integer")
    sources = (await api.json(api.vps("dev-01", "/backups/restore-sources")))["sources"]
    assert all(isinstance(b["sizeGb"], int) for each in sources for b in each["backups"])


async def test_sources_may_tell_as_much_as_the_list_of_backups() -> None:
    path = "/backups/restore-sources"
    api = variant(source_extras=True)
    told = (await api.json(api.vps("dev-01", path)))["sources"][0]["backups"][0]
    assert told["backupType"] == "scheduled"
    assert told["note"] is None
    plain = variant()
    assert "note" not in (await plain.json(plain.vps("dev-01", path)))["sources"][0]["backups"][0]


async def test_a_server_may_have_to_be_stopped_before_a_restore() -> None:
    api = variant(restore_of_running="refused")
    assert code(await api.restore("web-01")) == (409, "vps_not_ready")
    assert (await api.restore("dev-01")).status_code == 202


async def test_notes_may_be_limited() -> None:
    api = variant(note_limit=10)
    assert code(await api.create("web-01", json={"note": "x" * 11})) == (400, "invalid_request")
    assert (await api.create("web-01", json={"note": "x" * 10})).status_code == 202


async def test_deleting_under_a_job() -> None:
    for allowed, status in ((204, 204), (409, 409)):
        api = variant(delete_during_job=allowed)
        await api.create("web-01")
        path = api.vps("web-01", f"/backups/{api.backup('web-01')}")
        assert (await api.call("DELETE", path)).status_code == status


@pytest.mark.parametrize("word", ["200", "202", "204"])
async def test_answers_of_a_restore(word: str) -> None:
    api = variant(restore_response=word)
    answer = await api.restore("web-01")
    assert answer.status_code == int(word)
    assert (answer.content == b"") is (word == "204")
    forward(api, 40)
    assert api.sandbox.state.by_name("web-01").disk.startswith("state as of")


@pytest.mark.parametrize(
    ("after", "web", "dev"),
    [
        ("as_before", "running", "stopped"),
        ("running", "running", "running"),
        ("stopped", "stopped", "stopped"),
    ],
)
async def test_power_after_a_restore(after: str, web: str, dev: str) -> None:
    api = variant(restored_power=after)
    await api.restore("web-01")
    await api.restore("dev-01")
    forward(api, 40)
    assert api.sandbox.state.by_name("web-01").power_state == web
    assert api.sandbox.state.by_name("dev-01").power_state == dev


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_payg_restore_may_answer_like_a_deployment(status: int) -> None:
    api = variant(payg_response="deployment", payg_status=status)
    path = f"/backups/{api.backup('web-01')}/actions/restore-to-payg"
    answer = await api.call("POST", api.vps("web-01", path))
    assert answer.status_code == status
    shown = answer.json()
    assert shown.keys() == {"status", "vpsId", "orderId"}
    new = await api.json(f"/api/v2/vps/{shown['vpsId']}")
    assert (new["serviceStatus"], new["powerState"]) == ("pending", "provisioning")
    forward(api, 40)
    new = await api.json(f"/api/v2/vps/{shown['vpsId']}")
    assert (new["serviceStatus"], new["powerState"]) == ("active", "running")


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_deleting_a_snapshot(status: int) -> None:
    api = variant(snapshot_delete=status)
    answer = await api.call("DELETE", api.vps("web-01", "/snapshots/before-php-83"))
    assert answer.status_code == status
    if status == 202:
        contract.OPERATION(answer.json(), "")
        forward(api, 3)
    assert api.sandbox.state.by_name("web-01").snapshots == ()


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("shape", ["schedule", "schedules", "none"])
async def test_answers_of_a_schedule(status: int, shape: str) -> None:
    api = variant(schedule_status=status, schedule_response=shape)
    body = {"frequency": "monthly", "hour": 3, "retentionCount": 2, "enabled": False}
    path = api.vps("web-01", "/backup-schedules")
    answer = await api.call("POST", path, json=body | {"dayOfMonth": 31})
    assert answer.status_code == status
    if status == 204:
        assert answer.content == b""
    elif shape == "none":
        assert answer.json() == {}
    else:
        assert shape in answer.json()
    assert len((await api.json(path))["schedules"]) == 2


async def test_other_schedule_readings() -> None:
    api = variant(schedule_delete=200, schedule_tail=False, day_specifier="name")
    path = api.vps("web-01", "/backup-schedules")
    weekly = {"frequency": "weekly", "hour": 3, "retentionCount": 2, "enabled": False}
    answer = await api.call("POST", path, json=weekly | {"dayOfWeek": 1})
    shown = answer.json()["schedule"]
    assert shown["daySpecifier"] == "monday"
    assert (await api.json(path)).keys() == {"schedules"}
    assert (await api.call("DELETE", f"{path}/{shown['id']}")).status_code == 200


async def test_snapshots_may_lack_their_tail() -> None:
    api = variant(snapshot_tail=False)
    assert (await api.json(api.vps("web-01", "/snapshots"))).keys() == {"data"}


async def test_codes_of_gates() -> None:
    api = variant(gate_code="always")
    gates = await api.gates("web-01")
    assert gates["canRestore"] == {"allowed": True, "reason": None, "code": None}


async def test_a_second_write_may_queue() -> None:
    api = variant(busy_write="queued")
    first, second = await started(api), await api.restore("web-01")
    assert second.status_code == 202
    assert not (await api.gates("web-01"))["canRestore"]["allowed"]
    forward(api, 20)
    assert (await api.json(first["pollUrl"]))["data"]["isCompleted"]
    path = second.json()["operation"]["pollUrl"]
    assert (await api.json(path))["data"]["isRunning"]
    forward(api, 40)
    assert (await api.json(path))["data"]["isCompleted"]
    assert len(api.sandbox.state.by_name("web-01").backups) == 5


async def test_the_list_may_lack_has_more() -> None:
    page = await variant(list_envelope="cursor_only").json("/api/v2/vps?limit=1")
    assert "hasMore" not in page
    assert page["nextCursor"]


async def test_extras_of_a_server() -> None:
    api = variant(vps_actions=True, vps_extras=True)
    shown = await api.json(api.vps("web-01"))
    contract.VPS(shown, "")
    assert shown["actions"]["canRestart"]["allowed"]
    assert {"tags", "bandwidth", "isPinned"} <= shown.keys()


@pytest.mark.parametrize(
    ("how", "value"), [("strings", ["backup"]), ("count", 1), ("absent", "nothing")]
)
async def test_pending_tasks(how: str, value: object) -> None:
    api = variant(pending_tasks=how)
    status = await api.json(api.vps("db-01", "/status"))
    assert status.get("pendingTasks", "nothing") == value


async def test_who_am_i() -> None:
    assert (await variant(me="data").json("/api/v2/me"))["data"]["scopes"]
    assert (await variant(me="absent").get("/api/v2/me")).status_code == 404


async def test_codes_and_media_types_of_problems() -> None:
    api = variant(
        missing_scope_code="insufficient_scope",
        missing_vps_code="not_found",
        problem_media_type="application/json",
    )
    answer = await api.get("/api/v2/vps/vps_none")
    assert code(answer) == (404, "not_found")
    assert answer.headers["content-type"] == "application/json"
    weak = Api(api.sandbox, "hostup_sandbox_read_8b2e6d03")
    assert code(await weak.create("web-01")) == (403, "insufficient_scope")
    assert (await weak.gates("web-01"))["canRestore"]["code"] == "insufficient_scope"


async def test_permission_may_stay_out_of_the_gates() -> None:
    api = variant(gates_fold_permission=False)
    weak = Api(api.sandbox, "hostup_sandbox_read_8b2e6d03")
    assert (await weak.gates("web-01"))["canRestore"]["allowed"]


async def test_readings_change_while_it_runs(api: Api) -> None:
    api.sandbox.variants = variant(vps_actions=True).sandbox.variants
    assert "actions" in await api.json(api.vps("web-01"))
