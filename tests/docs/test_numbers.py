"""The figures on the pages match the code."""

import pytest

from hostup_mcp.config import SHORTEST_SECRET, Remote
from hostup_mcp.hostup.http import MAX_RESPONSE_BYTES
from hostup_mcp.remote import bodies, limits, oauth, serve, sessions
from hostup_mcp.server import fleet, plans
from hostup_mcp.server.tools import check_backups
from hostup_mcp.server.writes import asking, audit_log, pipeline
from hostup_mcp.state import redis as state
from hostup_mcp.stdio import requests

from .pages import ROOT

FIGURES = [
    ("docs/security.md", f"{Remote.calls_per_minute} calls a minute", "limits"),
    ("docs/security.md", f"{Remote.calls_at_once} at once", "limits"),
    *(
        (page, figure, what)
        for page in ("docs/security.md", "docs/operating.md")
        for figure, what in (
            (f"{bodies.MAX_BODY_BYTES // 2**10} KiB", "body"),
            (f"{bodies.BODY_SECONDS:g} seconds", "time of a body"),
            (f"{limits.MAX_STREAMS} streams", "streams"),
            (f"{sessions.MAX_SESSIONS} sessions", "sessions"),
            (f"{limits.MAX_BYTES // 2**20} MiB", "bytes of a caller"),
        )
    ),
    ("docs/operating.md", f"{sessions.IDLE_SECONDS / 60:g} minutes after its last", "sessions"),
    ("docs/errors.md", f"larger than {bodies.MAX_BODY_BYTES // 2**10} KiB", "body"),
    ("docs/errors.md", f"longer than {bodies.BODY_SECONDS:g} seconds", "time of a body"),
    ("docs/errors.md", f"{requests.MAX_OPEN} requests", "requests over stdio"),
    ("docs/operating.md", f"{oauth.CLOCK_SKEW} seconds of clock skew", "clock skew"),
    ("docs/operating.md", f"for {serve.DRAIN_SECONDS_WITH_CALLERS:g} seconds", "draining"),
    ("docs/operating.md", f"ids returned ({state.ID_SECONDS // 3600} hours)", "ids"),
    ("docs/concepts.md", f"for {state.ID_SECONDS // 3600} hours", "ids"),
    ("README.md", f"({state.ID_SECONDS // 3600} hours after", "ids"),
    ("docs/settings.md", f"{SHORTEST_SECRET} characters or more", "secret"),
    ("docs/errors.md", f"larger than {MAX_RESPONSE_BYTES // 10**6} MB", "response"),
    ("docs/errors.md", "within 20 seconds", "budget of one call to HostUp"),
    ("docs/errors.md", f"within {pipeline.CHECK_SECONDS:g} seconds", "from the yes to sending"),
    ("docs/operating.md", f"up to {fleet.SERVERS_PER_PART} servers", "servers of one check"),
    ("docs/operating.md", f"at most {check_backups.CALL_SECONDS:g} seconds", "time of a check"),
    ("docs/operating.md", f"to {serve.SETTLE_SECONDS:g} seconds for HostUp", "settling"),
    ("docs/concepts.md", f"most {plans.MAX_OPEN_PLANS} open plans", "plans of a caller"),
]


@pytest.mark.parametrize(("page", "figure", "what"), FIGURES)
def test_figure_is_on_the_page(page: str, figure: str, what: str) -> None:
    assert figure in " ".join((ROOT / page).read_text("utf-8").split()), what


def test_figures_in_words() -> None:
    assert fleet.SERVERS_AT_ONCE == 5, "a check reads five servers at a time"
    assert plans.LIFE.total_seconds() == 600, "a plan is good for ten minutes"
    assert asking.QUESTION_SECONDS == 600, "a question stays open for ten minutes"
    assert pipeline.LOCK_SECONDS == 240, "a server stays locked for four minutes"
    assert audit_log.BUSY_SECONDS == 5, "a line waits at most five seconds for others"
