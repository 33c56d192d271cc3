"""What became of a write whose response was lost: get_job reads HostUp's audit log for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.account import fresh_account

from hostup_mcp.sandbox import Fault, Sandbox, Variants
from hostup_mcp.sandbox.access import ALL_SCOPES

from .harness import Assistant, Result, User, in_memory, says_nothing_was_changed

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
    assert says_nothing_was_changed(found)


@pytest.mark.parametrize(
    ("variants", "kind", "words"),
    [
        (Variants(audit_user_agent=False), "drop_after", "possibly this one"),
        (
            Variants(audit_user_agent=False, audit_path="internal"),
            "drop_after",
            "possibly this one",
        ),
        (Variants(audit_delay=600.0), "drop_after", "proves nothing"),
        (Variants(), "drop_before", "proves nothing"),
    ],
)
async def test_unproven_facts_are_not_stated(variants: Variants, kind: Any, words: str) -> None:
    _, found = await looked_up(fresh_account(variants=variants), kind)
    assert found.data["state"] == "unknown"
    assert words in found.text
    assert not says_nothing_was_changed(found)
    assert "the user's decision" in found.text
    assert "is still on the server, the restore did not happen" in found.text


async def test_the_scope_that_would_help_is_named() -> None:
    sandbox = fresh_account()
    sandbox.keys = {
        secret: replace(key, scopes=ALL_SCOPES - {"audit:read"})
        for secret, key in sandbox.keys.items()
    }
    _, found = await looked_up(sandbox)
    assert found.data["state"] == "unknown"
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
    assert found.data["state"] == "unknown"
    assert "HostUp's audit log could not be read: " in found.text
    assert "Do not send it again" in found.text
    assert "again in a minute" not in found.text


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_lookup_names_new_backups(kind: Any) -> None:
    """They are evidence for a backup that was lost on the way, and never proof."""
    sandbox = fresh_account(variants=Variants(audit_delay=1e6))
    async with in_memory(sandbox, User()) as assistant:
        vps, before = await assistant.backups("web-01")
        sandbox.faults.add(Fault(kind, method="POST", path="/api/v2/vps/*/backups"))
        lost = await assistant.call("create_vps_backup", id=vps)
        sandbox.clock.advance(3600)  # type: ignore[attr-defined]
        found = await assistant.call("get_job", writeId=lost.error["writeId"])
        _, after = await assistant.backups("web-01")
    new = set(after) - set(before)
    assert found.data["state"] == "unknown"
    assert "the restore gate is open" in found.text
    assert not any(backup in found.text for backup in before)
    if new:
        assert f"created since it was sent: {new.pop()} (" in found.text
        assert "This is evidence that it was carried out, not proof." in found.text
    else:
        assert kind == "drop_before"
        assert "No backup that is listed now was created since it was sent." in found.text


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
