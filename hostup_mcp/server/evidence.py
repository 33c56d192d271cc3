"""The record of a restore as a document: what was restored, who agreed, and what shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.evidence import Observation
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.server.recoveries import KeptRecovery
from hostup_mcp.wording import formats

RECOVERY_URI = "hostup://recoveries/{recoveryId}"
"""The resource of a record."""


def evidence_of(kept: KeptRecovery) -> dict[str, Any]:
    """Return a record for its caller. What is not known is null, a price that is not charged too.

    Times are by HostUp's clock. `verdict` is the last one of `verify_recovery`; null if it was
    never called.
    """
    recovery = kept.recovery
    restored, end, last = recovery.restored, recovery.job_end, recovery.last_verdict
    return {
        "recoveryId": kept.id,
        "kind": restored.kind,
        "mode": restored.mode.value,
        "vpsId": recovery.vps_id,
        "newVpsId": recovery.new_vps_id,
        "restored": {
            "what": MODES[restored.mode].goes_back_to,
            "id": restored.point,
            "createdAt": _iso(restored.point_created),
            "ofVpsId": restored.source_id or recovery.vps_id,
        },
        "agreed": {**recovery.consent},
        "price": None if recovery.price is None else {**recovery.price},
        "sentAt": _iso(recovery.sent_at_hostup),
        "outcome": recovery.outcome,
        "writeId": recovery.write_id,
        "jobId": recovery.job_id,
        "jobState": None if end is None else end.state.value,
        "jobEndedAt": None if end is None else _iso(end.at),
        "before": observed(recovery.before),
        "verdict": None if last is None else last.verdict,
        "verifiedAt": None if last is None else _iso(last.at),
        "items": [] if last is None else last.items,
        "toCheck": [] if last is None else last.to_check,
    }


def observed(seen: Observation) -> dict[str, Json]:
    """Return a look at a server as data; null is what could not be read."""
    disks, ports = seen.disks, seen.ports
    return {
        "at": formats.iso(seen.at),
        "power": seen.power,
        "uptimeSeconds": seen.uptime_seconds,
        "agent": seen.agent,
        "disks": None
        if disks is None
        else [{"name": disk.name, "totalGb": disk.total_gb} for disk in disks],
        "address": seen.address,
        "ports": None
        if ports is None
        else [
            {"port": port.number, "answer": port.answer.value, "status": port.status}
            for port in ports
        ],
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else formats.iso(when)
