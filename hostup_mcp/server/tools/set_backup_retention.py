"""`set_backup_retention`: how many backups HostUp keeps, and whether it deletes the oldest."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.effects import RetentionSet
from hostup_mcp.recovery.quota import count_unlisted
from hostup_mcp.server.arguments import Flag
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.eviction import count_part, find_eviction
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.server.writes.questions import Subject, find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Part, say


async def propose(
    reader: Reader,
    id: VpsId,
    maxTotalBackups: Annotated[
        int | None,
        Field(ge=1, le=1000, description="New maximum, manual and scheduled."),
    ] = None,
    autoDeleteOldest: Annotated[
        Flag | None,
        Field(description="Whether HostUp deletes the oldest when full."),
    ] = None,
) -> Destructive:
    """Changes how many backups of a server HostUp keeps and whether it deletes the oldest; it may
    then delete some, which cannot be undone. The user is asked first, by hostup-mcp or the client.
    Give one setting or both. To schedule backups use set_backup_schedule; to look,
    list_backup_schedules."""
    body: dict[str, Json] = {}
    if maxTotalBackups is not None:
        body["maxTotalBackups"] = maxTotalBackups
    if autoDeleteOldest is not None:
        body["autoDeleteOldest"] = autoDeleteOldest
    if not body:
        raise refuse(
            texts.MISSING_ARGUMENTS,
            tool="set_backup_retention",
            arguments="maxTotalBackups, autoDeleteOldest, or both",
        )
    vps = await reader.hostup.get_vps(id)
    listing = await reader.hostup.list_backups(id)
    count, unlisted = len(listing.backups), count_unlisted(listing)
    fewer = maxTotalBackups is not None and (unlisted is None or maxTotalBackups < count + unlisted)
    parts: list[Part] = []
    if maxTotalBackups is not None:
        parts.append(say(Words.MAXIMUM, count=maxTotalBackups))
    parts.append(count_part(Words.BACKUPS, count, unlisted))
    if autoDeleteOldest is not None:
        parts.append(Words.AUTO_DELETE_ON if autoDeleteOldest else Words.AUTO_DELETE_OFF)
    if fewer and not autoDeleteOldest:
        parts.append(Words.MAY_BE_TOO_MANY if unlisted is None else Words.TOO_MANY)
    removed = 0
    if autoDeleteOldest or fewer:
        most = maxTotalBackups or count
        # With automatic deletion, the next backup removes one even where none is too many now.
        removed = max(1, count if unlisted is None else count + unlisted - most)
    eviction = find_eviction(listing, removed, hostup_now(reader.hostup, reader.now))
    subject = Subject(vps)
    facts: dict[str, Json] = {"count": [count, unlisted]}
    if deletes := removed > 0:
        subject = await find_subject(reader.hostup, vps)
        parts += [Words.CANNOT_BE_UNDONE, *eviction.parts]
        facts |= eviction.facts
    return Destructive(
        vps_id=id,
        request=requests.set_backup_retention(id, body),
        facts={**facts, **subject.facts},
        question=subject.question(
            say(Words.SET_RETENTION),
            parts,
            quotes=eviction.quotes if deletes else [],
            ids=eviction.ids if deletes else [],
            plain_yes=not deletes,
        ),
        follow_up=FollowUp(
            "Changing the retention of {server}",
            RetentionSet(maxTotalBackups, autoDeleteOldest),
            "Call list_backup_schedules.",
        ),
    )


TOOL = WritingTool(
    name="set_backup_retention",
    title="Set backup retention",
    group=Group.SCHEDULE,
    scope="write:vm",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
)
