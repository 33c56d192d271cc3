"""What a writing tool proposes: a request to HostUp, the facts it rests on, and the question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.hostup.text import Json


@dataclass(frozen=True, slots=True)
class Question:
    """What the user is asked before anything is sent."""

    message: str
    to_type: str
    """What names the server: its name, or its id."""
    plain_yes: bool = False
    """Whether a plain yes is enough in the client's window. The panel has it typed all the same."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What can be said of a write once it was sent."""

    doing: str
    """The change as a phrase, such as "Deleting the backup bkp_1"."""
    look: Callable[[ReadingClient], Awaitable[str]]
    """Reads once what became of a write whose response was lost."""
    where_to_look: str
    """Where the user can see later what became of it, as a sentence."""
    is_immediate: bool = False
    """Whether HostUp has carried it out by the time it responds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destructive:
    """A change that destroys something, or costs money: nothing is sent without the user's yes."""

    vps_id: str
    request: WriteRequest
    facts: Mapping[str, Json]
    """What the proposal rests on: the documented fields of what HostUp said, never our words."""
    question: Question
    follow_up: FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """A change that destroys nothing, and the reason why nobody has to be asked."""

    vps_id: str
    request: WriteRequest
    facts: Mapping[str, Json]
    reason: str
    follow_up: FollowUp


Proposal: TypeAlias = Destructive | Harmless


def fingerprint(proposal: Proposal) -> str:
    """A digest of what would be sent and of the facts behind it; equal if nothing has changed."""
    request = proposal.request
    rests_on = {
        "kind": type(proposal).__name__,
        "vps": proposal.vps_id,
        "request": [request.method, request.path, dict(request.body) if request.body else None],
        "facts": dict(proposal.facts),
    }
    return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()
