"""What `hostup-mcp check` prints: text, JSON or metrics."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from hostup_mcp.recovery.costs import RehearsalEnding, RehearsalLost, RunningRehearsal
from hostup_mcp.recovery.health import Health, Severity, worst_first
from hostup_mcp.server.fleet_output import server_item
from hostup_mcp.server.output import as_data
from hostup_mcp.wording import formats
from hostup_mcp.wording.health import WORDS, describe_server, summarize
from hostup_mcp.wording.render import finding_code, for_user
from hostup_mcp.wording.viewer import Viewer


class State(IntEnum):
    """The exit code of a monitoring plug-in."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check."""

    checked_at: datetime
    max_age: timedelta | None = None
    servers: tuple[Health, ...] = ()
    is_complete: bool = False
    problem: str | None = None
    """Why the state of some servers is not known, if it is not, in the viewer's language."""
    viewer: Viewer = field(default_factory=Viewer)
    rehearsals: tuple[RunningRehearsal, ...] = ()
    """Those that still cost money; they do not change the state."""
    not_checked: tuple[str, ...] = ()
    """Ids of the servers of rehearsals: temporary, so they need no backups."""

    @property
    def state(self) -> State:
        """The worst of all; what is not known counts as worse than a warning."""
        severities = {health.severity for health in self.servers}
        if Severity.CRITICAL in severities:
            return State.CRITICAL
        if self.problem is not None or not self.is_complete or Severity.UNKNOWN in severities:
            return State.UNKNOWN
        return State.WARNING if Severity.WARNING in severities else State.OK


def as_text(report: Report) -> str:
    """Return a summary on the first line, and each server with a problem on a further one."""
    language = report.viewer.language
    counts = Counter(health.severity for health in report.servers)
    not_checked = len(report.not_checked)
    said = [summarize(counts, language, not_checked)] if report.servers or not_checked else []
    if report.problem is not None:
        incomplete = WORDS[language].incomplete.format(report.problem)
        said.append(incomplete if said else report.problem)
    lines = [f"BACKUPS {report.state.name} - {', '.join(said)}"]
    lines += [
        f"{health.severity.upper()}: {describe_server(health, report.checked_at, report.viewer)}"
        for health in worst_first(report.servers)
        if health.severity not in (None, Severity.NOTICE)
    ]
    lines += [_describe_rehearsal(each, report.viewer) for each in report.rehearsals]
    # Whatever reads it takes what follows a bar as performance data.
    return "\n".join(lines).replace("|", "¦")


def _describe_rehearsal(rehearsal: RunningRehearsal, viewer: Viewer) -> str:
    line = f"REHEARSAL: {for_user(rehearsal, viewer)}"
    if isinstance(rehearsal, RehearsalLost | RehearsalEnding):
        return line
    return f"{line} {WORDS[viewer.language].end_rehearsal}"


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    servers = worst_first(report.servers)
    healthy = sum(health.severity in (None, Severity.NOTICE) for health in report.servers)
    document = {
        "state": report.state.name.lower(),
        "exitCode": int(report.state),
        "checkedAt": formats.iso(report.checked_at),
        "maxAgeSeconds": None if report.max_age is None else int(report.max_age.total_seconds()),
        "checked": len(report.servers),
        "healthy": healthy,
        "notChecked": list(report.not_checked),
        "complete": report.is_complete,
        "problem": report.problem,
        "rehearsals": [as_data(each) for each in report.rehearsals],
        "servers": [
            server_item(health, report.checked_at).model_dump(mode="json", by_alias=True)
            for health in servers
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def as_metrics(report: Report) -> str:
    """Return the report in the text format of Prometheus."""
    registry = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=registry)

    gauge("hostup_mcp_check_state", "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN").set(report.state)
    gauge("hostup_mcp_check_complete", "1 if all servers were checked").set(report.is_complete)
    at = report.checked_at.timestamp()
    gauge("hostup_mcp_check_timestamp_seconds", "When this check was made").set(at)
    rehearsals = gauge("hostup_mcp_check_rehearsals", "Rehearsals that still cost money")
    rehearsals.set(len(report.rehearsals))
    servers = gauge("hostup_mcp_check_servers", "Servers by their worst finding", "severity")
    counts = Counter(health.severity or "none" for health in report.servers)
    for severity in (*Severity, "none"):
        servers.labels(severity).set(counts[severity])
    backups = gauge("hostup_mcp_check_backups", "Backups that HostUp lists", "id", "name")
    newest = gauge(
        "hostup_mcp_check_newest_backup_timestamp_seconds",
        "When the newest backup that looks complete was made",
        *("id", "name"),
    )
    finding = gauge(
        "hostup_mcp_check_finding", "1 for each finding", "id", "name", "severity", "code"
    )
    for health in report.servers:
        who = (health.vps.id, health.vps.name or "")
        if health.count is not None:
            backups.labels(*who).set(health.count)
        if health.newest is not None and health.newest.created is not None:
            newest.labels(*who).set(health.newest.created.timestamp())
        for concern in health.concerns:
            finding.labels(*who, concern.severity, finding_code(concern.finding)).set(1)
    return generate_latest(registry).decode().rstrip("\n")
