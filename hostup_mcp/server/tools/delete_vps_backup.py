"""`delete_vps_backup`: permanently deletes one backup."""

from __future__ import annotations

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import deciding_facts
from hostup_mcp.recovery.backups import find_backup
from hostup_mcp.recovery.doubts import rarity
from hostup_mcp.recovery.effects import BackupDeleted
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.ids import BackupId, VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.no_job_running import require_no_job
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.server.writes.questions import find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Quote, say


async def propose(reader: Reader, id: VpsId, backupId: BackupId) -> Destructive:
    """Permanently deletes a backup; this cannot be undone. Only if the user wants it; they are
    asked first, by hostup-mcp or the client. Refused while a job runs. To look, use
    list_vps_backups."""
    vps = await reader.hostup.get_vps(id)
    listing = await reader.hostup.list_backups(id)
    backup = find_backup(listing, backupId)
    if backup is None:
        raise refuse(texts.BACKUP_MISSING)
    await require_no_job(reader.hostup, vps, listing.actions.can_restore)
    rare = rarity(listing, backup, hostup_now(reader.hostup, reader.now))
    subject = await find_subject(reader.hostup, vps)
    question = subject.question(
        say(Words.DELETE_BACKUP, made=backup.created),
        [
            Words.CANNOT_BE_UNDONE,
            *([] if rare is None else [rare]),
        ],
        details=[] if backup.size_gb is None else [say(Words.SIZE, size=backup.size_gb)],
        quotes=[Quote(Words.BACKUP_NOTE, backup.note)] if backup.note else [],
        ids=[backup.id],
    )
    return Destructive(
        vps_id=id,
        request=requests.delete_backup(id, backupId),
        facts={
            "backup": deciding_facts(backup),
            **subject.facts,
            "warning": rare is not None,
            "count": len(listing.backups),
        },
        question=question,
        follow_up=FollowUp(
            f"Deleting the backup {backupId} of {{server}}",
            BackupDeleted(backupId),
            "Call list_vps_backups in a minute.",
        ),
    )


TOOL = WritingTool(
    name="delete_vps_backup",
    title="Delete a backup",
    group=Group.DELETE,
    scope="backup:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
)
