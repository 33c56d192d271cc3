"""The key and the seal of the plans are nowhere to be seen."""

from __future__ import annotations

import base64
import json
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


ECHOED = {"name", "note", "reason", "detail", "message", "error", "description", "jobId"}


def echo_the_key(sandbox: Sandbox) -> None:
    """From now on, all headers and most texts of HostUp's responses contain the key."""
    app = sandbox.app

    def with_key(value: Any) -> Any:
        if isinstance(value, list):
            return [with_key(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            name: f"{item} {KEY}" if name in ECHOED and isinstance(item, str) else with_key(item)
            for name, item in value.items()
        } | {"requestId": KEY, f"echo {KEY}": KEY}

    async def echoing(scope: Any, receive: Any, send: Any) -> None:
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in sent)
        body = json.dumps(with_key(json.loads(body))).encode() if body else body
        headers = [(k, v) for k, v in sent[0]["headers"] if k.lower() != b"content-length"]
        headers += [
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", f"req {KEY}".encode()),
        ]
        await send({**sent[0], "headers": headers})
        await send({"type": "http.response.body", "body": body})

    sandbox.app = echoing


async def test_an_echoed_key_is_in_no_result_and_no_log(
    product: Product, user: User, tmp_path: Path
) -> None:
    product.upstream.sandbox = sandbox = own_account()
    audit_log = tmp_path / "audit.jsonl"
    flags = ("--allow", "all", "--audit-log", str(audit_log))
    async with product.enter_alone(ONE_DOOR_EACH[0], user, *flags, HOSTUP_API_KEY=KEY) as assistant:
        vps, plan = await assistant.planned()
        _, points = await assistant.backups("web-01")
        echo_the_key(sandbox)
        listed = await assistant.ok("list_vps")
        assert listed["data"][0]["name"].endswith(" ***")
        for tool in ("list_vps_backups", "list_vps_snapshots", "list_restore_sources"):
            await assistant.call(tool, id=vps)
        await assistant.call("check_backups", schedules=True)
        await assistant.call("plan_restore", id=vps, mode="in_place", backupId=points[0])
        await assistant.call("create_vps_backup", id=vps, note="x")
        await assistant.call("restore_vps", planId=plan)
        await assistant.call("get_job")
        for status in (401, 403, 404, 409, 423, 500):
            sandbox.faults.add(Fault("status", status=status, times=None))
            await assistant.no("list_vps_backups", id=vps)
            await assistant.no("create_vps_snapshot", id=vps, name="now")
            sandbox.faults.clear()
    logs = [path.read_text() for path in product.folder.glob("*.err")]
    for where in (all_that_was_said(assistant), audit_log.read_text(), *logs):
        assert KEY not in where
    assert "***" in all_that_was_said(assistant)


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
