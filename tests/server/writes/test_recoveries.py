"""What was carried out is kept per server, for every caller and session to know of."""

import json
import re
from dataclasses import replace
from typing import Any

import anyio
import httpx
import pytest

from hostup_mcp.hostup.requests import Expected
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.recoveries import Restored
from hostup_mcp.server.writes import recoveries
from hostup_mcp.server.writes.proposal import Destructive
from hostup_mcp.state.store import StateStore, StateUnavailableError

from ..wiring import SlowState, error_of
from .bench import DESTRUCTIVE, NOW, OTHER_VPS, VPS, Bench, Respond, refused

SUBJECT = f"sandbox/{VPS}"
INDEX = "sandbox local"


RESTORED = Restored(mode=Mode.IN_PLACE, point="bkp_abcdef12", point_created=NOW)


def restoring(restored: Restored = RESTORED, *, state: StateStore | None = None) -> Bench:
    """A bench whose tool restores."""
    bench = Bench(state=state)
    bench.is_recovery = True
    follow_up = replace(DESTRUCTIVE.follow_up, restored=restored)
    bench.proposals = [replace(DESTRUCTIVE, follow_up=follow_up, price={"perHour": "0.84"})]
    return bench


async def kept(bench: Bench) -> list[dict[str, Any]]:
    recoveries = await bench.services.state.recoveries(SUBJECT)
    return [json.loads(body) for body in recoveries.values()]


async def test_a_restore_is_recorded_with_its_job() -> None:
    bench = restoring()
    plan = await bench.plan()
    assert not (await bench.run({"planId": plan})).is_error
    [recovery] = await kept(bench)
    [id_] = await bench.services.state.recoveries(SUBJECT)
    assert re.fullmatch("rec_[0-9a-z]{16}", id_)
    assert recovery["plan_id"] == plan
    assert (recovery["outcome"], recovery["job_id"]) == ("accepted", "job_1")
    assert await bench.services.state.recoveries(f"sandbox/{OTHER_VPS}") == {}


async def test_a_change_without_a_plan() -> None:
    bench = Bench()
    assert not (await bench.run()).is_error
    assert await kept(bench) == []


async def test_it_is_recorded_before_it_is_sent() -> None:
    bench = restoring()
    seen: list[dict[str, Any]] = []

    async def respond(_: httpx.Request) -> httpx.Response:
        seen.extend(await kept(bench))
        return httpx.Response(204)

    bench.response = respond
    await bench.run({"planId": await bench.plan()})
    assert [recovery["outcome"] for recovery in seen] == ["sent"]


async def test_a_lost_response_is_recorded() -> None:
    bench = restoring()
    bench.response = httpx.ReadError("cut")
    await bench.run({"planId": await bench.plan()})
    assert [recovery["outcome"] for recovery in await kept(bench)] == ["unknown"]


async def test_what_was_not_sent_is_forgotten() -> None:
    for response in (httpx.ConnectError("refused"), httpx.Response(409, json={})):
        bench = restoring()
        bench.response = response
        assert (await bench.run({"planId": await bench.plan()})).is_error
        assert await kept(bench) == []


async def test_what_cannot_be_recorded_is_not_sent() -> None:
    class Full(SlowState):
        async def put_recovery(self, subject: str, id_: str, body: str) -> None:
            raise StateUnavailableError

    bench = restoring(state=Full())
    plan = await bench.plan()
    assert error_of(await bench.run({"planId": plan}))["kind"] == "state_unavailable"
    assert "request" not in bench.events
    assert not await bench.is_consumed(plan)
    assert not await bench.is_locked()


async def test_a_refusal_names_the_last_restore() -> None:
    bench = restoring()
    bench.response = httpx.ReadError("cut")
    await bench.run({"planId": await bench.plan()})
    refused(await bench.run(), "in progress after a restore")


async def test_a_store_that_fails_afterwards() -> None:
    class Failing(SlowState):
        is_over = False

        async def put_recovery(self, subject: str, id_: str, body: str) -> None:
            if self.is_over:
                raise StateUnavailableError
            await super().put_recovery(subject, id_, body)

        async def delete_recovery(self, subject: str, id_: str) -> None:
            raise StateUnavailableError

    state = Failing()
    for response, kind in ((httpx.Response(204), None), (httpx.Response(409, json={}), "conflict")):
        bench = restoring(state=state)
        state.is_over = False

        async def respond(_: httpx.Request, response: httpx.Response = response) -> httpx.Response:
            state.is_over = True
            return response

        bench.response = respond
        result = await bench.run({"planId": await bench.plan()})
        assert (error_of(result)["kind"] if result.is_error else None) == kind


# What is recorded ---------------------------------------------------------------------------------


async def test_the_record_says_what_was_agreed() -> None:
    bench = restoring()
    plan = await bench.plan()
    assert not (await bench.run({"planId": plan})).is_error
    [recovery] = await kept(bench)
    restored = {"mode": "in_place", "point": "bkp_abcdef12", "kind": "restore", "source_id": ""}
    assert recovery["restored"].items() >= restored.items()
    assert recovery["restored"]["point_created"].startswith("2026-04-27T10:00")
    assert recovery["consent"] == {"by": "user", "how": "typed the server's name"}
    assert recovery["price"] == {"perHour": "0.84"}
    assert recovery["poll"] == "/api/jobs/job_1"
    assert recovery["vps_id"] == VPS
    assert re.fullmatch("[0-9a-f]{16}", recovery["write_id"])
    assert (recovery["new_vps_id"], recovery["job_end"], recovery["last_verdict"]) == (None,) * 3
    [entry] = (await bench.services.state.recoveries(INDEX)).values()
    assert json.loads(entry) == {"subject": SUBJECT, "vps_id": VPS, "is_running": False}


REHEARSAL = Restored(
    mode=Mode.NEW_CLOUD_VPS, point="bkp_abcdef12", kind="rehearsal", new_name="try-1"
)
NEW_SERVER = Restored(mode=Mode.NEW_CLOUD_VPS, point="bkp_abcdef12")


def building(restored: Restored = REHEARSAL, *, state: StateStore | None = None) -> Bench:
    """A bench whose tool builds a server."""
    bench = restoring(restored, state=state)
    built = {"status": "provisioning", "vpsId": OTHER_VPS, "orderId": "ord_1"}
    bench.response = httpx.Response(202, json=built)
    bench.proposals = [
        replace(p, request=replace(p.request, expected=Expected.NEW_SERVER))
        for p in bench.proposals
        if isinstance(p, Destructive)
    ]
    return bench


async def test_a_new_server_is_found_by_its_own_id() -> None:
    bench = building(NEW_SERVER)
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [recovery] = await kept(bench)
    assert recovery["new_vps_id"] == OTHER_VPS
    [entry] = (await bench.services.state.recoveries(INDEX)).values()
    assert json.loads(entry)["vps_id"] == OTHER_VPS
    assert await bench.services.state.recall_id(LOCAL, OTHER_VPS) is not None


NAME_READ = f"look: /api/v2/vps/{OTHER_VPS}"


async def test_the_name_of_a_rehearsals_server_is_recorded() -> None:
    """HostUp may give it another one than was sent."""
    bench = building()
    bench.looked_at = seen_as(**{OTHER_VPS: {"id": OTHER_VPS, "name": "generated-7"}})
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [recovery] = await kept(bench)
    assert recovery["given_name"] == "generated-7"
    assert recovery["seen_at"] == NOW.isoformat().replace("+00:00", "Z")


async def test_only_a_rehearsals_server_is_looked_up() -> None:
    for restored, reads in ((REHEARSAL, 1), (RESTORED, 0), (NEW_SERVER, 0)):
        bench = building(restored)
        assert not (await bench.run({"planId": await bench.plan()})).is_error
        assert bench.events.count(NAME_READ) == reads


async def test_a_name_that_cannot_be_read_is_no_failure() -> None:
    """HostUp fails, has no name for it yet, or this server is told to stop meanwhile."""
    bench = building()

    async def stop(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(OTHER_VPS):
            bench.services.in_flight.interrupt()
            return await hanging(request)
        return httpx.Response(404, json={})

    for looked_at in (None, seen_as(**{OTHER_VPS: {"id": OTHER_VPS, "name": ""}}), stop):
        bench.looked_at = looked_at
        result = await bench.run({"planId": await bench.plan()})
        assert not result.is_error
        assert [recovery["given_name"] for recovery in await kept(bench)] == [None] * len(
            await kept(bench)
        )


async def test_a_name_that_cannot_be_recorded_is_no_failure() -> None:
    class Failing(SlowState):
        writes = 0

        async def put_recovery(self, subject: str, id_: str, body: str) -> None:
            if "generated-7" in body:
                self.writes += 1
                raise StateUnavailableError
            await super().put_recovery(subject, id_, body)

    state = Failing()
    bench = building(state=state)
    bench.looked_at = seen_as(**{OTHER_VPS: {"id": OTHER_VPS, "name": "generated-7"}})
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    assert state.writes == 1


async def test_that_a_rehearsal_is_ended_is_recorded() -> None:
    bench = building()
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [id_] = await bench.services.state.recoveries(SUBJECT)
    ending = replace(DESTRUCTIVE, follow_up=replace(DESTRUCTIVE.follow_up, ends_recovery=id_))
    bench.is_recovery, bench.proposals = False, [ending]
    bench.response = httpx.Response(204)
    assert [recovery["end_requested_at"] for recovery in await kept(bench)] == [None]
    assert not (await bench.run()).is_error
    [recovery] = await kept(bench)
    assert recovery["end_requested_at"] == NOW.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(("date", "ahead"), [("Mon, 27 Apr 2026 11:00:00 GMT", 3600.0), (None, 0)])
async def test_how_far_hostups_clock_is_ahead_is_recorded(date: str | None, ahead: float) -> None:
    bench = restoring()

    async def look(_: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={}, headers={"Date": date} if date else {})

    bench.looked_at = look
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [recovery] = await kept(bench)
    assert recovery["ahead"] == ahead


async def test_the_path_to_poll_is_the_one_that_hostup_gave() -> None:
    bench = restoring()
    operation = {"jobId": "job_1", "status": "queued", "pollUrl": "/api/jobs/a?b=c"}
    bench.response = httpx.Response(202, json={"operation": operation})
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [recovery] = await kept(bench)
    assert recovery["poll"] == "/api/jobs/a?b=c"


async def test_a_restore_that_is_over_at_once() -> None:
    bench = restoring()
    failed = {"operation": {"jobId": "job_1", "status": "failed", "error": "No space."}}
    bench.response = httpx.Response(202, json=failed)
    assert error_of(await bench.run({"planId": await bench.plan()}))["kind"] == "job_failed"
    [recovery] = await kept(bench)
    assert (recovery["job_end"]["state"], recovery["job_end"]["said"]) == ("failed", "No space.")


# The server before --------------------------------------------------------------------------------


def seen_as(**documents: Any) -> Respond:
    """A HostUp where each path that ends in a name gives this document; others give 404."""

    async def respond(request: httpx.Request) -> httpx.Response:
        document = documents.get(request.url.path.rpartition("/")[2])
        return (
            httpx.Response(404, json={}) if document is None else httpx.Response(200, json=document)
        )

    return respond


async def test_the_server_is_looked_at_before() -> None:
    bench = restoring()
    disk, drive = {"name": "scsi0", "isCdrom": False}, {"name": "ide2", "isCdrom": True}
    bench.looked_at = seen_as(
        status={"id": VPS, "powerState": "running", "uptimeSeconds": 90},
        exec={"available": True},
        storage={"disks": [{**disk, "capacity": {"totalGb": 80}}, drive, {"name": "scsi1"}]},
    )
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [recovery] = await kept(bench)
    before = recovery["before"]
    assert (before["power"], before["uptime_seconds"], before["agent"]) == ("running", 90, True)
    disks = [("scsi0", 80), ("scsi1", None)]
    assert [(disk["name"], disk["total_gb"]) for disk in before["disks"]] == disks
    assert (before["address"], before["ports"]) == (None, None)
    looks = [event for event in bench.events if event.startswith("look: ")]
    paths = {f"look: /api/v2/vps/{VPS}/{end}" for end in ("status", "storage", "agent/exec")}
    assert set(looks) == paths
    # Before the check that leads to sending, so that as little as possible lies in between.
    assert bench.events.index("propose", 2) > max(map(bench.events.index, looks))


async def test_other_writes_are_not_looked_at() -> None:
    bench = Bench()
    assert not (await bench.run()).is_error
    assert [event for event in bench.events if event.startswith("look: ")] == []


async def hanging(_: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError


async def failing(_: httpx.Request) -> httpx.Response:
    raise RuntimeError("a fault of this program")


@pytest.mark.parametrize("looked_at", [hanging, failing, None, seen_as(status=[], exec=1)])
async def test_what_is_not_seen_is_unknown(
    looked_at: Respond | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recoveries, "BASELINE_SECONDS", 0.2)
    bench = restoring()
    bench.looked_at = looked_at
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    fault = "a server could not be looked at before its restore"
    assert caplog.messages == [fault] * (looked_at is failing)
    [recovery] = await kept(bench)
    unknown = {name: value for name, value in recovery["before"].items() if name != "at"}
    assert set(unknown.values()) == {None}


async def test_what_was_seen_in_time_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recoveries, "BASELINE_SECONDS", 0.2)
    bench = restoring()
    answer = seen_as(status={"id": VPS, "powerState": "running"})

    async def partly(request: httpx.Request) -> httpx.Response:
        respond = answer if request.url.path.endswith("/status") else hanging
        return await respond(request)

    bench.looked_at = partly
    assert not (await bench.run({"planId": await bench.plan()})).is_error
    [recovery] = await kept(bench)
    assert (recovery["before"]["power"], recovery["before"]["agent"]) == ("running", None)


async def test_stopping_meanwhile_sends_nothing() -> None:
    bench = restoring()

    async def stop(request: httpx.Request) -> httpx.Response:
        bench.services.in_flight.interrupt()
        return await hanging(request)

    bench.looked_at = stop
    result = await bench.run({"planId": await bench.plan()})
    assert error_of(result)["kind"] == "server_stopping"
    assert "request" not in bench.events
    assert await kept(bench) == []
