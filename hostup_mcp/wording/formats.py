"""Moments, spans, sizes and prices in words. Babel is imported when the first one is written."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache

from hostup_mcp.wording.viewer import Language, Viewer

_UNITS = (("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))
_MONTH = timedelta(days=31)

_KEPT = 4096
"""How many sizes and counts are kept in words: Babel takes longer for each than all else here."""


def moment(when: datetime | None, viewer: Viewer) -> str:
    """Format a time for a user, to the minute and with its weekday: `Mon 2026-04-27 04:00 CEST`."""
    if when is None:
        return _UNKNOWN_DATE[viewer.language]
    there = _local(when, viewer.zone)
    day = _short_weekday(there.weekday(), viewer.language)
    # ISO 8601 keeps the year at four digits and the text the same length everywhere.
    return f"{day} {there.replace(tzinfo=None).isoformat(' ', 'minutes')} {_zone_name(there)}"


@cache
def _short_weekday(day: int, language: Language) -> str:
    from babel.dates import get_day_names

    return str(get_day_names("abbreviated", "format", language)[day])


_UNKNOWN_DATE = {Language.ENGLISH: "an unknown date", Language.SWEDISH: "ett okänt datum"}


def stamp(when: datetime | None, zone: tzinfo) -> str:
    """Format a time for a model: in `zone`, with UTC beside it unless that is the zone.

    `Mon 2026-04-27 04:00 CEST (02:00Z)`
    """
    text = moment(when, Viewer(zone))
    if when is None or text.endswith(" UTC"):
        return text
    there, utc = _local(when, zone), when.astimezone(UTC)
    return f"{text} ({utc:{'%H:%M' if utc.date() == there.date() else '%Y-%m-%d %H:%M'}}Z)"


def until(when: datetime, now: datetime, zone: tzinfo) -> str:
    """Format a time that is to come, for a model: `in 9 minutes, at 16:10 CET`.

    With the date where it is another day in `zone`, and that it has passed, where it has.
    """
    text = stamp(when, zone)
    there, here = _local(when, zone), _local(now, zone)
    if there.date() == here.date():
        text = f"{there:%H:%M} {_zone_name(there)}"
    left = when - now
    return f"at {text} (has passed)" if left < timedelta() else f"in {span(left)}, at {text}"


def iso(when: datetime | None) -> str:
    """Format a time for a model, as HostUp writes it: `2026-04-27T02:00:00.000Z`."""
    if when is None:
        return "an unknown date"
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(elapsed: timedelta, language: Language = Language.ENGLISH) -> str:
    """Format a duration, rounded down: `2 days 3 hours`.

    Up to a month, and from a year on, in two neighbouring units; in days between those.
    """
    left = max(0, int(elapsed.total_seconds()))
    for index, (unit, seconds) in enumerate(_UNITS):
        if left >= seconds:
            count, rest = divmod(left, seconds)
            words = [_counted(count, unit, language)]
            is_exact = unit != "day" or elapsed < _MONTH
            for smaller, length in _UNITS[index + 1 : index + 2]:
                if is_exact and rest >= length:
                    words.append(_counted(rest // length, smaller, language))
            return " ".join(words)
    return _UNDER_A_MINUTE[language]


_UNDER_A_MINUTE = {
    Language.ENGLISH: "less than a minute",
    Language.SWEDISH: "mindre än en minut",
}


@lru_cache(_KEPT)
def size(gigabytes: float | None, language: Language = Language.ENGLISH) -> str:
    """Format a size in the API's GB: `12.4 GB`. One that no disk can have is unknown."""
    if gigabytes is None or gigabytes > _LARGEST:
        return _UNKNOWN_SIZE[language]
    from babel.units import format_unit

    return format_unit(
        gigabytes, "digital-gigabyte", length="short", format="0.##########", locale=language
    )


_UNKNOWN_SIZE = {Language.ENGLISH: "size unknown", Language.SWEDISH: "okänd storlek"}


_LARGEST = 1e9


def weekday(day: int, language: Language = Language.ENGLISH) -> str:
    """Return the name of a weekday; 0 is Sunday, as in HostUp's schedules."""
    from babel.dates import get_day_names

    return str(get_day_names("wide", locale=language)[(day + 6) % 7])


def price(amount: Decimal, currency: str, language: Language = Language.ENGLISH) -> str:
    """Format a price in an ISO 4217 currency: `SEK 249.00`, in Swedish `249,00 SEK`.

    One below 10 has up to four decimals, and a tiny one is not rounded to nothing.
    """
    from babel.numbers import format_currency

    tiny = "0.00########" if amount else "0.00"
    digits = "#,##0.00" if amount >= 10 else "0.00##" if amount >= _TINY else tiny
    pattern = _PRICES[language].format(digits)
    return format_currency(amount, currency, pattern, locale=language, currency_digits=False)


_TINY = Decimal("0.001")
_PRICES = {Language.ENGLISH: "¤¤ {}", Language.SWEDISH: "{} ¤¤"}


def number(value: float) -> str:
    """Format 12.0 as 12, and 12.40 as 12.4."""
    return f"{value:.10g}"


def system_zone() -> tzinfo:
    """Return the time zone of this machine."""
    from babel.localtime import LOCALTZ

    return LOCALTZ


def system_language() -> Language:
    """Return the first language of this process's locale, as gettext finds it, that is known."""
    # Babel would also go by LC_CTYPE, which Python sets itself where the locale is not installed.
    given = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, given), "C")
    is_none = locale.partition(".")[0] in ("C", "POSIX")
    preferred = [] if is_none else os.environ.get("LANGUAGE", "").split(":")
    spoken = (re.split("[_.@-]", name)[0].lower() for name in (*preferred, locale))
    return next((Language(each) for each in spoken if each in set(Language)), Language.ENGLISH)


def _local(when: datetime, zone: tzinfo) -> datetime:
    """Return `when` in `zone`; in UTC if it would be outside the years that can be written."""
    try:
        return when.astimezone(zone)
    except OverflowError:
        return when


def _zone_name(when: datetime) -> str:
    """Return the short name of the zone of `when`, such as CEST, or its offset from UTC."""
    name = when.tzname() or ""
    if name.isalpha():
        return name
    from babel.dates import format_datetime

    return format_datetime(when, "'UTC'xxx", locale=Language.ENGLISH)


@lru_cache(_KEPT)
def _counted(count: int, unit: str, language: Language) -> str:
    from babel.units import format_unit

    return format_unit(count, f"duration-{unit}", format="0", locale=language)
