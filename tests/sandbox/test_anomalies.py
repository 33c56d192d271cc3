"""Each anomaly does what it says and leaves the rest as documented."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from hostup_mcp.sandbox import Anomalies, ManualClock, Sandbox, Variants

from . import contract
from .wiring import Api, forward

pytestmark = pytest.mark.anyio


def with_anomalies(variants: Variants | None = None, **anomalies: Any) -> Api:
    sandbox = Sandbox(
        clock=ManualClock(), variants=variants or Variants(), anomalies=Anomalies(**anomalies)
    )
    return Api(sandbox)


async def writes(api: Api) -> list[tuple[str, str, Any]]:
    """One write of each kind: method, rest of the path, body."""
    backup = f"/backups/{api.backup('web-01')}"
    dev = api.sandbox.state.by_name("dev-01")
    source = {"sourceVpsId": dev.id, "backupId": dev.backups[0].id}
    schedule = {"frequency": "daily", "hour": 2, "retentionCount": 2, "enabled": True}
    return [
        ("POST", "/backups", None),
        ("DELETE", backup, None),
        ("POST", f"{backup}/actions/restore", None),
        ("POST", f"{backup}/actions/restore-to-payg", {"name": "restored"}),
        ("POST", "/backups/actions/restore-from-vps", source),
        ("POST", "/backup-schedules", schedule),
        ("PATCH", "/backup-schedules", {"autoDeleteOldest": True}),
        ("POST", "/snapshots", {"name": "new"}),
        ("DELETE", "/snapshots/before-php-83", None),
        ("POST", "/snapshots/before-php-83/actions/restore", None),
        ("POST", "/actions/restart", None),
        ("POST", "/actions/cancel", {"reason": "too big", "cancelType": "immediate"}),
    ]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("success_false", 200, {"success": False, "error": "Backup storage is unavailable"}),
        ("error_list", 200, "errors"),
        ("problem_with_200", 200, "detail"),
        ("maintenance_page", 200, "<html>"),
        ("locked", 423, "detail"),
    ],
)
async def test_refused_writes_do_nothing(kind: str, status: int, body: Any) -> None:
    api = with_anomalies(write_response=kind)
    before = dict(api.sandbox.state.servers), dict(api.sandbox.state.jobs)
    for method, rest, sent in await writes(api):
        response = await api.call(method, api.vps("web-01", rest), json=sent)
        assert response.status_code == status
        assert body in response.text if isinstance(body, str) else response.json() == body
        assert response.headers.get("retry-after") == ("30" if kind == "locked" else None)
    assert (api.sandbox.state.servers, api.sandbox.state.jobs) == before


async def test_empty_objects_hide_success() -> None:
    count = len(await writes(with_anomalies()))
    for index in range(count):
        api = with_anomalies(write_response="empty_object")
        before = api.sandbox.state.by_name("web-01"), len(api.sandbox.state.jobs)
        method, rest, sent = (await writes(api))[index]
        response = await api.call(method, api.vps("web-01", rest), json=sent)
        assert (response.status_code, response.json()) == (200, {}), rest
        assert (api.sandbox.state.by_name("web-01"), len(api.sandbox.state.jobs)) != before, rest


@pytest.mark.parametrize(
    ("end", "word", "flag", "result"),
    [
        ("failed", "failed", "isFailed", None),
        ("cancelled", "cancelled", None, None),
        ("failed_result", "completed", "isCompleted", {"success": False}),
    ],
)
async def test_anomalies_can_fail_jobs(end: str, word: str, flag: str | None, result: Any) -> None:
    api = with_anomalies(job_end=end)
    path = (await api.restore("web-01")).json()["operation"]["pollUrl"]
    forward(api, 10)
    assert (await api.json(path))["data"]["isRunning"]
    forward(api, 3600)
    job = (await api.json(path))["data"]
    contract.JOB({**(await api.json(path)), "data": job}, "")
    assert (job["status"], job["state"]) == (word, word)
    assert [name for name in job if name.startswith("is") and job[name] is True] == (
        [flag] if flag else []
    )
    assert job["finishedAt"] is not None
    assert (job["result"] or {}).get("success") == (result or {}).get("success")
    assert api.sandbox.state.by_name("web-01").disk.startswith("incomplete copy")


async def test_jobs_fail_at_a_percentage() -> None:
    api = with_anomalies(job_end="failed", job_fails_at=90)
    path = (await api.restore("web-01")).json()["operation"]["pollUrl"]
    percents = []
    for _ in range(41):
        percents.append((await api.json(path))["data"]["progress"])
        forward(api, 1)
    assert percents == sorted(percents)
    assert percents[-2:] == [87, 90]
    assert (await api.json(path))["data"]["isFailed"]
    assert api.sandbox.state.by_name("web-01").power_state == "stopped"


async def test_polls_fail_from_a_percentage() -> None:
    api = with_anomalies(polls_fail_from=40)
    path = (await api.create("web-01")).json()["operation"]["pollUrl"]
    forward(api, 9)
    assert (await api.json(path))["data"]["progress"] < 40
    for _ in range(3):
        forward(api, 6)
        assert (await api.get(path)).status_code == 500


async def test_backups_are_counted_not_listed() -> None:
    api = with_anomalies(backups_unlisted=True)
    listing = await api.json(api.vps("web-01", "/backups"))
    assert listing["backups"] == []
    assert listing["quotaInfo"] == {"used": 4, "limit": 6, "remaining": 2}


async def test_the_newest_backup_is_empty() -> None:
    api = with_anomalies(newest_backup_empty=True)
    listing = await api.json(api.vps("web-01", "/backups"))
    contract.BACKUPS(listing, "")
    newest, *others = listing["backups"]
    assert (newest["sizeGb"], newest["createdAt"]) == (0, "2026-04-27T09:56:00.000Z")
    assert all(each["sizeGb"] > 10 for each in others)
    assert (await api.json(api.vps("staging", "/backups")))["backups"] == []


@pytest.mark.parametrize(
    ("odd", "path", "before", "after"),
    [
        ('backups/backups/0/sizeGb="12"', "/backups", 12.4, "12"),
        ("backups/backups/0/note", "/backups", None, "absent"),
        ("backups/quotaInfo/limit=-1", "/backups", 6, -1),
        ("snapshots/data/0/expiresAt=5", "/snapshots", "2026-04-28T08:00:00.000Z", 5),
        ("backup-schedules/schedules/0/enabled=null", "/backup-schedules", True, None),
        ("restore-sources/sources/0/name=[]", "/backups/restore-sources", "dev-01", []),
        ("status/memory=1", "/status", {"usedGb": 1.7, "totalGb": 4, "usagePercent": 42.5}, 1),
        ('details/backupsIncluded="x"', "/details", 3, "x"),
    ],
)
async def test_one_field_is_odd(odd: str, path: str, before: Any, after: Any) -> None:
    pointer = odd.partition("/")[2].partition("=")[0].split("/")

    async def read(api: Api) -> tuple[Any, Any]:
        document = holder = await api.json(api.vps("web-01", path))
        for part in pointer[:-1]:
            holder = holder[int(part) if isinstance(holder, list) else part]
        return holder.pop(pointer[-1], "absent"), document

    plain, rest = await read(with_anomalies())
    odd_value, odd_rest = await read(with_anomalies(odd_field=odd))
    assert plain == before or path == "/details"
    assert odd_value == after
    assert odd_rest == rest


@pytest.mark.parametrize("odd", ["vps/data/99/name=1", "vps/nothing/name=1", "jobs/data/x"])
async def test_odd_fields_that_are_not_there(odd: str) -> None:
    api = with_anomalies(odd_field=odd)
    contract.VPS_PAGE(await api.json("/api/v2/vps"), "")


async def test_gates_differ_at_each_read() -> None:
    api = with_anomalies(gates_checked_at=True)
    first, second = await api.gates("web-01"), await api.gates("web-01")
    for gate in first:
        assert first[gate]["checkedAt"] != second[gate].pop("checkedAt")
        contract.TIME(first[gate].pop("checkedAt"), "")
    assert first == second


async def test_filters_are_ignored() -> None:
    api = with_anomalies(filters_ignored=True)
    unfiltered = await api.json("/api/v2/vps")
    for query in ("name=web-01", "primaryIp=192.0.2.10&name=nowhere"):
        assert await api.json(f"/api/v2/vps?{query}") == unfiltered


async def test_cursors_repeat() -> None:
    api = with_anomalies(cursor="repeats")
    first = await api.json("/api/v2/vps?limit=2")
    path = f"/api/v2/vps?limit=2&cursor={first['nextCursor']}"
    second = await api.json(path)
    assert second["data"] != first["data"]
    assert (second["nextCursor"], second["hasMore"]) == (first["nextCursor"], True)
    assert await api.json(path) == second


async def test_cursors_are_missing() -> None:
    page = await with_anomalies(cursor="missing").json("/api/v2/vps?limit=2")
    assert (page["nextCursor"], page["hasMore"], len(page["data"])) == (None, True, 2)
    contract.VPS((await with_anomalies(cursor="missing").json("/api/v2/vps"))["data"][0], "")


async def test_schedules_are_abandoned() -> None:
    api = with_anomalies(schedules_abandoned=True)
    count = len(api.sandbox.state.by_name("web-01").backups)
    forward(api, timedelta(days=3).total_seconds())
    (schedule,) = (await api.json(api.vps("web-01", "/backup-schedules")))["schedules"]
    assert schedule["enabled"]
    assert schedule["lastRun"] == "2026-01-28T10:00:00.000Z"
    assert len(api.sandbox.state.by_name("web-01").backups) == count


async def test_the_clock_is_ahead() -> None:
    api = with_anomalies(clock_hours_ahead=3)
    response = await api.get(api.vps("web-01", "/backups"))
    assert parsedate_to_datetime(response.headers["date"]) == datetime(2026, 4, 27, 13, tzinfo=UTC)
    assert response.json()["backups"][0]["createdAt"] == "2026-04-27T05:00:00.000Z"
    assert "date" not in (await with_anomalies().get("/api/v2/vps")).headers


async def test_the_edge_refuses_everything() -> None:
    api = with_anomalies(edge_refuses=True)
    for response in (await api.get("/api/v2/vps"), await api.create("web-01")):
        assert (response.status_code, response.text) == (403, "error code: 1010")
        assert response.headers["content-type"].startswith("text/plain")
    assert len(api.sandbox.state.jobs) == 1


async def test_anomalies_can_change_at_runtime() -> None:
    api = with_anomalies(edge_refuses=True)
    api.sandbox.anomalies = replace(api.sandbox.anomalies, edge_refuses=False)
    assert (await api.get("/api/v2/vps")).status_code == 200
