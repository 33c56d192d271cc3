"""Ids come from answers: right in form, and given to this caller, for this very server."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hostup_mcp.server.failures import Refusal
from hostup_mcp.server.ids import (
    BackupId,
    JobId,
    SnapshotName,
    VpsId,
    require_backup,
    require_job,
    require_snapshot,
    require_source,
    require_vps,
)
from hostup_mcp.server.services import Ctx, Services, caller

from .wiring import call, client_of, error_of, settings

VPS, OTHER = "vps_abcdef12", "vps_other123"
BACKUP = "bkp_abcdef12"
SOURCE = "vps_source12"

BAD_ANYWHERE = ["", " ", "..", "/", "a/b", "a b", "a\n", "a\0", "é", "%2e", "a?b", "a#b"]


def fits(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("value", ["vps_abcd", "vps_01HZY3V7K8Q9", "vps_" + "a" * 60])
def test_the_form_of_a_vps_id(value: str) -> None:
    assert fits(VpsId, value)


@pytest.mark.parametrize(
    "value",
    [
        *BAD_ANYWHERE,
        *("vps_abc", "vps_", "vps_abc-def", "vps_abcd\n", " vps_abcd", "VPS_abcd", "vps-abcdef"),
        *("web-01", "192.0.2.7", "bkp_abcdef", "vps_" + "a" * 61, "vps_abcd/../x", "vps_äbcdef"),
    ],
)
def test_what_is_no_vps_id(value: str) -> None:
    assert not fits(VpsId, value)


@pytest.mark.parametrize("value", [*BAD_ANYWHERE, "bkp_abc", "vps_abcdef", "bkp_abcd\n", "latest"])
def test_what_is_no_backup_id(value: str) -> None:
    assert not fits(BackupId, value)
    assert fits(BackupId, "bkp_abcd")


@pytest.mark.parametrize("value", [*BAD_ANYWHERE, "x" * 41, "name\n", "a.b"])
def test_what_is_no_snapshot_name(value: str) -> None:
    assert not fits(SnapshotName, value)
    assert fits(SnapshotName, "before_update-2")


@pytest.mark.parametrize("value", [*BAD_ANYWHERE, ".a", "-a", "a" * 129, "job\n", "a"])
def test_what_is_no_job_id(value: str) -> None:
    assert not fits(JobId, value)
    assert fits(JobId, "restore:42-a.b_c")


# Given out ----------------------------------------------------------------------------------------


@pytest.fixture
def means() -> Services:
    return Services(settings())


@pytest.fixture
def ctx(means: Services) -> Ctx:
    return call(means)


async def refused(check: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as refusal:
        await check
    failure = refusal.value.failure
    assert failure.kind == "unknown_id"
    assert "abcdef" not in failure.message + failure.next_step
    return failure.next_step


Check = Callable[[Ctx], Awaitable[object]]

CHECKS: dict[str, tuple[str, Check, str]] = {
    "vps": (VPS, lambda ctx: require_vps(ctx, VPS), "list_vps"),
    "backup": (
        f"{VPS}/{BACKUP}",
        lambda ctx: require_backup(ctx, VPS, BACKUP),
        "list_vps_backups",
    ),
    "source": (
        f"{VPS}/source/{SOURCE}/{BACKUP}",
        lambda ctx: require_source(ctx, VPS, SOURCE, BACKUP),
        "list_restore_sources",
    ),
    "snapshot": (
        f"{VPS}/snapshot/before",
        lambda ctx: require_snapshot(ctx, VPS, "before"),
        "list_vps_snapshots",
    ),
    "job": ("job/job_1", lambda ctx: require_job(ctx, "job_1"), "the tool that starts the job"),
}


@pytest.mark.parametrize(("known", "check", "tool"), CHECKS.values(), ids=CHECKS)
async def test_an_id_that_was_given_out_passes_and_any_other_names_its_tool(
    ctx: Ctx, means: Services, known: str, check: Check, tool: str
) -> None:
    assert f"Call {tool} " in await refused(check(ctx))
    await means.memory.remember("somebody else", {known: ""})
    await refused(check(ctx))
    others = {k: "" for k, _, _ in CHECKS.values() if k != known}
    await means.memory.remember(caller(), others)
    await refused(check(ctx))
    await means.memory.remember(caller(), {known: ""})
    await check(ctx)


async def test_a_backup_counts_only_together_with_its_server(ctx: Ctx, means: Services) -> None:
    await means.memory.remember(caller(), {VPS: "", OTHER: "", f"{OTHER}/{BACKUP}": ""})
    await require_backup(ctx, OTHER, BACKUP)
    await refused(require_backup(ctx, VPS, BACKUP))


async def test_a_job_comes_back_with_what_was_noted_of_it(ctx: Ctx, means: Services) -> None:
    await means.memory.remember(caller(), {"job/job_1": '{"poll": "/api/jobs/job_1"}'})
    assert await require_job(ctx, "job_1") == '{"poll": "/api/jobs/job_1"}'


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_vps_backups", {}),
        ("list_vps_snapshots", {}),
        ("list_restore_sources", {}),
        ("list_backup_schedules", {}),
        ("plan_restore", {"mode": "in_place", "backupId": BACKUP}),
    ],
)
async def test_a_made_up_id_never_reaches_hostup(tool: str, arguments: dict[str, Any]) -> None:
    from .wiring import account

    sandbox = account()
    real = sandbox.state.by_name("web-01").id
    async with client_of(sandbox) as client:
        result = await client.call_tool(tool, {"id": real, **arguments})
    assert error_of(result)["kind"] == "unknown_id"
    assert sandbox.requests == []
