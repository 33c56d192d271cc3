"""What became of a write whose response was lost: get_job reads HostUp's audit log for it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from support.account import fresh_account
from support.product import MODERN

from hostup_mcp.sandbox import Clock, Fault, Sandbox, Variants
from hostup_mcp.sandbox.access import ALL_SCOPES
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

from .harness import (
    DECLINE,
    Assistant,
    Result,
    User,
    connected,
    hurried,
    in_memory,
    says_nothing_was_changed,
    settings,
)

RESTORE = "/api/v2/vps/*/actions/restore"


async def lost_restore(assistant: Assistant, sandbox: Sandbox, kind: Any) -> Result:
    """A restore whose response was lost, carried out or not."""
    _, plan = await assistant.planned("web-01")
    sandbox.faults.add(Fault(kind, method="POST", path=RESTORE))
    lost = await assistant.call("restore_vps", planId=plan)
    assert lost.kind == "outcome_unknown"
    return lost


async def looked_up(sandbox: Sandbox, kind: Any = "drop_after") -> tuple[Result, Result]:
    async with in_memory(sandbox, User()) as assistant:
        lost = await lost_restore(assistant, sandbox, kind)
        return lost, await assistant.call("get_job", writeId=lost.error["writeId"])


async def test_our_request_is_found_by_its_user_agent() -> None:
    sandbox = fresh_account()
    lost, found = await looked_up(sandbox)
    assert found.data["state"] == "accepted"
    assert "as accepted (at " in found.text
    assert f"writeId {lost.error['writeId']}" in lost.next_step
    sent = [r.headers["user-agent"] for r in sandbox.requests if r.method == "POST"]
    assert [agent.endswith(f"(write {lost.error['writeId']})") for agent in sent] == [True]


async def test_a_refusal_that_was_lost_is_found() -> None:
    sandbox = fresh_account(variants=Variants(restore_of_running="refused"))
    _, found = await looked_up(sandbox)
    assert found.data["state"] == "refused"
    assert found.text.startswith("Refused by HostUp; nothing was changed: the request ")
    assert says_nothing_was_changed(found)


@pytest.mark.parametrize(
    ("variants", "kind", "state", "words"),
    [
        (Variants(audit_user_agent=False), "drop_after", "probably_started", "possibly this one"),
        (
            Variants(audit_user_agent=False, audit_path="internal"),
            "drop_after",
            "probably_started",
            "possibly this one",
        ),
        (Variants(audit_delay=600.0), "drop_after", "probably_started", "proves nothing"),
        (Variants(), "drop_before", "unknown", "proves nothing"),
    ],
)
async def test_unproven_facts_are_not_stated(
    variants: Variants, kind: Any, state: str, words: str
) -> None:
    _, found = await looked_up(fresh_account(variants=variants), kind)
    assert found.data["state"] == state
    assert words in found.text
    assert not says_nothing_was_changed(found)
    assert "do not send the request again before then" in found.text
    assert "is still on the server, the restore did not happen" in found.text


async def test_the_scope_that_would_help_is_named() -> None:
    sandbox = fresh_account()
    sandbox.keys = {
        secret: replace(key, scopes=ALL_SCOPES - {"audit:read"})
        for secret, key in sandbox.keys.items()
    }
    _, found = await looked_up(sandbox)
    assert found.data["state"] == "probably_started"
    assert "audit:read" in found.text


@pytest.mark.parametrize(
    ("kind", "status"), [("html", 403), ("html", 500), ("status", 500), ("status", 401)]
)
async def test_an_unread_log_allows_no_second_write(kind: Any, status: int) -> None:
    sandbox = fresh_account()
    async with in_memory(sandbox, User()) as assistant:
        lost = await lost_restore(assistant, sandbox, "drop_after")
        sandbox.faults.add(Fault(kind, path="/api/v2/audit-log", status=status, times=None))
        found = await assistant.call("get_job", writeId=lost.error["writeId"])
    assert not found.is_error
    assert found.data["state"] == "probably_started"
    assert "HostUp's audit log could not be read: " in found.text
    assert "do not send the request again before then" in found.text
    assert "again in a minute" not in found.text


NEVER = Variants(audit_delay=1e6)
NOT_YET = "Not known yet: "
NO_MORE = "Next: Looking again will hardly show more. "


async def lost(assistant: Assistant, sandbox: Sandbox, kind: Any, tool: str, **how: Any) -> Result:
    """A write whose response was lost."""
    sandbox.faults.add(Fault(kind, method=how.pop("method", "POST"), path="*"))
    result = await assistant.call(tool, **how)
    assert result.kind == "outcome_unknown", result.text
    return result


async def after(assistant: Assistant, sandbox: Sandbox, write: Result, seconds: float) -> Result:
    """What get_job says of `write` that many seconds later."""
    sandbox.clock.advance(seconds)  # type: ignore[attr-defined]
    return await assistant.call("get_job", writeId=write.error["writeId"])


async def test_a_backup_that_was_made_is_named() -> None:
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        vps, before = await assistant.backups("web-01")
        write = await lost(assistant, sandbox, "drop_after", "create_vps_backup", id=vps)
        assert "no complete response came. It was probably started. No new backup" in write.text
        soon = await after(assistant, sandbox, write, 300)
        at_last = await after(assistant, sandbox, write, 600)
        _, listed = await assistant.backups("web-01")
    (new,) = set(listed) - set(before)
    for found, step in (
        (soon, "Next: Tell the user what is known. Call"),
        (at_last, NO_MORE),
    ):
        assert found.data["state"] == "probably_done"
        assert found.text.startswith("Probably carried out, but not confirmed: ")
        assert f"The backup {new} (" in found.text
        assert "HostUp does not say whether it is finished." in found.text
        assert step in found.text


UNKNOWN_REQUEST = "This backup may come from the request of "


async def test_a_backup_of_a_lost_request_stays_said_to_be_one() -> None:
    """In the list and in a plan, long after it has the age of any other; it is not relied on."""
    sandbox, user = fresh_account(variants=NEVER), User()
    state = InMemoryState(clock=lambda: sandbox.now().timestamp())
    used = Services(settings(), transport=sandbox.transport(), now=sandbox.clock.now, state=state)
    async with connected(serve_with(used), user, MODERN) as assistant:
        vps, before = await assistant.backups("web-01")
        write = await lost(assistant, sandbox, "drop_after", "create_vps_backup", id=vps)
        await after(assistant, sandbox, write, 1200)
        listed = await assistant.call("list_vps_backups", id=vps)
        [new] = [b["id"] for b in listed.data["backups"] if b["id"] not in before]
        for line in listed.text.splitlines():
            assert (UNKNOWN_REQUEST in line) is line.startswith(f"{new} · "), line
        assert list(listed.data["explanation"]["findings"]["unconfirmed"]) == [new]
        assert "May be incomplete" not in listed.text, "nothing speaks against it"
        older = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=before[0])
        assert "Recommended first: Back up the current state with create_vps_backup." in older.text
        await after(assistant, sandbox, write, 3 * 24 * 3600)
        plan = await assistant.call("plan_restore", id=vps, mode="in_place", backupId=new)
        assert f"Recommended first: {UNKNOWN_REQUEST}" in plan.text
        assert plan.data["findings"]["recommendedFirst"][0]["code"] == "backup_unconfirmed"
        user.says(DECLINE)
        await assistant.no("restore_vps", planId=plan.data["planId"])
    assert "The backup may come from a request whose outcome is not known." in user.questions[-1]


FAILED_AT_ONCE = {"operation": {"status": "failed", "jobId": "job_1", "pollUrl": "/api/jobs/job_1"}}


@pytest.mark.parametrize(
    ("fault", "minutes", "words"),
    [
        (Fault("drop_before", method="POST", path="*"), 16, None),
        (Fault("status", method="POST", path="*", status=409), 1, None),
        (Fault("drop_before", method="POST", path="*"), 14, "whose outcome is not known."),
        (
            Fault("json", method="POST", path="*", status=202, content=FAILED_AT_ONCE),
            1,
            "whose job did not succeed.",
        ),
    ],
)
async def test_only_a_backup_that_the_request_may_have_made_has_the_remark(
    fault: Fault, minutes: int, words: str | None
) -> None:
    """Nobody can tell a backup of the request from one that was made in HostUp's panel."""
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        vps = await assistant.find("web-01")
        sandbox.faults.add(fault)
        await assistant.no("create_vps_backup", id=vps)
        sandbox.clock.advance(minutes * 60)  # type: ignore[attr-defined]
        server = sandbox.state.by_name("web-01")
        made = replace(
            server.backups[0], id="bkp_panel", created_at=sandbox.now(), backup_type="manual"
        )
        sandbox.state.put(replace(server, backups=(*server.backups, made)))
        sandbox.clock.advance(1200)  # type: ignore[attr-defined]
        listed = await assistant.call("list_vps_backups", id=vps)
        [line] = [line for line in listed.text.splitlines() if line.startswith("bkp_panel · ")]
        assert (UNKNOWN_REQUEST in line) is (words is not None)
        assert words is None or line.endswith(words)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"success": True, "data": {"status": "failed"}}, "whose job did not succeed."),
        ({"success": True, "data": {"status": "in limbo"}}, "whose outcome is not known."),
        (None, "whose outcome is not known."),
    ],
)
async def test_a_backup_of_a_job_that_did_not_succeed_is_said_to_be_one(
    said: Any, words: str
) -> None:
    sandbox = fresh_account()
    async with in_memory(sandbox, User()) as assistant:
        vps, before = await assistant.backups("web-01")
        job = (await assistant.ok("create_vps_backup", id=vps))["jobId"]
        sandbox.clock.advance(1200)  # type: ignore[attr-defined]
        fault = Fault("json", "GET", "/api/jobs/*", status=200, content=said)
        gone = Fault("status", "GET", "/api/jobs/*", status=404)
        sandbox.faults.add(gone if said is None else fault)
        await assistant.ok("get_job", jobId=job)
        listed = await assistant.call("list_vps_backups", id=vps)
        [line] = [line for line in listed.text.splitlines() if UNKNOWN_REQUEST in line]
        assert line.endswith(words)
        assert line.split(" ")[0] not in before
        assert (await assistant.ok("get_job", jobId=job))["state"] == "succeeded"
        assert UNKNOWN_REQUEST not in (await assistant.call("list_vps_backups", id=vps)).text
        sandbox.faults.add(gone)
        assert (await assistant.ok("get_job", jobId=job))["state"] == "gone"
        assert UNKNOWN_REQUEST not in (await assistant.call("list_vps_backups", id=vps)).text


async def test_the_last_look_hands_over_to_the_user() -> None:
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        vps = await assistant.find("web-01")
        write = await lost(assistant, sandbox, "drop_before", "create_vps_backup", id=vps)
        soon = await after(assistant, sandbox, write, 890)
        at_last = await after(assistant, sandbox, write, 20)
    assert len(sandbox.writes) == 1
    assert soon.data["state"] == at_last.data["state"] == "unknown"
    assert soon.text.startswith(NOT_YET)
    assert at_last.text.startswith("Not known, and likely to stay so: ")
    assert "they may now decide whether to send it again, with a new call." in at_last.text


@pytest.mark.parametrize("mode", ["backup", "snapshot"])
async def test_the_lists_and_get_job_agree_on_not_sending_again(mode: str) -> None:
    """Also after the lock has expired, and HostUp's gate is open."""
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        vps, backups = await assistant.backups("web-01")
        tool, how = f"create_vps_{mode}", {"name": "mine"} if mode == "snapshot" else {}
        write = await lost(assistant, sandbox, "drop_before", tool, id=vps, **how)
        for seconds in (60, 300, 530):
            looked = await after(assistant, sandbox, write, seconds)
            [moment] = re.findall(r"again at (\S+ \S+ \S+ UTC), or earlier", looked.text)
            plan = {"mode": "in_place", "backupId": backups[0]}
            for result in (
                await assistant.call("list_vps_backups", id=vps),
                await assistant.call("list_vps_snapshots", id=vps),
                await assistant.call("plan_restore", id=vps, **plan),
            ):
                assert f"do not send it again before {moment}. get_job with writeId " in result.text
                assert write.error["writeId"] in result.text
        await after(assistant, sandbox, write, 20)
        for tool in ("list_vps_backups", "list_vps_snapshots"):
            assert "again before" not in (await assistant.call(tool, id=vps)).text


async def test_what_is_known_needs_no_warning() -> None:
    sandbox = fresh_account()
    async with in_memory(sandbox, User()) as assistant:
        vps = await assistant.find("web-01")
        write = await lost(assistant, sandbox, "drop_after", "create_vps_backup", id=vps)
        before = await assistant.call("list_vps_backups", id=vps)
        [advice] = [a for a in before.data["explanation"]["findings"]["advice"] if "writeId" in a]
        assert (advice["code"], advice["writeId"]) == ("write_unsettled", write.error["writeId"])
        assert (await after(assistant, sandbox, write, 1)).data["state"] == "accepted"
        assert "again before" not in (await assistant.call("list_vps_backups", id=vps)).text


async def test_a_restore_seen_to_start_is_remembered() -> None:
    """Its gate opens again when it has ended, and nothing else would show that it was there."""
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        write = await lost_restore(assistant, sandbox, "drop_after")
        assert "It was probably started. HostUp's restore gate, which was open" in write.text
        found = await after(assistant, sandbox, write, 1000)
    assert found.data["state"] == "probably_started"
    assert "was closed soon after the request was sent" in found.text
    assert NO_MORE in found.text


@pytest.mark.parametrize(
    ("tool", "method", "how", "seen"),
    [
        ("delete_vps_backup", "DELETE", {}, "is no longer listed."),
        ("create_vps_snapshot", "POST", {"name": "before-upgrade"}, "snapshot before-upgrade is"),
        (
            "set_backup_retention",
            "PATCH",
            {"maxTotalBackups": 3},
            "HostUp shows the retention that was sent.",
        ),
        (
            "set_backup_schedule",
            "POST",
            {"enabled": True, "frequency": "daily", "hour": 3, "retentionCount": 3},
            "HostUp shows the schedule that was sent.",
        ),
        (
            "set_vps_power",
            "POST",
            {"action": "shutdown"},
            "state of the server is stopped",
        ),
    ],
)
async def test_each_write_is_looked_for(
    tool: str, method: str, how: dict[str, Any], seen: str
) -> None:
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        vps, backups = await assistant.backups("web-01")
        given = {"id": vps, **how} | ({"backupId": backups[0]} if "delete" in tool else {})
        write = await lost(assistant, sandbox, "drop_after", tool, method=method, **given)
        found = await after(assistant, sandbox, write, 300)
    assert found.data["state"] == "probably_done"
    assert seen in found.text


@pytest.mark.parametrize(
    ("enabled", "seen"),
    [
        (True, "HostUp shows the schedule that was sent, as it did before the request."),
        (False, "HostUp shows no schedule that is on, as before the request."),
    ],
)
async def test_what_was_so_before_does_not_show_that_a_page_accepted_it(
    enabled: bool, seen: str
) -> None:
    sandbox = fresh_account(variants=NEVER)
    wanted = {"enabled": enabled, "frequency": "daily", "hour": 3, "retentionCount": 3}
    async with in_memory(sandbox, User()) as assistant:
        vps = await assistant.find("web-01")
        await assistant.ok("set_backup_schedule", id=vps, **wanted)
        write = await lost(
            assistant, sandbox, "not_json", "set_backup_schedule", method="POST", id=vps, **wanted
        )
        found = await after(assistant, sandbox, write, 1000)
    assert write.error["seen"] == seen
    assert "probably" not in write.text
    assert found.data["state"] == "unknown"
    assert seen in found.text


async def test_a_deletion_that_did_not_happen() -> None:
    sandbox = fresh_account(variants=NEVER)
    async with in_memory(sandbox, User()) as assistant:
        vps, backups = await assistant.backups("web-01")
        write = await lost(
            assistant,
            sandbox,
            "drop_before",
            "delete_vps_backup",
            method="DELETE",
            id=vps,
            backupId=backups[0],
        )
        assert write.error["seen"] == f"The backup {backups[0]} is still listed."
        soon = await after(assistant, sandbox, write, 60)
        at_last = await after(assistant, sandbox, write, 900)
    assert (soon.data["state"], at_last.data["state"]) == ("unknown", "probably_not_done")
    assert at_last.text.startswith("Probably not carried out: ")


def test_waiting_looks_until_it_is_known() -> None:
    async def main() -> None:
        sandbox = Sandbox(
            clock=Clock(speed=100.0), variants=Variants(audit_delay=60.0), rate_limit=None
        )
        async with in_memory(sandbox, User()) as assistant:
            assistant.patience = 3600
            vps = await assistant.find("web-01")
            write = await lost(assistant, sandbox, "drop_after", "create_vps_backup", id=vps)
            write_id = write.error["writeId"]
            first = await assistant.call("get_job", writeId=write_id)
            found = await assistant.call("get_job", writeId=write_id, waitSeconds=300)
        assert first.data["state"].startswith("probably_")
        assert found.data["state"] == "accepted"

    hurried(main)


async def test_a_write_id_is_not_made_up() -> None:
    async with in_memory(fresh_account(), User()) as assistant:
        result = await assistant.no("get_job", writeId="0123456789abcdef")
        assert result.kind == "unknown_id"


async def test_one_id_is_needed_and_one_only() -> None:
    both = {"jobId": "job_1", "writeId": "0123456789abcdef"}
    async with in_memory(fresh_account(), User()) as assistant:
        neither, too_many = await assistant.no("get_job"), await assistant.no("get_job", **both)
    assert neither.kind == too_many.kind == "invalid_arguments"
    assert neither.next_step == "Call it again with jobId, or with writeId."
    assert too_many.next_step == "Call it again with jobId or writeId, not with both."
