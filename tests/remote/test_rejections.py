"""Who was refused is logged, and nobody can fill the log with it."""

from __future__ import annotations

import pytest

from hostup_mcp.remote import rejections
from hostup_mcp.remote.rejections import PAUSE_SECONDS, RejectionLog


def test_a_repeated_refusal_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = RejectionLog(lambda: now)
    for _ in range(100):
        log.note("over a limit", "web-team")
    log.note("over a limit", "ops-team")
    now += PAUSE_SECONDS
    log.note("over a limit", "web-team")
    log.note("over a limit")
    assert caplog.messages == [
        'refused caller "web-team": over a limit',
        'refused caller "ops-team": over a limit',
        'refused caller "web-team": over a limit (99 more before)',
        "refused an unknown caller: over a limit",
    ]


def test_a_name_cannot_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    RejectionLog().note("over a limit", "a\nERROR x: y\x1b[31m" + "b" * 500)
    [line] = caplog.messages
    assert line.isprintable()
    assert len(line) < 150


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejections, "MOST_LINES", 10)
    log = RejectionLog()
    for number in range(100):
        log.note("over a limit", f"caller-{number}")
        log.note("over a limit", f"caller-{number}")
    assert len(log._logged_at) <= 10
    assert len(log._since) <= 10
