"""Nobody can fill the log: what repeats is counted, and so is what differs each time."""

from __future__ import annotations

import logging

import pytest

from hostup_mcp.remote import bounded_log, changes, jwks, limits, serve
from hostup_mcp.remote.bounded_log import PAUSE_SECONDS, LineBound, bounded_warnings
from hostup_mcp.state import redis


def test_different_lines_are_bounded_too() -> None:
    now = 0.0
    bound = LineBound(lambda: now, most_lines=10)
    admitted = [bound.admit(number) for number in range(100) for _ in range(2)]
    assert [each for each in admitted if each is not None] == [""] * 10
    assert len(bound._logged_at) == 10
    assert len(bound._since) == 10
    now += PAUSE_SECONDS
    assert bound.admit(5) == " (1 more before) (others that were not logged: 180)"
    assert bound.admit(99) == " (others that were not logged: 1)"
    assert bound.admit(98) == " (others that were not logged: 1)"
    assert len(bound._logged_at) == 10
    assert len(bound._since) == 7


def test_a_warning_of_a_library_is_logged_once_and_errors_always(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(bounded_log, "LineBound", lambda: LineBound(lambda: now))
    log = logging.getLogger("library")
    with bounded_warnings("library", "another"):
        for _ in range(3):
            log.warning("invalid %s", "request")
            log.error("crashed")
        now += PAUSE_SECONDS
        log.warning("invalid %s", "request")
    assert not log.filters
    assert caplog.messages == [
        "invalid request",
        *["crashed"] * 3,
        "invalid request (2 more before)",
    ]


def test_an_outage_does_not_fill_the_log_either() -> None:
    logs = {module.log.name for module in (limits, redis, changes, jwks)}
    assert logs <= {*serve.REPETITIVE_LOGS}
