"""Which clock ages are by."""

from datetime import UTC, datetime, timedelta

import pytest

from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.clocks import compare, hostup_now, seconds_ahead

NOW = datetime(2026, 4, 27, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offset", "counts"),
    [(None, False), (0.0, False), (600.0, False), (-600.0, False), (601.0, True), (-601.0, True)],
)
def test_hostups_clock_counts_if_it_differs(offset: float | None, counts: bool) -> None:
    http = Http("http://localhost", "key")
    http.clock_offset = offset
    hostup = ReadingClient(http)
    ahead = (offset or 0.0) if counts else 0.0
    assert (compare(hostup) is not None) == counts
    assert seconds_ahead(hostup) == ahead
    assert hostup_now(hostup, NOW) == NOW + timedelta(seconds=ahead)
