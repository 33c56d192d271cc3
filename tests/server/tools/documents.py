"""HostUp's responses as documents, and proposals made from them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from hostup_mcp.config import Group
from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.tolerance import read_model
from hostup_mcp.server.plans import Plans
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.proposal import Proposal
from hostup_mcp.wording.viewer import Viewer

M = TypeVar("M", bound=Model)

VPS = "vps_abcdef12"
NOW = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)
OPEN = {"allowed": True, "reason": None}
ACTIONS = {"canCreateBackup": OPEN, "canRestore": OPEN}
OLD, NEW = "2026-04-20T10:00:00Z", "2026-04-27T10:00:00Z"


def backup(id_: str, created: str | None = OLD, size: float = 12, **rest: Any) -> dict[str, Any]:
    return {"id": id_, "createdAt": created, "sizeGb": size, "backupType": "manual", **rest}


def backups(*listed: dict[str, Any], used: int | None = None, **rest: Any) -> dict[str, Any]:
    used = len(listed) if used is None else used
    quota = {"used": used, "limit": used, "remaining": 0}
    return {"backups": [*listed], "quotaInfo": quota, "actions": ACTIONS, **rest}


def schedules(*listed: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"schedules": [*listed], "actions": {"canCreate": OPEN}, **rest}


class HostUp:
    """Responds to reads with the document of the path's last part."""

    def __init__(self, **documents: Any) -> None:
        self.documents = {
            VPS: {"id": VPS, "name": "web-01", "primaryIp": "192.0.2.10"},
            "status": {"id": VPS, "powerState": "running", "pendingTasks": []},
            "vps": {"data": [{"id": VPS, "name": "web-01"}]},
            "backups": backups(backup("bkp_1")),
            "backup-schedules": schedules(),
            "snapshots": {"data": [{"name": "snap"}], "actions": {"canRestore": OPEN}},
        } | {
            name if name.startswith("vps_") else name.replace("_", "-"): document
            for name, document in documents.items()
        }
        self.clock_offset = 0.0

    async def read(self, model: type[M], path: str, *_: Any, **__: Any) -> M:
        return read_model(model, deepcopy(self.documents[path.rsplit("/", 1)[-1]]))


def client(**documents: Any) -> ReadingClient:
    return ReadingClient(cast("Any", HostUp(**documents)))


def reader(**documents: Any) -> Reader:
    plans = cast("Plans", SimpleNamespace())
    return Reader(client(**documents), plans, NOW, frozenset(Group), Viewer(), shows_panel=False)


Propose = Callable[..., Awaitable[Proposal]]


async def proposed(
    propose: Propose, documents: dict[str, Any] | None = None, **given: Any
) -> Proposal:
    return await propose(reader(**documents or {}), VPS, **given)
