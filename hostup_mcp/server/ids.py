"""Id arguments: their form, the tool that returns them, and the check that it returned them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from hostup_mcp.server.caller import caller
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.names import ServerName, read_note
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.state.store import StateUnavailableError

FORM = r"^[!-~]{1,128}$"
"""The published form of ids: wider than what is handed out, and short for a model to read.

Whether an id is one that was handed out is decided by the record of those.
"""

VpsId = Annotated[
    str,
    Field(
        pattern=FORM,
        description="data[].id of list_vps.",
    ),
]

BackupId = Annotated[
    str,
    Field(
        pattern=FORM,
        description="backups[].id of list_vps_backups of this VPS.",
    ),
]

SourceVpsId = Annotated[
    str,
    Field(
        pattern=FORM,
        description="sources[].id of list_restore_sources.",
    ),
]

SnapshotName = Annotated[
    str,
    Field(
        pattern=FORM,
        description="data[].name of list_vps_snapshots of this VPS.",
    ),
]

JobId = Annotated[
    str,
    Field(
        pattern=FORM,
        description="jobId in the result of the tool that started it.",
    ),
]


WriteId = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{1,16}$",
        description="Instead of jobId: writeId of an error.",
    ),
]


async def require_handed_out(services: Services, who: str, arguments: Mapping[str, object]) -> None:
    """Refuse a server, or one of its backups or snapshots, whose id was not returned to `who`.

    Raises:
        RefusalError: the tool to call first.
    """
    vps_id = arguments.get("id")
    if vps_id is None:
        return
    await _require_vps(services, who, str(vps_id))
    await _require_point(services, who, str(vps_id), arguments)


async def require_vps(ctx: Ctx, vps_id: str) -> ServerName:
    """Return what this caller was told about a server; refuse an id that was not returned to them.

    Raises:
        RefusalError: list_vps has to be called first.
    """
    return read_note(vps_id, await _require_vps(services(ctx), caller(), vps_id))


async def require_point(ctx: Ctx, vps_id: str, arguments: Mapping[str, object]) -> None:
    """Refuse a backup or snapshot that was not returned to this caller for the server `vps_id`.

    Raises:
        RefusalError: the tool to call first.
    """
    await _require_point(services(ctx), caller(), vps_id, arguments)


async def require_backup(ctx: Ctx, vps_id: str, backup_id: str, argument: str) -> None:
    """Refuse a backup in `argument` that was not returned to this caller for the server `vps_id`.

    Raises:
        RefusalError: list_vps_backups has to be called first.
    """
    await _require_backup(services(ctx), caller(), vps_id, backup_id, argument)


async def require_source(ctx: Ctx, vps_id: str, source_id: str) -> None:
    """Refuse a restore source that was not returned to this caller for the server `vps_id`.

    Raises:
        RefusalError: list_restore_sources has to be called first.
    """
    known = f"{vps_id}/source/{source_id}"
    path = "sources[].id"
    await _require(services(ctx), caller(), known, "sourceVpsId", "list_restore_sources", path)


async def _require_vps(services: Services, who: str, vps_id: str) -> str | None:
    return await _require(services, who, vps_id, "id", "list_vps", "data[].id")


async def _require_point(
    services: Services, who: str, vps_id: str, arguments: Mapping[str, object]
) -> None:
    # A backup of `sourceVpsId` has to have been offered for the server `vps_id`.
    backup_id, source_id = arguments.get("backupId"), arguments.get("sourceVpsId")
    if source_id is not None:
        name, path = "sourceVpsId and backupId", "sources[].id and sources[].backups[].id"
        known = f"{vps_id}/source/{source_id}/{backup_id}"
        await _require(services, who, known, name, "list_restore_sources", path)
    elif backup_id is not None:
        await _require_backup(services, who, vps_id, str(backup_id), "backupId")
    if (snapshot_name := arguments.get("snapshotName")) is not None:
        known = f"{vps_id}/snapshot/{snapshot_name}"
        await _require(services, who, known, "snapshotName", "list_vps_snapshots", "data[].name")


async def _require_backup(
    services: Services, who: str, vps_id: str, backup_id: str, argument: str
) -> None:
    known = f"{vps_id}/{backup_id}"
    await _require(services, who, known, argument, "list_vps_backups", "backups[].id")


async def _require(
    services: Services, who: str, known: str, argument: str, tool: str, path: str
) -> str | None:
    try:
        note = await services.state.recall_id(who, known)
    except StateUnavailableError:
        # It cannot be checked now. HostUp refuses what is not this account's, and writes have
        # been stopped before they get here; a read goes on, unless this cannot be part of a path.
        if not {".", ".."}.isdisjoint(known.split("/")):
            raise refuse(texts.UNKNOWN_ID, argument=argument, tool=tool, path=path) from None
        return None
    if note is None:
        raise refuse(texts.UNKNOWN_ID, argument=argument, tool=tool, path=path)
    return note
