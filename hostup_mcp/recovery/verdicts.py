"""The verdict that reasons come to, and where a reason comes from."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Whether an action can be done now. Unknown is never rounded up to possible."""

    POSSIBLE = "possible"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a reason comes from: a gate, what the account holds, or missing or unclear facts."""

    GATE = "gate"
    STATE = "state"
    UNKNOWN = "unknown"
