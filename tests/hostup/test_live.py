"""What is known of a running server: documented responses are read, and their gaps are unknown."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.base import Unread
from hostup_mcp.hostup.live import (
    Cancellation,
    CancellationState,
    Disk,
    DiskCapacity,
    GuestAgent,
    VpsStatus,
    VpsStorage,
)
from hostup_mcp.hostup.models import Gate, PowerActions, Vps
from hostup_mcp.hostup.problems import BadResponseError

from .wire import VPS_ID, encoded

STATUS: dict[str, Any] = {
    "id": VPS_ID,
    "powerState": "running",
    "uptimeSeconds": 197424,
    "cpuUsagePercent": 7.5,
    "cpuCores": 2,
    "memory": {"usedGb": 1.5, "totalGb": 4, "usagePercent": 37.5},
    "storage": {"usedGb": 0, "totalGb": 80, "usagePercent": 0},
    "network": {"inboundGb": 4.2, "outboundGb": 8.3, "totalGb": 12.5},
    "pendingTasks": [],
}
STORAGE: dict[str, Any] = {
    "disks": [
        {
            "id": "vpsdisk_01hx",
            "name": "scsi0",
            "type": "SCSI",
            "device": "/dev/scsi0",
            "isCdrom": False,
            "bootOrder": 1,
            "capacity": {"totalGb": 80, "usedGb": 24.2, "freeGb": 55.8, "usagePercent": 30.25},
            "io": {"readGb": 1.5, "writeGb": 2, "readOperations": 10, "writeOperations": 20},
            "actions": {"canDetach": {"allowed": False, "reason": "It is the boot disk."}},
        }
    ]
}
CANCELLATION: dict[str, Any] = {
    "vpsId": VPS_ID,
    "status": "scheduled",
    "cancelledAt": "2026-04-27T10:00:00.000Z",
    "scheduledAt": "2026-04-27T11:00:00.000Z",
    "reason": "The test is over.",
    "cancelType": "immediate",
    "revokable": True,
}


def status(**changes: Any) -> VpsStatus:
    return responses.parse(VpsStatus, 200, {}, encoded(STATUS | changes))


def test_the_live_state_is_read() -> None:
    seen = status()
    assert (seen.id, seen.power_state, seen.uptime_seconds) == (VPS_ID, "running", 197424)
    assert (seen.has_pending_tasks, seen.actions, seen.unread) == (False, PowerActions(), ())
    stopped = status(powerState="stopped", uptimeSeconds=None)
    assert (stopped.uptime_seconds, stopped.unread) == (None, ())


@pytest.mark.parametrize(
    ("tasks", "are_there_any"),
    [
        ([], False),
        ({}, False),
        (0, False),
        (0.0, False),
        (False, False),
        ({"count": 0, "items": []}, False),
        ([{"type": "restore"}], True),
        (["restore"], True),
        ([None], True),
        (2, True),
        (True, True),
        ({"count": 1}, True),
        ({"type": "restore", "items": ["x"]}, True),
        ({"backups": [], "restores": {"running": 1}}, True),
        (None, None),
        ("", None),
        ("none", None),
        ("restore", None),
        ({"type": "restore"}, None),
        ({"count": None}, None),
        ({"count": 0, "note": "x"}, None),
    ],
)
def test_pending_tasks_of_any_shape(tasks: object, are_there_any: bool | None) -> None:
    seen = status(pendingTasks=tasks)
    assert (seen.has_pending_tasks, seen.unread) == (are_there_any, ())
    assert seen.pending_tasks == tasks


def test_missing_pending_tasks_are_unknown() -> None:
    assert responses.parse(VpsStatus, 200, {}, b"{}").has_pending_tasks is None


@pytest.mark.parametrize("model", [Vps, VpsStatus])
def test_power_gates_may_be_in_either_place(model: type[Vps | VpsStatus]) -> None:
    gates = {"canStart": {"allowed": False, "reason": "It runs."}, "canStop": {"allowed": "yes"}}
    body = encoded({"id": VPS_ID, "actions": gates | {"canReset": {"allowed": True}}})
    seen = responses.parse(model, 200, {}, body)
    assert seen.actions.can_start == Gate(allowed=False, reason="It runs.")
    assert (seen.actions.can_stop, seen.actions.can_restart) == (None, None)
    assert seen.unread == (Unread("actions.canStop"),)


def test_disks_are_read() -> None:
    (disk,) = responses.parse(VpsStorage, 200, {}, encoded(STORAGE)).disks
    assert (disk.id, disk.name, disk.type, disk.device) == (
        *("vpsdisk_01hx", "scsi0", "SCSI", "/dev/scsi0"),
    )
    assert (disk.is_cdrom, disk.boot_order) == (False, 1)
    assert disk.capacity == DiskCapacity(
        total_gb=80, used_gb=24.2, free_gb=55.8, usage_percent=30.25
    )


@pytest.mark.parametrize(
    ("item", "disk", "unread"),
    [
        ({}, Disk(), ()),
        ({"id": None, "name": "ide2", "bootOrder": None}, Disk(name="ide2"), ()),
        ({"capacity": None}, Disk(), ()),
        ({"capacity": {}}, Disk(capacity=DiskCapacity()), ()),
        (
            {"id": "an odd id", "capacity": {"totalGb": 80, "usedGb": "24"}},
            Disk(id="an odd id", capacity=DiskCapacity(total_gb=80)),
            (Unread("capacity.usedGb", "an odd id"),),
        ),
    ],
)
def test_a_disk_may_lack_its_size(
    item: dict[str, Any], disk: Disk, unread: tuple[Unread, ...]
) -> None:
    seen = responses.parse(VpsStorage, 200, {}, encoded({"disks": [item, *STORAGE["disks"]]}))
    assert {name: getattr(seen.disks[0], name) for name in Disk.model_fields} == {
        name: getattr(disk, name) for name in Disk.model_fields
    }
    assert seen.unread == unread
    assert len(seen.disks) == 2


def test_storage_without_disks_is_not_read() -> None:
    with pytest.raises(BadResponseError, match="disks is missing"):
        responses.parse(VpsStorage, 200, {}, b'{"filesystems": []}')


@pytest.mark.parametrize(
    ("document", "agent"),
    [
        (
            {"available": True, "reason": None, "vmRunning": True},
            GuestAgent(available=True, vm_running=True),
        ),
        (
            {"available": False, "reason": "The agent does not answer.", "vmRunning": True},
            GuestAgent(available=False, reason="The agent does not answer.", vm_running=True),
        ),
        ({}, GuestAgent()),
        ({"available": "true", "reason": 7, "vmRunning": 1}, GuestAgent()),
    ],
)
def test_the_guest_agent_is_read(document: dict[str, Any], agent: GuestAgent) -> None:
    seen = responses.parse(GuestAgent, 200, {}, encoded(document))
    assert (seen.available, seen.reason, seen.vm_running) == (
        *(agent.available, agent.reason, agent.vm_running),
    )


def test_a_cancellation_is_read() -> None:
    seen = responses.parse(Cancellation, 200, {}, encoded(CANCELLATION))
    assert (seen.vps_id, seen.state, seen.revokable) == (
        *(VPS_ID, CancellationState.SCHEDULED, True),
    )
    assert (seen.cancelled, seen.scheduled) == (
        datetime(2026, 4, 27, 10, tzinfo=UTC),
        datetime(2026, 4, 27, 11, tzinfo=UTC),
    )
    assert (seen.reason, seen.cancel_type) == ("The test is over.", "immediate")
    assert (seen.cancelled_pending_order, seen.unread) == (None, ())


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *((state.value, state) for state in CancellationState),
        ("Completed", CancellationState.COMPLETED),
        *((odd, CancellationState.UNKNOWN) for odd in ("", "held", None, 7, ["none"], {})),
    ],
)
def test_other_words_are_unknown(word: object, state: CancellationState) -> None:
    body = encoded(CANCELLATION | {"status": word})
    assert responses.parse(Cancellation, 200, {}, body).state is state
    bare = responses.parse(Cancellation, 200, {}, b"{}")
    assert (bare.state, bare.scheduled) == (CancellationState.UNKNOWN, None)
