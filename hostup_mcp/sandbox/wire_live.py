"""The JSON of what a server is doing: live status, disks, guest agent."""

from collections.abc import Iterable
from datetime import datetime

from . import gates
from .effects import USED_SHARE
from .jobs import Job
from .models import OPEN, Server
from .responses import Json, iso
from .variants import Variants
from .wire import gate, power_gates


def status(view: gates.View, running: Iterable[Job], now: datetime) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/status`."""
    server, on = view.server, view.server.power_state == "running"
    memory = round(server.memory_gb * 0.42, 1) if on else 0
    since = server.running_since or server.created_at
    body: dict[str, Json] = {
        "id": server.id,
        "powerState": server.power_state or "unknown",
        "uptimeSeconds": int((now - since).total_seconds()) if on and since else None,
        "cpuUsagePercent": 7.5 if on else 0,
        "cpuCores": server.cpu_cores,
        "memory": _usage(memory, server.memory_gb),
        "storage": _usage(0, server.storage_gb),
        "network": {"inboundGb": 3.1, "outboundGb": 9.4, "totalGb": 12.5},
    }
    tasks = list(running)
    if view.variants.pending_tasks == "objects":
        body["pendingTasks"] = [
            {"type": job.kind, "jobId": job.id, "createdAt": iso(job.created_at)} for job in tasks
        ]
    elif view.variants.pending_tasks == "strings":
        body["pendingTasks"] = [job.kind for job in tasks]
    elif view.variants.pending_tasks == "count":
        body["pendingTasks"] = len(tasks)
    if view.variants.status_actions:
        body["actions"] = power_gates(view)
    return body


def storage(view: gates.View, disk_id: str, *, agent_is_up: bool) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/storage`: the disk and the CD drive."""
    server, variants = view.server, view.variants
    closed: dict[str, Json] = {"allowed": False, "reason": "This is the system disk."}
    if variants.gate_code == "always":
        closed["code"] = None
    io: dict[str, Json] = {"readGb": 41.2, "writeGb": 63.9}
    io |= {"readOperations": 1204533, "writeOperations": 2409811}
    disk: dict[str, Json] = {
        "id": disk_id,
        "name": "scsi0",
        "type": "SCSI",
        "device": "/dev/scsi0",
        "isCdrom": False,
        "bootOrder": 1,
        "capacity": _capacity(server, variants, agent_is_up=agent_is_up),
        "io": io,
        "actions": {"canDetach": closed, "canResize": gate(OPEN, variants)},
    }
    drive: dict[str, Json] = {
        "id": None,
        "name": "ide2",
        "type": "IDE",
        "device": None,
        "isCdrom": True,
        "bootOrder": None,
        "capacity": {"totalGb": 0, "usedGb": 0, "freeGb": 0, "usagePercent": 0},
        "io": dict.fromkeys(io, 0),
        "actions": {"canDetach": closed},
    }
    disks = [disk, drive]
    if variants.disk_sizes == "absent":
        for each in disks:
            del each["capacity"]
    return {"disks": disks}


def agent(server: Server, variants: Variants, *, is_up: bool) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/agent/exec` without a `pid`."""
    running = server.power_state == "running"
    if variants.agent_response == "bare":
        return {"available": is_up}
    reason = None
    if not is_up:
        reason = "The guest agent does not respond." if running else "The server is not running."
    return {"available": is_up, "reason": reason, "vmRunning": running}


def _capacity(server: Server, variants: Variants, *, agent_is_up: bool) -> dict[str, Json]:
    total = server.storage_gb
    if variants.disk_sizes == "null" or (variants.disk_sizes == "with_agent" and not agent_is_up):
        return {"totalGb": total, "usedGb": None, "freeGb": None, "usagePercent": None}
    used = 0 if variants.disk_sizes == "zero" else round(total * USED_SHARE, 1)
    free = round(total - used, 1)
    return {
        "totalGb": total,
        "usedGb": used,
        "freeGb": free,
        "usagePercent": round(100 * used / total, 2),
    }


def _usage(used: float, total: float) -> dict[str, Json]:
    return {"usedGb": used, "totalGb": total, "usagePercent": round(100 * used / total, 1)}
