"""A whole session under every anomaly that HostUp's responses may have, one at a time.

Whatever HostUp sends: no exception reaches the client, nothing is sent twice, nothing is called
done that was not, and everything else is still shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from hostup_mcp.sandbox import (
    SANDBOX_READ_ONLY_KEY,
    Anomalies,
    Job,
    ManualClock,
    Sandbox,
    Variants,
)
from hostup_mcp.sandbox.jobs import phase

from .harness import Assistant, Result, User, in_memory

OTHER_VALUES: dict[str, list[Any]] = {
    "polls_fail_from": [0, 40, 100],
    "job_fails_at": [90],
    "clock_hours_ahead": [3.0, -3.0],
    "odd_field": [
        'vps/data/0/resources/storageGb="80"',
        "vps/data/0/resources",
        "vps/data/0/name=7",
        'vps/data/0/billing="free"',
        "vps/data/0/serviceStatus=null",
        "vps/data/0/powerState=[]",
        "backups/backups/0/note",
        "backups/backups/0/createdAt=1764158400",
        'backups/backups/0/createdAt="0001-01-01T00:00:00Z"',
        'backups/backups/0/createdAt="9999-12-31T23:59:59.999Z"',
        'backups/backups/0/createdAt="yesterday"',
        'backups/backups/0/sizeGb="12"',
        "backups/backups/0/sizeGb=-1",
        "backups/backups/0/sizeGb=0",
        "backups/backups/0/backupType={}",
        "backups/backups/0/displayId=null",
        "backups/quotaInfo/limit=-1",
        "backups/quotaInfo=null",
        'backups/quotaInfo/used="4"',
        "snapshots/data/0/expiresAt=5",
        "snapshots/data/0/createdAt",
        "snapshots/limits=[]",
        "backup-schedules/schedules/0/retentionCount=null",
        "backup-schedules/schedules/0/lastRun=1764158400",
        "backup-schedules/history=7",
        "restore-sources/sources/0/name=null",
        "restore-sources/sources/0/backups/0/sizeGb=null",
        "status/memory=null",
        'details/backupsIncluded="3"',
    ],
}


WRITES = [
    "create_vps_backup",
    "restore_vps",
    "create_vps_snapshot",
    "delete_vps_snapshot",
    "delete_vps_backup",
    "set_backup_schedule",
    "set_backup_retention",
    "set_vps_power",
]
HINDERING = {"write_response", "job_end", "polls_fail_from", "backups_unlisted", "edge_refuses"}
"""The anomalies under which not every write can be carried out or planned."""


def every_anomaly() -> Iterator[tuple[str, Any]]:
    kinds = get_type_hints(Anomalies)
    for field in fields(Anomalies):
        if get_origin(kinds[field.name]) is Literal:
            values = list(get_args(kinds[field.name]))
        else:
            values = OTHER_VALUES.get(field.name, [True])
        yield from ((field.name, value) for value in values if value != field.default)


class Session:
    """An assistant that reads, plans, writes and follows, and is held to what it reports."""

    def __init__(self, sandbox: Sandbox, assistant: Assistant) -> None:
        self.sandbox = sandbox
        self.assistant = assistant
        self.accepted: list[str] = []

    async def call(self, tool: str, **arguments: Any) -> Result:
        before, state = len(self.sandbox.writes), self.facts()
        result = await self.assistant.call(tool, **arguments)
        assert "Error executing tool" not in result.text
        assert "Traceback" not in result.text
        if result.is_error:
            assert result.kind not in (None, "internal_error"), result.text
            assert result.next_step
        sent = len(self.sandbox.writes) - before
        assert sent <= 1, "never twice"
        if sent and not result.is_error:
            assert self.facts() != state, f"{tool} is called done: {result.text}"
            self.accepted.append(tool)
        return result

    def facts(self) -> tuple[Any, ...]:
        state = self.sandbox.state
        servers = {
            key: (each.backups, each.snapshots, each.schedules, each.retention)
            for key, each in state.servers.items()
        }
        return servers, set(state.jobs)

    async def follow(self, started: Result) -> None:
        """Poll a job at its beginning, in the middle and after its end."""
        job_id = None if started.is_error else started.data.get("jobId")
        for seconds in (0, 12, 24, 3600):
            self.sandbox.clock.advance(seconds)  # type: ignore[attr-defined]
            if job_id is not None:
                self.is_true(
                    self.sandbox.state.jobs[job_id], await self.call("get_job", jobId=job_id)
                )

    def is_true(self, job: Job, result: Result) -> None:
        if result.is_error:
            return
        state, truth = result.data["state"], phase(job, self.sandbox.now())
        if state in ("completed", "succeeded"):
            assert truth == "completed", result.text
        if state in ("failed", "ended_otherwise"):
            assert truth == "failed", result.text
        if state in ("waiting", "running"):
            assert truth not in ("completed", "failed"), result.text

    async def verify(self, vps: str) -> None:
        result = await self.call("verify_recovery", id=vps)
        server = self.sandbox.state.servers[vps]
        if not result.is_error and result.data["verdict"] == "back":
            assert server.power_state == "running"
            assert server.boots
            assert server.disk.startswith("state as of")

    async def play(self) -> None:
        ids = await self.servers()
        web = ids["web-01"]
        for name in ("web-01", "shop-prod", "staging", "intranet"):
            listing = await self.call("list_vps_backups", id=ids[name])
            assert not listing.is_error, listing.text
            self.shows_all(listing, [each.id for each in self.sandbox.state.by_name(name).backups])
        assert not (await self.call("check_backups", schedules=True)).is_error
        for tool in ("list_restore_sources", "list_vps_snapshots", "list_backup_schedules"):
            assert not (await self.call(tool, id=web)).is_error
        await self.follow(await self.call("create_vps_backup", id=web))
        backups = (await self.call("list_vps_backups", id=web)).data["backups"]
        backup = backups[-1]["id"] if backups else self.sandbox.state.servers[web].backups[-1].id
        plan = await self.call("plan_restore", id=web, mode="in_place", backupId=backup)
        if not plan.is_error and plan.data.get("planId"):
            await self.follow(await self.call("restore_vps", planId=plan.data["planId"]))
            await self.verify(web)
        await self.follow(await self.call("create_vps_snapshot", id=web, name="by-hand"))
        await self.call("delete_vps_snapshot", id=web, snapshotName="before-php-83")
        await self.call("delete_vps_backup", id=web, backupId=backup)
        timing = {"frequency": "weekly", "hour": 4, "retentionCount": 3, "dayOfWeek": 2}
        await self.call("set_backup_schedule", id=web, enabled=True, **timing)
        await self.call("set_backup_retention", id=web, maxTotalBackups=4)
        await self.follow(await self.call("set_vps_power", id=web, action="restart"))

    def shows_all(self, listing: Result, ids: list[str]) -> None:
        if self.sandbox.anomalies.backups_unlisted:
            assert listing.data["backups"] == []
            return
        assert {each["id"] for each in listing.data["backups"]} == set(ids)
        assert all(each in listing.text for each in ids[:5])

    async def servers(self) -> dict[str, str]:
        """Name to id of all servers; a server whose name is odd is found by its place."""
        found: dict[str, str] = {}
        cursor: dict[str, Any] = {}
        for _ in range(10):
            page = await self.call("list_vps", limit=20, **cursor)
            assert not page.is_error, page.text
            found |= {each["name"] or "web-01": each["id"] for each in page.data["data"]}
            if page.data["nextCursor"] is None:
                break
            cursor = {"cursor": page.data["nextCursor"]}
        assert set(found.values()) == {each.id for each in self.sandbox.state.owned("main")}
        return found


@pytest.mark.parametrize(("name", "value"), list(every_anomaly()))
async def test_a_session_holds(name: str, value: Any) -> None:
    sandbox = Sandbox(clock=ManualClock(), anomalies=Anomalies(**{name: value}), rate_limit=None)
    clock = sandbox.clock.now
    async with in_memory(sandbox, User(), now=clock) as assistant:
        session = Session(sandbox, assistant)
        if name == "edge_refuses":
            result = await session.call("list_vps")
            assert result.kind == "edge_refused"
            assert "read:vm" not in result.text
        else:
            await session.play()
    if name not in HINDERING:
        assert session.accepted == WRITES


async def test_a_refused_key_after_an_open_gate() -> None:
    variants = Variants(gates_fold_permission=False)
    sandbox = Sandbox(clock=ManualClock(), variants=variants, rate_limit=None)
    async with in_memory(sandbox, User(), api_key=SANDBOX_READ_ONLY_KEY) as assistant:
        session = Session(sandbox, assistant)
        web = (await session.servers())["web-01"]
        await session.call("list_vps_backups", id=web)
        refused = await session.call("create_vps_backup", id=web)
        assert refused.kind == "forbidden"
        assert "backup:vm" in refused.text


def test_every_anomaly_is_played() -> None:
    assert {name for name, _ in every_anomaly()} == {field.name for field in fields(Anomalies)}


# What is said of each -----------------------------------------------------------------------------


@asynccontextmanager
async def played(
    variants: Mapping[str, Any] | None = None, **anomalies: Any
) -> AsyncIterator[tuple[Assistant, Sandbox]]:
    sandbox = Sandbox(
        clock=ManualClock(), variants=Variants(**(variants or {})), anomalies=Anomalies(**anomalies)
    )
    async with in_memory(sandbox, User()) as assistant:
        yield assistant, sandbox


@pytest.mark.parametrize("kind", ["success_false", "error_list", "problem_with_200", "locked"])
async def test_refusals_are_quoted(kind: str) -> None:
    async with played(write_response=kind) as (assistant, _):
        refused = await assistant.no("create_vps_backup", id=await assistant.find("web-01"))
    assert refused.kind not in ("outcome_unknown", "bad_response")
    words = "Another operation holds" if kind == "locked" else "Backup storage is unavailable"
    assert words in refused.text
    assert refused.error.get("retryAfterSeconds") == (30 if kind == "locked" else None)


@pytest.mark.parametrize("kind", ["maintenance_page", "empty_object"])
async def test_unclear_writes_are_unknown(kind: str) -> None:
    async with played(write_response=kind) as (assistant, sandbox):
        unclear = await assistant.call("create_vps_backup", id=await assistant.find("web-01"))
    assert unclear.kind == "outcome_unknown"
    assert len(sandbox.writes) == 1


async def ended(assistant: Assistant, sandbox: Sandbox) -> Result:
    started = await assistant.ok("create_vps_backup", id=await assistant.find("web-01"))
    sandbox.clock.advance(3600)  # type: ignore[attr-defined]
    return await assistant.call("get_job", jobId=started["jobId"])


@pytest.mark.parametrize("envelope", ["legacy", "operation", "data_operation"])
@pytest.mark.parametrize("place", ["message", "result", "error", "error_object", "outside"])
async def test_reasons_of_failed_jobs(envelope: str, place: str) -> None:
    variants = {"job_envelope": envelope, "failure_reason": place}
    async with played(variants, job_end="failed") as (assistant, sandbox):
        result = await ended(assistant, sandbox)
    assert result.data["state"] == "failed"
    assert "Disk quota exceeded" in result.text


async def test_unlisted_backups_are_counted() -> None:
    async with played(backups_unlisted=True) as (assistant, _):
        listing = await assistant.call("list_vps_backups", id=await assistant.find("web-01"))
    assert listing.data["explanation"]["restore"]["verdict"] == "unknown"
    assert "This server has no backup" not in listing.text


async def test_empty_backups_are_marked() -> None:
    async with played(newest_backup_empty=True) as (assistant, _):
        listing = await assistant.call("list_vps_backups", id=await assistant.find("web-01"))
    assert "empty" in listing.text.lower()


async def test_odd_values_are_named() -> None:
    async with played(odd_field='vps/data/0/resources/storageGb="80"') as (assistant, _):
        page = await assistant.call("list_vps")
    assert "could not be read" in page.text
    assert "web-01" in page.text


async def test_doubtful_backups_are_no_default() -> None:
    async with played(newest_backup_empty=True) as (assistant, _):
        listing = await assistant.call("list_vps_backups", id=await assistant.find("web-01"))
    first, *_, empty = (backup["id"] for backup in listing.data["backups"])
    explanation = listing.data["explanation"]
    assert explanation["findings"]["doubts"] == {empty: "backup_empty"}
    assert explanation["restore"]["overwrites"]["backupId"] == first
    assert f"May be incomplete:\n{empty}" in listing.text


async def test_abandoned_schedules_are_reported() -> None:
    async with played(schedules_abandoned=True) as (assistant, _):
        vps = await assistant.find("web-01")
        schedules = await assistant.call("list_backup_schedules", id=vps)
    assert "schedule_overdue" in {finding["code"] for finding in schedules.data["findings"]}
    assert "HostUp is not making backups as scheduled." in schedules.text


@pytest.mark.parametrize("names", ["camel_case", "snake_case"])
async def test_failed_runs_are_reported(names: str) -> None:
    async with played({"history": names}) as (assistant, _):
        vps = await assistant.find("web-01")
        schedules = await assistant.call("list_backup_schedules", id=vps)
    (failed,) = schedules.data["findings"]
    assert failed["code"] == "run_failed_reason"
    assert 'failed: "Backup storage is unavailable"' in schedules.text


@pytest.mark.parametrize(("hours", "way"), [(3, "behind"), (-3, "ahead of")])
async def test_ages_are_by_hostups_clock(hours: float, way: str) -> None:
    async with played() as (assistant, _):
        usual = await assistant.call("list_vps_backups", id=await assistant.find("web-01"))
    async with played(clock_hours_ahead=hours) as (assistant, _):
        listing = await assistant.call("list_vps_backups", id=await assistant.find("web-01"))
    assert f"This machine's clock is 3 hours {way} HostUp's" in listing.text
    ages = [backup["age"] for backup in listing.data["backups"]]
    assert ages == [backup["age"] for backup in usual.data["backups"]]


async def test_cancelled_jobs_have_ended() -> None:
    async with played(job_end="cancelled") as (assistant, sandbox):
        result = await ended(assistant, sandbox)
    assert result.data["state"] == "ended_otherwise"
    assert "cancelled" in result.text


async def test_failed_results_are_failures() -> None:
    async with played(job_end="failed_result") as (assistant, sandbox):
        result = await ended(assistant, sandbox)
    assert result.data["state"] == "failed"
    assert "Disk quota exceeded" in result.text
