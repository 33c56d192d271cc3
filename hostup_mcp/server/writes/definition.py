"""What a writing tool is: `propose()` and metadata, nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from hostup_mcp.config import Group
from hostup_mcp.server.writes.proposal import Destructive, Harmless, Proposal

Propose: TypeAlias = Callable[..., Awaitable[Proposal]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingTool:
    """A tool that changes something at HostUp.

    `propose(reader, **arguments)` reads what is there and returns a proposal, or raises a
    `Refusal`. Its docstring is the description that a model reads, its parameters the arguments.
    """

    name: str
    title: str
    group: Group
    """The group that unlocks it."""
    scope: str
    """The scope that the API key needs."""
    may_propose: frozenset[type[Destructive] | type[Harmless]]
    is_idempotent: bool
    propose: Propose
    confirmed_in_panel: bool = False
    """Whether the yes comes from the recovery panel: the argument `typedName`. Hidden elsewhere."""

    @property
    def is_always_harmless(self) -> bool:
        """Whether nobody ever has to be asked."""
        return Destructive not in self.may_propose
