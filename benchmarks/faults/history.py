"""What is recorded of a run: requests that the account received, questions, calls and results."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FOREIGN_JOB = "job_01hxforeign0000000000000000"
"""The job in a response to no request; no result may mention it."""


@dataclass
class Received:
    """A request that reached the account, and what the account really did.

    `ids` are the backups, snapshots and servers that its path and body name, `vps` the server of
    its path, and `destroys` whether applying it removed data, changed retention or costs money.
    """

    at: float
    method: str
    path: str
    body: str = ""
    fault: str | None = None
    status: int | None = None
    applied: bool = False
    destroys: bool = False
    vps: str | None = None
    ids: frozenset[str] = frozenset()

    @property
    def is_write(self) -> bool:
        """Whether it asks for a change."""
        return self.method not in ("GET", "HEAD")


@dataclass
class Question:
    """What the user was asked, how they replied, and whether that was a valid yes.

    It is stale if the server was renamed before they replied.
    """

    text: str
    reply: str
    is_yes: bool
    is_stale: bool = False


class Claim(StrEnum):
    """What the result of a call claims about a change."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOTHING = "no result"


@dataclass
class Call:
    """One call of a tool and its result.

    `arguments` are as sent; `planned` are those of the plan that it carries out. `vps` is the
    server that it is about, where the arguments name one. Times are in seconds.
    """

    tool: str
    arguments: dict[str, Any]
    read_only: bool
    may_destroy: bool
    planned: dict[str, Any] = field(default_factory=dict)
    vps: str | None = None
    claim: Claim = Claim.NOTHING
    kind: str = "no result"
    output: str = ""
    seconds: float = 0.0
    cancelled: bool = False


@dataclass
class Episode:
    """Calls that were made together, and everything that happened meanwhile.

    `single_yes` is true where the reply to one question was sent more than once. `late` holds
    writes that the account received after the results, `stderr` what the server wrote to its log.
    """

    door: str
    number: int
    calls: list[Call] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    late: list[Received] = field(default_factory=list)
    stderr: str = ""
    seconds_allowed: float = 0.0
    single_yes: bool = False

    @property
    def writes(self) -> list[Received]:
        """Every write that the account received because of these calls."""
        return [r for r in (*self.received, *self.late) if r.is_write]
