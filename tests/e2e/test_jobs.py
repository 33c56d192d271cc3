"""Following a job, however HostUp tells of it: no success by guess, no failure of ours."""

from __future__ import annotations

import re
from typing import Any

import anyio
import pytest
from support.account import fresh_account
from support.product import LEGACY, MODERN, Door

from hostup_mcp.sandbox import (
    RUNNING_JOB_ID,
    Anomalies,
    Clock,
    Durations,
    Fault,
    ManualClock,
    Sandbox,
    Variants,
)

from .harness import (
    ONE_DOOR_EACH,
    Assistant,
    Product,
    Result,
    User,
    hurried,
    in_memory,
    says_nothing_was_changed,
)

SPEED = 100.0
ENVELOPES = ("legacy", "operation", "data_operation")


def quick(**variants: Any) -> Sandbox:
    """An account whose jobs take as long as it says, on the clock of a hurried loop."""
    return Sandbox(clock=Clock(speed=SPEED), variants=Variants(**variants), rate_limit=None)


async def begun(assistant: Assistant, server: str = "web-01") -> str:
    vps = await assistant.find(server)
    return str((await assistant.ok("create_vps_backup", id=vps))["jobId"])


@pytest.mark.parametrize(
    ("envelope", "flags", "running", "done"),
    [
        ("legacy", True, "in_progress", "completed"),
        ("legacy", False, "RUNNING", "Completed"),
        ("operation", True, "baking", "completed"),
        ("operation", False, "in_progress", "completed"),
        ("data_operation", True, "RUNNING", "Completed"),
        ("data_operation", False, "baking", "completed"),
    ],
)
async def test_each_envelope_and_word_is_read(
    envelope: Any, flags: bool, running: str, done: str
) -> None:
    clock = ManualClock()
    variants = Variants(
        job_envelope=envelope, job_flags=flags, running_word=running, done_word=done
    )
    sandbox = Sandbox(clock=clock, variants=variants)
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        states = []
        for step in (0, 10, 1000):
            clock.advance(step)
            result = await assistant.ok("get_job", jobId=job)
            assert result["jobId"] == job
            states.append(result["state"])
    is_told = running != "baking" or (flags and envelope == "legacy")
    assert states == ["waiting", "running" if is_told else "unknown", "succeeded"]


@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_an_unknown_job_status_stays_unknown(envelope: Any) -> None:
    clock = ManualClock()
    variants = Variants(job_envelope=envelope, job_flags=False, done_word="archived")
    async with in_memory(Sandbox(clock=clock, variants=variants), None) as assistant:
        job = await begun(assistant)
        clock.advance(1000)
        result = await assistant.call("get_job", jobId=job)
    assert not result.is_error
    assert result.data["state"] == "unknown"
    assert result.data["status"] == "archived"
    assert "archived" in result.text


@pytest.mark.parametrize(
    ("envelope", "where"),
    [
        ("legacy", "message"),
        ("operation", "message"),
        ("data_operation", "message"),
        ("legacy", "result"),
        ("operation", "error"),
        ("data_operation", "none"),
    ],
)
async def test_a_failed_job_has_failed(envelope: Any, where: Any) -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, variants=Variants(job_envelope=envelope, failure_reason=where))
    sandbox.faults.add(Fault("fail_job", method="POST", detail="The disk broke."))
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        clock.advance(1000)
        result = await assistant.call("get_job", jobId=job)
    assert result.data["state"] == "failed"
    assert "failed" in result.text
    if where != "none":
        assert "The disk broke." in result.text


@pytest.mark.parametrize("poll", ["jobs", "null", "operations"])
async def test_a_path_on_the_same_host_is_followed(poll: Any) -> None:
    sandbox = fresh_account(variants=Variants(poll_url=poll))
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        assert (await assistant.ok("get_job", jobId=job))["state"] in ("waiting", "running")
    path = "/api/v2/operations/" if poll == "operations" else "/api/jobs/"
    assert sandbox.requests[-1].path == path + job


async def test_an_address_on_another_host_is_refused() -> None:
    sandbox = fresh_account(variants=Variants(poll_url="other_host"))
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        seen = len(sandbox.requests)
        result = await assistant.no("get_job", jobId=job)
    assert result.kind == "poll_url_refused"
    assert "jobs.example.net" not in result.text
    assert len(sandbox.requests) == seen


async def test_an_unknown_job_is_not_requested(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        for job in (RUNNING_JOB_ID, "job_made_up", "../vps", "a/b", "x" * 200, "?", ".."):
            result = await assistant.no("get_job", jobId=job)
            assert result.kind in ("unknown_id", "invalid_arguments")
            assert len(job) < 6 or job not in result.text
    assert sandbox.requests == []


async def test_a_job_that_disappears_is_gone() -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, variants=Variants(job_vanishes=True))
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        assert (await assistant.ok("get_job", jobId=job))["state"] == "waiting"
        clock.advance(1000)
        result = await assistant.call("get_job", jobId=job, waitSeconds=5)
    assert not result.is_error
    assert result.data["state"] == "gone"
    assert result.data["status"] is None
    assert result.data["progress"] is None
    assert "so its outcome is unknown" in result.text


# Waiting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "envelope"),
    [(LEGACY, "legacy"), (MODERN, "legacy"), (LEGACY, "operation"), (MODERN, "data_operation")],
)
def test_waiting_follows_a_job_to_its_end(mode: str, envelope: Any) -> None:
    async def main() -> None:
        sandbox = quick(job_envelope=envelope)
        seen: list[float] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)
            assert total == (100 if envelope == "legacy" else None)

        async with in_memory(sandbox, None, mode=mode) as assistant:
            job = await begun(assistant)
            result = await assistant.client.call_tool(
                "get_job", {"jobId": job, "waitSeconds": 300}, progress_callback=progress
            )
            assert (result.structured_content or {})["state"] == "succeeded"
        assert seen == sorted(set(seen))
        # Where HostUp tells no percentage, none is made up.
        assert len(seen) > 2 if envelope == "legacy" else all(done < 1 for done in seen)
        asked = [r for r in sandbox.requests if r.path.startswith("/api/jobs/")]
        assert len(asked) < 30, "it backs off"

    hurried(main, SPEED)


def test_progress_never_runs_backwards() -> None:
    async def main() -> None:
        sandbox = quick()
        seen: list[float] = []
        app, looks = sandbox.app, 0

        async def jumping(scope: Any, receive: Any, send: Any) -> None:
            # Every third look at the job says that it has hardly begun.
            nonlocal looks
            looks += scope.get("path", "").startswith("/api/jobs/")
            if looks % 3 == 0 and scope.get("path", "").startswith("/api/jobs/"):
                body = b'{"operation": {"status": "in_progress", "progress": 1}}'
                head = [(b"content-type", b"application/json")]
                await send({"type": "http.response.start", "status": 200, "headers": head})
                await send({"type": "http.response.body", "body": body})
            else:
                await app(scope, receive, send)

        sandbox.app = jumping

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)

        async with in_memory(sandbox, None) as assistant:
            job = await begun(assistant)
            await assistant.client.call_tool(
                "get_job", {"jobId": job, "waitSeconds": 100}, progress_callback=progress
            )
        assert looks > 3
        assert seen == sorted(set(seen))

    hurried(main, SPEED)


def test_the_last_progress_is_not_behind() -> None:
    async def main() -> None:
        sandbox = quick()
        app, looks, seen = sandbox.app, 0, list[float]()

        async def falling_back(scope: Any, receive: Any, send: Any) -> None:
            nonlocal looks
            if not scope.get("path", "").startswith("/api/jobs/"):
                await app(scope, receive, send)
                return
            looks += 1
            done = b"57" if looks == 1 else b"1"
            body = b'{"operation": {"status": "in_progress", "progress": %s}}' % done
            head = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": body})

        sandbox.app = falling_back

        async def progress(done: float, total: float | None, message: str | None) -> None:
            seen.append(done)

        async with in_memory(sandbox, None) as assistant:
            job = await begun(assistant)
            result = await assistant.client.call_tool(
                "get_job", {"jobId": job, "waitSeconds": 5}, progress_callback=progress
            )
        assert looks > 1
        assert seen == [57]
        assert (result.structured_content or {})["progress"] == 57

    hurried(main, SPEED)


@pytest.mark.parametrize("seconds", [0, 5, 60])
def test_our_own_timeout_is_no_failure(seconds: int) -> None:
    async def main() -> tuple[Result, float]:
        sandbox = Sandbox(
            clock=Clock(speed=SPEED), durations=Durations(backup=100_000), rate_limit=None
        )
        async with in_memory(sandbox, None) as assistant:
            assistant.patience = 3600
            job = await begun(assistant)
            begin = anyio.current_time()
            result = await assistant.call("get_job", jobId=job, waitSeconds=seconds)
            return result, anyio.current_time() - begin

    result, took = hurried(main, SPEED)
    assert not result.is_error
    assert result.data["state"] in ("waiting", "running")
    assert "not a failure" in result.text
    assert "fail" not in result.text.replace("not a failure", "")
    assert seconds <= took < seconds + 40


@pytest.mark.parametrize("seconds", [-1, 301, 10**9, "forever"])
async def test_waiting_is_bounded(sandbox: Sandbox, seconds: Any) -> None:
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        result = await assistant.no("get_job", jobId=job, waitSeconds=seconds)
    assert result.kind == "invalid_arguments"
    assert any(field.startswith("waitSeconds") for field in result.error["fields"])


def test_a_failed_read_while_waiting_is_retried() -> None:
    async def main() -> None:
        sandbox = quick()
        sandbox.faults.add(Fault("status", path="/api/jobs/*", status=500, skip=1, times=2))
        async with in_memory(sandbox, None) as assistant:
            assistant.patience = 3600
            job = await begun(assistant)
            result = await assistant.call("get_job", jobId=job, waitSeconds=100)
        assert not result.is_error
        assert result.data["state"] == "succeeded"

    hurried(main, SPEED)


@pytest.mark.parametrize("door", ONE_DOOR_EACH, ids=str)
async def test_waiting_can_be_cancelled(product: Product, door: Door, user: User) -> None:
    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        job = (await assistant.ok("restore_vps", planId=plan))["jobId"]
        with anyio.move_on_after(0.5) as waited:
            await assistant.call("get_job", jobId=job, waitSeconds=300)
        assert waited.cancelled_caught
        await anyio.sleep(0.3)
        asked = len(product.sandbox.requests)
        await anyio.sleep(1.5)
        assert len(product.sandbox.requests) == asked, "nobody asks any more"
        state = (await assistant.ok("get_job", jobId=job))["state"]
        assert state in ("waiting", "running")
        product.sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        assert (await assistant.ok("get_job", jobId=job))["state"] == "succeeded"
    assert product.sandbox.state.by_name("web-01").disk != "live"
    assert len(product.sandbox.writes) == 1


@pytest.mark.parametrize("door", ONE_DOOR_EACH, ids=str)
async def test_a_restore_is_followed_with_progress(product: Product, door: Door) -> None:
    product.upstream.sandbox = fresh_account(clock=Clock(speed=60))
    user, seen = User(), list[float]()

    async def progress(done: float, total: float | None, message: str | None) -> None:
        seen.append(done)

    async with product.enter(door, user) as assistant:
        _, plan = await assistant.planned("web-01")
        job = (await assistant.ok("restore_vps", planId=plan))["jobId"]
        with anyio.fail_after(60):
            result = await assistant.client.call_tool(
                "get_job", {"jobId": job, "waitSeconds": 30}, progress_callback=progress
            )
    assert (result.structured_content or {})["state"] == "succeeded"
    assert seen
    assert seen == sorted(set(seen))
    assert seen[-1] == 100


async def test_progress_is_said_once(sandbox: Sandbox) -> None:
    """HostUp's message may say no more than the number."""
    async with in_memory(sandbox, None) as assistant:
        found = await assistant.call("get_job", jobId=await begun(assistant))
    assert found.data["state"] == "waiting"
    assert found.text.count(" %") == 1


async def test_a_started_job_never_says_no_change(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        job = await begun(assistant)
        assert not says_nothing_was_changed(await assistant.call("get_job", jobId=job))


# A restore that is not known to have succeeded ----------------------------------------------------


async def restoring(assistant: Assistant) -> tuple[str, str]:
    """The job of a restore, and the backup it goes back to."""
    _, backups = await assistant.backups("web-01")
    _, plan = await assistant.planned("web-01")
    return str((await assistant.ok("restore_vps", planId=plan))["jobId"]), backups[0]


@pytest.mark.parametrize("end", ["failed", "cancelled", "failed_result"])
async def test_after_a_failed_job_the_disk_is_unknown(end: Any) -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, anomalies=Anomalies(job_end=end))
    async with in_memory(sandbox, User()) as assistant:
        job, backup = await restoring(assistant)
        clock.advance(3600)
        result = await assistant.call("get_job", jobId=job)
    assert result.data["state"] == ("ended_otherwise" if end == "cancelled" else "failed")
    assert "The state of the disk is unknown" in result.text
    assert (
        f"Call verify_recovery with id {result.data['vpsId']}, then tell the user." in result.text
    )
    assert f"The backup {backup} is still listed." in result.text
    assert "the user's decision" in result.text
    assert "success" not in result.text.replace("without success", "")


async def test_after_a_vanished_job_the_disk_is_unknown() -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, variants=Variants(job_vanishes=True))
    async with in_memory(sandbox, User()) as assistant:
        job, _ = await restoring(assistant)
        clock.advance(3600)
        result = await assistant.call("get_job", jobId=job)
    assert result.data["state"] == "gone"
    assert "The state of the disk is unknown" in result.text


async def test_a_failed_rollback_says_nothing_of_backups() -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, anomalies=Anomalies(job_end="failed"))
    async with in_memory(sandbox, User()) as assistant:
        vps = await assistant.find("web-01")
        snapshots = await assistant.ok("list_vps_snapshots", id=vps)
        plan = await assistant.ok(
            "plan_restore", id=vps, mode="snapshot", snapshotName=snapshots["data"][0]["name"]
        )
        job = (await assistant.ok("restore_vps", planId=plan["planId"]))["jobId"]
        clock.advance(3600)
        result = await assistant.call("get_job", jobId=job)
    assert result.data["state"] == "failed"
    assert "The state of the disk is unknown" in result.text
    assert "listed" not in result.text


async def test_a_failed_backup_does_not_mention_the_disk() -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, anomalies=Anomalies(job_end="failed"))
    async with in_memory(sandbox, User()) as assistant:
        job = await begun(assistant)
        clock.advance(3600)
        result = await assistant.call("get_job", jobId=job)
    assert result.data["state"] == "failed"
    assert "disk" not in result.text


def test_a_failed_poll_keeps_the_last_progress() -> None:
    async def main() -> Result:
        sandbox = Sandbox(
            clock=Clock(speed=SPEED), anomalies=Anomalies(polls_fail_from=40), rate_limit=None
        )
        async with in_memory(sandbox, User()) as assistant:
            assistant.patience = 3600
            job, _ = await restoring(assistant)
            return await assistant.call("get_job", jobId=job, waitSeconds=300)

    result = hurried(main, SPEED)
    assert result.data["state"] == "running"
    assert 0 <= result.data["progress"] < 40
    assert "The last status request failed: HostUp's API failed." in result.text
    assert "Whether it is still running is not known." in result.text
    assert "It is still running" not in result.text
    assert re.search(rf"last seen \w+ {result.data['seenAt'][:10]} \d\d:\d\d UTC", result.text)
