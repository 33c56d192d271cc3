"""A rehearsal belongs to its caller: nobody else sees, verifies or ends it, on any replica."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.account import Upstream
from support.redis_server import RedisServer

from hostup_mcp.sandbox import SANDBOX_API_KEY, SANDBOX_OTHER_KEY, Fault

from .wiring import (
    SECRET,
    Caller,
    Result,
    ServerThread,
    calling,
    credentials_file,
    serving,
    threads,
    token_file,
)

SPENDING = ["restore", "spend"]


@dataclass
class People:
    """Three callers, each at the first and at the last replica; one server is both."""

    ann: Caller
    ann_elsewhere: Caller
    bob: Caller
    """He uses the same account as Ann."""
    carl: Caller
    """He has an account of his own."""


def _environment(folder: Path, upstream: Upstream) -> tuple[dict[str, str], dict[str, str]]:
    path, tokens = token_file(folder, "ann", "bob", "carl")
    main = {"key": {"env": "MAIN_KEY"}, "allow": SPENDING}
    credentials = credentials_file(
        folder,
        {"ann": main, "bob": main, "carl": {"key": {"env": "OTHER_KEY"}, "allow": SPENDING}},
    )
    given = {
        "HOSTUP_API_KEY": "",
        "MAIN_KEY": SANDBOX_API_KEY,
        "OTHER_KEY": SANDBOX_OTHER_KEY,
        "HOSTUP_MCP_CREDENTIALS": str(credentials),
        "HOSTUP_MCP_TOKENS": str(path),
    }
    return serving(upstream, **given), tokens


@pytest.fixture(
    scope="module", params=["one server", pytest.param("replicas", marks=pytest.mark.redis)]
)
def running(
    request: pytest.FixtureRequest,
    upstream_of_worker: Upstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[list[ServerThread], dict[str, str]]]:
    env, tokens = _environment(tmp_path_factory.mktemp("rehearsals"), upstream_of_worker)
    environments = [env]
    if request.param == "replicas":
        redis_server: RedisServer = request.getfixturevalue("redis_of_worker")
        redis_server.do("FLUSHALL")
        shared = {"HOSTUP_MCP_STATE": redis_server.url, "HOSTUP_MCP_SECRET": SECRET}
        environments = [{**env, **shared}] * 2
    with ExitStack() as stack:
        yield stack.enter_context(threads(*environments)), tokens


@pytest.fixture
async def people(
    running: tuple[list[ServerThread], dict[str, str]], upstream: Upstream
) -> AsyncIterator[People]:
    servers, tokens = running
    async with calling() as client:
        ann = Caller(client, servers[0].url, tokens["ann"])
        elsewhere = servers[-1].url
        bob, carl = (Caller(client, elsewhere, tokens[name]) for name in ("bob", "carl"))
        yield People(ann, ann.at(elsewhere), bob, carl)


async def rehearsed(caller: Caller) -> tuple[str, str, str]:
    """The id and the name of the server of a new rehearsal, and the id of its record."""
    plan = await planned(caller)
    asked = await caller.call("restore_vps", planId=plan["planId"])
    built = await caller.call("restore_vps", asked.accept(), planId=plan["planId"])
    assert built.kind is None, built.text
    return built.data["vpsId"], plan["newServer"]["name"], built.data["recoveryId"]


async def planned(caller: Caller) -> dict[str, Any]:
    vps = await caller.find("web-01")
    backups = (await caller.ok("list_vps_backups", id=vps))["backups"]
    given = {"mode": "new_cloud_vps", "backupId": backups[0]["id"], "rehearsal": True}
    return await caller.ok("plan_restore", id=vps, **given)


def cancelled(upstream: Upstream) -> list[str]:
    writes = upstream.sandbox.writes
    return [write.path.split("/")[4] for write in writes if write.path.endswith("/cancel")]


async def read_record(caller: Caller, recovery_id: str) -> bool:
    """Whether the caller can read this record."""
    response = await caller.post("resources/read", uri=f"hostup://recoveries/{recovery_id}")
    return "rehearsal" in response.text and "error" not in response.json()


def is_told(result: Result, vps: str) -> bool:
    """Whether a result mentions the rehearsal that built `vps`."""
    told = [each.get("vpsId") for each in result.data.get("rehearsals", [])]
    assert ("A rehearsal is running" in result.text) is bool(told)
    return vps in told


async def test_only_its_caller_ends_it(people: People, upstream: Upstream) -> None:
    ann, elsewhere, bob, carl = people.ann, people.ann_elsewhere, people.bob, people.carl
    vps, name, recovery_id = await rehearsed(ann)
    asked = await elsewhere.call("end_rehearsal", id=vps)
    assert asked.question.endswith(f"To go ahead, type: {name}")

    # Bob's key lists the server, so he has its id like that of any other one.
    listed = await bob.call("list_vps", name=name)
    assert [each["id"] for each in listed.data["data"]] == [vps]
    assert not is_told(listed, vps)
    assert not is_told(await bob.call("check_backups"), vps)
    assert (await bob.call("end_rehearsal", id=vps)).kind == "not_a_rehearsal"
    assert (await bob.call("verify_recovery", id=vps)).kind == "no_recovery"
    assert not await read_record(bob, recovery_id)
    # Nor does Ann's yes help him, whatever he sends with it.
    replayed = await bob.post(
        "tools/call", name="end_rehearsal", arguments={"id": vps}, **asked.accept()
    )
    assert replayed.json()["error"]["data"]["reason"] == "invalid_request_state"
    assert cancelled(upstream) == []

    # Carl's key does not list it; an id that somebody gave him is not even looked up.
    await carl.ok("list_vps", limit=100)
    upstream.sandbox.requests.clear()
    for tool in ("end_rehearsal", "verify_recovery"):
        assert (await carl.call(tool, id=vps)).kind == "unknown_id"
    assert not await read_record(carl, recovery_id)
    assert upstream.sandbox.requests == []

    for caller in (ann, elsewhere):
        assert is_told(await caller.call("list_vps"), vps)
        assert await read_record(caller, recovery_id)
    assert (await elsewhere.call("verify_recovery", id=vps)).kind is None
    assert (await ann.call("end_rehearsal", asked.accept(), id=vps)).kind is None
    assert cancelled(upstream) == [vps]
    # A yes is for one change, on each replica.
    for caller in (ann, elsewhere):
        again = await caller.call("end_rehearsal", asked.accept(), id=vps)
        assert again.kind == "not_confirmed"
        assert "already used" in again.text
    assert cancelled(upstream) == [vps]


async def test_two_callers_rehearse_side_by_side(people: People, upstream: Upstream) -> None:
    """Each hears of their own one only, also of one whose response was lost."""
    ann, bob = people.ann_elsewhere, people.bob
    mine, _, _ = await rehearsed(ann)
    # Of another server: after a lost response its source stays locked for a while.
    plan = await planned(bob)
    asked = await bob.call("restore_vps", planId=plan["planId"])
    upstream.sandbox.faults.add(Fault("drop_after", "POST", "*/restore-to-payg"))
    lost = await bob.call("restore_vps", asked.accept(), planId=plan["planId"])
    assert lost.kind == "outcome_unknown"
    name = plan["newServer"]["name"]
    servers = upstream.sandbox.state.servers.values()
    [his] = [each.id for each in servers if each.name == name]
    for caller, own, other in ((ann, mine, his), (bob, his, mine)):
        told = await caller.call("list_vps", limit=100)
        assert is_told(told, own)
        assert not is_told(told, other)
        assert (await caller.call("end_rehearsal", id=other)).kind == "not_a_rehearsal"
        asked = await caller.call("end_rehearsal", id=own)
        assert asked.asks, asked.text
        assert (await caller.call("end_rehearsal", asked.accept(), id=own)).kind is None
    assert cancelled(upstream) == [mine, his]
