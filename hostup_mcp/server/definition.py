"""The definition of a tool: its handler and its metadata."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mcp.types import CallToolResult
from pydantic import BaseModel

from hostup_mcp.config import Group
from hostup_mcp.server.arguments import FindIgnored

if TYPE_CHECKING:  # it loads all that a write needs
    from hostup_mcp.server.writes.proposal import Destructive, Harmless, Proposal

Scope: TypeAlias = Literal["read:vm", "backup:vm", "write:vm", "power:vm", "write:billing"]
Read: TypeAlias = Callable[..., Awaitable[CallToolResult]]
Propose: TypeAlias = "Callable[..., Awaitable[Proposal]]"


def ignore_none(_: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Ignore no argument."""
    return "", ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTool:
    """A tool that only reads; it is always available.

    `read(ctx, **arguments)` returns the result, or raises a `RefusalError` or a `HostUpError`. Its
    docstring is the description that a model reads, its parameters are the arguments.
    """

    name: str
    title: str
    scope: Scope
    """The scope that the API key needs."""
    read: Read
    result: type[BaseModel]
    """The model that the structured content matches; it gives the output schema."""
    find_ignored: FindIgnored = ignore_none
    shown_in_panel: bool = False
    """Whether a host that supports MCP Apps shows the result in the recovery panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingTool:
    """A tool that changes something at HostUp.

    `propose(reader, **arguments)` reads the current state of the server and returns a proposal, or
    raises a `RefusalError`. Its docstring is the description that a model reads, its parameters are
    the arguments.
    """

    name: str
    title: str
    group: Group
    """The group that unlocks it."""
    scope: Scope
    """The scope that the API key needs."""
    may_propose: frozenset[type[Destructive] | type[Harmless]]
    is_idempotent: bool
    propose: Propose
    find_ignored: FindIgnored = ignore_none
    is_recovery: bool = False
    """Whether it restores a server, which is looked at first and recorded."""
    confirmed_in_panel: bool = False
    """Whether the user confirms in the recovery panel (`typedName`). Hidden from other hosts."""

    @property
    def is_always_harmless(self) -> bool:
        """Whether the user never has to be asked."""
        from hostup_mcp.server.writes.proposal import Destructive

        return Destructive not in self.may_propose


AnyTool: TypeAlias = ReadingTool | WritingTool
