"""Each variant changes what it names, and the rest stays as documented."""

import re
from typing import Any

import pytest

from hostup_mcp.sandbox import Anomalies, Fault, Variants
from hostup_mcp.sandbox.variants import parse_variants

from . import contract
from .wiring import Api, code, forward, with_variants

pytestmark = pytest.mark.anyio


async def backups(api: Api, name: str) -> Any:
    return await api.json(api.vps(name, "/backups"))


async def started(api: Api) -> Any:
    response = await api.create("web-01")
    assert response.status_code == 202
    return response.json()["operation"]


@pytest.mark.parametrize("envelope", ["operation", "data_operation"])
async def test_job_envelopes(envelope: str) -> None:
    api = with_variants(job_envelope=envelope)
    shown = await api.json((await started(api))["pollUrl"])
    if envelope == "data_operation":
        shown = shown["data"]
    contract.OPERATION(shown, "")


async def test_words_of_a_job() -> None:
    api = with_variants(
        waiting_word="parked", running_word="crunching", done_word="succeeded", job_flags=False
    )
    path = (await started(api))["pollUrl"]
    assert (await api.json(path))["data"]["status"] == "parked"
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
    api = with_variants(poll_url=where)
    operation = await started(api)
    assert str(operation["pollUrl"]) == url.format(operation["jobId"])
    assert (await api.get(served.format(operation["jobId"]))).status_code == 200
    other = "/api/jobs/{}" if where == "operations" else "/api/v2/operations/{}"
    assert (await api.get(other.format(operation["jobId"]))).status_code == 404


async def test_done_at_once() -> None:
    api = with_variants(done_at_once=True)
    operation = await started(api)
    assert (await started(with_variants()))["result"] is None
    assert operation["status"] == "completed"
    assert operation["result"]["backupId"] == api.backup("web-01", 4)


async def test_missing_job_results() -> None:
    api = with_variants(done_at_once=True, job_result="null")
    assert (await started(api))["result"] is None


async def test_finished_jobs_vanish() -> None:
    api = with_variants(job_vanishes=True)
    path = (await started(api))["pollUrl"]
    forward(api, 19)
    assert (await api.get(path)).status_code == 200
    forward(api, 1)
    assert (await api.get(path)).status_code == 404


async def test_legacy_job_errors() -> None:
    api = with_variants(job_errors="legacy")
    response = await api.get("/api/jobs/job_none")
    contract.LEGACY_ERROR(response.json(), "")
    assert response.json()["code"] == "NOT_FOUND"
    api.sandbox.faults.add(Fault("status", status=429))
    response = await api.get("/api/jobs/job_none")
    contract.LEGACY_ERROR(response.json(), "")
    assert response.json()["retryAfter"] == response.headers["x-ratelimit-reset"]
    contract.PROBLEM((await api.get("/api/v2/vps/none")).json(), "")


async def test_job_scope() -> None:
    api = with_variants(job_scope="read:none")
    assert code(await api.get((await started(api))["pollUrl"])) == (403, "forbidden")


@pytest.mark.parametrize("place", ["message", "result", "error", "error_object", "outside", "none"])
@pytest.mark.parametrize("envelope", ["legacy", "operation"])
async def test_place_of_the_failure_reason(place: str, envelope: str) -> None:
    api = with_variants(failure_reason=place, job_envelope=envelope)
    api.sandbox.faults.add(Fault("fail_job", detail="Disk gone."))
    path = (await started(api))["pollUrl"]
    forward(api, 20)
    response = await api.get(path)
    assert ("Disk gone." in response.text) is (place != "none")
    shown = response.json()["data" if envelope == "legacy" else "operation"]
    assert shown["status"] == "failed"
    if place == "error":
        assert shown["error"] == "Disk gone."
    if place == "error_object":
        assert shown["error"] == {"code": "job_failed", "message": "Disk gone."}
    if place == "outside":
        assert response.json()["error"] == "Disk gone."


async def test_running_backup_listed() -> None:
    api = with_variants(running_backup_listed=True, delete_during_job=204)
    shown = await backups(api, "db-01")
    contract.BACKUPS(shown, "")
    assert [each["createdAt"] is None for each in shown["backups"]] == [True, False, False]
    assert shown["quotaInfo"]["used"] == 3
    coming = shown["backups"][0]["id"]
    response = await api.call("DELETE", api.vps("db-01", f"/backups/{coming}"))
    assert response.status_code == 409
    forward(api, 15 * 60)
    done = (await backups(api, "db-01"))["backups"]
    assert next(each for each in done if each["id"] == coming)["createdAt"]


async def test_orders_of_backups() -> None:
    def created(shown: Any) -> list[str]:
        return [each["createdAt"] or "" for each in shown["backups"]]

    newest = created(await backups(with_variants(), "legacy-erp"))
    oldest = created(await backups(with_variants(backup_order="oldest_first"), "legacy-erp"))
    by_id = [
        b["id"] for b in (await backups(with_variants(backup_order="by_id"), "archive"))["backups"]
    ]
    assert newest == sorted(newest, reverse=True)
    assert oldest == sorted(newest)
    assert by_id == sorted(by_id)


async def test_null_quota_meaning_none() -> None:
    assert (await with_variants().gates("build-01"))["canCreateBackup"]["allowed"]
    api = with_variants(null_quota="none")
    assert not (await api.gates("build-01"))["canCreateBackup"]["allowed"]
    assert (await api.create("build-01")).status_code == 409


@pytest.mark.parametrize(
    ("where", "listed", "detailed"),
    [("absent", False, False), ("backups", True, False), ("details", False, True)],
)
async def test_place_of_the_from_vps_gate(where: str, listed: bool, detailed: bool) -> None:
    api = with_variants(from_vps_gate=where)
    details = await api.json(api.vps("web-01", "/details"))
    assert ("canRestoreFromAnotherVps" in await api.gates("web-01")) is listed
    assert ("canRestoreFromAnotherVps" in details["actions"]) is detailed


async def test_sizes_of_sources() -> None:
    api = with_variants(source_sizes="integer")
    sources = (await api.json(api.vps("dev-01", "/backups/restore-sources")))["sources"]
    assert all(isinstance(b["sizeGb"], int) for each in sources for b in each["backups"])


async def test_sources_with_types_and_notes() -> None:
    path = "/backups/restore-sources"
    api = with_variants(source_extras=True)
    shown = (await api.json(api.vps("dev-01", path)))["sources"][0]["backups"][0]
    assert shown["backupType"] == "scheduled"
    assert shown["note"] is None
    plain = with_variants()
    assert "note" not in (await plain.json(plain.vps("dev-01", path)))["sources"][0]["backups"][0]


async def test_restore_needs_a_stopped_server() -> None:
    api = with_variants(restore_of_running="refused")
    assert code(await api.restore("web-01")) == (409, "vps_not_ready")
    assert (await api.restore("dev-01")).status_code == 202


async def test_note_limit() -> None:
    api = with_variants(note_limit=10)
    assert code(await api.create("web-01", json={"note": "x" * 11})) == (400, "invalid_request")
    assert (await api.create("web-01", json={"note": "x" * 10})).status_code == 202


async def test_deleting_under_a_job() -> None:
    for allowed, status in ((204, 204), (409, 409)):
        api = with_variants(delete_during_job=allowed)
        await api.create("web-01")
        path = api.vps("web-01", f"/backups/{api.backup('web-01')}")
        assert (await api.call("DELETE", path)).status_code == status


@pytest.mark.parametrize("word", ["200", "202", "204"])
async def test_restore_responses(word: str) -> None:
    api = with_variants(restore_response=word)
    response = await api.restore("web-01")
    assert response.status_code == int(word)
    assert (response.content == b"") is (word == "204")
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
    api = with_variants(restored_power=after)
    await api.restore("web-01")
    await api.restore("dev-01")
    forward(api, 40)
    assert api.sandbox.state.by_name("web-01").power_state == web
    assert api.sandbox.state.by_name("dev-01").power_state == dev


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_payg_deployment_response(status: int) -> None:
    api = with_variants(payg_response="deployment", payg_status=status)
    path = f"/backups/{api.backup('web-01')}/actions/restore-to-payg"
    response = await api.call("POST", api.vps("web-01", path))
    assert response.status_code == status
    shown = response.json()
    contract.NEW_SERVER(shown, "")
    assert "operation" not in shown
    new = await api.json(f"/api/v2/vps/{shown['vpsId']}")
    assert (new["serviceStatus"], new["powerState"]) == ("pending", "provisioning")
    forward(api, 40)
    new = await api.json(f"/api/v2/vps/{shown['vpsId']}")
    assert (new["serviceStatus"], new["powerState"]) == ("active", "running")


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_deleting_a_snapshot(status: int) -> None:
    api = with_variants(snapshot_delete=status)
    response = await api.call("DELETE", api.vps("web-01", "/snapshots/before-php-83"))
    assert response.status_code == status
    if status == 202:
        contract.OPERATION(response.json(), "")
        forward(api, 3)
    assert api.sandbox.state.by_name("web-01").snapshots == ()


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("shape", ["schedule", "schedules", "none"])
async def test_schedule_responses(status: int, shape: str) -> None:
    api = with_variants(schedule_status=status, schedule_response=shape)
    body = {"frequency": "monthly", "hour": 3, "retentionCount": 2, "enabled": False}
    path = api.vps("web-01", "/backup-schedules")
    response = await api.call("POST", path, json=body | {"dayOfMonth": 31})
    assert response.status_code == status
    if status == 204:
        assert response.content == b""
    elif shape == "none":
        assert response.json() == {}
    else:
        assert shape in response.json()
    assert len((await api.json(path))["schedules"]) == 2


async def test_schedule_details() -> None:
    api = with_variants(schedule_delete=200, day_specifier="name")
    path = api.vps("web-01", "/backup-schedules")
    weekly = {"frequency": "weekly", "hour": 3, "retentionCount": 2, "enabled": False}
    response = await api.call("POST", path, json=weekly | {"dayOfWeek": 1})
    shown = response.json()["schedule"]
    assert shown["daySpecifier"] == "monday"
    assert (await api.call("DELETE", f"{path}/{shown['id']}")).status_code == 200


@pytest.mark.parametrize(
    ("variant", "path", "keys"),
    [
        ({"snapshot_extra_fields": False}, "/{}/snapshots", {"data"}),
        ({"schedule_extra_fields": False}, "/{}/backup-schedules", {"schedules"}),
        ({"list_envelope": "cursor_only"}, "?limit=1", {"data", "nextCursor"}),
    ],
)
async def test_optional_parts(variant: dict[str, Any], path: str, keys: set[str]) -> None:
    api = with_variants(**variant)
    vps = api.sandbox.state.by_name("web-01").id
    assert (await api.json(f"/api/v2/vps{path.format(vps)}")).keys() == keys


async def test_codes_of_gates() -> None:
    api = with_variants(gate_code="always")
    gates = await api.gates("web-01")
    assert gates["canRestore"] == {"allowed": True, "reason": None, "code": None}


async def test_second_write_queues() -> None:
    api = with_variants(busy_write="queued")
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


async def test_extras_of_a_server() -> None:
    api = with_variants(vps_actions=True, vps_extras=True)
    shown = await api.json(api.vps("web-01"))
    contract.VPS(shown, "")
    assert shown["actions"]["canRestart"]["allowed"]
    assert {"tags", "bandwidth", "isPinned"} <= shown.keys()


@pytest.mark.parametrize(
    ("how", "value"), [("strings", ["backup"]), ("count", 1), ("absent", "nothing")]
)
async def test_pending_tasks(how: str, value: object) -> None:
    api = with_variants(pending_tasks=how)
    status = await api.json(api.vps("db-01", "/status"))
    assert status.get("pendingTasks", "nothing") == value


async def test_who_am_i() -> None:
    assert (await with_variants(me="data").json("/api/v2/me"))["data"]["scopes"]
    assert (await with_variants(me="absent").get("/api/v2/me")).status_code == 404


async def test_problem_codes_and_media_types() -> None:
    api = with_variants(
        missing_scope_code="insufficient_scope",
        missing_vps_code="not_found",
        problem_media_type="application/json",
    )
    response = await api.get("/api/v2/vps/vps_none")
    assert code(response) == (404, "not_found")
    assert response.headers["content-type"] == "application/json"
    weak = Api(api.sandbox, "hostup_sandbox_read_8b2e6d03")
    assert code(await weak.create("web-01")) == (403, "insufficient_scope")
    assert (await weak.gates("web-01"))["canRestore"]["code"] == "insufficient_scope"


async def test_gates_without_permission() -> None:
    api = with_variants(gates_fold_permission=False)
    weak = Api(api.sandbox, "hostup_sandbox_read_8b2e6d03")
    assert (await weak.gates("web-01"))["canRestore"]["allowed"]


async def test_variants_can_change_at_runtime(api: Api) -> None:
    api.sandbox.variants = with_variants(vps_actions=True).sandbox.variants
    assert "actions" in await api.json(api.vps("web-01"))


@pytest.mark.parametrize("style", ["ulid", "readable", "uuid"])
async def test_shapes_of_ids(style: str) -> None:
    api = with_variants(ids=style)
    shape = {
        "ulid": r"{}_01[0-9a-z]{{24}}",
        "readable": r"{}_vm-\d+-\d+",
        "uuid": r"{}_[0-9A-F]{{8}}(-[0-9A-F]{{4}}){{3}}-[0-9A-F]{{12}}",
    }[style]
    servers = (await api.json("/api/v2/vps"))["data"]
    ids = {each["id"] for each in servers}
    assert len(ids) == len(servers)
    assert all(re.fullmatch(shape.format("vps"), each) for each in ids)
    listing = await backups(api, "web-01")
    assert re.fullmatch(shape.format("bkp"), listing["backups"][0]["id"])
    assert re.fullmatch(shape.format("job"), (await started(api))["jobId"])
    assert (await api.restore("dev-01")).status_code == 202


@pytest.mark.parametrize(
    ("names", "reason"), [("camel_case", "errorMessage"), ("snake_case", "error_message")]
)
async def test_history_of_runs(names: str, reason: str) -> None:
    api = with_variants(history=names)
    history = (await api.json(api.vps("web-01", "/backup-schedules")))["history"]
    failed = [each for each in history if each["status"] == "failed"]
    assert [each[reason] for each in failed] == ["Backup storage is unavailable"]
    assert len(history) == 5
    plain = with_variants()
    assert (await plain.json(plain.vps("web-01", "/backup-schedules")))["history"] == []


async def test_reasons_in_swedish() -> None:
    api = with_variants(reason_language="sv")
    gate = (await api.gates("intranet"))["canRestore"]
    assert gate["code"] == "service_suspended"
    assert gate["reason"] == "Tjänsten är avstängd på grund av en obetald faktura."
    assert (await api.gates("crm"))["canRestore"]["reason"] == "Beställningen är inte klar."


def test_variants_from_words() -> None:
    words = ["job_end=cancelled", "ids=uuid", "default_page=3", "polls_fail_from=40"]
    words += ["clock_hours_ahead=-1.5", "job_flags=false", "schedule_status=201"]
    words += ['odd_field=vps/data/0/name="a=b"', "waiting_word=parked"]
    variants, anomalies = parse_variants(words)
    assert variants == Variants(
        ids="uuid", default_page=3, job_flags=False, schedule_status=201, waiting_word="parked"
    )
    assert anomalies == Anomalies(
        job_end="cancelled",
        polls_fail_from=40,
        clock_hours_ahead=-1.5,
        odd_field='vps/data/0/name="a=b"',
    )
    assert parse_variants([]) == (Variants(), Anomalies())


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("nothing=1", "no variant `nothing`"),
        ("ids=long", "`ids` must be one of ulid, readable, uuid"),
        ("edge_refuses", "must be one of true, false"),
        ("default_page=many", "must be a number"),
        ("clock_hours_ahead=", "must be a number"),
        ("clock_hours_ahead=nan", "must be a number"),
        ("clock_hours_ahead=-1e300", "must be a number"),
        ("power_lag=inf", "must be a number"),
    ],
)
def test_wrong_words_are_named(word: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_variants([word])
