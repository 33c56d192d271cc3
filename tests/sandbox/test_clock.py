"""Real time, sped up, or moved by hand."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from hostup_mcp.sandbox import DEFAULT_START, Clock, ManualClock


def test_real_time() -> None:
    before = datetime.now(UTC)
    now = Clock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC) + timedelta(seconds=1), "but for the clocks' drift"


def test_a_fast_clock_runs_ahead() -> None:
    clock = Clock(speed=10_000, start=DEFAULT_START)
    time.sleep(0.01)
    assert clock.now() - DEFAULT_START > timedelta(seconds=50)


def test_manual_clock() -> None:
    clock = ManualClock()
    assert clock.advance(1.5) == clock.now() == DEFAULT_START + timedelta(seconds=1.5)
    assert clock.advance(timedelta(days=1)) == DEFAULT_START + timedelta(days=1, seconds=1.5)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="speed"):
        Clock(speed=0)
