"""A whole session under every contract variant, one at a time.

Whichever HostUp follows: no exception reaches the client, nothing is sent twice, and nothing is
reported that did not happen in the account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from hostup_mcp.sandbox import Fault, ManualClock, Sandbox, Variants
from hostup_mcp.sandbox.jobs import phase

from .harness import Assistant, Result, User, in_memory

# What a field that takes any text or number is set to, beside its default.
OTHER_WORDS: dict[str, list[Any]] = {
    "waiting_word": ["parked"],
    "running_word": ["baking"],
    "done_word": ["finished"],
    "failed_word": ["broken"],
    "job_scope": ["read:vm", "read:jobs"],
    "note_limit": [3],
    "default_page": [1, 100],
    "audit_delay": [30.0],
    "blocker_code": ["forbidden"],
    "power_lag": [45.0],
    "missing_scope_code": ["scope_required"],
    "missing_vps_code": ["not_found"],
}


def every_variant() -> Iterator[tuple[str, Any]]:
    kinds = get_type_hints(Variants)
    for field in fields(Variants):
        kind = kinds[field.name]
        if get_origin(kind) is Literal:
            values = list(get_args(kind))
        elif kind is bool:
            values = [True, False]
        else:
            values = OTHER_WORDS[field.name]
        yield from ((field.name, value) for value in values if value != field.default)


class Session:
    """An assistant that goes through everything once, and is held to what it was told."""

    def __init__(self, sandbox: Sandbox, assistant: Assistant) -> None:
        self.sandbox = sandbox
        self.assistant = assistant
        self.accepted: list[str] = []

    async def call(self, tool: str, **arguments: Any) -> Result:
        before = len(self.sandbox.writes)
        result = await self.assistant.call(tool, **arguments)
        assert "Error executing tool" not in result.text
        assert result.is_error or result.data
        assert len(self.sandbox.writes) - before <= 1, "never twice"
        if len(self.sandbox.writes) > before and not result.is_error:
            self.accepted.append(tool)
        return result

    async def follow(self, started: Result) -> None:
        """Look at a job at its beginning, in the middle and after its end."""
        job_id = started.data.get("jobId")
        for seconds in (0, 12, 3600):
            self.sandbox.clock.advance(seconds)  # type: ignore[attr-defined]
            if job_id is not None:
                self.is_true_of(job_id, await self.call("get_job", jobId=job_id))

    def is_true_of(self, job_id: str, told: Result) -> None:
        truly = phase(self.sandbox.state.jobs[job_id], self.sandbox.clock.now())
        if told.is_error:
            assert told.kind in ("poll_url_refused", "forbidden")
        elif told.data["state"] in ("succeeded", "failed"):
            assert (told.data["state"] == "succeeded") is (truly == "completed")
            assert truly in ("completed", "failed")
        else:
            assert told.data["state"] in ("waiting", "running", "gone", "unknown")

    async def verify(self, restored: Result) -> None:
        """No verdict contradicts the account: `back` is only what runs and boots."""
        vps = restored.data["vpsId"]
        result = await self.call("verify_recovery", id=vps)
        if result.is_error:
            assert result.kind == "no_recovery", "but for a new server whose id nobody told"
            return
        server = self.sandbox.state.servers.get(vps)
        if result.data["verdict"] == "back":
            assert server is not None
            assert server.power_state == "running"
            assert server.boots
        if server is not None and server.power_state == "running" and server.has_guest_agent:
            assert result.data["verdict"] != "not_back"

    async def play(self) -> None:
        ids = await self.servers()
        web = ids["web-01"]
        for name in ("web-01", "db-01", "staging", "legacy-erp", "build-01"):
            listing = await self.call("list_vps_backups", id=ids[name])
            assert not listing.is_error
            dates = [b["createdAt"] for b in listing.data["backups"] if b["createdAt"]]
            assert dates == sorted(dates, reverse=True)
        assert not (await self.call("check_backups", schedules=True)).is_error
        for tool in ("list_restore_sources", "list_vps_snapshots", "list_backup_schedules"):
            assert not (await self.call(tool, id=web)).is_error
        await self.follow(await self.call("create_vps_backup", id=web, note="before"))
        self.sandbox.faults.add(Fault("fail_job", method="POST"))
        await self.follow(await self.call("create_vps_backup", id=web))
        backups = (await self.call("list_vps_backups", id=web)).data["backups"]
        newest, oldest = backups[0]["id"], backups[-1]["id"]
        for mode in ("new_cloud_vps", "in_place"):
            plan = await self.call("plan_restore", id=web, mode=mode, backupId=newest)
            assert plan.data["verdict"] == "possible"
            restored = await self.call("restore_vps", planId=plan.data["planId"])
            again = await self.call("restore_vps", planId=plan.data["planId"])
            assert again.is_error
            await self.follow(restored)
            await self.verify(restored)
        assert newest in self.sandbox.state.servers[web].disk
        name = "before-php-83"
        gone = await self.call("delete_vps_snapshot", id=web, snapshotName=name)
        await self.follow(gone)
        assert self.sandbox.state.servers[web].snapshot(name) is None
        await self.call("delete_vps_backup", id=web, backupId=oldest)
        assert self.sandbox.state.servers[web].backup(oldest) is None
        timing = {"frequency": "weekly", "hour": 4, "retentionCount": 3, "dayOfWeek": 2}
        await self.call("set_backup_schedule", id=web, enabled=True, **timing)
        await self.call("set_backup_schedule", id=web, enabled=False, **timing)
        assert not any(s.enabled for s in self.sandbox.state.servers[web].schedules)
        action = "restart" if self.sandbox.state.servers[web].power_state == "running" else "start"
        await self.follow(await self.call("set_vps_power", id=web, action=action))
        assert self.sandbox.state.servers[web].power_state == "running"
        await self.call("set_backup_retention", id=web, maxTotalBackups=4)
        assert self.sandbox.state.servers[web].retention.limit == 4

    async def servers(self) -> dict[str, str]:
        """Name to id of all servers, page by page."""
        found: dict[str, str] = {}
        more: dict[str, Any] = {}
        while True:
            page = (await self.call("list_vps", **more)).data
            found |= {server["name"]: server["id"] for server in page["data"]}
            if page["nextCursor"] is None:
                return found
            more = {"cursor": page["nextCursor"]}


@pytest.mark.parametrize(("name", "value"), [("", None), *every_variant()])
async def test_a_whole_session_holds(name: str, value: Any) -> None:
    variants = Variants(**{name: value}) if name else Variants()
    sandbox = Sandbox(clock=ManualClock(), variants=variants, rate_limit=None)
    # Where a running server cannot be restored, the user has stopped it.
    if name == "restore_of_running":
        stop(sandbox, "web-01")
    async with in_memory(sandbox, User()) as assistant:
        session = Session(sandbox, assistant)
        await session.play()
    expected = ["create_vps_backup"] * 2 + ["restore_vps"] * 2
    expected += ["delete_vps_snapshot", "delete_vps_backup"]
    expected += ["set_backup_schedule"] * 2 + ["set_vps_power", "set_backup_retention"]
    if name in ("note_limit", "done_at_once"):
        # The note is too long; the backup that is to fail says so at once.
        expected.remove("create_vps_backup")
    assert session.accepted == expected


def stop(sandbox: Sandbox, name: str) -> None:
    sandbox.state.put(replace(sandbox.state.by_name(name), power_state="stopped"))


def test_every_open_point_is_played() -> None:
    assert {name for name, _ in every_variant()} == {field.name for field in fields(Variants)}
