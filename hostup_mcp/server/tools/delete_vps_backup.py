"""`delete_vps_backup`: permanently deletes one backup."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import Backup, BackupList, documented
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.assessment import newest_first
from hostup_mcp.recovery.plan import find_backup
from hostup_mcp.recovery.spans import age
from hostup_mcp.server import failures
from hostup_mcp.server.answer import number
from hostup_mcp.server.ids import BackupId, VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.no_job_running import require_no_job
from hostup_mcp.server.writes.definition import WritingTool
from hostup_mcp.server.writes.proposal import Destructive, FollowUp, Question
from hostup_mcp.server.writes.questions import (
    describe_moment,
    describe_server,
    to_type,
    type_to_confirm,
)


async def propose(reader: Reader, id: VpsId, backupId: BackupId) -> Destructive:
    """Permanently deletes a backup; this cannot be undone. Only on the user's own wish: they are
    asked to type the server's name. To look only, use list_vps_backups."""
    vps = await reader.hostup.get_vps(id)
    listing = await reader.hostup.list_backups(id)
    backup = find_backup(listing, backupId)
    if backup is None:
        raise failures.refuse(
            "backup_missing",
            "This backup does not exist (any more). Nothing was changed.",
            "Call list_vps_backups to see which ones there are.",
        )
    await require_no_job(reader.hostup, vps, listing.actions.can_restore)
    note = f", note {quoted(backup.note)}" if backup.note else ""
    precious = warning(listing, backup, reader.now)
    message = (
        f"Permanently delete the backup {backup.id} of {describe_moment(backup.created_at)} "
        f"({number(backup.size_gb)} GB{note}) of {describe_server(vps)}? This cannot be undone."
        f"{precious}\n{type_to_confirm(to_type(vps))}"
    )

    async def look(hostup: ReadingClient) -> str:
        is_listed = find_backup(await hostup.list_backups(id), backupId) is not None
        return "The backup is still listed." if is_listed else "The backup is gone now."

    return Destructive(
        vps_id=id,
        request=requests.delete_backup(id, backupId),
        facts={
            "backup": documented(backup),
            "name": vps.name,
            "address": vps.primary_ip,
            "warning": bool(precious),
            "count": len(listing.backups),
        },
        question=Question(message, to_type(vps)),
        follow_up=FollowUp(
            f"Deleting the backup {backupId}",
            look,
            "Call list_vps_backups in a minute.",
            is_immediate=True,
        ),
    )


def warning(listing: BackupList, backup: Backup, now: datetime) -> str:
    """What makes this backup precious, if anything does. An impossible date counts as unknown."""
    if len(listing.backups) == 1:
        return " It is the ONLY backup: afterwards there is no way back."
    dated = [b for b in newest_first(listing.backups) if age(b.created, now) is not None]
    if backup not in dated or backup.created == dated[0].created:
        return " It is, or may be, the NEWEST backup: what is left is older."
    return ""


TOOL = WritingTool(
    name="delete_vps_backup",
    title="Delete a backup",
    group=Group.DELETE,
    scope="backup:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
)
