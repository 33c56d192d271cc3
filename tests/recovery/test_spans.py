"""An age is never guessed: it is unknown without a date, or with one in the future."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostup_mcp.recovery.findings import ClocksDiffer
from hostup_mcp.recovery.spans import CLOCK_SKEW, age, compare_clocks

from .listings import NOW


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
def test_age_needs_a_past_date(created: datetime | None, expected: timedelta | None) -> None:
    assert age(created, NOW) == expected


moments = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=200)
@given(moments, moments)
@example(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
@example(datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
def test_age_is_never_negative(created: datetime, now: datetime) -> None:
    elapsed = age(created, now)
    assert (elapsed is None) is (created - now > CLOCK_SKEW)
    assert elapsed is None or elapsed >= timedelta()


HOURS, SECOND = timedelta(hours=3), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("offset", "found"),
    [
        (timedelta(), None),
        (CLOCK_SKEW, None),
        (-CLOCK_SKEW, None),
        (CLOCK_SKEW + SECOND, ClocksDiffer(CLOCK_SKEW + SECOND, is_behind=True)),
        (-CLOCK_SKEW - SECOND, ClocksDiffer(CLOCK_SKEW + SECOND, is_behind=False)),
        (HOURS, ClocksDiffer(HOURS, is_behind=True)),
    ],
)
def test_clocks_differ_beyond_skew(offset: timedelta, found: ClocksDiffer | None) -> None:
    assert compare_clocks(offset) == found
