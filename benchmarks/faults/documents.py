"""One server as data, and the response to each GET for it by the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

Json = dict[str, Any]

DETAILS: Json = {
    "productName": "VPS S",
    "hostname": None,
    "createdAt": None,
    "nextDueAt": None,
    "cpuCores": 2,
    "memoryGb": 4,
    "storageGb": 80,
    "backupsIncluded": 2,
    "bandwidth": {
        "usedGb": 12.5,
        "limitGb": 1000,
        "inboundGb": 4.2,
        "outboundGb": 8.3,
        "usagePercent": 1.25,
    },
}
PAYG: Json = {
    "available": True,
    "reason": None,
    "access": None,
    "actions": {"canDeploy": {"allowed": True, "reason": None}},
    "pricing": {
        "currencyCode": "SEK",
        "cpuPerCoreHour": 0.12,
        "memoryPerGbHour": 0.04,
        "storagePerGbHour": 0.003,
        "bandwidthPerGb": 0.1,
        "ipPerHour": 0.02,
    },
    "defaults": {"regionId": "stockholm", "resources": {"cpuCores": 2}},
}
BODY_IDS = ("backupId", "sourceVpsId")


@dataclass
class Server:
    """One VPS: its backups oldest first, snapshots, schedule, retention and running job."""

    id: str
    name: str
    ip: str
    backups: list[Json] = field(default_factory=list)
    snapshots: list[Json] = field(default_factory=list)
    schedule: Json | None = None
    limit: int = 4
    auto_delete: bool = False
    busy_for: int = 0
    is_payg: bool = False
    cancelled: bool = False
    restored_from: list[str] = field(default_factory=list)


def moment(days: float = 0.0) -> str:
    """The time `days` from now, in the API's format."""
    at = datetime.now(UTC) + timedelta(days=days)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(status: int, code: str, detail: str, path: str) -> Json:
    """A problem document."""
    return {
        "type": f"https://developer.hostup.se/errors/{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": path,
        "requestId": "req_01hxfault000000000000000000",
        "timestamp": moment(),
    }


def gate(allowed: bool, reason: str) -> Json:
    """An action gate; `reason` counts where it is closed."""
    return {"allowed": True, "reason": None} if allowed else {"allowed": False, "reason": reason}


def named_ids(path: str, body: Json) -> frozenset[str]:
    """The ids in a path and a body, except for the server of the path."""
    parts = [unquote(part) for part in path.split("/")]
    found = {body[key] for key in BODY_IDS if isinstance(body.get(key), str)}
    for before, part in pairwise(parts[4:]):
        if before in ("backups", "snapshots", "backup-schedules") and part != "actions":
            found.add(part)
    return frozenset(found - {"restore-sources"})


def document(server: Server) -> Json:
    """A server as an item of the list."""
    return {
        "id": server.id,
        "name": server.name,
        "primaryIp": server.ip,
        "serviceStatus": "active",
        "powerState": "running",
        "operatingSystem": {
            "displayName": "Debian 13",
            "family": "debian",
            "version": "13",
            "variant": None,
        },
        "billing": {
            "amount": 199,
            "currencyCode": "SEK",
            "billingCycle": "monthly",
            "isPayg": server.is_payg,
            "periodYears": None,
        },
        "resources": {"cpuCores": 2, "memoryGb": 4, "storageGb": 80},
    }


def read(server: Server, rest: list[str], sources: list[Server]) -> Json | None:
    """The response to a GET below a server; None for a path that does not exist.

    `sources` are the other servers.
    """
    busy = server.busy_for > 0
    free = gate(not busy, "A job is running.")
    match rest:
        case []:
            return document(server)
        case ["details"]:
            return {**document(server), **DETAILS}
        case ["cancellation"]:
            status = "pending" if server.cancelled else "none"
            return {"vpsId": server.id, "status": status, "revokable": False}
        case ["status"]:
            tasks = [{"type": "job"}] if busy else []
            return {"id": server.id, "powerState": "running", "pendingTasks": tasks}
        case ["backups"]:
            used = len(server.backups)
            create = gate(
                not busy and (used < server.limit or server.auto_delete), "Not possible now."
            )
            return {
                "backups": list(server.backups),
                "quotaInfo": {
                    "used": used,
                    "limit": server.limit,
                    "remaining": max(0, server.limit - used),
                },
                "actions": {
                    "canCreateBackup": create,
                    "canRestore": free,
                    "canRestoreFromAnotherVps": free,
                },
            }
        case ["backups", "restore-sources"]:
            return {"sources": [_source(s) for s in sources]}
        case ["snapshots"]:
            room = not busy and len(server.snapshots) < 3
            return {
                "data": list(server.snapshots),
                "available": True,
                "limits": {"totalSnapshots": 3},
                "actions": {"canCreate": gate(room, "No slot is free."), "canRestore": free},
            }
        case ["backup-schedules"]:
            listed = [server.schedule] if server.schedule else []
            return {
                "schedules": listed,
                "settings": settings(server),
                "actions": {"canCreate": gate(True, "")},
            }
    return None


def _source(server: Server) -> Json:
    keys = ("id", "displayId", "storageKey", "createdAt", "sizeGb")
    return {
        "id": server.id,
        "name": server.name,
        "serviceStatus": "active",
        "sourceType": "server",
        "backups": [{key: backup[key] for key in keys} for backup in server.backups],
    }


def settings(server: Server) -> Json:
    """Retention of all backups of a server."""
    scheduled = sum(backup["backupType"] == "scheduled" for backup in server.backups)
    return {
        "totalBackupLimit": server.limit,
        "manualBackupsActive": len(server.backups) - scheduled,
        "scheduledBackupsActive": scheduled,
        "availableScheduledSlots": max(0, server.limit - len(server.backups)),
        "autoDeleteOldest": server.auto_delete,
    }
