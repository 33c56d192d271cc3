"""What a result says can be done from here can be done, and what it says cannot, cannot.

Random servers of the account, settings, stores and clients, against the same calls.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mcp.client import Client, advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from support.account import fresh_account
from support.product import LEGACY, MODERN

from hostup_mcp.config import Confirm, Group
from hostup_mcp.sandbox import Fault, Sandbox
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.catalog import READING, WRITING
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

from .harness import Assistant, Result, User
from .harness import settings as product_settings

KINDS = {
    "locked": "not_allowed",
    "client_cannot_ask": "cannot_ask",
    "key_refused": "forbidden",
    "store_unavailable": "state_unavailable",
    "job_running": "write_in_flight",
}
"""How a call is refused, by the reason that was told before."""

BACKUP, SPEND = ("backup:vm",), ("backup:vm", "write:billing")
MODES = ("in_place", "new_cloud_vps")
SERVERS = ("web-01", "mail", "build-01", "legacy-erp", "intranet", "files", "staging", "shop-prod")


class SwitchedState(InMemoryState):
    """A store that can be reached or not."""

    is_up = True

    async def is_available(self) -> bool:
        return self.is_up


@dataclass(frozen=True)
class World:
    """One account, one configuration, one client."""

    server: str = "web-01"
    groups: frozenset[Group] = frozenset(Group)
    confirm: Confirm = Confirm.PERSON
    is_store_up: bool = True
    is_locked: bool = False
    refused: tuple[str, ...] = ()
    """The scopes of a write that was refused with 403 a minute ago."""
    is_key_mended: bool = False
    can_ask: bool = True
    shows_panel: bool = False
    mode: str = MODERN


worlds = st.builds(
    World,
    server=st.sampled_from(SERVERS),
    groups=st.frozensets(st.sampled_from(Group)) | st.just(frozenset(Group)),
    confirm=st.sampled_from(Confirm),
    is_store_up=st.sampled_from([True, True, True, False]),
    is_locked=st.sampled_from([False, False, False, True]),
    refused=st.sampled_from([(), (), BACKUP, SPEND]),
    is_key_mended=st.booleans(),
    can_ask=st.booleans(),
    shows_panel=st.booleans(),
    mode=st.sampled_from([LEGACY, MODERN]),
)


@asynccontextmanager
async def connected(
    sandbox: Sandbox, state: SwitchedState, world: World
) -> AsyncIterator[tuple[Assistant, Services]]:
    services = Services(
        product_settings(allow=world.groups, confirm=world.confirm),
        sandbox.transport(),
        sandbox.clock.now,
        state,
    )
    apps = [advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})] if world.shows_panel else []
    user = User() if world.can_ask else None
    async with Client(
        serve_with(services), mode=world.mode, elicitation_callback=user, extensions=apps
    ) as client:
        yield Assistant(client, user), services


async def make_true(world: World, sandbox: Sandbox, state: SwitchedState, used: Services) -> None:
    """Bring about what the world says: the lock, the store, the key."""
    vps = sandbox.state.by_name(world.server).id
    state.is_up = world.is_store_up
    if world.is_locked:
        assert await state.acquire(f"write/{used.base_url}/{vps}", 240)
    if world.refused:
        used.refusals.note(LOCAL, vps, world.refused, sandbox.clock.now())
    if world.refused and not world.is_key_mended:
        for_backups = world.refused == BACKUP
        backups = ["*/backups", "*/snapshots", "*/restore", "*/restore-to-payg"]
        paths = backups if for_backups else ["*-to-payg"]
        for path in paths:
            sandbox.faults.add(Fault("status", "POST", path, status=403, times=None))
        if for_backups:
            sandbox.faults.add(Fault("status", "GET", "*/restore-sources", status=403, times=None))


def reasons(told: Mapping[str, Any]) -> list[str]:
    here = told["here"]
    assert here["allowed"] is (here["reasons"] == [])
    for reason in here["reasons"]:
        assert reason["code"] in KINDS
        assert reason["message"]
    return [reason["code"] for reason in here["reasons"]]


def check(result: Result, told: Mapping[str, Any], sent: int, world: World) -> None:
    """The call ended as it was told: it was sent, or refused for one of the reasons."""
    codes = reasons(told)
    if told["here"]["allowed"]:
        assert sent == 1, result.text
        assert not result.is_error, result.text
        return
    if world.refused == SPEND and world.is_key_mended and codes == ["key_refused"]:
        # No read needs that scope, so it is not known that the key was mended.
        return
    assert result.is_error, result.text
    assert result.kind in {KINDS[code] for code in codes}, (codes, result.text)


def tools_named(text: str) -> set[str]:
    return {name for name in (*READING, *WRITING) if re.search(rf"\b{name}\b", text)}


@settings(max_examples=50)
@given(worlds)
@example(World())
@example(World(groups=frozenset()))
@example(World(can_ask=False))
@example(World(can_ask=False, server="mail"))
@example(World(can_ask=False, shows_panel=True))
@example(World(can_ask=False, shows_panel=True, mode=LEGACY))
@example(World(can_ask=False, confirm=Confirm.CLIENT))
@example(World(is_store_up=False))
@example(World(is_locked=True))
@example(World(refused=BACKUP))
@example(World(refused=BACKUP, is_key_mended=True))
@example(World(refused=SPEND))
def test_here_is_what_the_call_meets(world: World) -> None:
    anyio.run(_play, world)


async def _play(world: World) -> None:
    await _play_create(world)
    await _play_snapshots(world)
    for mode in MODES:
        await _play_restore(world, mode)


async def _play_create(world: World) -> None:
    sandbox, state = fresh_account(), SwitchedState()
    async with connected(sandbox, state, world) as (assistant, used):
        vps = await assistant.find(world.server)
        await make_true(world, sandbox, state, used)
        listing = await assistant.call("list_vps_backups", id=vps)
        listed = await assistant.tools()
        assert tools_named(listing.text) <= listed, listing.text
        create = listing.data["explanation"]["create"]
        if create["verdict"] != "possible":
            return
        result = await assistant.call("create_vps_backup", id=vps)
        check(result, create, len(sandbox.writes), world)


async def _play_snapshots(world: World) -> None:
    sandbox, state = fresh_account(), SwitchedState()
    async with connected(sandbox, state, world) as (assistant, used):
        vps = await assistant.find(world.server)
        await make_true(world, sandbox, state, used)
        listing = await assistant.call("list_vps_snapshots", id=vps)
        assert tools_named(listing.text) <= await assistant.tools(), listing.text
        gates, here = listing.data["actions"], listing.data["here"]
        create, restore = ({"here": here[name]} for name in ("create", "restore"))
        is_open = bool(gates.get("canCreate") or {}) and gates["canCreate"]["allowed"]
        for is_told, told in (
            (is_open, create),
            (listing.data["data"] and gates["canRestore"]["allowed"], restore),
        ):
            if is_told and not told["here"]["allowed"]:
                assert "possible at HostUp, not from here" in listing.text
        if listing.data["data"]:
            name = listing.data["data"][0]["name"]
            plan = await assistant.call("plan_restore", id=vps, mode="snapshot", snapshotName=name)
            assert reasons(restore) == reasons(plan.data), "both tell the same"
        if is_open and listing.data["available"] is not False:
            result = await assistant.call("create_vps_snapshot", id=vps, name="by-hand")
            check(result, create, len(sandbox.writes), world)


async def _play_restore(world: World, mode: str) -> None:
    """Another client of the same user plans; whether this one can carry it out, is told here."""
    sandbox, state = fresh_account(), SwitchedState()
    best = World(shows_panel=True)
    async with connected(sandbox, state, best) as (other, _):
        vps, backups = await other.backups(world.server)
        if not backups:
            return
        given = {"id": vps, "mode": mode, "backupId": backups[0]}
        planned = await other.client.call_tool("plan_restore", given)
        data = planned.structured_content or {}
        confirm = (planned.meta or {}).get("hostup-mcp/confirm", {})
    async with connected(sandbox, state, world) as (assistant, used):
        await make_true(world, sandbox, state, used)
        listing = await assistant.call("list_vps_backups", id=vps)
        plan = await assistant.client.call_tool("plan_restore", given)
        told = plan.structured_content or {}
        text = assistant._keep_result(plan).text
        assert tools_named(text) <= await assistant.tools(), text
        is_possible = told["verdict"] == data["verdict"] == "possible"
        is_offered = is_possible and told["here"]["allowed"]
        assert (told["planId"] is not None) is is_offered
        assert (told["expiresAt"] is not None) is is_offered
        assert ("hostup-mcp/confirm" in (plan.meta or {})) is (is_offered and world.shows_panel)
        if mode == "in_place":
            restore = listing.data["explanation"]["restore"]
            assert reasons(restore) == reasons(told), "both tell the same"
        if not is_possible:
            return
        plan_id = told["planId"] or data["planId"]
        is_by_hand = not world.can_ask and world.confirm is Confirm.PERSON and world.shows_panel
        if is_by_hand:
            confirm = (plan.meta or {}).get("hostup-mcp/confirm", confirm)
            yes = {"ticket": confirm["ticket"], "typedName": confirm["toType"]}
            result = await assistant.call("confirm_restore", planId=plan_id, **yes)
        else:
            result = await assistant.call("restore_vps", planId=plan_id)
        check(result, told, len(sandbox.writes), world)
