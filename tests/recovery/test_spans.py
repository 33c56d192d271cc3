"""Spans are told in words that a person takes in at once, and never for an unknown date."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostup_mcp.recovery.spans import CLOCK_SKEW, age, words

NOW = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "told"),
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
    ],
)
def test_a_span_is_told_in_at_most_two_units_rounded_down(span: timedelta, told: str) -> None:
    assert words(span) == told


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (None, None),
        (NOW, timedelta()),
        (NOW - timedelta(hours=2), timedelta(hours=2)),
        (NOW + CLOCK_SKEW, timedelta()),
        (NOW + CLOCK_SKEW + timedelta(seconds=1), None),
        (NOW + timedelta(days=1), None),
    ],
)
def test_an_age_is_unknown_without_a_date_or_with_one_in_the_future(
    created: datetime | None, expected: timedelta | None
) -> None:
    assert age(created, NOW) == expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.timedeltas())
@example(timedelta.max)
@example(timedelta.min)
def test_every_span_has_words(span: timedelta) -> None:
    told = words(span)
    assert told == "less than a minute" or re.fullmatch(
        r"[1-9]\d* (year|day|hour|minute)s?( [1-9]\d* (day|hour|minute)s?)?", told
    )
    assert not re.search(r"\b1 \w+s\b", told)


moments = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(moments, moments)
@example(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
@example(datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
def test_an_age_is_never_negative(created: datetime, now: datetime) -> None:
    elapsed = age(created, now)
    assert (elapsed is None) is (created - now > CLOCK_SKEW)
    assert elapsed is None or elapsed >= timedelta()
