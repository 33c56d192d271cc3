"""What HostUp may list, said in few words, and anything at all."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    Gate,
    RestoreSources,
    SnapshotList,
    Vps,
)

NOW = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)
OPEN = {"allowed": True, "reason": None}


def closed(reason: str | None = None, **code: str | None) -> dict[str, Any]:
    return {"allowed": False, "reason": reason, **code}


def backup(
    name: str = "bkp_1", created: str | None = "2026-04-27T10:00:00.000Z", size: float | None = 12.4
) -> dict[str, Any]:
    return {
        "id": name,
        "displayId": f"{created} (vzdump-qemu-101.vma.zst)",
        "storageKey": "vzdump-qemu-101.vma.zst",
        "createdAt": created,
        "sizeGb": size,
        "backupType": "manual",
        "note": None,
    }


def listing(
    *backups: dict[str, Any],
    restore: dict[str, Any] | None = OPEN,
    create: dict[str, Any] | None = OPEN,
    used: int | None = None,
    limit: int | None = 99,
    remaining: int | None = 2,
) -> BackupList:
    """By default HostUp counts what it lists, and slots are free."""
    used = len(backups) if used is None else used
    return BackupList.model_validate(
        {
            "backups": list(backups),
            "quotaInfo": {"used": used, "limit": limit, "remaining": remaining},
            "actions": {"canCreateBackup": create, "canRestore": restore},
        }
    )


def server(name: str | None = "web-01", **rest: Any) -> Vps:
    fields = {"name": name, "resources": {"storageGb": 80}} | rest
    return Vps.model_validate({"id": "vps_1", **fields})


def listed(
    *backups: dict[str, Any], other: dict[str, Any] | None = OPEN, **rest: Any
) -> BackupList:
    """A backup list with (or, for None, without) the gate of another server's backups."""
    plain = listing(*backups, **rest)
    gate = None if other is None else Gate.model_validate(other)
    actions = plain.actions.model_copy(update={"can_restore_from_another_vps": gate})
    return plain.model_copy(update={"actions": actions})


def sources(
    *backups: dict[str, Any], id_: str = "vps_2", size: float | None = None
) -> RestoreSources:
    sized = backups if size is None else [one | {"sizeGb": size} for one in backups]
    source = {"id": id_, "name": "old", "serviceStatus": "terminated", "sourceType": "retained"}
    return RestoreSources.model_validate({"sources": [source | {"backups": list(sized)}]})


def snapshot(name: str = "snap", **rest: Any) -> dict[str, Any]:
    return {
        "displayId": name,
        "name": name,
        "description": None,
        "createdAt": "2026-04-27T10:00:00.000Z",
        "expiresAt": "2026-04-28T10:00:00.000Z",
        "includesMemoryState": False,
        "parentName": None,
    } | rest


def snapshots(
    *some: dict[str, Any], restore: dict[str, Any] | None = OPEN, **rest: Any
) -> SnapshotList:
    actions = {} if restore is None else {"canRestore": restore}
    return SnapshotList.model_validate({"data": list(some), "actions": actions} | rest)


words = st.none() | st.sampled_from(["", "pending_order", "something_new"]) | st.text(max_size=30)
gates = st.none() | st.fixed_dictionaries(
    {"allowed": st.booleans(), "reason": words}, optional={"code": words}
)
dates = (
    st.none()
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.sampled_from(
        [
            "2026-04-27T10:00:00.000Z",
            "2026-04-26T10:00:00.000Z",
            "2026-04-27T12:05:00.000Z",
            "2031-01-01T00:00:00.000Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-04-27",
            "yesterday",
            "",
        ]
    )
)
ids = st.sampled_from("abcde") | st.text("abc123_-.", min_size=1, max_size=10).map("b".__add__)
numbers = st.integers(0, 10**25) | st.integers(0, 5)
backup_tuples = st.lists(st.builds(backup, ids, dates), max_size=6).map(
    lambda some: tuple(Backup.model_validate(one) for one in some)
)
listings = st.builds(
    lambda backups, **rest: listing(*backups, **rest),
    st.lists(st.builds(backup, ids, dates), max_size=5),
    restore=gates,
    create=gates,
    used=numbers,
    limit=st.none() | numbers,
    remaining=st.none() | numbers,
)
