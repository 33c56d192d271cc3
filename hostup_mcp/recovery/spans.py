"""Spans of time in words, two units at most: `2 days 3 hours`."""

from __future__ import annotations

from datetime import datetime, timedelta

_UNITS = (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))

CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of this clock a date may be and still count as now."""


def age(created: datetime | None, now: datetime) -> timedelta | None:
    """How old something is; None where its date is unknown, or ahead of now by more than skew."""
    if created is None or created - now > CLOCK_SKEW:
        return None
    return max(timedelta(), now - created)


def words(span: timedelta) -> str:
    """`span` in at most two neighbouring units, rounded down; never negative."""
    left = int(span.total_seconds())
    for index, (unit, seconds) in enumerate(_UNITS):
        if left >= seconds:
            count, rest = divmod(left, seconds)
            text = _counted(count, unit)
            if index + 1 < len(_UNITS):
                smaller, length = _UNITS[index + 1]
                text += f" {_counted(rest // length, smaller)}" if rest >= length else ""
            return text
    return "less than a minute"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
