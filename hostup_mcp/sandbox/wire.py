"""The documented JSON of servers, backups, schedules and snapshots."""

import math
from collections.abc import Iterable

from . import gates
from .effects import finished_backup
from .history import history
from .jobs import JobKind
from .models import Backup, Billing, Gate, OperatingSystem, Retained, Schedule, Server, Snapshot
from .responses import Json, iso, iso_or_null
from .variants import Variants

_DETAIL_STATUSES = {"active", "pending", "suspended", "terminated", "cancelled"}
_POWER_ACTIONS: tuple[JobKind, ...] = ("start", "shutdown", "stop", "restart", "reset")
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def gate(source: Gate, variants: Variants) -> dict[str, Json]:
    """Return a gate; `code` is left out where there is none, unless a variant always sends it."""
    document: dict[str, Json] = {"allowed": source.allowed, "reason": source.reason}
    if source.code is not None or variants.gate_code == "always":
        document["code"] = source.code
    return document


def inventory(view: gates.View) -> dict[str, Json]:
    """Return a server in the shape that the list and `GET /api/v2/vps/{id}` share."""
    server, variants = view.server, view.variants
    body: dict[str, Json] = {
        "id": server.id,
        "name": server.name,
        "primaryIp": server.primary_ip,
        "serviceStatus": server.service_status,
        "powerState": server.power_state,
        "operatingSystem": _system(server.operating_system),
        "billing": {**_billing(server.billing), "periodYears": server.billing.period_years},
        "resources": {
            "cpuCores": server.cpu_cores,
            "memoryGb": server.memory_gb,
            "storageGb": server.storage_gb,
        },
    }
    if variants.vps_extras:
        body |= {"tags": [], "isPinned": False, "bandwidth": _bandwidth(server)}
    return body


def power_gates(view: gates.View) -> dict[str, Json]:
    """Return the power gates of a server."""
    return {
        f"can{action.capitalize()}": gate(gates.can_change_power(view, action), view.variants)
        for action in _POWER_ACTIONS
    }


def details(view: gates.View) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/details`."""
    server, variants = view.server, view.variants
    status = server.service_status
    actions = power_gates(view)
    if variants.from_vps_gate == "details":
        actions["canRestoreFromAnotherVps"] = gate(gates.can_restore_from_vps(view), variants)
    return {
        "id": server.id,
        "productName": server.product_name,
        "hostname": server.name if server.name.isascii() and server.name.isprintable() else None,
        "serviceStatus": status if status in _DETAIL_STATUSES else "unknown",
        "createdAt": iso_or_null(server.created_at),
        "nextDueAt": iso_or_null(server.next_due_at),
        "billing": {**_billing(server.billing), "billingCycle": server.billing.cycle or "free"},
        "cpuCores": server.cpu_cores,
        "memoryGb": server.memory_gb,
        "storageGb": server.storage_gb,
        "backupsIncluded": server.backups_included,
        "bandwidth": _bandwidth(server),
        "primaryIp": server.primary_ip,
        "powerState": server.power_state,
        "actions": actions,
    }


def backups(view: gates.View) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/backups`."""
    server, variants = view.server, view.variants
    listed: list[dict[str, Json]] = [backup(each) for each in in_order(server.backups, variants)]
    if variants.running_backup_listed and view.busy is not None and view.busy.kind == "backup":
        coming = backup(finished_backup(server, view.busy))
        key = coming["storageKey"]
        listed.insert(0, {**coming, "createdAt": None, "displayId": f"unknown ({key})"})
    limit = server.retention.limit
    actions: dict[str, Json] = {
        "canCreateBackup": gate(gates.can_create_backup(view), variants),
        "canRestore": gate(gates.can_restore_backup(view), variants),
    }
    if variants.from_vps_gate == "backups":
        actions["canRestoreFromAnotherVps"] = gate(gates.can_restore_from_vps(view), variants)
    return {
        "backups": listed,
        "quotaInfo": {
            "used": len(listed),
            "limit": limit,
            "remaining": None if limit is None else max(0, limit - len(listed)),
        },
        "actions": actions,
    }


def backup(each: Backup) -> dict[str, Json]:
    """One backup of the list."""
    return {
        **_backup_core(each),
        "sizeGb": each.size_gb,
        "backupType": each.backup_type,
        "note": each.note,
    }


def source(holder: Server | Retained, source_type: str, variants: Variants) -> dict[str, Json]:
    """One entry of the restore sources."""
    whole = variants.source_sizes == "integer"
    return {
        "id": holder.id,
        "name": holder.name,
        "serviceStatus": holder.service_status,
        "sourceType": source_type,
        "backups": [
            {
                **_backup_core(each),
                "sizeGb": math.ceil(each.size_gb) if whole else each.size_gb,
                **(_backup_tail(each) if variants.source_extras else {}),
            }
            for each in in_order(holder.backups, variants)
        ],
    }


def in_order(listed: Iterable[Backup], variants: Variants) -> list[Backup]:
    """Backups in the order that the variants choose; undated ones count as the oldest."""
    if variants.backup_order == "by_id":
        return sorted(listed, key=lambda each: each.id)
    newest_first = variants.backup_order == "newest_first"
    return sorted(
        listed,
        key=lambda each: (iso(each.created_at) if each.created_at else "", each.id),
        reverse=newest_first,
    )


def schedules(view: gates.View) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/backup-schedules`."""
    server, variants = view.server, view.variants
    body: dict[str, Json] = {
        "schedules": [schedule(each, variants) for each in server.schedules],
    }
    if variants.schedule_extra_fields:
        body["settings"] = settings(server)
        body["limits"] = {"totalBackups": _total_limit(server)}
        body["history"] = history(server, variants)
        body["actions"] = {"canCreate": gate(gates.can_create_schedule(view), variants)}
    return body


def schedule(each: Schedule, variants: Variants) -> dict[str, Json]:
    """One backup schedule."""
    day = None if each.day is None else str(each.day)
    if each.day is not None and each.frequency == "weekly" and variants.day_specifier == "name":
        day = _WEEKDAYS[each.day]
    return {
        "id": each.id,
        "name": each.name,
        "frequency": each.frequency,
        "time": f"{each.hour:02d}:00",
        "daySpecifier": day,
        "retentionCount": each.retention_count,
        "enabled": each.enabled,
        "lastRun": iso_or_null(each.last_run),
    }


def settings(server: Server) -> dict[str, Json]:
    """Return the retention settings, as in the response to changing them."""
    manual = sum(each.backup_type == "manual" for each in server.backups)
    limit = _total_limit(server)
    return {
        "totalBackupLimit": limit,
        "manualBackupsActive": manual,
        "scheduledBackupsActive": len(server.backups) - manual,
        "availableScheduledSlots": max(0, limit - len(server.backups)),
        "autoDeleteOldest": server.retention.auto_delete_oldest,
    }


def snapshots(view: gates.View) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/snapshots`."""
    server, variants = view.server, view.variants
    body: dict[str, Json] = {"data": [_snapshot(each) for each in server.snapshots]}
    if variants.snapshot_extra_fields:
        body["available"] = server.snapshot_limit > 0
        body["limits"] = {"totalSnapshots": server.snapshot_limit}
        body["actions"] = {
            "canCreate": gate(gates.can_create_snapshot(view), variants),
            "canRestore": gate(gates.can_restore_snapshot(view), variants),
        }
    return body


def _snapshot(each: Snapshot) -> dict[str, Json]:
    return {
        "displayId": f"{each.name} ({iso(each.created_at)})",
        "name": each.name,
        "description": each.description,
        "createdAt": iso(each.created_at),
        "expiresAt": iso(each.expires_at),
        "includesMemoryState": False,
        "parentName": each.parent_name,
    }


def _backup_core(each: Backup) -> dict[str, Json]:
    created = iso_or_null(each.created_at)
    return {
        "id": each.id,
        "displayId": f"{created or 'unknown'} ({each.storage_key})",
        "storageKey": each.storage_key,
        "createdAt": created,
    }


def _backup_tail(each: Backup) -> dict[str, Json]:
    return {"backupType": each.backup_type, "note": each.note}


def _system(system: OperatingSystem | None) -> Json:
    if system is None:
        return None
    return {
        "displayName": system.display_name,
        "family": system.family,
        "version": system.version,
        "variant": system.variant,
    }


def _billing(billing: Billing) -> dict[str, Json]:
    return {
        "amount": billing.amount,
        "currencyCode": billing.currency,
        "billingCycle": billing.cycle,
        "isPayg": billing.is_payg,
    }


def _bandwidth(server: Server) -> dict[str, Json]:
    return {
        "usedGb": 12.5,
        "limitGb": 2000 * server.cpu_cores,
        "inboundGb": 3.1,
        "outboundGb": 9.4,
        "usagePercent": round(100 * 12.5 / (2000 * server.cpu_cores), 2),
    }


def _total_limit(server: Server) -> int:
    limit = server.retention.limit
    return server.backups_included if limit is None else limit
