"""Reading: what there is, in the words of HostUp, and nothing that was not asked for."""

from __future__ import annotations

import json
import re
import socket
import unicodedata
from typing import Any

import anyio
import httpx
import pytest
from support.account import fresh_account
from support.product import LEGACY, MODERN, REVISIONS, Door

from hostup_mcp.sandbox import (
    HOSTILE_NAME,
    SANDBOX_READ_ONLY_KEY,
    Clock,
    Fault,
    ManualClock,
    RateLimit,
    Sandbox,
    Variants,
)
from hostup_mcp.server.app import build_server

from .harness import SAFETY_DOORS, Product, Result, User, connected, hurried, in_memory, settings

revisions = pytest.mark.parametrize("mode", REVISIONS)
doors = pytest.mark.parametrize("door", SAFETY_DOORS, ids=str)

# The sample response of HostUp's page on the backups of a VPS.
SAMPLE = """
{
  "backups": [
    {
      "id": "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3",
      "displayId": "2026-04-27T10:00:00.000Z (vzdump-qemu-101.vma.zst)",
      "storageKey": "vzdump-qemu-101.vma.zst",
      "createdAt": "2026-04-27T10:00:00.000Z",
      "sizeGb": 12.4,
      "backupType": "manual",
      "note": "Before upgrade"
    }
  ],
  "quotaInfo": {
    "used": 1,
    "limit": 3,
    "remaining": 2
  },
  "actions": {
    "canCreateBackup": {
      "allowed": true,
      "reason": null
    },
    "canRestore": {
      "allowed": true,
      "reason": null
    }
  }
}
"""
SAMPLE_VPS = "vps_01hxa3b4c5d6e7f8g9h0j1k2m3"


# What is read -------------------------------------------------------------------------------------


@doors
async def test_servers_and_backups_are_read_as_they_are(product: Product, door: Door) -> None:
    state = product.sandbox.state
    async with product.enter(door) as assistant:
        listed = await assistant.ok("list_vps", limit=100)
        vps, backups = await assistant.backups("shop-prod")
        read = await assistant.ok("list_vps_backups", id=vps)
    mine = {s.id: s for s in state.owned("main")}
    assert {s["id"] for s in listed["data"]} == set(mine)
    shop = next(s for s in listed["data"] if s["id"] == vps)
    assert shop["name"] == "shop-prod"
    assert shop["primaryIp"] == "198.51.100.10"
    assert shop["serviceStatus"] == "active"
    assert shop["powerState"] == "running"
    assert shop["operatingSystem"]["displayName"] == "Ubuntu 24.04"
    assert shop["resources"] == {"cpuCores": 4, "memoryGb": 8, "storageGb": 160}
    assert shop["isPayg"] is False
    assert set(backups) == {b.id for b in mine[vps].backups}
    assert read["quotaInfo"] == {"used": 3, "limit": 3, "remaining": 0}
    assert read["actions"]["canCreateBackup"]["allowed"] is False
    assert product.sandbox.writes == []


@revisions
async def test_every_field_of_the_sample_is_kept(mode: str) -> None:
    def upstream(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/backups"):
            return httpx.Response(200, text=SAMPLE, headers={"Content-Type": "application/json"})
        return httpx.Response(200, json={"data": [{"id": SAMPLE_VPS}], "nextCursor": None})

    clock = ManualClock()
    server = build_server(settings(), transport=httpx.MockTransport(upstream), now=clock.now)
    clock.advance(26 * 3600)
    async with connected(server, None, mode) as assistant:
        await assistant.ok("list_vps")
        result = await assistant.call("list_vps_backups", id=SAMPLE_VPS)
    page, data = json.loads(SAMPLE), result.data
    assert data["quotaInfo"] == page["quotaInfo"]
    assert data["actions"] == page["actions"], "an absent code stays absent"
    [backup] = data["backups"]
    assert {key: backup[key] for key in page["backups"][0]} == page["backups"][0]
    assert set(backup) - set(page["backups"][0]) == {"age", "ageSeconds"}
    assert (data["total"], data["nextBefore"], data["oldest"]["id"]) == (1, None, backup["id"])
    assert backup["age"] == "1 day 2 hours"
    assert backup["ageSeconds"] == 26 * 3600
    assert data["explanation"]["restore"]["verdict"] == "possible"
    assert data["explanation"]["restore"]["overwrites"]["span"] == "1 day 2 hours"
    for fact in ("bkp_01hxa3b4c5d6e7f8g9h0j1k2m3", "12.4", "Before upgrade", "1 of 3 used"):
        assert fact in result.text
    lost = "everything written since Mon 2026-04-27 10:00 UTC would be lost, up to 1 day 2 hours"
    assert f"Restoring the newest listed backup: {lost}" in result.text, "which backup it is about"


@pytest.mark.parametrize(("mode", "limit"), [(LEGACY, 1), (MODERN, 3), (LEGACY, 7), (MODERN, 100)])
async def test_pages_are_followed_to_the_end(sandbox: Sandbox, mode: str, limit: int) -> None:
    found: list[str] = []
    async with in_memory(sandbox, None, mode=mode) as assistant:
        cursor: dict[str, str] = {}
        while True:
            result = await assistant.call("list_vps", limit=limit, **cursor)
            page = result.data
            found += [server["id"] for server in page["data"]]
            if page["nextCursor"] is None:
                break
            assert page["nextCursor"] in result.text, "no page is dropped silently"
            cursor = {"cursor": page["nextCursor"]}
        assert await assistant.ok("list_vps_backups", id=found[0])
        assert await assistant.ok("list_vps_backups", id=found[-1])
    assert found == [server.id for server in sandbox.state.owned("main")]


async def test_an_unknown_cursor_is_refused(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        result = await assistant.no("list_vps", cursor="made-up")
    assert result.kind == "invalid_cursor"
    assert "without cursor" in result.next_step


async def test_servers_are_found_by_name_and_address(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        assert len((await assistant.ok("list_vps", name="SHOP-prod"))["data"]) == 1
        by_ip = (await assistant.ok("list_vps", primaryIp="192.0.2.10"))["data"]
        assert [server["name"] for server in by_ip] == ["web-01"]
        assert (await assistant.ok("list_vps", name="web"))["data"] == []
        assert (await assistant.ok("list_vps", name="a&limit=1#x"))["data"] == []
    assert all(r.path == "/api/v2/vps" for r in sandbox.requests)
    assert dict(sandbox.requests[-1].query)["name"] == "a&limit=1#x"


async def test_an_empty_argument_is_not_sent(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        everything = await assistant.ok("list_vps")
        assert await assistant.ok("list_vps", cursor="", name="", primaryIp="") == everything
    assert [name for name, _ in sandbox.requests[-1].query] == ["limit"]


@pytest.mark.parametrize(
    ("name", "verdict", "said"),
    [
        ("web-01", "possible", "12 hours|8 hours"),
        ("staging", "blocked", "no backup"),
        ("files", "blocked", "gave no reason"),
        ("analytics", "blocked", "storage_migration_window"),
        ("crm", "blocked", "pending_order"),
        ("intranet", "blocked", "suspended"),
        ("db-01", "blocked", "running"),
        ("legacy-erp", "possible", "no known date"),
        ("shop-prod", "possible", "3 of 3"),
        ("mail", "possible", "The likeliest is the oldest, bkp_"),
        ("build-01", "possible", "limit unknown"),
        ("media", "possible", "No complete backup is known"),
    ],
)
async def test_each_server_is_explained(
    sandbox: Sandbox, name: str, verdict: str, said: str
) -> None:
    async with in_memory(sandbox, None) as assistant:
        vps = await assistant.find(name)
        result = await assistant.call("list_vps_backups", id=vps)
    restore = result.data["explanation"]["restore"]
    assert restore["verdict"] == verdict
    assert (restore["toUnblock"] is not None) is (verdict == "blocked")
    assert re.search(said, result.text), result.text
    dates = [b["createdAt"] for b in result.data["backups"]]
    known = [d for d in dates if d is not None]
    assert known == sorted(known, reverse=True)
    assert dates == known + [None] * (len(dates) - len(known)), "unknown dates come last"


async def test_the_gate_for_other_servers_is_shown() -> None:
    sandbox = fresh_account(variants=Variants(from_vps_gate="backups"))
    async with in_memory(sandbox, None) as assistant:
        vps = await assistant.find("intranet")
        result = await assistant.call("list_vps_backups", id=vps)
    gate = result.data["actions"]["canRestoreFromAnotherVps"]
    assert gate["allowed"] is False
    assert f'"{gate["reason"]}"' in result.text
    assert "From another VPS: not allowed, for the same reason." in result.text


# Ids ----------------------------------------------------------------------------------------------

TRICKS = [
    "vps_01hxa3b4c5d6e7f8g9h0j1k2m3",
    "vps_../../me",
    "../../../api/v2/me",
    "vps_01%2e%2e%2fme",
    "vps_abc/backups",
    "vps_abcdefg?include=all",
    "vps_abcdefg#",
    "{id}",
    "web-01",
    "192.0.2.10",
    "",
    " ",
    "vps_" + "a" * 100,
    "vps_abcdefg\n",
    "vps_аbcdefg",
    "null",
]
BY_ID = ("list_vps_backups", "list_vps_snapshots", "list_backup_schedules", "list_restore_sources")


@revisions
async def test_an_id_not_returned_by_list_vps_is_refused(sandbox: Sandbox, mode: str) -> None:
    """No request leaves for it."""
    not_listed = [sandbox.state.by_name(name).id for name in ("other-web", "dev-01")]
    async with in_memory(sandbox, None, mode=mode) as assistant:
        await assistant.find("web-01")
        seen = len(sandbox.requests)
        for trick in (*TRICKS, *not_listed, 7, None, ["a"]):
            for tool in (*BY_ID, "create_vps_backup"):
                result = await assistant.no(tool, id=trick)
                assert result.kind in ("unknown_id", "invalid_arguments"), trick
                assert result.kind != "unknown_id" or "list_vps" in result.next_step
                assert not isinstance(trick, str) or len(trick) < 8 or trick not in result.text
    assert len(sandbox.requests) == seen


async def test_a_backup_counts_only_with_its_server(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        web, of_web = await assistant.backups("web-01")
        dev, of_dev = await assistant.backups("dev-01")
        seen = len(sandbox.requests)
        for vps, backup in ((web, of_dev[0]), (dev, of_web[0]), (web, "bkp_01madeup")):
            for tool, more in (
                ("plan_restore", {"mode": "in_place"}),
                ("delete_vps_backup", {}),
            ):
                result = await assistant.no(tool, id=vps, backupId=backup, **more)
                assert result.kind == "unknown_id"
                assert "list_vps_backups" in result.next_step
        source = {"sourceVpsId": dev, "backupId": of_dev[0]}
        result = await assistant.no("plan_restore", id=web, mode="from_other_vps", **source)
        assert result.kind == "unknown_id"
        result = await assistant.no(
            "plan_restore", id=web, mode="snapshot", snapshotName="before-php-84"
        )
        assert result.kind == "unknown_id"
    assert len(sandbox.requests) == seen


async def test_a_restore_of_nothing_is_not_called_allowed(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        for name in ("web-01", "mail"):
            vps = await assistant.find(name)
            listing = await assistant.call("list_vps_snapshots", id=vps)
            assert listing.data["actions"]["canRestore"]["allowed"]
            is_empty = not listing.data["data"]
            assert is_empty == (name == "mail")
            assert ("Restore: no snapshot is listed." in listing.text) == is_empty
            assert not (is_empty and "Restore: allowed" in listing.text)


# Arguments ----------------------------------------------------------------------------------------


WRONG_ARGUMENTS: list[tuple[dict[str, Any], str]] = [
    ({"limt": 5}, "limt"),
    ({"limit": 0}, "limit"),
    ({"limit": 101}, "limit"),
    ({"limit": "lots-of-s3cret"}, "limit"),
    ({"limit": 2.5}, "limit"),
    ({"name": ["s3cret"]}, "name"),
    ({"name": "s3cret" * 100}, "name"),
    ({"primaryIp": {"s3cret": 1}}, "primaryIp"),
    ({"cursor": 5}, "cursor"),
]


@revisions
async def test_wrong_arguments_are_named_in_our_words(sandbox: Sandbox, mode: str) -> None:
    async with in_memory(sandbox, None, mode=mode) as assistant:
        for arguments, named in WRONG_ARGUMENTS:
            result = await assistant.no("list_vps", **arguments)
            assert result.kind == "invalid_arguments", arguments
            assert any(field.startswith(named) for field in result.error["fields"]), arguments
            whole = result.text + json.dumps(result.data)
            leaks = ("s3cret", "pydantic", "http", "input_value", "Traceback", "validation error")
            assert not [leak for leak in leaks if leak in whole], arguments
    assert sandbox.requests == []


async def test_a_missing_argument_is_named(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        result = await assistant.no("list_vps_backups")
    assert result.error["fields"] == ["id: is required"]
    assert sandbox.requests == []


# Texts --------------------------------------------------------------------------------------------


def invisible(text: str) -> list[str]:
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return [char for char in text if char != "\n" and unicodedata.category(char) in bad]


@revisions
async def test_hostile_text_stays_inside_its_quotes(sandbox: Sandbox, mode: str) -> None:
    mean = sandbox.state.by_name(HOSTILE_NAME).id
    async with in_memory(sandbox, None, mode=mode) as assistant:
        servers = await assistant.call("list_vps", limit=100)
        count = len(servers.data["data"])
        assert len(servers.text.splitlines()) == count + 1, "one line for each server"
        wiki = next(s["id"] for s in servers.data["data"] if s["name"] == "wiki")
        for vps in (mean, wiki):
            read = await assistant.call("list_vps_backups", id=vps)
            listed = [b["id"] for b in read.data["backups"]]
            begin = {line.split(" ")[0] for line in read.text.splitlines()}
            assert set(listed) <= begin, "each backup begins its own line"
            assert not begin & {"##", "SYSTEM:", "ASSISTANT:", "status:", "allowed:"}
            await assistant.call("plan_restore", id=vps, mode="in_place", backupId=listed[0])
    for result in assistant.results:
        assert not invisible(result.text)
        assert not invisible(json.dumps(result.data, ensure_ascii=False))
        assert max(len(line) for line in result.text.splitlines()) < 1500


async def test_the_text_has_every_id_and_is_shorter(sandbox: Sandbox) -> None:
    async with in_memory(sandbox, None) as assistant:
        await assistant.call("list_vps", limit=100)
        for name in ("web-01", "archive", "shop-prod", "legacy-erp"):
            vps = await assistant.find(name)
            await assistant.call("list_vps_backups", id=vps)
            await assistant.call("list_vps_snapshots", id=vps)
            await assistant.call("list_restore_sources", id=vps)
            await assistant.call("list_backup_schedules", id=vps)
    for result in assistant.results:
        assert not result.is_error
        whole = json.dumps(result.data, separators=(",", ":"), ensure_ascii=False)
        ids = set(re.findall(r"\b(?:vps|bkp|bks)_[0-9a-z]+", whole))
        assert all(known in result.text for known in ids)
        assert len(result.text) < len(whole)


# Failures -----------------------------------------------------------------------------------------

FAILURES = [
    (Fault("status", status=401), "unauthorized", "HOSTUP_API_KEY"),
    (Fault("status", status=403, code="forbidden"), "forbidden", "read:vm"),
    (Fault("status", status=404), "not_found", "list_vps"),
    (Fault("status", status=400), "invalid_request", "HostUp said"),
    (Fault("status", status=500), "hostup_failed", "HostUp's API failed"),
    (Fault("html", status=403), "edge_refused", "the key's scopes are not the reason"),
    (Fault("redirect"), "redirected", "HOSTUP_BASE_URL"),
    (Fault("empty"), "bad_response", "empty"),
    (Fault("not_json"), "bad_response", "not JSON"),
    (Fault("truncated"), "bad_response", "was truncated"),
    (Fault("huge"), "bad_response", "10 MB"),
]


@revisions
async def test_a_failure_says_what_to_do(sandbox: Sandbox, mode: str) -> None:
    async with in_memory(sandbox, None, mode=mode) as assistant:
        vps = await assistant.find("web-01")
        for fault, kind, said in FAILURES:
            sandbox.faults.add(fault)
            result = await assistant.no("list_vps_backups", id=vps)
            assert result.kind == kind, fault
            assert said in result.text
            assert result.next_step
            assert result.text.splitlines()[-1] == f"Next: {result.next_step}"
            if fault.kind == "status":
                assert result.error["status"] == fault.status
                assert result.error["code"]
                assert result.error["requestId"]
                assert result.error["requestId"] in result.text
            assert "Traceback" not in result.text
            assert await assistant.ok("list_vps_backups", id=vps), "it goes on"


@doors
async def test_refusals_and_failures_over_every_door(product: Product, door: Door) -> None:
    async with product.enter_alone(door, None) as assistant:
        for trick in (SAMPLE_VPS, product.sandbox.state.by_name("web-01").id):
            refused = await assistant.no("list_vps_backups", id=trick)
            assert refused.kind == "unknown_id"
            assert "list_vps" in refused.next_step
        assert product.sandbox.requests == []
        vps = await assistant.find("web-01")
        product.sandbox.faults.add(
            Fault("status", status=404),
            Fault("status", status=429, headers={"Retry-After": "77"}),
        )
        gone = await assistant.no("list_vps_backups", id=vps)
        assert gone.kind == "not_found"
        assert gone.error["status"] == 404
        limited = await assistant.no("list_vps_backups", id=vps)
        assert limited.kind == "rate_limited"
        assert limited.error["retryAfterSeconds"] == 77
        assert "77 s" in limited.text


async def test_hostups_rate_limit_is_given_in_seconds() -> None:
    sandbox = fresh_account(rate_limit=RateLimit(requests=2, seconds=45))
    async with in_memory(sandbox, None) as assistant:
        vps = await assistant.find("web-01")
        await assistant.ok("list_vps_backups", id=vps)
        result = await assistant.no("list_vps_backups", id=vps)
    assert result.kind == "rate_limited"
    assert result.error["retryAfterSeconds"] == 45


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_failed_read_is_retried(status: int) -> None:
    async def main() -> None:
        sandbox = fresh_account()
        sandbox.faults.add(
            Fault("status", status=status, times=2, headers={"Retry-After": "1"}),
            Fault("drop_before"),
        )
        async with in_memory(sandbox, None) as assistant:
            assistant.patience = 3600
            assert await assistant.find("web-01")
        assert len(sandbox.requests) == 4

    hurried(main, speed=20)


def test_a_read_ends_within_its_time_limit() -> None:
    async def main() -> tuple[Result, float]:
        sandbox = fresh_account(clock=Clock())
        sandbox.faults.add(Fault("slow", times=None, seconds=1000))
        async with in_memory(sandbox, None, mode=LEGACY) as assistant:
            assistant.patience = 3600
            begin = anyio.current_time()
            result = await assistant.no("list_vps")
            return result, anyio.current_time() - begin

    result, took = hurried(main, speed=20)
    assert result.kind == "timed_out"
    assert result.next_step
    assert took < 40


async def test_no_network_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    # The pauses between the attempts are real time: this takes the whole budget of a call.
    server = build_server(settings(base_url=f"http://127.0.0.1:{port}"))
    async with connected(server, None, MODERN) as assistant:
        result = await assistant.no("list_vps")
    assert result.kind == "unreachable"
    assert "network" in result.next_step


async def test_a_read_only_key_reads() -> None:
    sandbox = fresh_account(variants=Variants())
    async with in_memory(sandbox, None, api_key=SANDBOX_READ_ONLY_KEY) as assistant:
        vps = await assistant.find("web-01")
        read = await assistant.ok("list_vps_backups", id=vps)
        assert read["explanation"]["restore"]["verdict"] == "blocked"
        assert "backup:vm" in read["actions"]["canRestore"]["reason"]


async def test_counts_of_backups_are_not_taken_for_schedules() -> None:
    """A server without a schedule may still have backups that an earlier one made."""
    async with in_memory(fresh_account(), User()) as assistant:
        read = await assistant.call("list_backup_schedules", id=await assistant.find("files"))
    assert "It has no backup schedules." in read.text
    assert "A schedule made 2 of its backups, but no schedule is on now" in read.text
    assert (
        "Retention: at most 3 backups, now 0 manual and 2 made by a schedule, a schedule could add "
        "1 more, automatic deletion of the oldest is off."
    ) in read.text
    assert "scheduled" not in read.text
