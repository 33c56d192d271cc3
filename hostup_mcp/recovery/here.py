"""Whether this connection could carry an action out now; if not, why, and who can change that.

HostUp's side is the verdict of `assessment` and `modes`. This is the other side: what is unlocked,
whether the user can be asked, whether the key was refused, and whether hostup-mcp may send now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code


@dataclass(frozen=True, slots=True)
class UnlockBySetting:
    """Whoever configures hostup-mcp unlocks it; `allow` is the value that does."""

    allow: str

    code: ClassVar = Code.UNLOCK_BY_SETTING


@dataclass(frozen=True, slots=True)
class UnlockForCaller:
    """Whoever runs hostup-mcp for several callers unlocks it for this one."""

    allow: str

    code: ClassVar = Code.UNLOCK_FOR_CALLER


@dataclass(frozen=True, slots=True)
class Locked:
    """The groups that the action needs are not all unlocked for this caller."""

    groups: tuple[str, ...]
    """Those that are missing."""
    how: UnlockBySetting | UnlockForCaller

    code: ClassVar = Code.LOCKED


@dataclass(frozen=True, slots=True)
class ClientCannotAsk:
    """The user has to be asked, and this client can show no question."""

    how: Literal[Code.USE_ASKING_CLIENT, Code.USE_NEWER_CLIENT]

    code: ClassVar = Code.CLIENT_CANNOT_ASK


@dataclass(frozen=True, slots=True)
class RememberedUntil:
    """No read can tell whether the key has changed, so the refusal counts until this moment."""

    until: datetime

    code: ClassVar = Code.REMEMBERED_UNTIL


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """HostUp refused this key with 403 a short while ago, although its gate was open."""

    at: datetime
    scope: str
    """The scope that the key probably lacks."""
    lasts: RememberedUntil | Literal[Code.CHECKED_AGAIN]

    code: ClassVar = Code.KEY_REFUSED


@dataclass(frozen=True, slots=True)
class JobRunning:
    """A change to this server through hostup-mcp is in progress, or its outcome is unknown.

    Other changes wait for it, until `until` at the latest.
    """

    until: datetime

    code: ClassVar = Code.JOB_RUNNING


Obstacle: TypeAlias = (
    Locked | ClientCannotAsk | KeyRefused | JobRunning | Literal[Code.STORE_UNAVAILABLE]
)
"""Why an action cannot be carried out through this connection now."""


class Asks(Enum):
    """How the user is asked before an action."""

    NEVER = auto()
    IN_WINDOW = auto()
    IN_WINDOW_OR_PANEL = auto()


@dataclass(frozen=True, slots=True)
class Needs:
    """What an action needs of the connection."""

    groups: frozenset[str]
    asks: Asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a caller's connection to hostup-mcp can do with one server at one moment."""

    unlocked: frozenset[str]
    unlocks_per_caller: bool
    """Whether each caller has groups of their own, in a file of whoever runs hostup-mcp."""
    can_ask: bool
    """Whether the client can show a question in a window."""
    keeps_no_sessions: bool
    """Whether only clients of a stateless revision can be asked."""
    shows_panel: bool
    trusts_client: bool
    """Whether the client's own approval counts, so that no question is needed."""
    is_store_available: bool
    locked_until: datetime | None = None
    """Until when the server is locked for a write, if it is."""

    @property
    def asks_in_panel_only(self) -> bool:
        """Whether the user can say yes in the panel, and nowhere else."""
        return self.shows_panel and not (self.can_ask or self.trusts_client)


@dataclass(frozen=True, slots=True)
class Here:
    """Whether this connection could carry an action out now."""

    reasons: tuple[Obstacle, ...] = ()
    """Why not; empty if it could."""

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    @property
    def is_possible_elsewhere(self) -> bool:
        """Whether the user can do it in HostUp's panel, and nothing here is under way."""
        return bool(self.reasons) and not any(isinstance(r, JobRunning) for r in self.reasons)


def look_here(connection: Connection, needs: Needs, refused: KeyRefused | None = None) -> Here:
    """Return whether `connection` could carry out an action with these `needs` now.

    `refused` is the last 403 for the scopes that it needs, if one is remembered.
    """
    found: list[Obstacle] = []
    if needs.groups - connection.unlocked:
        found.append(find_lock(connection.unlocked, needs.groups, connection.unlocks_per_caller))
    if not _can_get_a_yes(connection, needs.asks):
        is_old = connection.keeps_no_sessions
        found.append(ClientCannotAsk(Code.USE_NEWER_CLIENT if is_old else Code.USE_ASKING_CLIENT))
    if refused is not None:
        found.append(refused)
    if not connection.is_store_available:
        found.append(Code.STORE_UNAVAILABLE)
    if connection.locked_until is not None:
        found.append(JobRunning(connection.locked_until))
    return Here(tuple(found))


def find_lock(unlocked: frozenset[str], needed: frozenset[str], per_caller: bool) -> Locked:
    """Return what is missing of the groups that are `needed`, and what unlocks it."""
    value = ",".join(sorted(unlocked | needed))
    how = UnlockForCaller(value) if per_caller else UnlockBySetting(value)
    return Locked(tuple(sorted(needed - unlocked)), how)


def _can_get_a_yes(connection: Connection, asks: Asks) -> bool:
    if asks is Asks.NEVER or connection.trusts_client or connection.can_ask:
        return True
    return asks is Asks.IN_WINDOW_OR_PANEL and connection.shows_panel
