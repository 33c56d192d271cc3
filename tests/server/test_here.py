"""What is collected about a caller's connection, and about a refused key."""

from datetime import timedelta
from typing import Any

import pytest
from mcp.types import ClientCapabilities, ElicitationCapability

from hostup_mcp.config import Confirm, Group, Remote
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.here import Asks, JobRunning, KeyRefused, RememberedUntil, look_here
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import ModeDefinition
from hostup_mcp.sandbox import Fault, Sandbox
from hostup_mcp.server.caller import LOCAL, Account
from hostup_mcp.server.here import backup_needs, read_connection, recent_refusal, restore_needs
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateUnavailableError

from .wiring import account, call, settings

CAN_ASK = ClientCapabilities(elicitation=ElicitationCapability())
BACKUP, SPEND = ("backup:vm",), ("backup:vm", "write:billing")


def services(sandbox: Sandbox | None = None, **others: Any) -> Services:
    box = sandbox or account()
    return Services(settings(), box.transport(), box.clock.now, **others)


async def test_a_connection_that_can_do_all() -> None:
    found = await read_connection(call(services(), CAN_ASK), "vps_1")
    assert found.unlocked == frozenset(Group)
    assert (found.can_ask, found.is_store_available, found.locked_until) == (True, True, None)
    flags = (found.unlocks_per_caller, found.keeps_no_sessions, found.trusts_client)
    assert flags == (False, False, False)
    for definition in MODES.values():
        assert look_here(found, restore_needs(definition)).allowed


async def test_settings_of_the_server_count() -> None:
    used = Services(
        settings(confirm=Confirm.CLIENT, remote=Remote(state="redis://h"), secrets=("s" * 32,)),
        account_of=lambda _: Account("key", frozenset({Group.CREATE})),
    )
    found = await read_connection(call(used), "vps_1")
    assert found.unlocked == {Group.CREATE}
    assert found.unlocks_per_caller
    assert found.keeps_no_sessions
    assert found.trusts_client
    assert not found.can_ask


async def test_a_lock_is_told_until_it_expires() -> None:
    seconds = 0.0
    used = services(state=InMemoryState(clock=lambda: seconds))
    assert await used.state.acquire(f"write/{used.base_url}/vps_1", 240)
    seconds = 60.0
    found = await read_connection(call(used, CAN_ASK), "vps_1")
    assert found.locked_until == used.now() + timedelta(seconds=180)
    (busy,) = look_here(found, restore_needs(next(iter(MODES.values())))).reasons
    assert busy == JobRunning(used.now() + timedelta(seconds=180))
    assert (await read_connection(call(used, CAN_ASK), "vps_2")).locked_until is None
    seconds = 240.0
    assert (await read_connection(call(used, CAN_ASK), "vps_1")).locked_until is None


@pytest.mark.parametrize("method", ["is_available", "seconds_locked"])
async def test_a_store_that_fails_is_unavailable(method: str) -> None:
    class Failing(InMemoryState):
        async def is_available(self) -> bool:
            return method != "is_available"

        async def seconds_locked(self, name: str) -> float:
            raise StateUnavailableError

    found = await read_connection(call(services(state=Failing()), CAN_ASK), "vps_1")
    assert not found.is_store_available
    assert found.locked_until is None


@pytest.mark.parametrize(
    ("definition", "groups"),
    [
        (each, {Group.RESTORE, Group.SPEND} if each.builds_server else {Group.RESTORE})
        for each in MODES.values()
    ],
    ids=[str(mode) for mode in MODES],
)
def test_a_restore_asks_in_window_or_panel(definition: ModeDefinition, groups: set[Group]) -> None:
    needs = restore_needs(definition)
    assert (needs.groups, needs.asks) == (groups, Asks.IN_WINDOW_OR_PANEL)


@pytest.mark.parametrize(
    ("limit", "remaining", "asks"),
    [(3, 2, Asks.NEVER), (1, 0, Asks.IN_WINDOW), (None, None, Asks.IN_WINDOW)],
)
def test_a_backup_into_a_free_slot_asks_nothing(
    limit: int | None, remaining: int | None, asks: Asks
) -> None:
    listing = BackupList.model_validate(
        {
            "backups": [],
            "quotaInfo": {"used": 1, "limit": limit, "remaining": remaining},
            "actions": {},
        }
    )
    needs = backup_needs(listing)
    assert (needs.groups, needs.asks) == ({Group.CREATE}, asks)


# A key that was refused.


async def refusal_of(
    sandbox: Sandbox, scopes: tuple[str, ...], *noted: tuple[str, ...]
) -> tuple[KeyRefused | None, list[str]]:
    """What counts for a write with `scopes` after those `noted`, and what was read for that."""
    used = services(sandbox)
    vps = sandbox.state.by_name("web-01").id
    for each in noted:
        used.refusals.note(LOCAL, vps, each, sandbox.clock.now())
    found = await recent_refusal(call(used), used.hostup, vps, scopes)
    return found, [request.path.rpartition("/")[2] for request in sandbox.requests]


async def test_nothing_is_read_without_a_refusal() -> None:
    assert await refusal_of(account(), BACKUP) == (None, [])
    assert await refusal_of(account(), BACKUP, SPEND) == (None, [])


async def test_a_mended_key_is_noticed() -> None:
    assert await refusal_of(account(), BACKUP, BACKUP) == (None, ["restore-sources"])


@pytest.mark.parametrize("scopes", [BACKUP, SPEND])
async def test_a_key_still_refused_is_told_so(scopes: tuple[str, ...]) -> None:
    sandbox = account()
    sandbox.faults.add(Fault("status", "GET", "*/restore-sources", status=403, times=None))
    found, _ = await refusal_of(sandbox, scopes, BACKUP)
    assert found == KeyRefused(sandbox.clock.now(), "backup:vm", Code.CHECKED_AGAIN)


@pytest.mark.parametrize("status", [404, 409, 500])
async def test_what_cannot_be_checked_lasts(status: int) -> None:
    """A target that is not active, say, has no restore sources."""
    sandbox = account()
    sandbox.faults.add(Fault("status", "GET", "*/restore-sources", status=status, times=None))
    found, _ = await refusal_of(sandbox, BACKUP, BACKUP)
    now = sandbox.clock.now()
    assert found == KeyRefused(now, "backup:vm", RememberedUntil(now + timedelta(minutes=10)))


async def test_no_read_needs_the_scope_for_money() -> None:
    sandbox = account()
    now = sandbox.clock.now()
    until = RememberedUntil(now + timedelta(minutes=10))
    spending = KeyRefused(now, "backup:vm and write:billing", until)
    assert await refusal_of(sandbox, SPEND, SPEND) == (spending, [])


async def test_of_two_refusals_one_may_be_mended() -> None:
    sandbox = account()
    used, earlier = services(sandbox), sandbox.clock.now()
    vps = sandbox.state.by_name("web-01").id
    used.refusals.note(LOCAL, vps, SPEND, earlier)
    sandbox.clock.advance(60)  # type: ignore[attr-defined]
    used.refusals.note(LOCAL, vps, BACKUP, sandbox.clock.now())
    found = await recent_refusal(call(used), used.hostup, vps, SPEND)
    until = RememberedUntil(earlier + timedelta(minutes=10))
    assert found == KeyRefused(earlier, "backup:vm and write:billing", until)
    assert len(sandbox.requests) == 1


async def test_a_check_renews_the_memory() -> None:
    sandbox = account()
    sandbox.faults.add(Fault("status", "GET", "*/restore-sources", status=403, times=None))
    used = services(sandbox)
    vps = sandbox.state.by_name("web-01").id
    used.refusals.note(LOCAL, vps, BACKUP, sandbox.clock.now())
    for _ in range(3):
        sandbox.clock.advance(540)  # type: ignore[attr-defined]
        assert await recent_refusal(call(used), used.hostup, vps, BACKUP) is not None
