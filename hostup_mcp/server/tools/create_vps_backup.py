"""`create_vps_backup`: makes a backup, and asks first if HostUp may remove another one for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import BackupList, deciding_facts, documented
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json, quoted
from hostup_mcp.recovery.backups import oldest
from hostup_mcp.recovery.doubts import may_lose_complete
from hostup_mcp.recovery.quota import Slots, find_hidden, read_slots
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors.hostup import closed_gate_refusal
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.service_status import read_service_status
from hostup_mcp.server.writes.proposal import Destructive, FollowUp, Harmless, Question
from hostup_mcp.server.writes.questions import (
    Subject,
    describe_server,
    find_subject,
    type_to_confirm,
)
from hostup_mcp.wording import formats
from hostup_mcp.wording.phrases import LAST_COMPLETE, quota_text


async def propose(
    reader: Reader,
    id: VpsId,
    note: Annotated[str | None, Field(max_length=200, description="Shown with the backup.")] = None,
) -> Destructive | Harmless:
    """Makes an offsite backup now, such as before a risky change; takes minutes, follow it with
    get_job. If all slots are full, HostUp may delete the oldest backup, so the user is asked first,
    by this server or the client. For a quick local way back use create_vps_snapshot; to look,
    list_vps_backups."""
    listing = await reader.hostup.list_backups(id)
    gate = listing.actions.can_create_backup
    if gate is None or not gate.allowed:
        raise closed_gate_refusal(gate, status=await read_service_status(reader.hostup, id))
    request = requests.create_backup(id, note)
    follow_up = _follow_up(id, listing)
    slots, hidden = read_slots(listing.quota_info), find_hidden(listing)
    if slots is Slots.FREE:
        reason = "a slot is free, so nothing is overwritten"
        return Harmless(vps_id=id, request=request, facts={}, reason=reason, follow_up=follow_up)
    vps = await reader.hostup.get_vps(id)
    now = hostup_now(reader.hostup, reader.now)
    evicted, loses_last = oldest(listing, now), may_lose_complete(listing, 1, now)
    subject = await find_subject(reader.hostup, vps) if loses_last else Subject(vps)
    which = (
        ""
        if evicted is None
        else f", {evicted[0].id} from {formats.moment(evicted[1], reader.viewer)},"
    )
    room = "All backup slots are in use" if slots is Slots.FULL else "No slot is known to be free"
    unseen = "" if hidden is None else " That may be a backup that is not listed."
    message = (
        f"Make a backup of {describe_server(vps)}? {room} "
        f"({quota_text(listing.quota_info)}): HostUp may delete the oldest backup"
        f"{which} to make room.{unseen}"
    )
    if loses_last:
        message += f"{LAST_COMPLETE}\n{type_to_confirm(subject.to_type)}"
    facts: dict[str, Json] = {
        "quota": documented(listing.quota_info),
        "oldest": None if evicted is None else deciding_facts(evicted[0]),
        "losesLast": loses_last,
        **subject.facts,
    }
    return Destructive(
        vps_id=id,
        request=request,
        facts=facts,
        question=Question(message, subject.to_type, plain_yes=not loses_last),
        follow_up=follow_up,
    )


def _follow_up(id: str, listing: BackupList) -> FollowUp:
    before = {backup.id for backup in listing.backups}

    async def read_state(hostup: ReadingClient) -> str:
        now = await hostup.list_backups(id)
        if any(backup.id not in before for backup in now.backups):
            return "A new backup is listed now."
        return f"No new backup is listed (yet); {describe_restore_gate(now)}."

    return FollowUp("Making a backup", read_state, "Call list_vps_backups in a few minutes.")


def describe_restore_gate(listing: BackupList) -> str:
    """Say what the restore gate suggests about a running job."""
    gate = listing.actions.can_restore
    if gate is None:
        return "the restore gate is unknown"
    if gate.allowed:
        return "the restore gate is open, so probably no job is running"
    reason = quoted(gate.reason) if gate.reason else "no reason given"
    return f"the restore gate is closed now ({reason})"


TOOL = WritingTool(
    name="create_vps_backup",
    title="Make a backup",
    group=Group.CREATE,
    scope="backup:vm",
    may_propose=frozenset({Destructive, Harmless}),
    is_idempotent=False,
    propose=propose,
)
