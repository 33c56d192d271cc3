"""The key and the seal of the plans are nowhere to be seen."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from support.account import fresh_account
from support.product import Door

from hostup_mcp.sandbox import Fault, Key, Sandbox, Variants
from hostup_mcp.server.app import build_server
from hostup_mcp.stdio.session import lowlevel

from .harness import DECLINE, ONE_DOOR_EACH, Assistant, Product, User, agree, connected, settings

KEY = "hostup_live_recognise_me_5b1d7c9e"


def own_account(**others: Any) -> Sandbox:
    return fresh_account(keys={KEY: Key()}, variants=Variants(from_vps_gate="backups"), **others)


async def everything(assistant: Assistant, sandbox: Sandbox) -> None:
    """Call each tool, well and badly, with HostUp in good health and in bad."""
    user = assistant.user
    assert user is not None
    await assistant.call("list_vps", nonsense=True)
    await assistant.call("list_vps_backups", id="vps_01hxa3b4c5d6e7f8g9h0j1k2m3")
    vps, _ = await assistant.backups("web-01")
    for tool in ("list_vps_snapshots", "list_restore_sources", "list_backup_schedules"):
        await assistant.ok(tool, id=vps)
    await assistant.ok("check_backups", schedules=True)
    for fault in (
        Fault("status", status=401),
        Fault("status", status=403, detail=f"Bearer {'x' * 20}"),
        Fault("html"),
        Fault("not_json"),
        Fault("redirect"),
    ):
        sandbox.faults.add(fault)
        await assistant.no("list_vps_backups", id=vps)
    _, plan = await assistant.planned()
    user.says(DECLINE)
    await assistant.no("restore_vps", planId=plan)
    user.reply = agree
    started = await assistant.ok("restore_vps", planId=plan)
    await assistant.ok("get_job", jobId=started["jobId"])
    await assistant.ok("verify_recovery", id=vps)
    await assistant.no("restore_vps", planId=plan)
    other, points = await assistant.backups("dev-01")
    await assistant.call("create_vps_snapshot", id=other, name="now")
    await assistant.call("create_vps_backup", id=other, note="x")
    await assistant.call("delete_vps_backup", id=other, backupId=points[0])
    await assistant.call("set_backup_retention", id=other, autoDeleteOldest=True)
    await assistant.call("set_backup_schedule", id=other, enabled=False)
    shop, _ = await assistant.backups("shop-prod")
    sandbox.faults.add(Fault("drop_after", method="PATCH"))
    await assistant.no("set_backup_retention", id=shop, autoDeleteOldest=True)
    sandbox.faults.add(Fault("status", status=429, headers={"Retry-After": "60"}))
    await assistant.no("list_vps_backups", id=vps)


def all_that_was_said(assistant: Assistant) -> str:
    user = assistant.user
    assert user is not None
    results = [f"{result.text}\n{result.data}" for result in assistant.results]
    return "\n".join([*results, *user.questions])


@pytest.mark.parametrize("door", ONE_DOOR_EACH, ids=str)
async def test_the_key_is_in_no_result_and_no_log(
    product: Product, door: Door, user: User, tmp_path: Path
) -> None:
    product.upstream.sandbox = sandbox = own_account()
    audit_log = tmp_path / "audit.jsonl"
    flags = ("--allow", "all", "--audit-log", str(audit_log))
    already = product.stderr.read_text() if product.stderr.exists() else ""
    async with product.enter_alone(door, user, *flags, HOSTUP_API_KEY=KEY) as assistant:
        await everything(assistant, sandbox)
        definitions = str(await assistant.client.list_tools())
    logs = [path.read_text() for path in product.folder.glob("*.err")]
    assert audit_log.read_text()
    for where in (all_that_was_said(assistant), definitions, audit_log.read_text(), *logs):
        assert KEY not in where
        assert "Bearer hostup" not in where
    assert "Traceback" not in product.stderr.read_text()[len(already) :]
    for request in sandbox.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["user-agent"].startswith("hostup-mcp/")
        assert KEY not in request.path
        assert KEY not in str(request.query)
        assert KEY.encode() not in request.body


async def test_the_seal_is_in_no_result_and_no_log(
    tmp_path: Path, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sandbox = own_account()
    audit_log = tmp_path / "audit.jsonl"
    server = build_server(
        settings(api_key=KEY, audit_log=audit_log),
        transport=sandbox.transport(),
        now=sandbox.clock.now,
    )
    async with lowlevel(server).lifespan(lowlevel(server)) as means:
        async with connected(server, user, "auto") as assistant:
            await everything(assistant, sandbox)
        keys = [k if isinstance(k, bytes) else k.encode() for k in means.keys]
        assert keys
        shown = [repr(means), repr(means.configuration)]
    forms = [KEY]
    for key in keys:
        forms += [key.hex(), base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()]
        forms += [repr(key), repr(key)[2:-1]]
    for where in (all_that_was_said(assistant), audit_log.read_text(), caplog.text, *shown):
        for form in forms:
            assert form not in where


async def test_two_servers_do_not_share_a_seal(sandbox: Sandbox, user: User) -> None:
    seals = set()
    for _ in range(2):
        server = build_server(settings(), transport=sandbox.transport())
        async with lowlevel(server).lifespan(lowlevel(server)) as means:
            seals |= set(means.keys)
    assert len(seals) == 2
