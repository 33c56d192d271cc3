"""The demo account shows each situation that a user may meet."""

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from hostup_mcp.sandbox import (
    DEFAULT_START,
    HOSTILE_NAME,
    OTHER_OWNER,
    RETAINED_NAME,
    ManualClock,
    Sandbox,
    hostile,
)

from .wiring import Api

pytestmark = pytest.mark.anyio

DOCUMENTATION = [ip_network(f"{net}/24") for net in ("192.0.2.0", "198.51.100.0", "203.0.113.0")]


async def listing(api: Api, name: str) -> Any:
    return await api.json(api.vps(name, "/backups"))


async def test_healthy(api: Api) -> None:
    shown = await listing(api, "web-01")
    assert {each["backupType"] for each in shown["backups"]} == {"manual", "scheduled"}
    assert "Before upgrade" in [each["note"] for each in shown["backups"]]
    assert shown["quotaInfo"] == {"used": 4, "limit": 6, "remaining": 2}
    assert {type(each["sizeGb"]) for each in shown["backups"]} == {int, float}
    schedules = await api.json(api.vps("web-01", "/backup-schedules"))
    assert schedules["schedules"][0]["frequency"] == "daily"
    snapshots = await api.json(api.vps("web-01", "/snapshots"))
    assert snapshots["available"]
    assert len(snapshots["data"]) == 1


async def test_open_gate_without_backups(api: Api) -> None:
    shown = await listing(api, "staging")
    assert shown["backups"] == []
    assert shown["actions"]["canRestore"]["allowed"]
    snapshots = await api.json(api.vps("staging", "/snapshots"))
    assert not snapshots["available"]
    assert snapshots["limits"] == {"totalSnapshots": 0}


async def test_full_quota_closed_and_open(api: Api) -> None:
    shop, mail = await listing(api, "shop-prod"), await listing(api, "mail")
    assert shop["quotaInfo"]["remaining"] == mail["quotaInfo"]["remaining"] == 0
    assert shop["actions"]["canCreateBackup"]["code"] == "backup_quota_reached"
    assert shop["actions"]["canRestore"]["allowed"]
    assert mail["actions"]["canCreateBackup"]["allowed"]


@pytest.mark.parametrize(
    ("name", "create", "restore"),
    [
        ("crm", "pending_order", "pending_order"),
        ("intranet", "service_suspended", "service_suspended"),
        ("db-01", "operation_in_progress", "operation_in_progress"),
        ("analytics", "storage_migration_window", "storage_migration_window"),
    ],
)
async def test_closed_gates_say_why(api: Api, name: str, create: str, restore: str) -> None:
    gates = await api.gates(name)
    assert not gates["canCreateBackup"]["allowed"]
    assert gates["canCreateBackup"]["reason"]
    assert gates["canCreateBackup"]["code"] == create
    assert gates["canRestore"]["code"] == restore


async def test_closed_gate_without_reason(api: Api) -> None:
    gates = await api.gates("files")
    assert gates["canRestore"] == {"allowed": False, "reason": None}
    assert gates["canCreateBackup"]["allowed"]


async def test_unknown_facts(api: Api) -> None:
    shown = await api.json(api.vps("legacy-erp"))
    assert shown["powerState"] is shown["operatingSystem"] is shown["primaryIp"] is None
    created = [each["createdAt"] for each in (await listing(api, "legacy-erp"))["backups"]]
    assert created.count(None) == 2
    assert len(created) == 3
    status = await api.json(api.vps("legacy-erp", "/status"))
    assert status["powerState"] == "unknown"


async def test_unlimited_quota(api: Api) -> None:
    shown = await listing(api, "build-01")
    assert shown["quotaInfo"] == {"used": 2, "limit": None, "remaining": None}


async def test_hostile_text(api: Api) -> None:
    notes = [each["note"] for each in (await listing(api, "wiki"))["backups"]]
    assert sorted(notes) == sorted(hostile.NOTES)
    assert "\u202e" in HOSTILE_NAME
    assert (await api.gates(HOSTILE_NAME))["canCreateBackup"]["reason"] == hostile.REASON


async def test_many_backups(api: Api) -> None:
    shown = (await listing(api, "archive"))["backups"]
    assert len({each["id"] for each in shown}) == 60


async def test_power_and_billing(api: Api) -> None:
    assert (await api.json(api.vps("dev-01")))["powerState"] == "stopped"
    assert (await api.json(api.vps("api-sthlm")))["billing"]["isPayg"]


async def test_restore_sources(api: Api) -> None:
    sources = (await api.json(api.vps("web-01", "/backups/restore-sources")))["sources"]
    kinds = {each["name"]: each["sourceType"] for each in sources}
    assert kinds[RETAINED_NAME] == "retained"
    assert kinds["media"] == "server"
    assert "web-01" not in kinds
    assert not any(name.startswith("other-") for name in kinds)
    retained = next(each for each in sources if each["name"] == RETAINED_NAME)
    assert retained["serviceStatus"] == "terminated"
    assert (await api.get(f"/api/v2/vps/{retained['id']}")).status_code == 404


def test_ids_are_unique_and_stable() -> None:
    first, second = Sandbox(clock=ManualClock()), Sandbox(clock=ManualClock())
    assert list(first.state.servers) == list(second.state.servers)
    ids = [b.id for server in first.state.servers.values() for b in server.backups]
    assert len(set(ids)) == len(ids)


def test_ages_are_stable() -> None:
    late = DEFAULT_START + timedelta(days=99, hours=5, minutes=7)
    for name in ("web-01", "media"):
        early_backup = Sandbox(clock=ManualClock()).state.by_name(name).backups[0]
        late_backup = Sandbox(clock=ManualClock(late)).state.by_name(name).backups[0]
        assert early_backup.created_at is not None
        assert late_backup.created_at is not None
        assert DEFAULT_START - early_backup.created_at == late - late_backup.created_at
        assert early_backup.id == late_backup.id


def test_documentation_addresses_only(sandbox: Sandbox) -> None:
    shown = [each.primary_ip for each in sandbox.state.servers.values() if each.primary_ip]
    assert len(set(shown)) == len(shown)
    assert all(any(ip_address(ip) in net for net in DOCUMENTATION) for ip in shown)


def test_lookup_by_name(sandbox: Sandbox) -> None:
    assert sandbox.state.by_name("other-web").owner == OTHER_OWNER
    with pytest.raises(KeyError):
        sandbox.state.by_name("nowhere")
