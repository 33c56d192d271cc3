"""Structured content on the state of the backups of many servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from hostup_mcp.hostup.text import clean_text
from hostup_mcp.recovery.health import Health, Severity
from hostup_mcp.recovery.spans import age
from hostup_mcp.server.listing import Output, UnreadItem
from hostup_mcp.server.output import as_data
from hostup_mcp.wording.render import finding_code

LONGEST_NAME = 60


class NewestItem(Output):
    """The newest backup that looks complete."""

    id: str = Field(description="Its id.")
    created_at: str | None = Field(description="When it was made; null if unknown.")
    age_seconds: int | None = Field(description="Its age; null if unknown.")


class ServerRef(Output):
    """A server by its id, name and address."""

    id: str = Field(description="Id of the server.")
    name: str | None = Field(description="Display name; user-supplied text.")
    primary_ip: str | None = Field(description="Main IP address.")


class BriefItem(Output):
    """Servers with the same findings, in short."""

    severity: Severity = Field(description="That of the worst finding.")
    codes: tuple[str, ...] = Field(description="Codes of the findings.")
    servers: tuple[ServerRef, ...] = Field(description="The servers that have them.")


class ServerItem(ServerRef):
    """A server with findings."""

    severity: Severity = Field(description="That of the worst finding.")
    backups: int | None = Field(description="How many it has; null if unknown.")
    newest: NewestItem | None = Field(description="The newest that looks complete; null if none.")
    findings: tuple[str | dict[str, Any], ...] = Field(description="Codes and facts, worst first.")


class FleetHealth(Output):
    """The servers with findings, worst first, of those that were checked."""

    checked_at: str = Field(description="Time of the check, by HostUp's clock.")
    max_age_days: int = Field(description="Older than this counts as too old.")
    checked: int = Field(description="Servers checked by this call.")
    healthy: int = Field(description="Those of them without findings, or with notices only.")
    not_checked: tuple[str, ...] = Field(description="Ids of temporary servers of rehearsals.")
    not_looked_at: tuple[str, ...] = Field(description="What healthy says nothing about.")
    servers: tuple[ServerItem, ...] = Field(description="Those with findings, worst first.")
    more: tuple[BriefItem, ...] = Field(description="The rest of them, in short.")
    notices_not_shown: int = Field(description="Healthy servers with notices, not in servers.")
    next_cursor: str | None = Field(description="Cursor to go on with; null if none is left.")
    stopped_by: str | None = Field(description="Kind of the error that ended this call early.")
    retry_after_seconds: int | None = Field(description="Seconds to wait before going on.")
    complete: bool = Field(description="False if servers are left, or missing from the list.")
    unread: tuple[UnreadItem, ...] = Field(description="Servers that could not be read; null here.")


def server_item(health: Health, now: datetime) -> ServerItem:
    """Return a server with findings as data."""
    newest = health.newest
    span = None if newest is None else age(newest.created, now)
    return ServerItem(
        **refer_to(health).model_dump(),
        severity=severity_of(health),
        backups=health.count,
        newest=None
        if newest is None
        else NewestItem(
            id=newest.id,
            created_at=newest.created_at,
            age_seconds=None if span is None else int(span.total_seconds()),
        ),
        findings=tuple(as_data(concern.finding) for concern in health.concerns),
    )


def refer_to(health: Health, longest: int = LONGEST_NAME) -> ServerRef:
    """Return what identifies a server, its name cut to `longest` characters."""
    vps = health.vps
    return ServerRef(
        id=vps.id,
        name=None if vps.name is None else clean_text(vps.name, longest),
        primary_ip=None if vps.primary_ip is None else clean_text(vps.primary_ip, LONGEST_NAME),
    )


def group_by_findings(
    servers: Sequence[Health],
) -> Mapping[tuple[Severity, tuple[str, ...]], list[Health]]:
    """Group `servers` by the severity and the codes of their findings, in their order."""
    groups: dict[tuple[Severity, tuple[str, ...]], list[Health]] = {}
    for health in servers:
        codes = tuple(finding_code(concern.finding) for concern in health.concerns)
        groups.setdefault((severity_of(health), codes), []).append(health)
    return groups


def severity_of(health: Health) -> Severity:
    """Return the severity of a server with findings."""
    return health.severity or Severity.NOTICE
