"""Who was refused is logged; a name cannot forge a line."""

from __future__ import annotations

import pytest

from hostup_mcp.remote.bounded_log import PAUSE_SECONDS, LineBound
from hostup_mcp.remote.rejections import RejectionLog


def test_a_repeated_refusal_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = RejectionLog(LineBound(lambda: now))
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
