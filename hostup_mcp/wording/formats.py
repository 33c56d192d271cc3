"""Moments, spans, sizes and prices in words. Babel is imported when the first one is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

LANGUAGE = "en"

_UNITS = (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


def moment(when: datetime | None, zone: tzinfo = UTC) -> str:
    """Format a time for a user, to the minute and with its weekday: `Mon 2026-04-27 02:00 UTC`."""
    if when is None:
        return "an unknown date"
    from babel.dates import format_datetime

    # The pattern keeps the year at four digits and the text the same length everywhere.
    return format_datetime(when, "EEE yyyy-MM-dd HH:mm zzz", tzinfo=zone, locale=LANGUAGE)


def iso(when: datetime | None) -> str:
    """Format a time for a model, as HostUp writes it: `2026-04-27T02:00:00.000Z`."""
    if when is None:
        return "an unknown date"
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(elapsed: timedelta) -> str:
    """Format a duration in at most two neighbouring units, rounded down: `2 days 3 hours`."""
    left = max(0, int(elapsed.total_seconds()))
    for index, (unit, seconds) in enumerate(_UNITS):
        if left >= seconds:
            count, rest = divmod(left, seconds)
            words = [_counted(count, unit)]
            for smaller, length in _UNITS[index + 1 : index + 2]:
                if rest >= length:
                    words.append(_counted(rest // length, smaller))
            return " ".join(words)
    return "less than a minute"


def size(gigabytes: float | None) -> str:
    """Format a size in the API's GB: `12.4 GB`."""
    if gigabytes is None:
        return "size unknown"
    from babel.units import format_unit

    return format_unit(
        gigabytes, "digital-gigabyte", length="short", format="0.##########", locale=LANGUAGE
    )


def price(amount: Decimal, currency: str) -> str:
    """Format a price in an ISO 4217 currency: `SEK 249.00`."""
    from babel.numbers import format_currency

    return format_currency(amount, currency, "¤¤ #,##0.00", locale=LANGUAGE)


def number(value: float) -> str:
    """Format 12.0 as 12, and 12.40 as 12.4."""
    return f"{value:.10g}"


def _counted(count: int, unit: str) -> str:
    from babel.units import format_unit

    return format_unit(count, f"duration-{unit}", format="0", locale=LANGUAGE)
