"""The state of the backups of servers, in lines for a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from hostup_mcp.recovery.health import Health, Severity
from hostup_mcp.recovery.spans import age
from hostup_mcp.wording import formats
from hostup_mcp.wording.render import for_user
from hostup_mcp.wording.viewer import Viewer


def summarize(counts: Mapping[Severity | None, int]) -> str:
    """Say how many servers are how bad: `3 servers: 1 critical, 2 healthy`."""
    total = sum(counts.values())
    problems = [each for each in Severity if each is not Severity.NOTICE]
    healthy = total - sum(counts.get(each, 0) for each in problems)
    parts = [f"{counts[each]} {each}" for each in problems if counts.get(each)]
    servers = "1 server" if total == 1 else f"{total} servers"
    return f"{servers}: {', '.join([*parts, f'{healthy} healthy'])}"


def describe_server(health: Health, now: datetime, viewer: Viewer) -> str:
    """Describe a server with findings on one line."""
    name = health.vps.name or "a server without a name"
    address = health.vps.primary_ip or "no IP"
    said = [for_user(concern.finding, viewer) for concern in health.concerns]
    said += _newest(health, now, viewer)
    return f"{name} ({address}, {health.vps.id}): {' '.join(said)}"


def _newest(health: Health, now: datetime, viewer: Viewer) -> Iterable[str]:
    newest = health.newest
    if newest is None or newest.created is None:
        return
    span = age(newest.created, now)
    how_old = "" if span is None else f", {formats.span(span, viewer.language)} ago"
    yield f"Newest complete backup: {formats.moment(newest.created, viewer)}{how_old}."
