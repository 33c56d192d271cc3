"""`create_vps_snapshot`: makes a local rollback point of about a day."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.text import clean_text, quoted
from hostup_mcp.recovery.backups import find_snapshot
from hostup_mcp.recovery.effects import SnapshotMade
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import closed_gate_refusal
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.new_names import matches
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.tools.service_status import read_service_status
from hostup_mcp.server.writes.proposal import FollowUp, Harmless

_NAME = "^[0-9A-Za-z_-]{1,40}$"


async def propose(
    reader: Reader,
    id: VpsId,
    name: Annotated[
        str,
        matches(_NAME, "may have at most 40 characters: a to z, A to Z, 0 to 9, - and _"),
        WithJsonSchema({"type": "string", "pattern": _NAME}),
        Field(description="New, unused name."),
    ],
    description: Annotated[str | None, Field(max_length=200, description="Shown with it.")] = None,
) -> Harmless:
    """Makes a snapshot, a quick local way back for about a day; follow it with get_job. It
    overwrites nothing, so the user is not asked. list_vps_snapshots shows whether this
    server can have snapshots. For a lasting copy use create_vps_backup."""
    description = clean_text(description or "", 200) or None
    listing = await reader.hostup.list_snapshots(id)
    gate = listing.actions.can_create
    if listing.available is False:
        raise refuse(texts.NOT_AVAILABLE, reason=quoted(listing.reason or "no reason given"))
    if gate is not None and not gate.allowed:
        raise closed_gate_refusal(gate, status=await read_service_status(reader.hostup, id))
    if find_snapshot(listing, name) is not None:
        raise refuse(texts.NAME_TAKEN)
    return Harmless(
        vps_id=id,
        request=requests.create_snapshot(id, name, description),
        facts={},
        reason="a snapshot overwrites nothing",
        follow_up=FollowUp(
            f"Making the snapshot {name} of {{server}}",
            SnapshotMade(name),
            "Call list_vps_snapshots in a minute.",
        ),
    )


TOOL = WritingTool(
    name="create_vps_snapshot",
    title="Make a snapshot",
    group=Group.CREATE,
    scope="backup:vm",
    may_propose=frozenset({Harmless}),
    is_idempotent=False,
    propose=propose,
)
