"""`delete_vps_snapshot`: permanently deletes one snapshot."""

from __future__ import annotations

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import deciding_facts
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.backups import find_snapshot
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.ids import SnapshotName, VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.no_job_running import require_no_job
from hostup_mcp.server.writes.proposal import Destructive, FollowUp, Question
from hostup_mcp.server.writes.questions import describe_server, find_subject, type_to_confirm
from hostup_mcp.wording import formats


async def propose(reader: Reader, id: VpsId, snapshotName: SnapshotName) -> Destructive:
    """Permanently deletes a snapshot; this cannot be undone. Rarely needed: snapshots expire after
    about a day. The user is asked first, by this server or the client. Refused while a job runs. To
    look, use list_vps_snapshots."""
    vps = await reader.hostup.get_vps(id)
    listing = await reader.hostup.list_snapshots(id)
    snapshot = find_snapshot(listing, snapshotName)
    if snapshot is None:
        raise refuse(texts.SNAPSHOT_MISSING)
    await require_no_job(reader.hostup, vps, listing.actions.can_restore)
    only = " It is the only snapshot." if len(listing.data) == 1 else ""
    subject = await find_subject(reader.hostup, vps)
    made = formats.moment(snapshot.created, reader.viewer)
    message = (
        f"Permanently delete the snapshot {snapshot.name} of "
        f"{made} of {describe_server(vps)}? This cannot be undone."
        f"{only}\n{type_to_confirm(subject.to_type)}"
    )

    async def is_done(hostup: ReadingClient) -> bool:
        now = await hostup.list_snapshots(id)
        is_readable = now.is_whole and now.available is not False
        return is_readable and find_snapshot(now, snapshotName) is None

    async def read_state(hostup: ReadingClient) -> str:
        is_listed = find_snapshot(await hostup.list_snapshots(id), snapshotName) is not None
        return "The snapshot is still listed." if is_listed else "The snapshot is no longer listed."

    return Destructive(
        vps_id=id,
        request=requests.delete_snapshot(id, snapshotName),
        facts={
            "snapshot": deciding_facts(snapshot),
            **subject.facts,
            "count": len(listing.data),
        },
        question=Question(message, subject.to_type),
        follow_up=FollowUp(
            f"Deleting the snapshot {snapshotName}",
            read_state,
            "Call list_vps_snapshots in a minute.",
            is_done=is_done,
            is_immediate=True,
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
