"""How old something is, and by whose clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from hostup_mcp.recovery.findings import ClocksDiffer

CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of this clock a date may be and still count as now."""


def age(created: datetime | None, now: datetime) -> timedelta | None:
    """Return how old something is; None if its date is unknown or in the future, beyond skew."""
    if created is None or created - now > CLOCK_SKEW:
        return None
    return max(timedelta(), now - created)


def compare_clocks(offset: timedelta) -> ClocksDiffer | None:
    """Return how the clocks differ, if HostUp's is ahead by an `offset` of more than the skew."""
    if offset > CLOCK_SKEW:
        return ClocksDiffer(offset, is_behind=True)
    return ClocksDiffer(-offset, is_behind=False) if -offset > CLOCK_SKEW else None
