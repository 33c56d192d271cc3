"""Each write is the documented request, and no id can redirect it to another endpoint."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from functools import partial
from typing import Any

import pytest

from hostup_mcp.hostup import requests
from hostup_mcp.hostup.requests import Expected, NewServer, PowerAction, WriteRequest

from .wire import HOSTILE_IDS, VPS, VPS_ID

BACKUP_ID = "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3"
SOURCE_ID = "vps_01hxsource"
BACKUP = ("backup:vm",)
WRITE = ("write:vm",)
SPEND = ("backup:vm", "write:billing")
POWER = ("power:vm",)
CANCEL = ("write:billing",)
SCHEDULE: dict[str, Any] = {
    "frequency": "weekly",
    "hour": 2,
    "dayOfWeek": 0,
    "retentionCount": 3,
    "enabled": True,
    "name": "Nightly backup",
}
OPTIONS: dict[str, Any] = {
    "name": "restore-web-01",
    "region": "stockholm",
    "cpuCores": 2,
    "memoryGb": 4,
    "storageGb": 80,
}
SERVER = NewServer("restore-web-01", 2, 4, 80, "stockholm")
UNPLACED = {name: value for name, value in OPTIONS.items() if name != "region"}
RETENTION: dict[str, Any] = {"maxTotalBackups": 5, "autoDeleteOldest": False}

# How each request is built, and what the API documents.
WRITES: list[tuple[Any, str, str, dict[str, Any] | None, tuple[str, ...]]] = [
    (partial(requests.create_backup, VPS_ID, None), "POST", f"{VPS}/backups", None, BACKUP),
    (
        partial(requests.create_backup, VPS_ID, "Före flytt"),
        "POST", f"{VPS}/backups", {"note": "Före flytt"}, BACKUP,
    ),
    (partial(requests.create_backup, VPS_ID, ""), "POST", f"{VPS}/backups", {"note": ""}, BACKUP),
    (
        partial(requests.delete_backup, VPS_ID, BACKUP_ID),
        "DELETE", f"{VPS}/backups/{BACKUP_ID}", None, BACKUP,
    ),
    (
        partial(requests.restore_backup, VPS_ID, BACKUP_ID),
        "POST", f"{VPS}/backups/{BACKUP_ID}/actions/restore", None, BACKUP,
    ),
    (
        partial(requests.restore_from_vps, VPS_ID, SOURCE_ID, BACKUP_ID),
        "POST", f"{VPS}/backups/actions/restore-from-vps",
        {"sourceVpsId": SOURCE_ID, "backupId": BACKUP_ID}, BACKUP,
    ),
    (
        partial(requests.restore_to_payg, VPS_ID, BACKUP_ID, SERVER),
        "POST", f"{VPS}/backups/{BACKUP_ID}/actions/restore-to-payg", OPTIONS, SPEND,
    ),
    (
        partial(requests.restore_to_payg, VPS_ID, BACKUP_ID, replace(SERVER, region=None)),
        "POST", f"{VPS}/backups/{BACKUP_ID}/actions/restore-to-payg", UNPLACED, SPEND,
    ),
    (
        partial(requests.create_snapshot, VPS_ID, "before-x", None),
        "POST", f"{VPS}/snapshots", {"name": "before-x"}, BACKUP,
    ),
    (
        partial(requests.create_snapshot, VPS_ID, "before-x", "Inför x"),
        "POST", f"{VPS}/snapshots", {"name": "before-x", "description": "Inför x"}, BACKUP,
    ),
    (
        partial(requests.delete_snapshot, VPS_ID, "before-x"),
        "DELETE", f"{VPS}/snapshots/before-x", None, BACKUP,
    ),
    (
        partial(requests.restore_snapshot, VPS_ID, "before-x"),
        "POST", f"{VPS}/snapshots/before-x/actions/restore", None, BACKUP,
    ),
    (
        partial(requests.set_backup_schedule, VPS_ID, SCHEDULE),
        "POST", f"{VPS}/backup-schedules", SCHEDULE, WRITE,
    ),
    (
        partial(requests.set_backup_retention, VPS_ID, RETENTION),
        "PATCH", f"{VPS}/backup-schedules", RETENTION, WRITE,
    ),
    *(
        (
            partial(requests.set_power, VPS_ID, action),
            "POST", f"{VPS}/actions/{action}", body, POWER,
        )
        for action, body in (
            (PowerAction.START, {}), (PowerAction.SHUTDOWN, {}),
            (PowerAction.RESTART, None), (PowerAction.STOP, None),
        )
    ),
    (
        partial(requests.cancel_vps, VPS_ID, "The test is over."),
        "POST", f"{VPS}/actions/cancel",
        {"reason": "The test is over.", "cancelType": "immediate"}, CANCEL,
    ),
]  # fmt: skip

# Each id in a path: how to build a request with another one, and where it appears.
IN_PATHS: list[tuple[Callable[[str], WriteRequest], str]] = [
    (lambda id_: requests.create_backup(id_, None), "/api/v2/vps/{}/backups"),
    (lambda id_: requests.delete_backup(id_, "b"), "/api/v2/vps/{}/backups/b"),
    (lambda id_: requests.delete_backup("v", id_), "/api/v2/vps/v/backups/{}"),
    (lambda id_: requests.restore_backup(id_, "b"), "/api/v2/vps/{}/backups/b/actions/restore"),
    (lambda id_: requests.restore_backup("v", id_), "/api/v2/vps/v/backups/{}/actions/restore"),
    (
        lambda id_: requests.restore_from_vps(id_, "s", "b"),
        "/api/v2/vps/{}/backups/actions/restore-from-vps",
    ),
    (
        lambda id_: requests.restore_to_payg(id_, "b", SERVER),
        "/api/v2/vps/{}/backups/b/actions/restore-to-payg",
    ),
    (
        lambda id_: requests.restore_to_payg("v", id_, SERVER),
        "/api/v2/vps/v/backups/{}/actions/restore-to-payg",
    ),
    (lambda id_: requests.create_snapshot(id_, "n", None), "/api/v2/vps/{}/snapshots"),
    (lambda id_: requests.delete_snapshot(id_, "n"), "/api/v2/vps/{}/snapshots/n"),
    (lambda id_: requests.delete_snapshot("v", id_), "/api/v2/vps/v/snapshots/{}"),
    (lambda id_: requests.restore_snapshot(id_, "n"), "/api/v2/vps/{}/snapshots/n/actions/restore"),
    (lambda id_: requests.restore_snapshot("v", id_), "/api/v2/vps/v/snapshots/{}/actions/restore"),
    (lambda id_: requests.set_backup_schedule(id_, {}), "/api/v2/vps/{}/backup-schedules"),
    (lambda id_: requests.set_backup_retention(id_, {}), "/api/v2/vps/{}/backup-schedules"),
    (lambda id_: requests.set_power(id_, PowerAction.STOP), "/api/v2/vps/{}/actions/stop"),
    (lambda id_: requests.cancel_vps(id_, "x"), "/api/v2/vps/{}/actions/cancel"),
]
each_id = pytest.mark.parametrize(
    ("make", "path"), IN_PATHS, ids=[path.removeprefix("/api/v2/") for _, path in IN_PATHS]
)


@pytest.mark.parametrize(("make", "method", "path", "body", "scopes"), WRITES)
def test_each_write_is_as_documented(
    make: Callable[[], WriteRequest],
    method: str,
    path: str,
    body: dict[str, Any] | None,
    scopes: tuple[str, ...],
) -> None:
    request = make()
    assert replace(request, expected=Expected.OPERATION) == WriteRequest(
        method, path, body, scopes=scopes
    )
    special = {
        "restore-to-payg": Expected.NEW_SERVER,
        "POST backup-schedules": Expected.UNDOCUMENTED,
        "PATCH backup-schedules": Expected.SETTINGS,
        "cancel": Expected.CANCELLATION,
    }
    last = path.rpartition("/")[2]
    expected = special.get(last, special.get(f"{method} {last}", Expected.OPERATION))
    assert request.expected is expected
    assert request.vps_id == VPS_ID


def test_every_request_function_is_tested() -> None:
    made = {make.func.__name__ for make, *_ in WRITES}
    names = {name for name, value in vars(requests).items() if callable(value)}
    own = {name for name in names if getattr(requests, name).__module__ == requests.__name__}
    types = {"WriteRequest", "Expected", "NewServer", "PowerAction"}
    assert {name for name in own if not name.startswith("_")} == made | types


@each_id
def test_an_id_is_one_path_segment(make: Callable[[str], WriteRequest], path: str) -> None:
    for hostile, quoted in HOSTILE_IDS:
        request = make(hostile)
        assert request.path == path.format(quoted.decode())
        assert request.vps_id == (hostile if "vps/{}" in path else "v")


@each_id
def test_impossible_ids_are_rejected(make: Callable[[str], WriteRequest], path: str) -> None:
    for impossible in ("", ".", "..", "vps_\ud800"):
        with pytest.raises(ValueError, match=r"not an id|surrogates"):
            make(impossible)


def test_a_new_server_has_a_name_and_a_size() -> None:
    assert SERVER.options == OPTIONS
    assert replace(SERVER, region=None).options == UNPLACED


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, " " * 501])
def test_a_cancellation_has_a_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="1 to 500 characters"):
        requests.cancel_vps(VPS_ID, reason)
    assert requests.cancel_vps(VPS_ID, "x" * 500).body == {
        "reason": "x" * 500,
        "cancelType": "immediate",
    }


def test_body_text_is_unchanged() -> None:
    hostile = 'a/../b"}\n{å\u202e'
    assert [
        requests.restore_from_vps(VPS_ID, hostile, hostile).body,
        requests.create_backup(VPS_ID, hostile).body,
        requests.create_snapshot(VPS_ID, hostile, hostile).body,
    ] == [
        {"sourceVpsId": hostile, "backupId": hostile},
        {"note": hostile},
        {"name": hostile, "description": hostile},
    ]


def test_a_request_is_immutable() -> None:
    schedule = dict(SCHEDULE)
    request = requests.set_backup_schedule(VPS_ID, schedule)
    schedule["hour"] = 23
    assert request.body == SCHEDULE
    with pytest.raises(FrozenInstanceError):
        request.path = "/elsewhere"  # type: ignore[misc]
    assert not hasattr(request, "__dict__")
