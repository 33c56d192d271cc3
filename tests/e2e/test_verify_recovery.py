"""Is the server back? Each verdict is reached for its own reason, and the record keeps it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import TextResourceContents
from support.account import fresh_account
from support.product import LEGACY, REVISIONS, Door

from hostup_mcp.sandbox import (
    SANDBOX_API_KEY,
    UNBOOTABLE_NOTE,
    Anomalies,
    Fault,
    Key,
    Sandbox,
    Variants,
)
from hostup_mcp.server import probe
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.probe import Talk
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes.pipeline import CHECK_SECONDS
from hostup_mcp.server.writes.recoveries import BASELINE_SECONDS
from hostup_mcp.state.in_memory import InMemoryState

from .harness import (
    SAFETY_DOORS,
    Assistant,
    Product,
    Result,
    User,
    connected,
    hurried,
    in_memory,
    settings,
)

JOB = 400
"""Seconds after which a restore has ended, and its server has long started."""

doors = pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)
revisions = pytest.mark.parametrize("mode", REVISIONS)


def advance(sandbox: Sandbox, seconds: float) -> None:
    sandbox.clock.advance(seconds)  # type: ignore[attr-defined]


def change(sandbox: Sandbox, name: str = "web-01", **fields: Any) -> None:
    sandbox.state.put(replace(sandbox.state.by_name(name), **fields))


async def restored(
    assistant: Assistant, name: str = "web-01", *, note: str | None = None
) -> Result:
    """Restore a backup of a server, its newest or the one with `note`; the result."""
    vps = await assistant.find(name)
    listed = (await assistant.ok("list_vps_backups", id=vps))["backups"]
    backup = next(b for b in listed if note in (None, b["note"]))
    plan = await assistant.ok("plan_restore", id=vps, mode="in_place", backupId=backup["id"])
    return await assistant.call("restore_vps", planId=plan["planId"])


async def verified(assistant: Assistant, vps: str) -> dict[str, Any]:
    result = await assistant.call("verify_recovery", id=vps)
    assert not result.is_error, result.text
    for item in result.data["items"]:
        assert f"- {item['message']} (" in result.text
        assert item["at"].endswith("Z")
    proven = [item["proves"] for item in result.data["items"]]
    headings = {
        "Proves that it is not back:": proven.count("not_back"),
        "Proves that it is back:": proven.count("back"),
        "Proves nothing by itself:": proven.count("nothing"),
    }
    assert grouped(result.text) == {text: count for text, count in headings.items() if count}
    return result.data


async def record(assistant: Assistant, recovery_id: str) -> dict[str, Any]:
    read = await assistant.client.read_resource(f"hostup://recoveries/{recovery_id}")
    [content] = read.contents
    assert isinstance(content, TextResourceContents)
    found: dict[str, Any] = json.loads(content.text)
    return found


def seen(found: dict[str, Any], proves: str | None = None) -> list[str]:
    """The codes of the items, or of those that prove this."""
    return [
        f if isinstance(f := item["finding"], str) else f["code"]
        for item in found["items"]
        if proves in (None, item["proves"])
    ]


def grouped(text: str) -> dict[str, int]:
    """How many items stand under each heading of a text."""
    groups: dict[str, int] = {}
    for line in text.splitlines():
        if line.startswith("Proves "):
            assert line not in groups, "each heading once"
            groups[line] = 0
        elif line.startswith("- "):
            groups[list(groups)[-1]] += 1
    return groups


def checks(found: dict[str, Any]) -> list[str]:
    looks = found["findings"]["toCheck"]
    return [look if isinstance(look, str) else look["code"] for look in looks]


# Each verdict, over every transport ---------------------------------------------------------------


@doors
async def test_a_server_that_answers_is_back(product: Product, user: User, door: Door) -> None:
    async with product.enter(door, user) as assistant:
        started = (await restored(assistant)).data
        vps = started["vpsId"]
        going = await verified(assistant, vps)
        advance(product.sandbox, JOB)
        job = await assistant.call("get_job", jobId=started["jobId"])
        found = await verified(assistant, vps)
        kept = await record(assistant, started["recoveryId"])
    assert (going["verdict"], checks(going)) == ("not_known", ["wait_for_restore"])
    assert job.data["state"] == "succeeded"
    assert f"Call verify_recovery with id {vps}." in job.text
    assert found["verdict"] == "back"
    assert seen(found, "back") == ["agent_answers"]
    assert found["recoveryId"] == started["recoveryId"]
    assert found["before"]["agent"] is True
    assert (kept["verdict"], kept["items"]) == ("back", found["items"])
    assert kept["agreed"] == {"by": "user", "how": "typed the server's name"}
    assert (kept["vpsId"], kept["jobId"], kept["jobState"]) == (vps, started["jobId"], "succeeded")
    assert kept["restored"]["createdAt"] < kept["sentAt"] < kept["jobEndedAt"] < kept["verifiedAt"]
    assert kept["before"] == found["before"]
    assert kept["price"] is None


@doors
async def test_a_stopped_server_is_brought_back(product: Product, user: User, door: Door) -> None:
    product.upstream.sandbox = fresh_account(variants=Variants(restored_power="stopped"))
    async with product.enter(door, user) as assistant:
        vps = (await restored(assistant)).data["vpsId"]
        advance(product.sandbox, JOB)
        stopped = await verified(assistant, vps)
        kept = await record(assistant, stopped["recoveryId"])
        await assistant.ok("set_vps_power", id=vps, action="start")
        advance(product.sandbox, JOB)
        found = await verified(assistant, vps)
    assert stopped["verdict"] == kept["verdict"] == "not_back"
    assert seen(stopped, "not_back") == ["power_lost", "agent_lost"]
    assert checks(stopped)[0] == "start_with_tool"
    assert found["verdict"] == "back"


@doors
async def test_a_restore_that_fails_late(product: Product, user: User, door: Door) -> None:
    product.upstream.sandbox = fresh_account(anomalies=Anomalies(job_end="failed", job_fails_at=90))
    async with product.enter(door, user) as assistant:
        started = (await restored(assistant)).data
        advance(product.sandbox, 37)
        job = await assistant.ok("get_job", jobId=started["jobId"])
        advance(product.sandbox, JOB)
        found = await verified(assistant, started["vpsId"])
        kept = await record(assistant, started["recoveryId"])
    assert job["state"] in ("running", "failed")
    assert found["verdict"] == kept["verdict"] == "not_back"
    assert seen(found, "not_back")[0].startswith("restore_failed")
    assert kept["jobState"] == "failed"
    assert "start_with_tool" not in checks(found), "its disk may be half a copy"


@doors
async def test_a_backup_that_boots_to_nothing(product: Product, user: User, door: Door) -> None:
    async with product.enter(door, user) as assistant:
        started = (await restored(assistant, note=UNBOOTABLE_NOTE)).data
        advance(product.sandbox, JOB)
        job = await assistant.ok("get_job", jobId=started["jobId"])
        found = await verified(assistant, started["vpsId"])
        kept = await record(assistant, started["recoveryId"])
    assert job["state"] == "succeeded"
    assert "power_running" in seen(found)
    assert seen(found, "not_back") == ["agent_lost"]
    assert found["verdict"] == kept["verdict"] == "not_back"


@doors
async def test_a_lost_response_is_not_known(product: Product, user: User, door: Door) -> None:
    product.sandbox.faults.add(Fault("drop_after", method="POST"))
    async with product.enter_alone(door, user, *product.flags) as assistant:
        lost = await restored(assistant)
        vps = await assistant.find("web-01")
        advance(product.sandbox, JOB)
        found = await verified(assistant, vps)
        kept = await record(assistant, found["recoveryId"])
    assert lost.kind == "outcome_unknown"
    assert f"Call verify_recovery with id {vps}" in lost.next_step
    assert (found["verdict"], kept["outcome"]) == ("not_known", "unknown")
    assert seen(found)[0] == "restore_unconfirmed"
    look = found["findings"]["toCheck"][0]
    assert look == {"code": "look_up_write", "writeId": lost.error["writeId"]}


@pytest.mark.parametrize("mode", REVISIONS)
async def test_the_record_survives_the_process(product: Product, user: User, mode: str) -> None:
    door = Door("stdio", mode)
    async with product.enter(door, user) as assistant:
        started = (await restored(assistant)).data
    advance(product.sandbox, JOB)
    async with product.enter(door, user) as assistant:
        unknown = await assistant.no("verify_recovery", id=started["vpsId"])
        await assistant.find("web-01")
        found = await verified(assistant, started["vpsId"])
    async with product.enter(door, user) as assistant:
        kept = await record(assistant, started["recoveryId"])
    assert unknown.kind == "unknown_id"
    assert (found["verdict"], found["recoveryId"]) == ("back", started["recoveryId"])
    assert (kept["verdict"], kept["items"]) == ("back", found["items"])


# What is not known --------------------------------------------------------------------------------


@revisions
async def test_nothing_to_compare_with(sandbox: Sandbox, user: User, mode: str) -> None:
    async with in_memory(sandbox, user, mode=mode) as assistant:
        vps = await assistant.find("web-01")
        await assistant.ok("create_vps_backup", id=vps)
        refused = await assistant.no("verify_recovery", id=vps)
        invented = await assistant.no("verify_recovery", id="vps_01hxa3b4c5d6e7f8g9h0j1k2m3")
        with pytest.raises(MCPError) as raised:
            await record(assistant, "rec_0123456789abcdef")
    assert (refused.kind, invented.kind) == ("no_recovery", "unknown_id")
    assert "HostUp's panel" in refused.text
    assert "no recovery with this id" in raised.value.error.message


KEYS = {SANDBOX_API_KEY: Key(scopes=frozenset({"read:vm", "backup:vm"}))}


def under(keys: dict[str, Key] | None = None, **variants: Any) -> Callable[[], Sandbox]:
    more = {} if keys is None else {"keys": keys}
    return lambda: fresh_account(variants=Variants(**variants), **more)


CASES: dict[str, tuple[Callable[[], Sandbox], str, str]] = {
    "power lags": (under(power_lag=45.0), "web-01", "power_other"),
    "no agent": (fresh_account, "mail", "agent_silent"),
    "agent out of reach": (under(KEYS, agent_scope="write:vm"), "web-01", "agent_unknown"),
    "no job": (under(restore_response="204"), "web-01", "restore_without_job"),
    "job gone": (under(job_vanishes=True), "web-01", "restore_gone"),
    "unknown word": (under(done_word="baked", job_flags=False), "web-01", "restore_unclear"),
    "unknown path": (under(poll_url="other_host"), "web-01", "restore_unclear"),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_not_seen_is_not_known(user: User, case: str) -> None:
    make, name, code = CASES[case]
    sandbox = make()
    async with in_memory(sandbox, user) as assistant:
        vps = (await restored(assistant, name)).data["vpsId"]
        advance(sandbox, 50 if case == "power lags" else JOB)
        found = await verified(assistant, vps)
        assert found["verdict"] == "not_known", seen(found)
        assert code in seen(found)
        assert found["toCheck"]


async def test_a_stopped_server_may_still_start(user: User) -> None:
    sandbox = fresh_account(variants=Variants(restored_power="stopped"))
    async with in_memory(sandbox, user) as assistant:
        started = (await restored(assistant)).data
        advance(sandbox, 45)
        found = await verified(assistant, started["vpsId"])
        kept = await record(assistant, started["recoveryId"])
        advance(sandbox, 60)
        later = await verified(assistant, started["vpsId"])
    assert (found["verdict"], later["verdict"]) == ("not_back", "not_back")
    assert kept["jobEndedAt"] < found["mayStartUntil"]
    assert later["mayStartUntil"] is None


async def test_a_job_that_hostup_forgets(user: User, sandbox: Sandbox) -> None:
    async with in_memory(sandbox, user) as assistant:
        started = (await restored(assistant)).data
        advance(sandbox, JOB)
        await assistant.ok("get_job", jobId=started["jobId"])
        sandbox.faults.add(Fault("status", "GET", "/api/jobs/*", status=404, times=None))
        found = await verified(assistant, started["vpsId"])
    assert found["verdict"] == "back", "get_job saw it end"


async def test_hostup_out_of_reach_is_an_error(user: User, sandbox: Sandbox) -> None:
    async with in_memory(sandbox, user) as assistant:
        started = (await restored(assistant)).data
        advance(sandbox, JOB)
        sandbox.faults.add(Fault("status", "GET", "*", status=401, times=None))
        refused = await assistant.no("verify_recovery", id=started["vpsId"])
        kept = await record(assistant, started["recoveryId"])
    assert refused.kind == "unauthorized"
    assert kept["verdict"] is None


async def test_a_new_server_is_verified_by_its_id(user: User, sandbox: Sandbox) -> None:
    async with in_memory(sandbox, user) as assistant:
        vps, backups = await assistant.backups("web-01")
        plan = await assistant.ok("plan_restore", id=vps, mode="new_cloud_vps", backupId=backups[0])
        started = await assistant.ok("restore_vps", planId=plan["planId"])
        advance(sandbox, 3600)
        job = await assistant.call("get_job", jobId=started["jobId"])
        refused = await assistant.no("verify_recovery", id=vps)
        found = await verified(assistant, started["vpsId"])
        kept = await record(assistant, found["recoveryId"])
    assert f"Call verify_recovery with id {started['vpsId']}." in job.text
    assert refused.kind == "no_recovery"
    assert found["verdict"] == "back"
    assert (kept["vpsId"], kept["newVpsId"]) == (vps, started["vpsId"])


# A rate limit when the server is looked at before -------------------------------------------------


@pytest.mark.parametrize("retry_after", [None, "3", "15", "60"])
def test_a_rate_limit_before_the_restore(
    user: User, sandbox: Sandbox, retry_after: str | None
) -> None:
    """The look is given up in time, and no baseline is known; a long limit stops the restore."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    state = InMemoryState(clock=anyio.current_time)
    used = Services(settings(), sandbox.transport(), sandbox.clock.now, state)

    async def main() -> None:
        async with connected(serve_with(used), user, LEGACY) as assistant:
            vps, plan = await assistant.planned()
            for path in ("status", "agent", "storage"):
                sandbox.faults.add(
                    Fault("status", "GET", f"*/{path}*", status=429, headers=headers, times=None)
                )
            began = anyio.current_time()
            done = await assistant.call("restore_vps", planId=plan)
            assert anyio.current_time() - began < BASELINE_SECONDS + CHECK_SECONDS
            sandbox.faults.clear()
            if retry_after == "60":
                assert done.kind == "rate_limited"
                assert not sandbox.writes
                return
            assert not done.is_error, done.text
            advance(sandbox, JOB)
            change(sandbox, power_state="stopped")
            stopped = await assistant.call("verify_recovery", id=vps)
            assert "nothing could be read of it, so nothing is compared with it" in stopped.text
            assert stopped.data["verdict"] == "not_known", "it may have been stopped before"
            before = (await record(assistant, stopped.data["recoveryId"]))["before"]
            assert {name for name, seen in before.items() if seen is not None} == {"at"}

    hurried(main, 30)


# The probe ----------------------------------------------------------------------------------------


@asynccontextmanager
async def open_port() -> AsyncIterator[int]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def test_an_open_port_shows_that_it_is_back(
    user: User, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(sandbox, "mail", primary_ip="127.0.0.1")
    async with open_port() as port:
        monkeypatch.setattr(probe, "PORTS", {port: Talk.NOTHING})
        async with in_memory(sandbox, user, probe=True) as assistant:
            vps = (await restored(assistant, "mail")).data["vpsId"]
            advance(sandbox, JOB)
            found = await verified(assistant, vps)
    assert (found["verdict"], seen(found, "back")) == ("back", ["port_accepts"])
    assert found["before"]["ports"] == [{"port": port, "answer": "connection", "status": None}]


async def test_a_port_that_answers_no_more(
    user: User, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(sandbox, primary_ip="127.0.0.1")
    async with open_port() as port:
        monkeypatch.setattr(probe, "PORTS", {port: Talk.NOTHING})
        async with in_memory(sandbox, user, probe=True) as assistant:
            vps = (await restored(assistant)).data["vpsId"]
            advance(sandbox, JOB)
            monkeypatch.setattr(probe, "CONNECT_SECONDS", 0.0)
            found = await verified(assistant, vps)
    assert (found["verdict"], seen(found, "not_back")) == ("not_back", ["port_lost"])
    assert "agent_answers" in seen(found, "back"), "a loss outweighs an answer"


async def test_example_addresses_are_not_probed(user: User, sandbox: Sandbox) -> None:
    async with in_memory(sandbox, user, probe=True) as assistant:
        vps = (await restored(assistant)).data["vpsId"]
        advance(sandbox, JOB)
        found = await verified(assistant, vps)
    assert (found["before"]["address"], found["before"]["ports"]) == (None, [])
    assert "enable_probe" not in checks(found)
