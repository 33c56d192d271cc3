"""What the text of an error consists of."""

from __future__ import annotations

from dataclasses import dataclass

from hostup_mcp.server.errors.kinds import ErrorKind


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What one error says."""

    kind: ErrorKind
    message: str
    """What happened."""
    next_step: str
    """What a model should do next."""
    changed: str = ""
    """Whether anything was changed; empty for errors of requests that may only have read."""
    user_step: str = ""
    """What the user can do; given where `doctor` can meet the error."""


NOTHING = "Nothing was changed."
NOTHING_NOW = "Nothing was changed by this call."
