"""How old something is, and by whose clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from hostup_mcp.recovery.findings import ClocksDiffer

CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of this clock a date may be and still count as now."""


def age(created: datetime | None, now: datetime) -> timedelta | None:
    """How old something is; None where its date is unknown, or ahead of now by more than skew."""
    if created is None or created - now > CLOCK_SKEW:
        return None
    return max(timedelta(), now - created)


def compare_clocks(offset: timedelta) -> ClocksDiffer | None:
    """Whether HostUp's clock, ahead of this one by `offset`, differs by more than the skew."""
    if offset > CLOCK_SKEW:
        return ClocksDiffer(offset, is_behind=True)
    return ClocksDiffer(-offset, is_behind=False) if -offset > CLOCK_SKEW else None
