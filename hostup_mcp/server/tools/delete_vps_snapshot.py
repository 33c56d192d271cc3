"""`delete_vps_snapshot`: permanently deletes one snapshot."""

from __future__ import annotations

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import deciding_facts
from hostup_mcp.recovery.backups import find_snapshot
from hostup_mcp.recovery.effects import SnapshotDeleted
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.ids import SnapshotName, VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.no_job_running import require_no_job
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.server.writes.questions import find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Quote, say


async def propose(reader: Reader, id: VpsId, snapshotName: SnapshotName) -> Destructive:
    """Permanently deletes a snapshot; this cannot be undone. Rarely needed: snapshots expire after
    about a day. The user is asked first, by hostup-mcp or the client. Refused while a job runs. To
    look, use list_vps_snapshots."""
    vps = await reader.hostup.get_vps(id)
    listing = await reader.hostup.list_snapshots(id)
    snapshot = find_snapshot(listing, snapshotName)
    if snapshot is None:
        raise refuse(texts.SNAPSHOT_MISSING)
    await require_no_job(reader.hostup, vps, listing.actions.can_restore)
    subject = await find_subject(reader.hostup, vps)
    is_only = len(listing.data) == 1
    question = subject.question(
        say(Words.DELETE_SNAPSHOT, made=snapshot.created),
        [Words.CANNOT_BE_UNDONE, *([Words.ONLY_SNAPSHOT] if is_only else [])],
        quotes=[Quote(Words.SNAPSHOT_NAME, snapshot.name)],
        ids=[snapshot.name],
    )
    return Destructive(
        vps_id=id,
        request=requests.delete_snapshot(id, snapshotName),
        facts={
            "snapshot": deciding_facts(snapshot),
            **subject.facts,
            "count": len(listing.data),
        },
        question=question,
        follow_up=FollowUp(
            f"Deleting the snapshot {snapshotName} of {{server}}",
            SnapshotDeleted(snapshotName),
            "Call list_vps_snapshots in a minute.",
        ),
    )


TOOL = WritingTool(
    name="delete_vps_snapshot",
    title="Delete a snapshot",
    group=Group.DELETE,
    scope="backup:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
)
