"""Only advice that applies: it names what is there, and where this user can do it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mcp.client import Client, advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from support.account import fresh_account

from hostup_mcp.config import Group
from hostup_mcp.sandbox import Fault, Sandbox, Variants
from hostup_mcp.server.app import build_server

from .harness import EVERYTHING, Assistant, Result, User, in_memory, settings


@asynccontextmanager
async def session(
    allow: frozenset[Group] = EVERYTHING, user: User | None = None, **others: Any
) -> AsyncIterator[tuple[Assistant, Sandbox]]:
    sandbox = fresh_account(**others)
    async with in_memory(sandbox, user or User(), allow=allow) as assistant:
        yield assistant, sandbox


async def planned(assistant: Assistant, name: str, at: int = 0, mode: str = "in_place") -> Result:
    vps, backups = await assistant.backups(name)
    return await assistant.call("plan_restore", id=vps, mode=mode, backupId=backups[at])


def age_newest(sandbox: Sandbox, name: str, minutes: int) -> None:
    """Make the newest backup of a server this old."""
    server = sandbox.state.by_name(name)
    newest = max(server.backups, key=lambda backup: backup.created_at or sandbox.now())
    made = replace(newest, created_at=sandbox.now() - timedelta(minutes=minutes))
    others = tuple(backup for backup in server.backups if backup.id != newest.id)
    sandbox.state.put(replace(server, backups=(made, *others)))


def snapshot_reads(sandbox: Sandbox) -> int:
    return sum(request.path.endswith("/snapshots") for request in sandbox.requests)


# Snapshots ----------------------------------------------------------------------------------------


async def test_a_newer_snapshot_is_named_and_can_be_planned() -> None:
    said = 'The newer snapshot "before-php-83" (2 hours old) would lose less'
    async with session() as (assistant, _):
        vps = await assistant.find("web-01")
        listing = await assistant.call("list_vps_backups", id=vps)
        assert said in listing.text
        plan = await planned(assistant, "web-01")
        (safer,) = [line for line in plan.text.splitlines() if line.startswith("Less risky: ")]
        assert said in safer
        better = await assistant.ok(
            "plan_restore", id=vps, mode="snapshot", snapshotName="before-php-83"
        )
        assert better["planId"], "its name was handed out"


async def test_no_snapshot_is_named_where_there_is_none() -> None:
    async with session() as (assistant, sandbox):
        for name in ("mail", "media", "legacy-erp"):
            vps = await assistant.find(name)
            listing = await assistant.call("list_vps_backups", id=vps)
            plan = await planned(assistant, name)
            assert "snapshot" not in listing.text + plan.text
        assert snapshot_reads(sandbox) > 0


async def test_snapshots_are_read_where_they_may_matter() -> None:
    async with session() as (assistant, sandbox):
        age_newest(sandbox, "web-01", 40)
        plan = await planned(assistant, "web-01", 1)
        assert snapshot_reads(sandbox) == 0
        assert "snapshot" not in plan.text
        age_newest(sandbox, "web-01", 61)
        await planned(assistant, "web-01")
        assert snapshot_reads(sandbox) == 2
        await planned(assistant, "web-01", mode="new_cloud_vps")
        assert snapshot_reads(sandbox) == 3, "for the listing"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "GET", "*/snapshots", status=500, times=None),
        Fault("status", "GET", "*/snapshots", status=403, times=None),
        Fault("html", "GET", "*/snapshots", status=200, times=None),
    ],
)
async def test_unread_snapshots_give_no_advice(fault: Fault) -> None:
    async with session() as (assistant, sandbox):
        sandbox.faults.add(fault)
        plan = await planned(assistant, "web-01")
        assert plan.data["planId"]
        for result in assistant.results:
            assert not result.is_error
            assert "snapshot" not in result.text


async def test_carrying_out_a_plan_reads_no_snapshots() -> None:
    async with session() as (assistant, sandbox):
        plan = await planned(assistant, "web-01")
        read = snapshot_reads(sandbox)
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        assert snapshot_reads(sandbox) == read


# Back up first ------------------------------------------------------------------------------------

RESTORE_ONLY = frozenset({Group.RESTORE})


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        (EVERYTHING, "Back up the current state with create_vps_backup"),
        (RESTORE_ONLY, "Back up the current state in HostUp's panel"),
        (frozenset[Group](), "Back up the current state in HostUp's panel"),
    ],
)
async def test_backing_up_first_is_possible_where_it_says(
    allow: frozenset[Group], said: str
) -> None:
    async with session(allow) as (assistant, _):
        plan = await planned(assistant, "web-01")
        assert f"Recommended first: {said}." in plan.text


async def test_a_backup_just_made_is_enough() -> None:
    async with session() as (assistant, sandbox):
        age_newest(sandbox, "web-01", 40)
        plan = await planned(assistant, "web-01", 1)
        assert "Recommended first: The current state was backed up 40 minutes ago" in plan.text
        newest = await planned(assistant, "web-01")
        assert "Recommended first: Back up the current state with" in newest.text


async def test_the_backup_to_be_evicted_is_named_at_once() -> None:
    async with session() as (assistant, sandbox):
        server = sandbox.state.by_name("mail")
        oldest = min(server.backups, key=lambda backup: backup.created_at or sandbox.now())
        noted = replace(oldest, note="before the migration, keep")
        others = tuple(backup for backup in server.backups if backup.id != oldest.id)
        sandbox.state.put(replace(server, backups=(*others, noted)))
        vps = await assistant.find("mail")
        listing = await assistant.call("list_vps_backups", id=vps)
        plan = await planned(assistant, "mail")
        for line in (
            next(line for line in listing.text.splitlines() if line.startswith("New backup: ")),
            next(line for line in plan.text.splitlines() if line.startswith("Recommended first")),
        ):
            assert "the oldest" in line
            assert f"{oldest.id} from " in line
            assert 'note "before the migration, keep"' in line


# A new server -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        (EVERYTHING, "Less risky: mode new_cloud_vps: a new, paid VPS"),
        (RESTORE_ONLY, "Less risky: a new, paid VPS, which leaves this one unchanged; not from"),
    ],
)
async def test_a_new_server_as_what_it_is_here(allow: frozenset[Group], said: str) -> None:
    async with session(allow) as (assistant, _):
        assert said in (await planned(assistant, "web-01")).text


async def test_a_blocked_plan_recommends_nothing() -> None:
    async with session() as (assistant, _):
        plan = await planned(assistant, "intranet")
        assert plan.data["recommendedFirst"] == plan.data["alternatives"] == []
        assert plan.text.count("The service is suspended") == 2, "HostUp's words, and the step"


# After a restore ----------------------------------------------------------------------------------


async def test_right_after_a_restore_little_would_be_lost() -> None:
    async with session() as (assistant, sandbox):
        plan = await planned(assistant, "web-01")
        await assistant.ok("restore_vps", planId=plan.data["planId"])
        sandbox.clock.advance(1200)  # type: ignore[attr-defined]
        unseen = "20 minutes ago; how it ended is not known. If it succeeded, only what was "
        seen = "20 minutes ago, as HostUp reports: only what was written since then would be lost."
        vps = await assistant.find("web-01")
        for said, tool in ((unseen, "list_vps"), (seen, "verify_recovery")):
            await assistant.ok(tool, **({"id": vps} if tool == "verify_recovery" else {}))
            assert said in (await assistant.call("list_vps_backups", id=vps)).text
            again = await planned(assistant, "web-01")
            assert said in again.text
            assert said in again.data["dataLoss"]
            assert again.data["findings"]["restoredSince"]["ago"] == 1200
        assert "how it ended" not in again.text


async def test_a_failed_restore_is_said_to_have_failed() -> None:
    async with session() as (assistant, sandbox):
        plan = await planned(assistant, "web-01")
        sandbox.faults.add(Fault("fail_job", "POST", "*/restore"))
        started = await assistant.ok("restore_vps", planId=plan.data["planId"])
        sandbox.clock.advance(1200)  # type: ignore[attr-defined]
        job = await assistant.ok("get_job", jobId=started["jobId"])
        assert job["state"] == "failed"
        again = await planned(assistant, "web-01")
        assert "ago, did not succeed: what its disk holds now is not known." in again.text
        assert "only what was written" not in again.text


async def test_a_newer_backup_that_was_restored_is_part_of_the_loss() -> None:
    async with session() as (assistant, sandbox):
        plan = await planned(assistant, "web-01")
        started = await assistant.ok("restore_vps", planId=plan.data["planId"])
        sandbox.clock.advance(1200)  # type: ignore[attr-defined]
        await assistant.ok("get_job", jobId=started["jobId"])
        older = await planned(assistant, "web-01", 1)
        assert older.data["findings"]["restoredSince"] is None
        assert "up to 1 day 8 hours of changes.\n" in older.text


@pytest.mark.parametrize(
    ("variants", "is_accepted"),
    [(Variants(), True), (Variants(restore_of_running="refused"), False)],
)
async def test_what_became_of_a_lost_restore_is_in_the_next_plan(
    variants: Variants, is_accepted: bool
) -> None:
    async with session(variants=variants) as (assistant, sandbox):
        plan = await planned(assistant, "web-01")
        sandbox.faults.add(Fault("drop_after", "POST", "*/restore"))
        lost = await assistant.no("restore_vps", planId=plan.data["planId"])
        sandbox.clock.advance(300)  # type: ignore[attr-defined]
        before = await planned(assistant, "web-01")
        assert before.text.count("outcome is not known") == 1
        assert "how it ended" not in before.text, "the same, said once"
        await assistant.ok("get_job", writeId=lost.error["writeId"])
        again = await planned(assistant, "web-01")
        assert ("5 minutes ago; how it ended is not known." in again.text) is is_accepted
        verified = await assistant.call("verify_recovery", id=plan.data["id"])
        if is_accepted:
            assert "HostUp accepted the restore; no job of it is known" in verified.text
        else:
            assert verified.kind == "no_recovery"


async def test_a_refused_restore_is_no_restore() -> None:
    async with session() as (assistant, sandbox):
        plan = await planned(assistant, "web-01")
        sandbox.faults.add(Fault("status", "POST", "*/restore", status=409))
        await assistant.no("restore_vps", planId=plan.data["planId"])
        again = await planned(assistant, "web-01")
        assert again.data["findings"]["restoredSince"] is None
        assert "restore of this VPS" not in again.text


async def test_a_backup_of_minutes_loses_few_changes() -> None:
    async with session() as (assistant, sandbox):
        age_newest(sandbox, "web-01", 0)
        plan = await planned(assistant, "web-01", -1)
        assert "It was made less than a minute ago: only what was written since" in plan.text


# A yes in the panel -------------------------------------------------------------------------------


async def test_only_the_panel_can_confirm_here() -> None:
    """The client shows the panel, and cannot ask in a window."""
    apps = [advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})]
    sandbox = fresh_account()
    server = build_server(settings(), transport=sandbox.transport(), now=sandbox.clock.now)
    async with Client(server, extensions=apps) as client:
        assistant = Assistant(client)
        plan = await planned(assistant, "web-01")
        assert "the user confirms it in the recovery panel, not by restore_vps" in plan.text
        refused = await assistant.no("restore_vps", planId=plan.data["planId"])
        assert refused.kind == "cannot_ask"
        assert "confirm the plan in the recovery panel" in refused.next_step
        other = await assistant.no("set_backup_retention", id=plan.data["id"], maxTotalBackups=1)
        assert "recovery panel" not in other.next_step
    assert sandbox.writes == []


async def test_a_locked_result_says_how_to_unlock() -> None:
    unlock = "set --allow or HOSTUP_MCP_ALLOW to create,restore, plus any group added meanwhile, "
    async with session(frozenset({Group.CREATE})) as (assistant, _):
        plan = await planned(assistant, "web-01")
        assert unlock in plan.text
        refused = await assistant.no("restore_vps", planId="plan_0000000000000000")
        assert refused.kind == "not_allowed"
        assert unlock in refused.next_step
        assert "HostUp's panel" in refused.next_step


async def test_a_running_job_is_said_to_end_by_itself() -> None:
    """HostUp's reason alone does not say that it is temporary, and when to look again."""
    async with session(frozenset(Group)) as (assistant, _):
        busy = await assistant.call("list_vps_backups", id=await assistant.find("db-01"))
    assert '(code "operation_in_progress")' in busy.text
    assert "This should pass by itself: call list_vps_backups again in a few minutes; " in busy.text
