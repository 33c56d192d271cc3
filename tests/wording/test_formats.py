"""Moments, spans, sizes and prices are short, exact, and the same wherever they are written."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostup_mcp.wording.formats import (
    iso,
    moment,
    number,
    price,
    size,
    span,
    stamp,
    system_language,
)
from hostup_mcp.wording.viewer import Language, Viewer


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (timedelta(), "less than a minute"),
        (timedelta(seconds=59.9), "less than a minute"),
        (timedelta(seconds=-1), "less than a minute"),
        (timedelta(days=-400), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=119), "1 minute"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=1, minutes=1), "1 hour 1 minute"),
        (timedelta(hours=23, minutes=59), "23 hours 59 minutes"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=1, minutes=59), "1 day"),
        (timedelta(days=2, hours=3, minutes=59), "2 days 3 hours"),
        (timedelta(days=30, hours=23), "30 days 23 hours"),
        (timedelta(days=31, hours=23), "31 days"),
        (timedelta(days=364, hours=23), "364 days"),
        (timedelta(days=365), "1 year"),
        (timedelta(days=365, hours=23), "1 year"),
        (timedelta(days=366), "1 year 1 day"),
        (timedelta(days=3 * 365 + 20), "3 years 20 days"),
        (timedelta(days=2000 * 365), "2000 years"),
    ],
)
def test_span_has_at_most_two_units(elapsed: timedelta, text: str) -> None:
    assert span(elapsed) == text


@settings(max_examples=200)
@given(st.timedeltas())
@example(timedelta.max)
@example(timedelta.min)
def test_every_span_has_words(elapsed: timedelta) -> None:
    words = span(elapsed)
    assert words == "less than a minute" or re.fullmatch(
        r"[1-9]\d* (year|day|hour|minute)s?( [1-9]\d* (day|hour|minute)s?)?", words
    )
    assert not re.search(r"\b1 \w+s\b", words)


STOCKHOLM = ZoneInfo("Europe/Stockholm")
NIGHT = datetime(2026, 4, 26, 22, 30, 59, tzinfo=UTC)
WINTER = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "zone", "user", "model"),
    [
        (WINTER, UTC, "Fri 2026-11-27 09:00 UTC", "Fri 2026-11-27 09:00 UTC"),
        (WINTER, STOCKHOLM, "Fri 2026-11-27 10:00 CET", "Fri 2026-11-27 10:00 CET (09:00Z)"),
        (
            NIGHT,
            STOCKHOLM,
            "Mon 2026-04-27 00:30 CEST",
            "Mon 2026-04-27 00:30 CEST (2026-04-26 22:30Z)",
        ),
        (
            WINTER,
            ZoneInfo("America/Sao_Paulo"),
            "Fri 2026-11-27 06:00 UTC-03:00",
            "Fri 2026-11-27 06:00 UTC-03:00 (09:00Z)",
        ),
        (
            WINTER,
            timezone(timedelta(hours=5, minutes=45)),
            "Fri 2026-11-27 14:45 UTC+05:45",
            "Fri 2026-11-27 14:45 UTC+05:45 (09:00Z)",
        ),
        (None, STOCKHOLM, "an unknown date", "an unknown date"),
    ],
)
def test_moment_has_weekday_and_zone(
    when: datetime | None, zone: tzinfo, user: str, model: str
) -> None:
    assert moment(when, Viewer(zone)) == user
    assert stamp(when, zone) == model


def test_swedish_moments_and_numbers() -> None:
    assert moment(WINTER, Viewer(STOCKHOLM, Language.SWEDISH)) == "fre 2026-11-27 10:00 CET"
    assert span(timedelta(days=2, hours=1), Language.SWEDISH) == "2 dygn 1 timme"
    assert size(12.4, Language.SWEDISH) == "12,4 GB"
    assert price(Decimal("1249"), "SEK", Language.SWEDISH) == "1\xa0249,00 SEK"


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "sv_SE.UTF-8"}, Language.SWEDISH),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "sv_FI"}, Language.SWEDISH),
        ({"LANG": "sv_SE.UTF-8", "LC_CTYPE": "C.UTF-8"}, Language.SWEDISH),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:sv:en"}, Language.SWEDISH),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": ""}, Language.ENGLISH),
        ({"LC_ALL": "C.UTF-8", "LANGUAGE": "sv"}, Language.ENGLISH),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "C.UTF-8"}, Language.ENGLISH),
        ({"LANG": "de_DE.UTF-8"}, Language.ENGLISH),
        ({"LANG": "not a locale!"}, Language.ENGLISH),
        ({}, Language.ENGLISH),
    ],
)
def test_the_locale_gives_the_language(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: Language
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert system_language() is language


@settings(max_examples=200)
@given(st.datetimes(timezones=st.just(UTC)))
@example(datetime.max.replace(tzinfo=UTC))
@example(datetime.min.replace(tzinfo=UTC))
def test_every_moment_has_words(when: datetime) -> None:
    assert stamp(when, STOCKHOLM)


def test_iso_is_as_hostup_writes_it() -> None:
    when = datetime(2026, 4, 27, 2, 0, 0, 429_000, tzinfo=timezone(timedelta(hours=2)))
    assert iso(when) == "2026-04-27T00:00:00.429Z"
    assert iso(None) == "an unknown date"


@pytest.mark.parametrize(
    ("gigabytes", "text"),
    [
        (12.0, "12 GB"),
        (12.4, "12.4 GB"),
        (0, "0 GB"),
        (0.1 + 0.2, "0.3 GB"),
        (1024, "1024 GB"),
        (43.25, "43.25 GB"),
    ],
)
def test_size_has_unit_and_few_digits(gigabytes: float, text: str) -> None:
    assert size(gigabytes) == text
    assert number(gigabytes) == text.removesuffix(" GB")


def test_price_has_its_currency() -> None:
    assert re.fullmatch(r"SEK\s1,249\.00", price(Decimal("1249"), "SEK"))
    assert re.fullmatch(r"EUR\s0\.50", price(Decimal("0.5"), "EUR"))


def test_babel_is_imported_on_first_use() -> None:
    program = (
        "import sys, hostup_mcp.server.app; before = 'babel' in sys.modules;"
        "from hostup_mcp.wording.formats import size; size(1);"
        "print(before, 'babel' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert run.stdout.split() == ["False", "True"]
