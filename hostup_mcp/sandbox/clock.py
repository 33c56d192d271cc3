"""The sandbox's clock: real time, sped up, or moved by hand."""

import time
from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
"""The time of a `ManualClock` that was given none."""


class Clock:
    """Real time that starts at `start` (default: now) and runs `speed` times as fast."""

    def __init__(self, *, speed: float = 1.0, start: datetime | None = None) -> None:
        if speed <= 0:
            raise ValueError("speed must be above zero")
        self.speed = speed
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        """Return the current time of this clock, aware and in UTC."""
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self.speed)


class ManualClock(Clock):
    """A clock that only moves when `advance` is called."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        super().__init__(start=start)
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time to which the clock was last moved."""
        return self._now

    def advance(self, by: float | timedelta) -> datetime:
        """Move forward by seconds or by a timedelta; returns the new time."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta(0):
            raise ValueError("a clock cannot run backwards")
        self._now += step
        return self._now
