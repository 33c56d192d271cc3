"""Log lines about callers that were refused: who and why, never a token."""

from __future__ import annotations

import logging

from hostup_mcp.hostup.text import quoted_briefly
from hostup_mcp.remote.bounded_log import LineBound

log = logging.getLogger(__name__)


class RejectionLog:
    """Logs refusals for one server, within the bound."""

    def __init__(self, bound: LineBound | None = None) -> None:
        self._bound = bound or LineBound()

    def note(self, reason: str, caller: str | None = None) -> None:
        """Log that `caller` was refused because of `reason`. None is a caller that is not known."""
        left_out = self._bound.admit((reason, caller))
        if left_out is None:
            return
        who = "an unknown caller" if caller is None else f"caller {quoted_briefly(caller, 80)}"
        log.warning("refused %s: %s%s", who, reason, left_out)
