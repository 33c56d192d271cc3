"""Log lines about callers that were refused: who and why, never a token.

A caller that repeats itself does not fill the log: each line is logged at most once a minute, then
with the number of refusals since.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from hostup_mcp.hostup.text import quoted_briefly

log = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
"""How long after a line the same one is only counted."""

MOST_LINES = 1_000
"""Lines that are remembered; beyond them all are forgotten, and logged anew."""


class RejectionLog:
    """Logs refusals for one server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged_at: dict[tuple[str, str | None], float] = {}
        self._since: Counter[tuple[str, str | None]] = Counter()

    def note(self, reason: str, caller: str | None = None) -> None:
        """Log that `caller` was refused because of `reason`. None is a caller that is not known."""
        line = (reason, caller)
        now = self._clock()
        if now - self._logged_at.get(line, -PAUSE_SECONDS) < PAUSE_SECONDS:
            self._since[line] += 1
            return
        if len(self._logged_at) >= MOST_LINES:
            self._logged_at.clear()
            self._since.clear()
        self._logged_at[line] = now
        who = "an unknown caller" if caller is None else f"caller {quoted_briefly(caller, 80)}"
        more = self._since.pop(line, 0)
        log.warning("refused %s: %s%s", who, reason, f" ({more} more before)" if more else "")
