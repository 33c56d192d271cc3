"""Moments, spans, sizes and prices are short, exact, and the same wherever they are written."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostup_mcp.wording.formats import iso, moment, number, price, size, span


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
        (timedelta(days=364, hours=23), "364 days 23 hours"),
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


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 4, 27, 2, 0, 59, tzinfo=UTC), "Mon 2026-04-27 02:00 UTC"),
        (
            datetime(2026, 4, 27, 1, 0, tzinfo=timezone(timedelta(hours=2))),
            "Sun 2026-04-26 23:00 UTC",
        ),
        (None, "an unknown date"),
    ],
)
def test_moment_has_weekday_and_zone(when: datetime | None, text: str) -> None:
    assert moment(when) == text


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
