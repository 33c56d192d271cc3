"""The servers of one account, and the effect of each request. No network."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from benchmarks.faults.documents import (
    PAYG,
    Json,
    Server,
    document,
    moment,
    problem,
    read,
    settings,
)

LIVE = 4
"""Servers listed at a time; a retired one is replaced."""

NAMES = (
    "web-01",
    "db 02",
    "Räksmörgås",
    "web-01",
    'the "old" one',
    "x" * 70,
    "",
    "Rename me: to go ahead",
    "mail.example.com",
    "日本-3",
)


@dataclass(frozen=True)
class Effect:
    """The effect of one request: the response, and what changed in the account."""

    status: int
    body: Json | None
    applied: bool = False
    destroys: bool = False


class Estate:
    """All servers of the account. `respond` handles one request and applies its change."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self.servers: dict[str, Server] = {}
        self.retired: set[str] = set()
        self.jobs: dict[str, int] = {}
        for _ in range(LIVE):
            self._new_server()

    # Ids and servers

    def _id(self, prefix: str) -> str:
        self._made += 1
        tail = "".join(self._random.choices("0123456789abcdefghjkmnpqrstvwxyz", k=18))
        return f"{prefix}_01hx{self._made:04d}{tail}"

    def _new_payg_server(self, name: str) -> Server:
        address = f"198.51.100.{len(self.servers) % 250 + 1}"
        made = Server(self._id("vps"), name, address, is_payg=True)
        self.servers[made.id] = made
        return made

    def _new_server(self) -> Server:
        pick = self._random
        number = len(self.servers)
        server = Server(
            id=self._id("vps"),
            name=pick.choice(NAMES),
            ip=f"192.0.2.{number % 250 + 1}",
            limit=pick.choice((3, 4, 6)),
            auto_delete=pick.random() < 0.5,
        )
        full = pick.random() < 0.5
        for age in range(server.limit if full else pick.randint(1, server.limit), 0, -1):
            self._add_backup(server, "scheduled" if pick.random() < 0.4 else "manual", -age)
        for age in range(pick.randint(0, 2)):
            self._add_snapshot(server, f"snap-{self._made}", None, -0.1 - 0.1 * age)
        if pick.random() < 0.5:
            server.schedule = self._schedule({"frequency": "daily", "hour": 2, "retentionCount": 3})
        self.servers[server.id] = server
        return server

    def live(self) -> list[Server]:
        """The servers that are listed."""
        return [server for id_, server in self.servers.items() if id_ not in self.retired]

    def retire(self, vps_id: str) -> None:
        """Hide a server from the list and add a new one."""
        if vps_id in self.servers and vps_id not in self.retired:
            self.retired.add(vps_id)
            if len(self.live()) < LIVE:
                self._new_server()

    def rename(self, vps_id: str) -> None:
        """Rename a server, as its owner may at any time."""
        self._made += 1
        self.servers[vps_id].name = f"renamed-{self._made}"

    def _add_backup(self, server: Server, kind: str, days: float, note: str | None = None) -> None:
        made, id_ = moment(days), self._id("bkp")
        server.backups.append(
            {
                "id": id_,
                "displayId": f"{made} (vzdump-{self._made}.vma.zst)",
                "storageKey": f"vzdump-{self._made}.vma.zst",
                "createdAt": made,
                "sizeGb": 12.4,
                "backupType": kind,
                "note": note,
            }
        )

    def _add_snapshot(
        self, server: Server, name: str, description: str | None, days: float
    ) -> None:
        server.snapshots.append(
            {
                "displayId": name,
                "name": name,
                "description": description,
                "createdAt": moment(days),
                "expiresAt": moment(days + 1),
                "includesMemoryState": False,
                "parentName": None,
            }
        )

    def _schedule(self, given: Json) -> Json:
        day = given.get("dayOfWeek", given.get("dayOfMonth"))
        return {
            "id": self._id("bks"),
            "name": given.get("name") or "Backup schedule",
            "frequency": given["frequency"],
            "time": f"{given['hour']:02d}:00",
            "daySpecifier": None if day is None else str(day),
            "retentionCount": given["retentionCount"],
            "enabled": given.get("enabled", True),
            "lastRun": None,
        }

    def _start(self, server: Server) -> Json:
        job = self._id("job")
        self.jobs[job] = 2
        server.busy_for = 1
        return {
            "operation": {
                "status": "queued",
                "jobId": job,
                "pollUrl": f"/api/jobs/{job}",
                "result": None,
            }
        }

    # Requests

    def respond(self, method: str, path: str, query: dict[str, str], text: str) -> Effect:
        """Carry out one request and return its effect."""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        try:
            body = json.loads(text) if text else {}
        except ValueError:
            return Effect(400, problem(400, "invalid_request", "The body is not JSON.", path))
        if parts[:2] == ["api", "jobs"] and len(parts) == 3 and method == "GET":
            return self._job(parts[2], path)
        if parts[:3] != ["api", "v2", "vps"]:
            return Effect(404, problem(404, "not_found", "There is nothing here.", path))
        if len(parts) == 3 and method == "GET":
            return self._list(query, path)
        if method == "GET" and parts[3:] == ["payg", "deployments"]:
            return Effect(200, PAYG)
        server = self.servers.get(parts[3]) if len(parts) > 3 else None
        if server is None:
            return Effect(404, problem(404, "vps_not_found", "No such server.", path))
        rest = parts[4:]
        if method == "GET":
            found = self._read(server, rest)
            server.busy_for = max(0, server.busy_for - 1)
            if found is None:
                return Effect(404, problem(404, "not_found", "There is nothing here.", path))
            return Effect(200, found)
        return self._write(method, server, rest, body, path)

    def _job(self, job: str, path: str) -> Effect:
        if job not in self.jobs:
            return Effect(404, problem(404, "not_found", "No such job.", path))
        left = self.jobs[job] = max(0, self.jobs[job] - 1)
        status = "completed" if left == 0 else "in_progress"
        data = {"jobId": job, "status": status, "isCompleted": left == 0, "isFailed": False}
        return Effect(
            200,
            {"success": True, "timestamp": moment(), "requestId": "req_01hxjob", "data": data},
        )

    def _list(self, query: dict[str, str], path: str) -> Effect:
        servers = self.live()
        if name := query.get("name"):
            servers = [s for s in servers if s.name.casefold() == name.casefold()]
        if ip := query.get("primaryIp"):
            servers = [s for s in servers if s.ip == ip]
        start, limit = query.get("cursor", "c0"), int(query.get("limit", "20"))
        if not start[1:].isdecimal():
            return Effect(400, problem(400, "invalid_cursor", "The cursor is not valid.", path))
        first = int(start[1:])
        more = len(servers) > first + limit
        page = [document(s) for s in servers[first : first + limit]]
        cursor = f"c{first + limit}" if more else None
        return Effect(200, {"data": page, "hasMore": more, "nextCursor": cursor})

    def _read(self, server: Server, rest: list[str]) -> Json | None:
        return read(server, rest, [other for other in self.live() if other is not server])

    def _write(self, method: str, server: Server, rest: list[str], body: Json, path: str) -> Effect:
        def no(status: int, code: str, detail: str) -> Effect:
            return Effect(status, problem(status, code, detail, path))

        def job(change: Callable[[], object], *, destroys: bool) -> Effect:
            if server.busy_for:
                return no(409, "vps_not_ready", "A job is running.")
            change()
            return Effect(202, self._start(server), applied=True, destroys=destroys)

        backup = next((b for b in server.backups if b["id"] in rest), None)
        snapshot = next((s for s in server.snapshots if s["name"] in rest), None)
        match (method, *rest):
            case ("POST", "backups"):
                full = len(server.backups) >= server.limit
                if full and not server.auto_delete:
                    return no(409, "vps_not_ready", "All slots are in use.")

                def make() -> None:
                    if full:
                        server.backups.pop(0)
                    self._add_backup(server, "manual", 0, body.get("note"))

                return job(make, destroys=full)
            case ("DELETE", "backups", _):
                if backup is None:
                    return no(404, "not_found", "No such backup.")
                server.backups.remove(backup)
                return Effect(204, None, applied=True, destroys=True)
            case ("POST", "backups", "actions", "restore-from-vps"):
                source = self.servers.get(str(body.get("sourceVpsId")))
                wanted = body.get("backupId")
                if source is None or source is server:
                    return no(400, "invalid_request", "No such source.")
                if all(b["id"] != wanted for b in source.backups):
                    return no(404, "not_found", "No such backup.")
                return job(lambda: server.restored_from.append(str(wanted)), destroys=True)
            case ("POST", "backups", id_, "actions", "restore"):
                if backup is None:
                    return no(404, "not_found", "No such backup.")
                return job(lambda: server.restored_from.append(id_), destroys=True)
            case ("POST", "backups", _, "actions", "restore-to-payg"):
                if backup is None:
                    return no(404, "not_found", "No such backup.")
                made = self._new_payg_server(str(body.get("name", "restored")))
                accepted = {"status": "provisioning", "vpsId": made.id, "orderId": self._id("ord")}
                return Effect(202, accepted, applied=True, destroys=True)
            case ("POST", "snapshots"):
                name = str(body.get("name"))
                if any(s["name"] == name for s in server.snapshots):
                    return no(409, "vps_not_ready", "There is a snapshot of that name.")
                description = body.get("description")
                return job(lambda: self._add_snapshot(server, name, description, 0), destroys=False)
            case ("DELETE", "snapshots", _):
                if snapshot is None:
                    return no(404, "not_found", "No such snapshot.")
                server.snapshots.remove(snapshot)
                return Effect(204, None, applied=True, destroys=True)
            case ("POST", "snapshots", name, "actions", "restore"):
                if snapshot is None:
                    return no(404, "not_found", "No such snapshot.")
                return job(lambda: server.restored_from.append(name), destroys=True)
            case ("POST", "backup-schedules"):
                if not {"frequency", "hour", "retentionCount", "enabled"} <= set(body):
                    return no(400, "invalid_request", "A field is missing.")
                server.schedule = self._schedule(body)
                return Effect(200, self._read(server, rest), applied=True, destroys=True)
            case ("PATCH", "backup-schedules"):
                server.limit = int(body.get("maxTotalBackups", server.limit))
                server.auto_delete = bool(body.get("autoDeleteOldest", server.auto_delete))
                now = {"settings": settings(server)}
                return Effect(200, now, applied=True, destroys=True)
            case ("POST", "actions", "start" | "shutdown" | "stop" | "restart" | "reset"):
                return job(lambda: None, destroys=True)
            case ("POST", "actions", "cancel"):
                server.cancelled = True
                return Effect(202, {"cancellationLookupPending": True}, applied=True, destroys=True)
        return no(404, "not_found", "There is nothing here.")
