"""All servers are checked in few calls and few words, within HostUp's limits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import anyio
import pytest
from support.account import Upstream
from support.fleet import SIZE, failing, healthy, mixed, nightly, sandbox_of, server
from support.product import MODERN, REVISIONS

from hostup_mcp.sandbox import Anomalies, Clock, Fault, ManualClock, RateLimit, Sandbox, Variants
from hostup_mcp.sandbox.models import Retention
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

from .harness import ONE_DOOR_EACH, Assistant, Product, Result, connected, hurried, settings

MOST_CALLS = 3
MOST_TEXT = 6_000
MOST_DATA = 20_000
A_MINUTE = RateLimit(requests=60, seconds=60)

FINDINGS = {
    "web-00": ("critical", ["no_backups"]),
    "web-05": ("critical", ["newest_old"]),
    "web-10": ("unknown", ["recency_unknown"]),
    "web-15": ("warning", ["restore_closed"]),
    "web-20": ("warning", ["service_suspended", "restore_closed"]),
    "web-25": ("notice", ["slots_full"]),
    "web-30": ("critical", ["newest_old", "create_closed"]),
    "web-40": ("warning", ["service_not_active", "no_backups", "create_closed"]),
    "web-50": ("notice", ["slots_full"]),
    "web-55": ("critical", ["newest_old"]),
}
"""What is found in the mixed account. The backup of web-45 is 25 hours old, which is fine."""


@dataclass
class World:
    """An account behind an address, on a clock that the product shares."""

    upstream: Upstream
    clock: ManualClock = field(default_factory=lambda: ManualClock(datetime.now().astimezone()))

    @property
    def sandbox(self) -> Sandbox:
        return self.upstream.sandbox

    def holds(self, servers: list[Any], **others: Any) -> None:
        self.upstream.sandbox = sandbox_of(servers, self.clock, **others)

    @asynccontextmanager
    async def assistant(self, mode: str = MODERN) -> AsyncIterator[Assistant]:
        """An assistant at a product that reaches the account through a socket."""
        state = InMemoryState(clock=lambda: self.clock.now().timestamp())
        used = Services(settings(base_url=self.upstream.url), now=self.clock.now, state=state)
        async with connected(serve_with(used), None, mode) as assistant:
            yield assistant


@pytest.fixture
def world(upstream: Upstream) -> World:
    return World(upstream)


def codes(item: dict[str, Any]) -> list[str]:
    return [f if isinstance(f, str) else f["code"] for f in item["findings"]]


def named(result: Result) -> list[str]:
    """Each server that a result names, in its text and in its data."""
    brief = [server for group in result.data["more"] for server in group["servers"]]
    for item in (*result.data["servers"], *brief):
        assert f'{item["id"]} "{item["name"]}" {item["primaryIp"]}' in result.text
    return [item["name"] for item in (*result.data["servers"], *brief)]


# One call -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", REVISIONS)
async def test_one_call_checks_every_server(world: World, mode: str) -> None:
    world.holds(mixed(world.clock.now()))
    async with world.assistant(mode) as assistant:
        result = await assistant.call("check_backups")
    data = result.data
    found = {item["name"]: (item["severity"], codes(item)) for item in data["servers"]}
    assert found == FINDINGS
    order = [item["severity"] for item in data["servers"]]
    assert order == sorted(order, key=["critical", "unknown", "warning", "notice"].index)
    assert [item["name"] for item in data["servers"]][:2] == ["web-00", "web-30"]
    assert (data["checked"], data["healthy"]) == (SIZE, SIZE - 8)
    assert (data["complete"], data["nextCursor"], data["more"]) == (True, None, [])
    old = next(item for item in data["servers"] if item["name"] == "web-05")
    newest = world.sandbox.state.by_name("web-05").backups[0]
    assert (old["backups"], old["newest"]["id"]) == (2, newest.id)
    assert old["newest"]["ageSeconds"] == 100 * 3600
    assert "2 backups, newest complete" in result.text
    assert "4 days 4 hours old" in result.text
    full = world.sandbox.state.by_name("web-25").backups[1]
    assert f"the likeliest to be removed for another is {full.id}" in result.text
    assert "4 critical, 1 unknown, 3 warning, 55 healthy" in result.text.splitlines()[0]
    assert len(world.sandbox.requests) == 1 + SIZE
    assert len(result.text) < MOST_TEXT / 2
    assert len(json.dumps(data)) < MOST_DATA / 2


async def test_healthy_servers_are_only_a_number(world: World) -> None:
    world.holds(healthy(world.clock.now()))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert (result.data["checked"], result.data["healthy"]) == (SIZE, SIZE)
    assert result.data["servers"] == []
    [line] = result.text.splitlines()
    assert line.startswith("Checked 63 servers: 63 healthy. Limit 2 days. Now ")


@pytest.mark.parametrize(
    ("arguments", "left", "words"),
    [
        (
            {},
            ["schedules", "snapshots"],
            "schedules and snapshots (schedules true adds the schedules)",
        ),
        ({"schedules": True}, ["snapshots"], "snapshots"),
    ],
)
async def test_healthy_says_what_was_not_looked_at(
    world: World, arguments: dict[str, Any], left: list[str], words: str
) -> None:
    world.holds(healthy(world.clock.now(), 2))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups", **arguments)
    assert result.text.startswith("Checked 2 servers: 2 healthy. ")
    assert result.text.endswith(f" Not looked at: {words}.")
    assert result.data["notLookedAt"] == left


@pytest.mark.parametrize("schedules", [False, True])
async def test_with_no_healthy_server_nothing_explains_the_word(
    world: World, schedules: bool
) -> None:
    world.holds(failing(world.clock.now())[:3])
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups", schedules=schedules)
    assert " 0 healthy. " in result.text
    assert "ot looked at" not in result.text
    assert result.data["notLookedAt"][-1] == "snapshots"


async def test_the_limit_is_in_days(world: World) -> None:
    world.holds(mixed(world.clock.now()))
    async with world.assistant() as assistant:
        strict = await assistant.ok("check_backups", maxAgeDays=1)
        lax = await assistant.ok("check_backups", maxAgeDays=30)
    critical = [
        {item["name"] for item in each["servers"] if item["severity"] == "critical"}
        for each in (strict, lax)
    ]
    assert critical == [{"web-00", "web-05", "web-30", "web-45", "web-55"}, {"web-00"}]


async def test_schedules_are_read_if_asked_for(world: World) -> None:
    world.holds(mixed(world.clock.now()), variants=Variants(history="camel_case"))
    async with world.assistant() as assistant:
        await assistant.ok("check_backups")
        assert not any(r.path.endswith("schedules") for r in world.sandbox.requests)
        data = await assistant.ok("check_backups", schedules=True)
    silent = next(item for item in data["servers"] if item["name"] == "web-35")
    assert codes(silent) == ["schedule_never_ran"]
    assert sum(r.path.endswith("schedules") for r in world.sandbox.requests) == SIZE


async def test_an_empty_account_is_said_to_be_empty(world: World) -> None:
    world.holds([])
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert result.text.startswith("Checked 0 servers: 0 healthy.")
    assert result.data["complete"] is True


@pytest.mark.parametrize("schedules", [False, True])
async def test_many_problems_are_bounded(world: World, schedules: bool) -> None:
    world.holds(failing(world.clock.now()))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups", schedules=schedules)
    assert sorted(named(result)) == [f"web-{number:02}" for number in range(SIZE)]
    assert result.data["more"], "the rest is said in short"
    assert result.data["servers"]
    assert len(result.text) <= MOST_TEXT
    assert len(json.dumps(result.data)) <= MOST_DATA


@pytest.mark.parametrize(
    ("last_run", "where"),
    [
        (8, "list_vps_backups"),
        (None, "list_vps_backups and, for schedules, list_backup_schedules"),
    ],
)
async def test_details_are_where_they_are_said_to_be(
    world: World, last_run: float | None, where: str
) -> None:
    start = world.clock.now()
    broken = [
        server(start, number, 100, name="n" * 60, schedules=(nightly(start, number, last_run),))
        for number in range(SIZE)
    ]
    world.holds(broken, variants=Variants(history="camel_case"))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups", schedules=True)
    assert result.data["more"]
    assert f"More, with details in {where}:\n" in result.text


async def test_one_reason_for_two_gates_is_said_once(world: World) -> None:
    world.holds(failing(world.clock.now())[:1])
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert result.text.count("No backup can be made now: ") == 1
    assert "No backup can be restored now, for the same reason." in result.text
    assert codes(result.data["servers"][0])[:3] == ["newest_old", "create_closed", "restore_closed"]


async def test_names_are_bounded(world: World) -> None:
    start = world.clock.now()
    world.holds([server(start, number, name="é" * 480 + f"{number}") for number in range(SIZE)])
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert len(result.text) <= MOST_TEXT
    assert len(json.dumps(result.data, ensure_ascii=False)) <= MOST_DATA


async def test_full_slots_alone_do_not_fill_the_text(world: World) -> None:
    """Where nightly backups rotate, that is how each server always is."""
    start = world.clock.now()
    rotating = Retention(2, auto_delete_oldest=True)
    world.holds([server(start, number, 8, 32, retention=rotating) for number in range(SIZE)])
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert result.data["healthy"] == SIZE
    assert len(result.data["servers"]) + result.data["noticesNotShown"] == SIZE
    assert f"full slots: {result.data['noticesNotShown']} more" in result.text
    assert len(result.text) < MOST_TEXT / 3


# Progress and ids ---------------------------------------------------------------------------------


async def test_progress_grows_by_each_server(world: World) -> None:
    world.holds(healthy(world.clock.now()))
    seen: list[tuple[float, float | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total))

    async with world.assistant() as assistant:
        await assistant.client.call_tool("check_backups", {}, progress_callback=on_progress)
    assert seen == [(number, SIZE) for number in range(1, SIZE + 1)]


async def test_ids_in_the_result_can_be_used(world: World) -> None:
    world.holds(mixed(world.clock.now()))
    async with world.assistant() as assistant:
        checked = await assistant.ok("check_backups")
        old = next(item for item in checked["servers"] if item["name"] == "web-55")
        assert await assistant.ok("list_vps_backups", id=old["id"])
        plan = {"id": old["id"], "mode": "in_place", "backupId": old["newest"]["id"]}
        assert (await assistant.ok("plan_restore", **plan))["verdict"] == "possible"


# Limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [mixed, failing, healthy])
@pytest.mark.parametrize("headers", ["on_429", "always"])
async def test_sixty_requests_a_minute_suffice(world: World, account: Any, headers: Any) -> None:
    world.holds(
        account(world.clock.now()), rate_limit=A_MINUTE, variants=Variants(rate_headers=headers)
    )
    results: list[Result] = []
    names: list[str] = []
    async with world.assistant() as assistant:
        more: dict[str, str] = {}
        while True:
            results.append(await assistant.call("check_backups", **more))
            data = results[-1].data
            assert not results[-1].is_error, results[-1].text
            names += named(results[-1])
            if data["nextCursor"] is None:
                break
            assert (data["stoppedBy"], data["complete"]) == ("rate_limited", False)
            assert f"wait {data['retryAfterSeconds']} s" in results[-1].text
            more = {"cursor": data["nextCursor"]}

            asked = len(world.sandbox.requests)
            early = await assistant.no("check_backups", **more)
            assert early.kind == "rate_limited"
            assert early.error["retryAfterSeconds"] == data["retryAfterSeconds"]
            assert len(world.sandbox.requests) == asked, "no request is made during the pause"
            world.clock.advance(data["retryAfterSeconds"])
    assert len(results) <= MOST_CALLS
    assert sum(len(result.text) for result in results) <= MOST_TEXT
    assert sum(result.data["checked"] for result in results) == SIZE, "each of them once"
    assert len(names) == len(set(names))
    if account is failing:
        assert len(names) == SIZE
    refused = [r for r in world.sandbox.requests if r.status == 429]
    assert len(refused) <= 5, "only those that were on their way already"


@pytest.mark.parametrize("account", [mixed, healthy])
async def test_schedules_within_the_limit(world: World, account: Any) -> None:
    world.holds(account(world.clock.now()), rate_limit=A_MINUTE)
    texts, checked, more = [], 0, {}
    async with world.assistant() as assistant:
        while True:
            result = await assistant.call("check_backups", schedules=True, **more)
            texts.append(result.text)
            checked += result.data["checked"]
            if result.data["nextCursor"] is None:
                break
            more = {"cursor": result.data["nextCursor"]}
            world.clock.advance(60)
    assert checked == SIZE
    assert len(texts) <= MOST_CALLS
    assert sum(map(len, texts)) <= MOST_TEXT


@pytest.mark.parametrize("door", ONE_DOOR_EACH, ids=str)
async def test_a_process_stops_at_the_limit(product: Product, door: Any) -> None:
    clock = ManualClock(datetime.now().astimezone())
    product.upstream.sandbox = sandbox_of(healthy(clock.now()), clock, rate_limit=A_MINUTE)
    async with product.enter_alone(door, None) as assistant:
        result = await assistant.call("check_backups")
        assert result.data["stoppedBy"] == "rate_limited"
        assert result.data["checked"] > 50
        asked = len(product.sandbox.requests)
        assert asked <= A_MINUTE.requests + 5
        cursor = result.data["nextCursor"]
        for tool, arguments in (("check_backups", {"cursor": cursor}), ("list_vps", {})):
            assert (await assistant.no(tool, **arguments)).kind == "rate_limited"
    assert len(product.sandbox.requests) == asked


async def test_a_limit_without_a_time_stops_it(world: World) -> None:
    world.holds(healthy(world.clock.now()))
    bare = Fault("status", path="*/backups", times=None, skip=20, status=429, headers={})
    world.sandbox.faults.add(bare)
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert (result.data["checked"], result.data["stoppedBy"]) == (20, "rate_limited")
    assert result.data["retryAfterSeconds"] is None
    assert len(world.sandbox.requests) <= 1 + 20 + 5


def test_a_short_pause_is_waited_out() -> None:
    async def main() -> None:
        clock = Clock()
        limit = RateLimit(requests=40, seconds=1.0)
        sandbox = sandbox_of(healthy(clock.now()), clock, rate_limit=limit)
        used = Services(settings(), transport=sandbox.transport(), now=clock.now)
        async with connected(serve_with(used), None, MODERN) as assistant:
            data = await assistant.ok("check_backups")
        assert (data["checked"], data["complete"]) == (SIZE, True)

    anyio.run(main)


def test_a_slow_hostup_gives_a_part() -> None:
    async def main() -> tuple[Result, float]:
        clock = Clock()
        sandbox = sandbox_of(healthy(clock.now()), clock)
        sandbox.faults.add(Fault("slow", path="*/backups", skip=8, times=None, seconds=1000))
        used = Services(settings(), transport=sandbox.transport(), now=sandbox.clock.now)
        async with connected(serve_with(used), None, MODERN) as assistant:
            assistant.patience = 3600
            begin = anyio.current_time()
            result = await assistant.call("check_backups")
            return result, anyio.current_time() - begin

    result, took = hurried(main, speed=20)
    assert result.data["stoppedBy"] == "timed_out"
    assert 8 < result.data["checked"] < 25
    assert "backups_unreadable" in {code for item in result.data["servers"] for code in codes(item)}
    assert "call check_backups with cursor" in result.text
    assert took < 60, "most clients give up after a minute"


# Failures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 404}, "not_found"),
        ({"status": 403}, "forbidden"),
        ({"status": 500}, "hostup_failed"),
        ({"kind": "html", "status": 200}, "bad_response"),
    ],
)
async def test_one_unreadable_server_is_one_finding(
    world: World, fault: dict[str, Any], kind: str
) -> None:
    world.holds(mixed(world.clock.now()))
    path = f"/api/v2/vps/{world.sandbox.state.by_name('web-07').id}/backup*"
    world.sandbox.faults.add(Fault(**{"kind": "status", "path": path, "times": None, **fault}))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups", schedules=True)
    assert result.data["checked"] == SIZE
    lost = next(item for item in result.data["servers"] if item["name"] == "web-07")
    assert lost["severity"] == "unknown"
    assert codes(lost) == ["backups_unreadable", "schedules_unreadable"]
    assert (lost["backups"], lost["newest"]) == (None, None)
    assert f"Its backups could not be read ({kind})." in result.text


async def test_a_refused_key_stops_it(world: World) -> None:
    world.holds(healthy(world.clock.now()))
    world.sandbox.faults.add(Fault("status", path="*/backups", skip=30, times=None, status=401))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
        assert (result.data["checked"], result.data["stoppedBy"]) == (30, "unauthorized")
        assert "NOT COMPLETE. HostUp rejected the API key." in result.text
        assert "check HOSTUP_API_KEY" in result.text
        assert len(world.sandbox.requests) <= 1 + 30 + 5
        refused = await assistant.no("check_backups", cursor=result.data["nextCursor"])
    assert refused.kind == "unauthorized"


async def test_servers_left_out_are_not_healthy(world: World) -> None:
    world.holds(healthy(world.clock.now()), anomalies=Anomalies(odd_field="vps/data/3/id=7"))
    async with world.assistant() as assistant:
        result = await assistant.call("check_backups")
    assert (result.data["checked"], result.data["complete"]) == (SIZE - 1, False)
    assert [each["name"] for each in result.data["unread"]] == ["web-03"]
    assert '"web-03"' in result.text


# Cursors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [64, 65, 200])
async def test_larger_accounts_take_several_calls(world: World, count: int) -> None:
    world.holds([server(world.clock.now(), number) for number in range(count)])
    names: list[str] = []
    async with world.assistant() as assistant:
        more: dict[str, str] = {}
        while True:
            result = await assistant.call("check_backups", **more)
            names += named(result)
            if (cursor := result.data["nextCursor"]) is None:
                break
            assert json.dumps(cursor) in result.text
            assert result.data["stoppedBy"] is None
            more = {"cursor": cursor}
    assert sorted(names) == sorted(f"web-{number:02}" for number in range(count))


@pytest.mark.parametrize(
    "cursor",
    [
        *("nonsense", "0,,,", "1,,,", "01,vps_a,,", "-1,vps_a,,", "1,vps a,,", "1,,,x"),
        *("0,vps_a,,x", "1,vps_a,", "9999999,vps_a,,", "1.5,vps_a,,", "1,vps_a,,\u202e"),
        *("\u0661,a,,", "1,vps_a,../a,", "1,vps_a,;,", "1,a,b;c;d;e;f;g,", "0,,,made-up"),
    ],
)
async def test_a_wrong_cursor_is_refused(world: World, cursor: str) -> None:
    world.holds(healthy(world.clock.now(), 3))
    async with world.assistant() as assistant:
        result = await assistant.no("check_backups", cursor=cursor)
    assert result.kind == "invalid_cursor"
    assert "without cursor" in result.next_step
    asked = len(world.sandbox.requests)
    assert asked == (cursor == "0,,,made-up"), "only HostUp knows its own"


@pytest.mark.parametrize("change", ["the last is gone", "an early one is gone", "one is new"])
async def test_no_server_is_skipped_when_some_change(world: World, change: str) -> None:
    start = world.clock.now()
    world.holds([server(start, number) for number in range(1, 41)], rate_limit=RateLimit(21, 60))
    async with world.assistant() as assistant:
        first = await assistant.call("check_backups")
        before = named(first)
        assert len(before) == 20
        last = max(before)
        state = world.sandbox.state
        if change == "one is new":
            new = server(start, 0)
            state.servers = {new.id: new, **state.servers}
        else:
            name = last if change == "the last is gone" else "web-05"
            del state.servers[state.by_name(name).id]
        world.clock.advance(60)
        world.sandbox.rates = None
        after = named(await assistant.call("check_backups", cursor=first.data["nextCursor"]))
    late = {f"web-{number:02}" for number in range(1, 41)} - set(before)
    assert late <= set(after)
    assert len(after) <= len(late) + 1
