"""Each caller has their own account: their servers, their groups, and no one else's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.account import Upstream

from hostup_mcp.config import Group
from hostup_mcp.sandbox import MAIN_OWNER, OTHER_OWNER, SANDBOX_API_KEY, SANDBOX_OTHER_KEY
from hostup_mcp.server import catalog

from .wiring import (
    Caller,
    Issuer,
    ServerThread,
    calling,
    credentials_file,
    parse,
    serving,
    threads,
    token_file,
)

READING = set(catalog.READING)


def unlocked_by(*groups: Group) -> set[str]:
    """The tools that a caller with `groups` sees beside those that read."""
    return {
        name
        for name, tool in catalog.WRITING.items()
        if tool.group in groups and not tool.confirmed_in_panel
    }


@pytest.fixture(scope="module")
def running(
    upstream_of_worker: Upstream,
    issuer_of_worker: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[list[ServerThread], dict[str, str], Path]]:
    folder = tmp_path_factory.mktemp("accounts")
    names = ("web-team", "ops-team", "spenders", "guests")
    path, tokens = token_file(folder, *names)
    mounted = folder / "mounted-key"
    mounted.write_text(SANDBOX_OTHER_KEY + "\n")
    credentials = credentials_file(
        folder,
        {
            "web-team": {"key": {"env": "WEB_KEY"}, "allow": ["create", "restore"]},
            "ops-team": {"key": {"file": str(mounted)}},
            "spenders": {
                "key": {"env": "WEB_KEY"},
                "allow": ["restore", "spend"],
                "language": "sv",
            },
        },
    )
    audit_log = folder / "audit_log.jsonl"
    given = {
        "HOSTUP_API_KEY": "",
        "WEB_KEY": SANDBOX_API_KEY,
        "HOSTUP_MCP_CREDENTIALS": str(credentials),
        "HOSTUP_MCP_AUDIT_LOG": str(audit_log),
    }
    bearer = serving(upstream_of_worker, **given, HOSTUP_MCP_TOKENS=str(path))
    # The groups of a caller override HOSTUP_MCP_ALLOW.
    oauth = serving(
        upstream_of_worker, **given, HOSTUP_MCP_ALLOW="spend", **issuer_of_worker.settings
    )
    with threads(bearer, oauth) as both:
        yield both, tokens, audit_log


@dataclass
class Team:
    web: Caller
    ops: Caller
    spenders: Caller
    guests: Caller


@pytest.fixture
async def team(
    running: tuple[list[ServerThread], dict[str, str], Path], upstream: Upstream
) -> AsyncIterator[Team]:
    [server, _], tokens, _ = running
    async with calling() as client:
        yield Team(*(Caller(client, server.url, token) for token in tokens.values()))


async def servers(caller: Caller) -> set[str]:
    return {vps["id"] for vps in (await caller.ok("list_vps", limit=100))["data"]}


async def test_callers_see_their_own_servers(team: Team, upstream: Upstream) -> None:
    web, ops = await servers(team.web), await servers(team.ops)
    state = upstream.sandbox.state
    assert web == {s.id for s in state.owned(MAIN_OWNER)}
    assert ops == {s.id for s in state.owned(OTHER_OWNER)}
    assert web
    assert ops
    assert not web & ops


async def test_foreign_server_is_not_requested(team: Team, upstream: Upstream) -> None:
    web, _ = await servers(team.web), await servers(team.ops)
    upstream.sandbox.requests.clear()
    for id_ in sorted(web):
        assert (await team.ops.call("list_vps_backups", id=id_)).kind == "unknown_id"
    assert upstream.sandbox.requests == []


async def test_requests_carry_the_callers_key(team: Team, upstream: Upstream) -> None:
    await servers(team.web)
    await servers(team.ops)
    sent = [request.headers["authorization"] for request in upstream.sandbox.requests]
    assert sent == [f"Bearer {SANDBOX_API_KEY}", f"Bearer {SANDBOX_OTHER_KEY}"]


async def test_tools_follow_the_callers_groups(team: Team) -> None:
    assert await team.web.tools() - READING == unlocked_by(Group.CREATE, Group.RESTORE)
    assert await team.ops.tools() == READING
    assert await team.spenders.tools() - READING == unlocked_by(Group.RESTORE, Group.SPEND)


async def test_locked_tool_sends_nothing(team: Team, upstream: Upstream) -> None:
    [ops, *_] = sorted(await servers(team.ops))
    refused = await team.ops.call("create_vps_backup", id=ops)
    assert refused.kind == "not_allowed"
    assert (
        "sets allow create, plus any group added meanwhile, for this caller in its" in refused.text
    )
    vps = await team.web.find("web-01")
    refused = await team.web.call("delete_vps_backup", id=vps, backupId="bkp_0000000000")
    assert refused.kind in ("not_allowed", None) or "Unknown tool" in refused.text
    assert upstream.sandbox.writes == []


async def test_unlocked_tool_works(team: Team, upstream: Upstream) -> None:
    _, plan = await team.web.plan()
    asked = await team.web.call("restore_vps", planId=plan)
    done = await team.web.call("restore_vps", asked.accept(), planId=plan)
    assert done.kind is None, done.text
    [write] = upstream.sandbox.writes
    assert write.headers["authorization"] == f"Bearer {SANDBOX_API_KEY}"


async def test_recoveries_are_their_callers_own(team: Team, upstream: Upstream) -> None:
    """Both callers use one account, and only one of them made the restore."""
    vps, plan = await team.web.plan()
    asked = await team.web.call("restore_vps", planId=plan)
    started = (await team.web.call("restore_vps", asked.accept(), planId=plan)).data
    uri = f"hostup://recoveries/{started['recoveryId']}"
    found = await team.web.ok("verify_recovery", id=vps)
    assert found["recoveryId"] == started["recoveryId"]
    [content] = (await team.web.result_of("resources/read", uri=uri))["contents"]
    assert json.loads(content["text"])["verdict"] == found["verdict"]
    assert await team.spenders.find("web-01") == vps
    refused = await team.spenders.call("verify_recovery", id=vps)
    assert refused.kind == "no_recovery"
    assert "error" in parse(await team.spenders.post("resources/read", uri=uri))
    # Nor can the other one change it by looking.
    [content] = (await team.web.result_of("resources/read", uri=uri))["contents"]
    assert json.loads(content["text"])["verdict"] == found["verdict"]


async def paid_plan(caller: Caller) -> dict[str, Any]:
    """A plan to build a new server that costs money."""
    vps = await caller.find("web-01")
    backups = (await caller.ok("list_vps_backups", id=vps))["backups"]
    plan = await caller.ok("plan_restore", id=vps, mode="new_cloud_vps", backupId=backups[0]["id"])
    assert plan["verdict"] == "possible", plan
    return plan


SPENDING_LOCKED = {
    "code": "locked",
    "groups": ["spend"],
    "how": {"code": "unlock_for_caller", "allow": "create,restore,spend"},
}


def assert_spending_is_locked(plan: dict[str, Any]) -> None:
    assert plan["planId"] is None
    [reason] = (reason for reason in plan["here"]["reasons"] if reason["code"] == "locked")
    assert SPENDING_LOCKED.items() <= reason.items()
    assert "for this caller in its credentials file" in reason["message"]


async def test_spending_follows_the_caller(
    running: tuple[list[ServerThread], dict[str, str], Path], team: Team, upstream: Upstream
) -> None:
    """The groups of the caller count, not HOSTUP_MCP_ALLOW."""
    plan = await paid_plan(team.spenders)
    assert plan["here"]["allowed"]
    allowed = await team.spenders.call("restore_vps", planId=plan["planId"])
    assert allowed.kind is None, allowed.text
    assert allowed.asks
    assert_spending_is_locked(await paid_plan(team.web))


async def test_each_caller_is_asked_in_their_language(team: Team) -> None:
    """HTTP callers have no locale of their own, so without a setting it is English."""
    english, swedish = [
        await caller.call("restore_vps", planId=(await caller.plan())[1])
        for caller in (team.web, team.spenders)
    ]
    assert english.question.startswith('Restore "web-01" (192.0.2.10) to its backup from ')
    assert english.question.endswith("\nTo go ahead, type: web-01")
    assert swedish.question.startswith(
        'Vill du återställa "web-01" (192.0.2.10) till backupen från '
    )
    assert swedish.question.endswith("\nFör att gå vidare, skriv: web-01")


async def test_caller_groups_override_allow(
    running: tuple[list[ServerThread], dict[str, str], Path],
    upstream: Upstream,
    issuer_of_worker: Issuer,
) -> None:
    [_, server], _, _ = running
    async with calling() as client:
        web = Caller(client, server.url, issuer_of_worker.token(sub="web-team"))
        assert_spending_is_locked(await paid_plan(web))


async def test_caller_without_an_account(team: Team, upstream: Upstream) -> None:
    refused = await team.guests.call("list_vps")
    assert refused.kind == "no_account"
    assert "credentials file" in refused.text
    assert await team.guests.tools() == READING
    assert (await team.guests.call("create_vps_backup", id="vps_00000000")).kind == "not_allowed"
    assert upstream.sandbox.requests == []


async def test_jwt_subject_selects_account(
    running: tuple[list[ServerThread], dict[str, str], Path],
    upstream: Upstream,
    issuer_of_worker: Issuer,
) -> None:
    [_, server], _, _ = running
    async with calling() as client:

        def subject(name: str, client_id: str = "agent") -> Caller:
            token = issuer_of_worker.token(sub=name, client_id=client_id)
            return Caller(client, server.url, token)

        state = upstream.sandbox.state
        assert await servers(subject("web-team")) == {s.id for s in state.owned(MAIN_OWNER)}
        assert await servers(subject("ops-team")) == {s.id for s in state.owned(OTHER_OWNER)}
        # The name of a client is not a subject.
        impostor = await subject("nobody", client_id="web-team").call("list_vps")
        assert impostor.kind == "no_account"


async def test_audit_log_names_the_caller(
    running: tuple[list[ServerThread], dict[str, str], Path], team: Team
) -> None:
    _, _, audit_log = running
    _, plan = await team.web.plan()
    await team.web.call("restore_vps", planId=plan)
    text = audit_log.read_text()
    assert '"caller": "web-team"' in text
    assert SANDBOX_API_KEY not in text
