"""Ids come from answers: right in form, and handed out to this caller, for this very server."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hostup_mcp.hostup.base import ID_PATTERN
from hostup_mcp.server.caller import caller
from hostup_mcp.server.catalog import build_tools
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.ids import (
    BackupId,
    JobId,
    SnapshotName,
    VpsId,
    require_handed_out,
    require_vps,
)
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateUnavailableError

from .wiring import ALL, account, call, client_of, error_of, settings

VPS, OTHER = "vps_abcdef12", "vps_other123"
BACKUP = "bkp_abcdef12"
SOURCE = "vps_source12"


def fits(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", [VpsId, BackupId, SnapshotName, JobId])
def test_what_hostup_may_use_as_an_id_fits(kind: Any) -> None:
    pattern = re.compile(ID_PATTERN)
    # 128 characters of everything that is handed out, and ids as they were seen.
    everything = "".join(c for c in map(chr, range(128)) if pattern.fullmatch(f"a{c}"))
    for value in (f"a{everything}", "a" * 128, "1", "bkp_vm-101-2026", "pbs:backup/vm/101"):
        assert pattern.fullmatch(value)
        assert fits(kind, value)


@pytest.mark.parametrize("kind", [VpsId, BackupId, SnapshotName, JobId])
@pytest.mark.parametrize("value", ["", " ", "a b", "a\n", "a\0", "\x7f", "é", "a" * 129, None, 7])
def test_what_can_be_no_id(kind: Any, value: object) -> None:
    assert not fits(kind, value)


# Handed out ---------------------------------------------------------------------------------------


@pytest.fixture
def used() -> Services:
    return Services(settings())


@pytest.fixture
def ctx(used: Services) -> Ctx:
    return call(used)


async def refused(check: Awaitable[object]) -> str:
    with pytest.raises(RefusalError) as refusal:
        await check
    failure = refusal.value.failure
    assert failure.kind == "unknown_id"
    assert "abcdef" not in failure.message + failure.next_step
    return failure.next_step


Check = Callable[[Ctx], Awaitable[object]]


async def handed_out(ctx: Ctx, **arguments: str) -> None:
    await require_handed_out(services(ctx), caller(), arguments)


CHECKS: dict[str, tuple[str, Check, str]] = {
    "vps": (VPS, lambda ctx: require_vps(ctx, VPS), "list_vps"),
    "backup": (
        f"{VPS}/{BACKUP}",
        lambda ctx: handed_out(ctx, id=VPS, backupId=BACKUP),
        "list_vps_backups",
    ),
    "source": (
        f"{VPS}/source/{SOURCE}/{BACKUP}",
        lambda ctx: handed_out(ctx, id=VPS, sourceVpsId=SOURCE, backupId=BACKUP),
        "list_restore_sources",
    ),
    "snapshot": (
        f"{VPS}/snapshot/before",
        lambda ctx: handed_out(ctx, id=VPS, snapshotName="before"),
        "list_vps_snapshots",
    ),
}


@pytest.mark.parametrize(("known", "check", "tool"), CHECKS.values(), ids=CHECKS)
async def test_only_returned_ids_pass(
    ctx: Ctx, used: Services, known: str, check: Check, tool: str
) -> None:
    above = {VPS: ""} if known.startswith(f"{VPS}/") else {}
    await used.state.remember_ids(caller(), above)
    assert f"Call {tool} " in await refused(check(ctx))
    await used.state.remember_ids("somebody else", {known: ""})
    await refused(check(ctx))
    others = {k: "" for k, _, _ in CHECKS.values() if k != known}
    await used.state.remember_ids(caller(), others)
    await refused(check(ctx))
    await used.state.remember_ids(caller(), {known: ""})
    await check(ctx)


async def test_no_id_needs_no_check(ctx: Ctx) -> None:
    """A planId brings its own server; whether it is this caller's is checked with the plan."""
    await handed_out(ctx, planId="plan_0000000000000000")


async def test_reads_go_on_without_the_store() -> None:
    class Unavailable(InMemoryState):
        async def recall_id(self, caller: str, id_: str) -> str | None:
            raise StateUnavailableError

    ctx = call(Services(settings(), state=Unavailable()))
    await handed_out(ctx, id=VPS, backupId=BACKUP)
    for dots in (".", ".."):
        await refused(handed_out(ctx, id=dots))
        await refused(handed_out(ctx, id=VPS, backupId=dots))


async def test_a_backup_needs_its_server(ctx: Ctx, used: Services) -> None:
    await used.state.remember_ids(caller(), {VPS: "", OTHER: "", f"{OTHER}/{BACKUP}": ""})
    await handed_out(ctx, id=OTHER, backupId=BACKUP)
    await refused(handed_out(ctx, id=VPS, backupId=BACKUP))


VALUES: dict[str, Any] = {
    "backupId": BACKUP,
    "snapshotName": "before",
    "mode": "in_place",
    "name": "before",
    "enabled": False,
    "retentionCount": 7,
    "action": "stop",
}
"""An argument of each name, wherever it is required; in_place needs a backupId besides."""

OF_A_SERVER = {
    made.name: {"backupId", *made.parameters["required"]} & set(made.parameters["properties"])
    for made in build_tools(ALL)
    if "id" in made.parameters["properties"]
}


@pytest.mark.parametrize(("tool", "needed"), OF_A_SERVER.items(), ids=OF_A_SERVER)
async def test_an_invented_id_is_not_sent(tool: str, needed: set[str]) -> None:
    sandbox = account()
    real = sandbox.state.by_name("web-01").id
    arguments = {name: VALUES[name] for name in needed - {"id"}}
    async with client_of(sandbox, ALL) as client:
        result = await client.call_tool(tool, {"id": real, **arguments})
    assert error_of(result)["kind"] == "unknown_id"
    assert sandbox.requests == []
