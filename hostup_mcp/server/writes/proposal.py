"""A proposal of a writing tool: a request to HostUp, the facts behind it, and the question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.effects import Effect
from hostup_mcp.recovery.findings import WayBack
from hostup_mcp.server.recoveries import Restored
from hostup_mcp.wording.questions import Question


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What to say about a write once it was sent."""

    doing: str
    """The change as a phrase, such as "Deleting the backup bkp_1 of {server}"."""
    effect: Effect
    """What a read is to show of it, where the response was lost or does not say."""
    where_to_look: str
    """A sentence that says where to look for the outcome later."""
    restored_point: str | None = None
    """The backup or snapshot that the server's disk is overwritten with; None if it is not."""
    is_own_backup: bool = False
    """Whether `restored_point` is a backup of the server itself."""
    restored: Restored | None = None
    """What is restored; None for a change that is no restore."""
    way_back: WayBack | None = None
    """What a restore can be undone with; None for a change that overwrites no disk."""
    known_before: frozenset[str] = frozenset()
    """Servers that existed before one is built: none of them is the new one."""
    ends_recovery: str | None = None
    """The record of the rehearsal that it ends; None if it ends none."""
    leads_to: str | None = None
    """The power state that the server has a little after the job; None if it is not changed."""

    def doing_to(self, server: str) -> str:
        """Return the change as a phrase that names its server."""
        return self.doing.replace("{server}", server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destructive:
    """A change that destroys something or costs money. It needs the user's yes."""

    vps_id: str
    request: WriteRequest
    facts: Mapping[str, Json]
    """What the proposal depends on: documented fields of HostUp's responses, never our words."""
    question: Question
    follow_up: FollowUp
    price: Mapping[str, Json] | None = None
    """What it costs, as the question says, for the audit log; it is among the facts too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """A change that destroys nothing, and the reason why it needs no yes."""

    vps_id: str
    request: WriteRequest
    facts: Mapping[str, Json]
    reason: str
    follow_up: FollowUp


Proposal: TypeAlias = Destructive | Harmless


def fingerprint(proposal: Proposal) -> str:
    """Return a digest of the request and the facts behind it; equal if neither has changed."""
    request = proposal.request
    body = None if request.body is None else dict(request.body)
    compared = [
        type(proposal).__name__,
        proposal.vps_id,
        [request.method, request.path, body],
        dict(proposal.facts),
    ]
    return hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()
