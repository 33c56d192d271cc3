"""Whether the backups of a server are as they should be, in a check of all servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from hostup_mcp.hostup.models import Backup, BackupList, BackupSchedules, Gate, Vps
from hostup_mcp.recovery.backups import newest_first, oldest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import complete, find_doubt, newest_complete
from hostup_mcp.recovery.gates import is_open, step_to_open
from hostup_mcp.recovery.health_findings import (
    CreateClosed,
    HealthFinding,
    NewestDoubtful,
    NewestOld,
    RecencyUnknown,
    RestoreClosed,
    ServiceNotActive,
    SlotsFull,
    Unreadable,
)
from hostup_mcp.recovery.quota import Slots, find_hidden, read_slots
from hostup_mcp.recovery.reasons import GateClosed, GateMissing, NoBackups
from hostup_mcp.recovery.schedule_findings import MoreRunsFailed, RunFailed, ScheduleFinding
from hostup_mcp.recovery.schedules import assess_schedules
from hostup_mcp.recovery.spans import age

LONGEST_QUOTE = 160
"""Characters kept of each text of HostUp's: a check of many servers shows many of them."""

_GONE = frozenset({"pending", "terminated", "cancelled", "expired"})
"""Values of `serviceStatus` of a server that does not exist yet, or no longer."""

_PASSING = frozenset({Code.TRY_LATER, Code.CHECK_SCOPE})
"""Steps for a closed gate that says nothing against the backups: it opens by itself, or the key
lacks a scope that a key for checks should not have."""

_LATEST = datetime.max.replace(tzinfo=UTC)


class Severity(StrEnum):
    """How bad a finding is. The first is the worst."""

    CRITICAL = "critical"
    """There is no recent backup to go back to."""
    UNKNOWN = "unknown"
    """Whether there is one is not known."""
    WARNING = "warning"
    """There is one, but something is wrong."""
    NOTICE = "notice"
    """Good to know; the backups are as they should be."""


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What was read of one server; `schedules` is None if they were not asked for."""

    vps: Vps
    backups: BackupList | Unreadable
    schedules: BackupSchedules | Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Concern:
    """One finding and how bad it is."""

    severity: Severity
    finding: HealthFinding | ScheduleFinding


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one server's backups."""

    vps: Vps
    count: int | None
    """How many backups are listed; None if they could not be read."""
    newest: Backup | None
    """The newest that looks complete; one of unknown date only if none has a known one."""
    concerns: tuple[Concern, ...]
    """The worst first; empty for a healthy server."""

    @property
    def severity(self) -> Severity | None:
        """That of the worst finding; None for a healthy server."""
        return self.concerns[0].severity if self.concerns else None


def check_server(facts: ServerFacts, now: datetime, max_age: timedelta) -> Health:
    """Return the state of a server's backups at `now`, by HostUp's clock.

    The newest backup that looks complete should not be older than `max_age`.
    """
    listing = facts.backups if isinstance(facts.backups, BackupList) else None
    newest = None if listing is None else newest_complete(listing.backups, now)
    concerns = (*_check(facts, newest, now, max_age),)
    return Health(
        facts.vps,
        None if listing is None else len(listing.backups),
        newest,
        tuple(sorted(concerns, key=lambda concern: _RANK[concern.severity])),
    )


def worst_first(servers: Iterable[Health]) -> tuple[Health, ...]:
    """Return those of `servers` with findings, the worst first, and then the longest without."""
    found = [server for server in servers if server.concerns]
    return tuple(sorted(found, key=_badness))


def _badness(health: Health) -> tuple[int, int, datetime]:
    created = health.newest.created if health.newest is not None else None
    severities = [concern.severity for concern in health.concerns]
    worst = _RANK[severities[0]]
    # Without any backup comes before an old one.
    return worst, int(health.newest is not None), created or _LATEST


def _check(
    facts: ServerFacts, newest: Backup | None, now: datetime, max_age: timedelta
) -> Iterator[Concern]:
    status = facts.vps.service_status or ""
    if status.lower() not in ("", "active", "unknown"):
        yield Concern(Severity.WARNING, ServiceNotActive(_cut(status)))
    if isinstance(facts.backups, Unreadable):
        yield Concern(Severity.UNKNOWN, facts.backups)
    else:
        is_gone = status.lower() in _GONE
        yield from _check_backups(facts.backups, newest, now, max_age, is_gone=is_gone)
    if facts.schedules is not None:
        yield from _check_schedules(facts.schedules, newest, now, max_age)


def _check_backups(
    listing: BackupList,
    newest: Backup | None,
    now: datetime,
    max_age: timedelta,
    *,
    is_gone: bool,
) -> Iterator[Concern]:
    span = age(newest.created, now) if newest is not None else None
    is_recent = span is not None and span <= max_age
    if not is_recent:
        for concern in _not_recent(listing, now, max_age):
            # Nothing more is written on a server that is gone.
            yield replace(concern, severity=Severity.WARNING) if is_gone else concern
        yield from _closed(listing.actions.can_create_backup, CreateClosed)
    elif (doubtful := _find_doubtful(listing, now)) is not None:
        yield Concern(Severity.WARNING, doubtful)
    if listing.backups and (gate := listing.actions.can_restore) is None:
        yield Concern(Severity.UNKNOWN, GateMissing("canRestore"))
    elif listing.backups:
        yield from _closed(gate, RestoreClosed)
    if read_slots(listing.quota_info) is Slots.FULL:
        gone = oldest(listing, now)
        full = SlotsFull(None, None) if gone is None else SlotsFull(gone[0].id, gone[1])
        yield Concern(Severity.NOTICE, full)


def _not_recent(listing: BackupList, now: datetime, max_age: timedelta) -> Iterator[Concern]:
    good, hidden = complete(listing.backups, now), find_hidden(listing)
    undated = sum(age(b.created, now) is None for b in good)
    if hidden is not None:
        yield Concern(Severity.UNKNOWN, hidden)
    if undated:
        yield Concern(Severity.UNKNOWN, RecencyUnknown(undated))
    elif good:
        yield Concern(Severity.CRITICAL, NewestOld(max_age))
    elif listing.backups:
        yield Concern(Severity.CRITICAL, Code.NONE_COMPLETE)
    elif hidden is None:
        yield Concern(Severity.CRITICAL, NoBackups())


def _find_doubtful(listing: BackupList, now: datetime) -> NewestDoubtful | None:
    """Return the finding if the newest backup may be incomplete, other than by being new."""
    latest = newest_first(listing.backups)[0]
    doubt = find_doubt(latest, listing.backups, now)
    if doubt is None or doubt is Code.BACKUP_NEW:
        return None
    return NewestDoubtful(latest.id)


def _closed(gate: Gate | None, kind: type[RestoreClosed] | type[CreateClosed]) -> Iterator[Concern]:
    if gate is None or is_open(gate):
        return
    because = GateClosed(_cut(gate.reason or "") or None, _cut(gate.code or "") or None)
    severity = Severity.NOTICE if step_to_open(gate) in _PASSING else Severity.WARNING
    yield Concern(severity, kind(because))


def _cut(said: str) -> str:
    return said if len(said) <= LONGEST_QUOTE else said[: LONGEST_QUOTE - 1] + "…"


def _check_schedules(
    schedules: BackupSchedules | Unreadable,
    newest: Backup | None,
    now: datetime,
    max_age: timedelta,
) -> Iterator[Concern]:
    if isinstance(schedules, Unreadable):
        yield Concern(Severity.UNKNOWN, schedules)
        return
    for finding in assess_schedules(schedules, now):
        if isinstance(finding, RunFailed):
            if not _is_over(finding, newest, now, max_age):
                said = _cut(finding.said) if finding.said else None
                yield Concern(Severity.WARNING, replace(finding, said=said))
        elif not isinstance(finding, MoreRunsFailed):
            yield Concern(Severity.WARNING, finding)


def _is_over(failed: RunFailed, newest: Backup | None, now: datetime, max_age: timedelta) -> bool:
    """Return whether a run failed longer than `max_age` ago and a backup was made since."""
    since = age(failed.at, now)
    if failed.at is None or since is None or since <= max_age:
        return False
    return newest is not None and newest.created is not None and newest.created > failed.at
