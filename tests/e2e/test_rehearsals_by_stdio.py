"""A rehearsal outlives the process that began it: later sessions of the user mention and end it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.account import Upstream
from support.product import LEGACY, MODERN, REVISIONS

from hostup_mcp.sandbox import Fault, Sandbox

from .harness import Assistant, Product, User

NAME = "web-01"
EVERYTHING = ("--allow", "all")
revisions = pytest.mark.parametrize("mode", REVISIONS)


async def rehearsed(assistant: Assistant) -> tuple[str, str]:
    """The id and the name of the server of a new rehearsal."""
    vps, backups = await assistant.backups(NAME)
    given = {"mode": "new_cloud_vps", "backupId": backups[0], "rehearsal": True}
    plan = await assistant.ok("plan_restore", id=vps, **given)
    built = await assistant.ok("restore_vps", planId=plan["planId"])
    return str(built["vpsId"]), str(plan["newServer"]["name"])


def cancelled(sandbox: Sandbox) -> list[str]:
    return [w.path.split("/")[4] for w in sandbox.writes if w.path.endswith("/cancel")]


def advance(sandbox: Sandbox, seconds: float) -> None:
    sandbox.clock.advance(seconds)  # type: ignore[attr-defined]


def state_files() -> list[tuple[Path, int]]:
    """The files of the user's state, and when each was changed."""
    found = sorted(Path(os.environ["XDG_STATE_HOME"]).rglob("*"))
    return [(path, path.stat().st_mtime_ns) for path in found]


@pytest.fixture
def elsewhere() -> Iterator[Upstream]:
    """Another HostUp: the same ids and names at another address."""
    upstream = Upstream()
    yield upstream
    upstream.close()


@revisions
async def test_later_sessions_mention_and_end_it(
    product: Product, user: User, elsewhere: Upstream, mode: str
) -> None:
    """One that may spend begins it, one that only reads mentions it, and a third one ends it."""
    sandbox = product.sandbox
    async with product.by_stdio(mode, user, *EVERYTHING) as assistant:
        vps, name = await rehearsed(assistant)
    advance(sandbox, 5410)
    before = state_files()
    async with product.by_stdio(mode, None) as assistant:
        for tool in ("list_vps", "check_backups"):
            told = await assistant.call(tool)
            assert f'A rehearsal is running: "{name}" ({vps}), for 1 hour 30 minutes' in told.text
            assert "about SEK 0.99 so far" in told.text
            assert "can cancel that server in HostUp's panel" in told.text
            assert told.data["rehearsals"][0]["vpsId"] == vps
        await assistant.ok("list_vps", name=name)
        found = await assistant.ok("verify_recovery", id=vps)
        refused = await assistant.no("end_rehearsal", id=vps)
        read = await assistant.client.read_resource(f"hostup://recoveries/{found['recoveryId']}")
    assert found["verdict"] == "back"
    assert '"kind": "rehearsal"' in read.contents[0].text  # type: ignore[union-attr]
    assert refused.kind == "not_allowed"
    assert state_files() == before, "it reads the file only"
    # At another address the same id and name are another server, which no rehearsal built.
    there = elsewhere.sandbox
    there.state.put(sandbox.state.servers[vps])
    user.questions.clear()
    async with product.by_stdio(mode, user, *EVERYTHING, **elsewhere.variables) as assistant:
        told = await assistant.call("list_vps", name=name)
        assert [each["id"] for each in told.data["data"]] == [vps]
        assert "rehearsal is" not in told.text
        refused = await assistant.no("end_rehearsal", id=vps)
        unknown = await assistant.no("verify_recovery", id=vps)
    assert (refused.kind, unknown.kind) == ("not_a_rehearsal", "no_recovery")
    assert user.questions == []
    assert not there.writes
    async with product.by_stdio(mode, user, *EVERYTHING) as assistant:
        early = await assistant.no("end_rehearsal", id=vps)
        told = await assistant.call("list_vps", name=name)
        assert cancelled(sandbox) == []
        ended = await assistant.call("end_rehearsal", id=vps)
    assert early.kind == "unknown_id", "an id of another session has to be read again first"
    assert "end_rehearsal ends it" in told.text
    assert not ended.is_error, ended.text
    assert cancelled(sandbox) == [vps]


async def test_a_lost_one_is_ended_in_a_later_process(product: Product, user: User) -> None:
    """The response is lost and the process ends: the next session finds the server by its name."""
    sandbox = product.sandbox
    async with product.by_stdio(MODERN, user, *EVERYTHING) as assistant:
        vps, backups = await assistant.backups(NAME)
        given: dict[str, Any] = {"mode": "new_cloud_vps", "backupId": backups[0]}
        plan = await assistant.ok("plan_restore", id=vps, rehearsal=True, **given)
        sandbox.faults.add(Fault("drop_after", "POST", "*/restore-to-payg"))
        lost = await assistant.no("restore_vps", planId=plan["planId"])
    assert lost.kind == "outcome_unknown"
    name = plan["newServer"]["name"]
    [built] = [each.id for each in sandbox.state.servers.values() if each.name == name]
    async with product.by_stdio(LEGACY, user, *EVERYTHING) as assistant:
        looked_up = await assistant.ok("get_job", writeId=lost.error["writeId"])
        told = await assistant.call("list_vps", name=name)
        assert f'A rehearsal is running: "{name}" ({built})' in told.text
        await assistant.ok("end_rehearsal", id=built)
    assert looked_up["state"] == "accepted"
    assert cancelled(sandbox) == [built]
