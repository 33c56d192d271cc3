"""`create_vps_backup`: makes a backup, and asks first if HostUp may remove another one for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import BackupList, QuotaInfo, documented
from hostup_mcp.hostup.text import clean_text
from hostup_mcp.recovery.effects import BackupMade
from hostup_mcp.recovery.quota import Slots, read_slots
from hostup_mcp.recovery.steps import step_to_create
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors.hostup import closed_gate_refusal
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.service_status import read_service_status
from hostup_mcp.server.writes.eviction import find_eviction
from hostup_mcp.server.writes.proposal import Destructive, FollowUp, Harmless
from hostup_mcp.server.writes.questions import Subject, find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Part, Quote, say


async def propose(
    reader: Reader,
    id: VpsId,
    note: Annotated[str | None, Field(max_length=200, description="Shown with the backup.")] = None,
) -> Destructive | Harmless:
    """Makes an offsite backup now, such as before a risky change; takes minutes, follow it with
    get_job. If all slots are full, HostUp may delete a backup, likeliest the oldest, so the user is
    asked first, by hostup-mcp or the client. For a quick local way back use create_vps_snapshot;
    to look, list_vps_backups."""
    listing = await reader.hostup.list_backups(id)
    gate = listing.actions.can_create_backup
    if gate is None or not gate.allowed:
        status = await read_service_status(reader.hostup, id)
        raise closed_gate_refusal(gate, status=status, steps=step_to_create(listing, status))
    note = clean_text(note or "", 200) or None
    request = requests.create_backup(id, note)
    follow_up = _follow_up(listing)
    slots = read_slots(listing.quota_info)
    if slots is Slots.FREE:
        reason = "a slot is free, so nothing is overwritten"
        return Harmless(vps_id=id, request=request, facts={}, reason=reason, follow_up=follow_up)
    vps = await reader.hostup.get_vps(id)
    eviction = find_eviction(listing, 1, hostup_now(reader.hostup, reader.now))
    typed = eviction.loses_last
    subject = await find_subject(reader.hostup, vps) if typed else Subject(vps)
    return Destructive(
        vps_id=id,
        request=request,
        facts={"quota": documented(listing.quota_info), **eviction.facts, **subject.facts},
        question=subject.question(
            say(Words.MAKE_BACKUP),
            [_room(listing.quota_info, slots), *eviction.parts],
            quotes=[*eviction.quotes, *([Quote(Words.NEW_NOTE, note)] if note else [])],
            ids=eviction.ids,
            plain_yes=not typed,
        ),
        follow_up=follow_up,
    )


def _room(quota: QuotaInfo, slots: Slots) -> Part:
    if slots is Slots.UNKNOWN:
        return Words.SLOTS_UNKNOWN
    if quota.used is None or quota.limit is None:
        return Words.SLOTS_FULL
    return say(Words.SLOTS_FULL_COUNTED, used=quota.used, limit=quota.limit)


def _follow_up(listing: BackupList) -> FollowUp:
    before = tuple(backup.id for backup in listing.backups)
    return FollowUp(
        "Making a backup of {server}", BackupMade(before), "Call list_vps_backups in a few minutes."
    )


TOOL = WritingTool(
    name="create_vps_backup",
    title="Make a backup",
    group=Group.CREATE,
    scope="backup:vm",
    may_propose=frozenset({Destructive, Harmless}),
    is_idempotent=False,
    propose=propose,
)
