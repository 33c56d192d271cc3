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


async def test_a_write_id_is_not_made_up() -> None:
    async with in_memory(fresh_account(), User()) as assistant:
        result = await assistant.no("get_job", writeId="0123456789abcdef")
        assert result.kind == "unknown_id"
        for arguments in ({}, {"jobId": "job_1", "writeId": "0123456789abcdef"}):
            result = await assistant.no("get_job", **arguments)
            assert result.kind == "invalid_arguments"
            assert "either jobId or writeId" in result.next_step
