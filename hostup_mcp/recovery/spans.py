"""How old something is."""

from __future__ import annotations

from datetime import datetime, timedelta

CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of this clock a date may be and still count as now."""


def age(created: datetime | None, now: datetime) -> timedelta | None:
    """How old something is; None where its date is unknown, or ahead of now by more than skew."""
    if created is None or created - now > CLOCK_SKEW:
        return None
    return max(timedelta(), now - created)
