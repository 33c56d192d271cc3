"""Ages by HostUp's clock, where it differs from this machine's.

Locks, limits and the life of plans stay on this machine's clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.findings import ClocksDiffer
from hostup_mcp.recovery.spans import compare_clocks
from hostup_mcp.wording.render import for_model


def compare(hostup: ReadingClient) -> ClocksDiffer | None:
    """Return how the clocks differ as of the last response; None if they agree, or if unknown."""
    offset = hostup.clock_offset
    return None if offset is None else compare_clocks(timedelta(seconds=offset))


def seconds_ahead(hostup: ReadingClient) -> float:
    """Return by how many seconds HostUp's clock is ahead of this one; 0 if they about agree."""
    return hostup.clock_offset or 0.0 if compare(hostup) else 0.0


def hostup_now(hostup: ReadingClient, here: datetime) -> datetime:
    """Return the time `here` by HostUp's clock. Call it after the read whose dates it is for."""
    return here + timedelta(seconds=seconds_ahead(hostup))


def by_hostup(hostup: ReadingClient, here: datetime) -> datetime:
    """Return the time `here` by HostUp's clock, to the second, however little they differ."""
    return here + timedelta(seconds=hostup.clock_offset or 0)


def clock_lines(hostup: ReadingClient, zone: tzinfo) -> list[str]:
    """Return the line that says how the clocks differ; none if they agree, or if unknown."""
    differ = compare(hostup)
    return [] if differ is None else [for_model(differ, zone)]
