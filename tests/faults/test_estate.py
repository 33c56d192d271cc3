"""The account of the harness follows the contract and records what it applied."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import anyio
import pytest

from benchmarks.faults.account import REFUSED_SECONDS, Account
from benchmarks.faults.documents import named_ids
from benchmarks.faults.estate import Effect, Estate
from benchmarks.faults.kinds import KINDS, Chooser

KEY = "hostup_key"


class Always(Chooser):
    """Gives each request the same fault."""

    def __init__(self, kind: str | None) -> None:
        super().__init__(0.0)
        self.kind = kind

    def choose(self, method: str, path: str) -> str | None:
        return self.kind


def ask(estate: Estate, method: str, path: str, **body: object) -> Effect:
    return estate.respond(method, path, {}, json.dumps(body) if body else "")


def test_writes_change_reads() -> None:
    estate = Estate("a")
    server = estate.live()[0]
    base = f"/api/v2/vps/{server.id}"
    first = server.backups[0]["id"]
    deleted = ask(estate, "DELETE", f"{base}/backups/{first}")
    assert (deleted.status, deleted.body, deleted.applied, deleted.destroys) == (
        204,
        None,
        True,
        True,
    )
    listed = ask(estate, "GET", f"{base}/backups").body
    assert listed is not None
    assert first not in {backup["id"] for backup in listed["backups"]}
    made = ask(estate, "POST", f"{base}/backups", note="before")
    assert (made.status, made.applied, made.destroys) == (202, True, False)
    assert ask(estate, "POST", f"{base}/backups").status == 409
    assert ask(estate, "DELETE", f"{base}/backups/{first}").applied is False


def test_settings_and_schedules_are_kept() -> None:
    estate = Estate("c")
    path = f"/api/v2/vps/{estate.live()[0].id}/backup-schedules"
    changed = ask(estate, "PATCH", path, maxTotalBackups=9, autoDeleteOldest=True)
    assert (changed.status, changed.applied, changed.destroys) == (200, True, True)
    assert changed.body is not None
    assert changed.body["settings"]["totalBackupLimit"] == 9
    wanted = {"frequency": "weekly", "hour": 4, "dayOfWeek": 0, "retentionCount": 2}
    assert ask(estate, "POST", path, **wanted).applied is False
    done = ask(estate, "POST", path, **wanted, enabled=True)
    assert done.body is not None
    assert done.body["schedules"][0]["daySpecifier"] == "0"


def test_restore_to_a_new_server() -> None:
    estate = Estate("d")
    server = estate.live()[0]
    path = f"/api/v2/vps/{server.id}/backups/{server.backups[0]['id']}/actions/restore-to-payg"
    made = ask(estate, "POST", path, name="restored")
    assert made.applied
    assert made.body is not None
    found = ask(estate, "GET", f"/api/v2/vps/{made.body['vpsId']}").body
    assert found is not None
    assert (found["name"], found["billing"]["isPayg"]) == ("restored", True)


def test_backup_without_a_free_slot() -> None:
    estate = Estate("b")
    server = estate.live()[0]
    server.limit, server.auto_delete = len(server.backups), False
    path = f"/api/v2/vps/{server.id}/backups"
    assert ask(estate, "POST", path).applied is False
    server.auto_delete = True
    made = ask(estate, "POST", path)
    assert (made.applied, made.destroys) == (True, True)


def test_ids_of_a_request() -> None:
    base = "/api/v2/vps/vps_1"
    assert named_ids(f"{base}/backups/bkp_1/actions/restore", {}) == {"bkp_1"}
    assert named_ids(f"{base}/snapshots/before-it", {}) == {"before-it"}
    both = {"sourceVpsId": "vps_2", "backupId": "bkp_2", "note": "x"}
    assert named_ids(f"{base}/backups/actions/restore-from-vps", both) == {"vps_2", "bkp_2"}
    assert named_ids(f"{base}/backup-schedules", {"hour": 1}) == frozenset()


async def exchange(account: Account, raw: bytes) -> bytes:
    """What a new connection returns until it closes or stays silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", account.port)
    writer.write(raw)
    found = b""
    try:
        async with asyncio.timeout(0.5):
            while part := await reader.read(65536):
                found += part
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return found


def with_account(kind: str | None, test: Callable[[Account], Awaitable[None]]) -> None:
    async def main() -> None:
        account = Account(KEY, Always(kind), "seed")
        await account.open()
        try:
            await test(account)
        finally:
            await account.close()

    anyio.run(main)


def deletion(account: Account) -> bytes:
    server = account.estate.live()[0]
    path = f"/api/v2/vps/{server.id}/backups/{server.backups[0]['id']}"
    return f"DELETE {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()


UNAPPLIED = {
    "closed_before_reading",
    "closed_unapplied",
    "fault_before",
    "problem",
    "edge_page",
    "rate_limited",
    "redirect",
    "garbage_unapplied",
    "silent_unapplied",
    "success_false",
}


@pytest.mark.parametrize("kind", KINDS)
def test_fault_applies_as_described(kind: str) -> None:
    async def test(account: Account) -> None:
        before = len(account.estate.live()[0].backups)
        await exchange(account, deletion(account))
        entry = account.received[0]
        assert entry.fault == kind
        assert entry.applied is (kind not in UNAPPLIED)
        assert len(account.estate.live()[0].backups) == before - entry.applied
        assert (entry.vps, len(entry.ids)) == (account.estate.live()[0].id, int(entry.applied))

    with_account(kind, test)


def test_no_fault_no_change() -> None:
    async def test(account: Account) -> None:
        assert await exchange(account, deletion(account)) == b"HTTP/1.1 204 No Content\r\n\r\n"

    with_account(None, test)


def test_wrong_key_applies_nothing() -> None:
    async def test(account: Account) -> None:
        raw = deletion(account).replace(KEY.encode(), b"another")
        assert (await exchange(account, raw)).startswith(b"HTTP/1.1 401")
        assert account.received[0].applied is False

    with_account(None, test)


def test_leftover_is_a_second_response() -> None:
    async def test(account: Account) -> None:
        assert (await exchange(account, deletion(account))).count(b"HTTP/1.1 ") == 2

    with_account("leftover", test)


def test_refused_closes_the_port() -> None:
    async def test(account: Account) -> None:
        await exchange(account, deletion(account))
        await asyncio.sleep(REFUSED_SECONDS * 2)
        task = asyncio.create_task(account._refuse_for_a_moment())
        await asyncio.sleep(0.02)
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", account.port)) != 0
        await task
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", account.port)) == 0

    with_account("refused", test)


def test_same_seed_same_faults() -> None:
    def chosen() -> list[str | None]:
        chooser = Chooser(0.3)
        chooser.begin("1/stdio/7")
        return [chooser.choose("POST", "/api/v2/vps/vps_1/backups") for _ in range(50)]

    assert chosen() == chosen()
    assert any(chosen())


def test_excluded_kinds_are_not_chosen() -> None:
    chooser = Chooser(0.9, without=KINDS.keys() - {"leftover"})
    chooser.begin("x")
    assert {chooser.choose("POST", "/x") for _ in range(50)} <= {"leftover", None}
