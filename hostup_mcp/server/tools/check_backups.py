"""`check_backups`: the state of the backups of all servers, in one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.health import Health, Severity, check_server, worst_first
from hostup_mcp.recovery.health_findings import CreateClosed, RestoreClosed, Unreadable
from hostup_mcp.recovery.schedule_findings import ScheduleFinding
from hostup_mcp.recovery.spans import age
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors.failure import Failure
from hostup_mcp.server.errors.hostup import describe_wait, from_hostup
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.fleet import BEGINNING, Part, Position, parse_position, read_part
from hostup_mcp.server.fleet_output import (
    LONGEST_NAME,
    BriefItem,
    FleetHealth,
    group_by_findings,
    refer_to,
    server_item,
    severity_of,
)
from hostup_mcp.server.listing import UnreadItem, completeness
from hostup_mcp.server.names import remember_servers
from hostup_mcp.server.progress import growing_progress
from hostup_mcp.server.rehearsal_notices import find_rehearsed
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.wording import formats
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.render import facts_of, for_model

CALL_SECONDS = 40.0
"""How long a call may take; what is left then is for the next one."""

LONGEST_BRIEF_NAME = 24

MOST_NOTICES = 5
"""Healthy servers with notices that are named; the others are counted."""

BUDGET_PER_SERVER = 85
SHORTEST_BUDGET = 3000
SHORTEST_BUDGET_LATER = 900
"""Characters of a text, at least those of a first or a later call. Servers with findings that do
not fit in full are said in short."""

RESERVED = 400
"""Characters of the lines that do not describe a server."""

_PROBLEMS = frozenset(Severity) - {Severity.NOTICE}


async def check_backups(
    ctx: Ctx,
    maxAgeDays: Annotated[
        int, Field(ge=1, le=365, description="Days until a backup is too old.")
    ] = 2,
    schedules: Annotated[
        bool, Field(description="Also find failed or missed scheduled runs.")
    ] = False,
    cursor: Annotated[
        str | None, Field(max_length=5000, description="nextCursor of the previous call.")
    ] = None,
) -> CallToolResult:
    """Checks the backups of all servers in one call and lists problems, worst first: none, too old,
    incomplete, full slots, closed gates, suspended service. It does not look at snapshots. For one
    server use list_vps_backups."""
    services_ = services(ctx)
    position = parse_position(cursor) if cursor else BEGINNING
    async with growing_progress(ctx.report_progress) as progress:
        part = await read_part(
            services_.hostup.within(CALL_SECONDS), position, schedules=schedules, progress=progress
        )
    now = hostup_now(services_.hostup, services_.now())
    limit, zone = timedelta(days=maxAgeDays), services_.viewer.zone
    rehearsed = await find_rehearsed(services_, (facts.vps for facts in part.servers))
    fleet = tuple(
        check_server(facts, now, limit) for facts in part.servers if facts.vps.id not in rehearsed
    )
    await _remember(services_, part, fleet)
    check = _Check(part, fleet, now, limit, zone, tuple(sorted(rehearsed)), schedules)
    least = SHORTEST_BUDGET_LATER if cursor else SHORTEST_BUDGET
    shown = _choose(check, max(least, BUDGET_PER_SERVER * len(fleet)) - RESERVED)
    return to_result(
        [*_lines(check, shown), *clock_lines(services_.hostup, zone)], _data(check, shown)
    )


async def _remember(services_: Services, part: Part, fleet: tuple[Health, ...]) -> None:
    await remember_servers(services_, [facts.vps for facts in part.servers])
    newest = {f"{h.vps.id}/{h.newest.id}": "" for h in fleet if h.newest is not None}
    named = {
        f"{health.vps.id}/{backup_id}": ""
        for health in fleet
        for concern in health.concerns
        if (backup_id := facts_of(concern.finding).get("backup_id"))
    }
    await services_.remember(newest | named)


@dataclass(frozen=True, slots=True)
class _Check:
    """What was read, and what it means at `now` for a user in `zone`."""

    part: Part
    fleet: tuple[Health, ...]
    now: datetime
    limit: timedelta
    zone: tzinfo
    not_checked: tuple[str, ...]
    """The servers of rehearsals: temporary, so they need no backups."""
    with_schedules: bool

    @property
    def not_looked_at(self) -> tuple[str, ...]:
        """What a healthy server says nothing about."""
        return ("snapshots",) if self.with_schedules else ("schedules", "snapshots")

    @property
    def healthy(self) -> int:
        """How many servers have no findings, or notices only."""
        return sum(health.severity not in _PROBLEMS for health in self.fleet)

    @property
    def failure(self) -> Failure | None:
        """Why the call ended early, if it did."""
        return None if self.part.stopped is None else from_hostup(self.part.stopped)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a result has room for."""

    full: tuple[Health, ...]
    brief: tuple[Health, ...]
    notices_left: int


def _choose(check: _Check, room: int) -> _Shown:
    """Choose which servers are shown in full, the worst ones first, and which in short."""
    found = worst_first(check.fleet)
    problems = [health for health in found if health.severity in _PROBLEMS]
    notices = [health for health in found if health.severity not in _PROBLEMS]
    room -= sum(map(len, _describe_briefly(problems)))
    full: list[Health] = []
    for health in problems:
        room -= len(_describe(health, check)) - len(_identify(health, LONGEST_BRIEF_NAME))
        if room < 0:
            break
        full.append(health)
    brief = problems[len(full) :]
    for health in notices[:MOST_NOTICES]:
        room -= len(_describe(health, check))
        if room >= 0:
            full.append(health)
    return _Shown(tuple(full), tuple(brief), len(found) - len(full) - len(brief))


def _lines(check: _Check, shown: _Shown) -> list[str]:
    part, counts = check.part, Counter(health.severity for health in check.fleet)
    problems = [f"{counts[each]} {each}" for each in Severity if each in _PROBLEMS and counts[each]]
    checked = "1 server" if len(check.fleet) == 1 else f"{len(check.fleet)} servers"
    lines = [
        f"Checked {checked}: {', '.join([*problems, f'{check.healthy} healthy'])}. "
        f"{_describe_not_checked(check.not_checked)}"
        f"Limit {formats.span(check.limit)}. Now {formats.stamp(check.now, check.zone)}."
        f"{_describe_not_looked_at(check)}"
    ]
    lines += [_describe(health, check) for health in shown.full]
    if shown.brief:
        lines += [_where_details_are(shown.brief), *_describe_briefly(shown.brief)]
    if shown.notices_left:
        lines.append(f"Healthy, but with notices such as full slots: {shown.notices_left} more.")
    if part.next is not None:
        lines.append(_how_to_go_on(part.next, check.failure))
    return lines + missing_lines(part.page, len(part.page.data), "servers")


def _describe_not_looked_at(check: _Check) -> str:
    """Say what "healthy" does not cover, where there is a server that it is said of."""
    if not check.healthy:
        return ""
    how = "" if check.with_schedules else " (schedules true adds the schedules)"
    return f" Not looked at: {' and '.join(check.not_looked_at)}{how}."


def _describe_not_checked(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    one = "1 temporary server of a rehearsal"
    servers = one if len(ids) == 1 else f"{len(ids)} temporary servers of rehearsals"
    return f"Not checked: {servers} ({', '.join(map(safe_word, ids))}). "


def _how_to_go_on(position: Position, failure: Failure | None) -> str:
    call = f"call check_backups with cursor {quoted(str(position))}."
    if failure is None:
        return f"NOT COMPLETE, there are more servers: {call}"
    if failure.kind is ErrorKind.TIMED_OUT:
        return f"NOT COMPLETE, not all servers fit in the time of one call: {call}"
    if failure.kind is ErrorKind.RATE_LIMITED:
        wait = describe_wait(failure.retry_after_seconds or None)
        return f"NOT COMPLETE, HostUp's rate limit is reached: wait {wait}, then {call}"
    return f"NOT COMPLETE. {failure.message} {failure.next_step} Then {call}"


def _where_details_are(brief: Sequence[Health]) -> str:
    findings = [concern.finding for health in brief for concern in health.concerns]
    is_any = any(
        isinstance(each, ScheduleFinding)
        or (isinstance(each, Unreadable) and each.what == "schedules")
        for each in findings
    )
    schedules = " and, for schedules, list_backup_schedules" if is_any else ""
    return f"More, with details in list_vps_backups{schedules}:"


def _describe_findings(health: Health, zone: tzinfo) -> Iterator[str]:
    because = None
    for concern in health.concerns:
        finding = concern.finding
        if isinstance(finding, RestoreClosed) and finding.because == because:
            yield "No backup can be restored now, for the same reason."
        else:
            yield for_model(finding, zone)
        because = finding.because if isinstance(finding, CreateClosed) else because


def _describe(health: Health, check: _Check) -> str:
    findings = _describe_findings(health, check.zone)
    backups = _describe_backups(health, check.now)
    who = _identify(health, LONGEST_NAME)
    return f"{severity_of(health).upper()} {who} · {backups} · {' '.join(findings)}"


def _describe_briefly(servers: Sequence[Health]) -> list[str]:
    lines = []
    for (severity, codes), same in group_by_findings(servers).items():
        names = ", ".join(_identify(health, LONGEST_BRIEF_NAME) for health in same)
        lines.append(f"{severity.upper()} ({' '.join(codes)}): {names}")
    return lines


def _describe_backups(health: Health, now: datetime) -> str:
    if health.count is None:
        return "backups unknown"
    if not health.count:
        return "no backups"
    backups = "1 backup" if health.count == 1 else f"{health.count} backups"
    if health.newest is None:
        return f"{backups}, none complete"
    span = age(health.newest.created, now)
    how_old = "age unknown" if span is None else f"{formats.span(span)} old"
    return f"{backups}, newest complete {safe_word(health.newest.id)} {how_old}"


def _identify(health: Health, longest_name: int) -> str:
    named = refer_to(health, longest_name)
    words = (
        safe_word(named.id),
        "no name" if named.name is None else quoted(named.name),
        safe_word(named.primary_ip) if named.primary_ip else "no IP",
    )
    return " ".join(words)


def _data(check: _Check, shown: _Shown) -> dict[str, Any]:
    page, position, failure = check.part.page, check.part.next, check.failure
    return FleetHealth(
        checked_at=formats.iso(check.now),
        max_age_days=check.limit.days,
        checked=len(check.fleet),
        healthy=check.healthy,
        not_checked=check.not_checked,
        not_looked_at=check.not_looked_at,
        servers=tuple(server_item(health, check.now) for health in shown.full),
        more=tuple(
            BriefItem(severity=severity, codes=codes, servers=tuple(map(refer_to, same)))
            for (severity, codes), same in group_by_findings(shown.brief).items()
        ),
        notices_not_shown=shown.notices_left,
        next_cursor=None if position is None else str(position),
        stopped_by=None if failure is None else failure.kind,
        retry_after_seconds=None if failure is None else failure.retry_after_seconds,
        complete=position is None and bool(completeness(page)["complete"]),
        unread=tuple(
            UnreadItem(field=u.field, id=u.id, name=u.name, is_left_out=True)
            for u in page.unread
            if u.is_left_out
        ),
    ).model_dump(mode="json", by_alias=True)


TOOL = ReadingTool(
    name="check_backups",
    title="Check the backups of all servers",
    scope="read:vm",
    read=check_backups,
    result=FleetHealth,
)
