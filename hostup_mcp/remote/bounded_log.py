"""A bound on log lines that somebody else causes, so that nobody can fill the log."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAUSE_SECONDS = 60.0
"""How long after a line the same one is only counted."""

MOST_LINES = 1_000
"""How many different lines are remembered, and so logged in that time; all others are counted."""


class LineBound:
    """Decides which lines are logged: each at most once a minute, and so many different ones."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, most_lines: int = MOST_LINES
    ) -> None:
        self._clock = clock
        self._most_lines = most_lines
        self._logged_at: dict[object, float] = {}
        """When each line was logged, oldest first."""
        self._since: Counter[object] = Counter()
        self._others = 0

    def admit(self, line: object) -> str | None:
        """Return what to add to the line about those that were left out; None to leave it out."""
        now = self._clock()
        due = now - PAUSE_SECONDS
        if self._logged_at.get(line, due) > due:
            self._since[line] += 1
            return None
        self._logged_at.pop(line, None)
        if len(self._logged_at) >= self._most_lines:
            oldest = next(iter(self._logged_at))
            if self._logged_at[oldest] > due:
                self._others += 1
                return None
            del self._logged_at[oldest]
            self._others += self._since.pop(oldest, 0)
        self._logged_at[line] = now
        more, others, self._others = self._since.pop(line, 0), self._others, 0
        return (f" ({more} more before)" if more else "") + (
            f" (others that were not logged: {others})" if others else ""
        )


@contextmanager
def bounded_warnings(*names: str) -> Iterator[None]:
    """Bound the warnings in the logs with these names, inside this context."""
    bounded, logs = BoundedWarnings(), [logging.getLogger(name) for name in names]
    for log in logs:
        log.addFilter(bounded)
    try:
        yield
    finally:
        for log in logs:
            log.removeFilter(bounded)


class BoundedWarnings(logging.Filter):
    """A filter for a log that has a warning for each request, such as a faulty one."""

    def __init__(self) -> None:
        super().__init__()
        self._bound = LineBound()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log `record`; errors always are."""
        if record.levelno != logging.WARNING:
            return True
        left_out = self._bound.admit(record.getMessage())
        if left_out:
            record.msg, record.args = record.getMessage() + left_out, ()
        return left_out is not None
