"""`check_backups`: the state of the backups of all servers, in one call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.hostup.text import clean_text, quoted, safe_word
from hostup_mcp.recovery.health import Health, Severity, check_server, worst_first
from hostup_mcp.recovery.spans import age
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors.failure import Failure
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.fleet import BEGINNING, Part, Position, parse_position, read_part
from hostup_mcp.server.names import remember_servers
from hostup_mcp.server.output import Output, UnreadItem, as_data, completeness, describe_all
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.wording import formats
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.render import finding_code

CALL_SECONDS = 40.0
"""How long a call may take; what is left then is for the next one."""

LONGEST_NAME = 60
LONGEST_BRIEF_NAME = 24

MOST_NOTICES = 5
"""Healthy servers with notices that are named; the others are counted."""

BUDGET_PER_SERVER = 85
SHORTEST_BUDGET = 3000
SHORTEST_BUDGET_LATER = 900
"""Characters of a text, at least those of a first or a later call. Servers with findings that do
not fit in full are said in short."""

RESERVED = 300
"""Characters of the lines that do not describe a server."""

_PROBLEMS = frozenset(Severity) - {Severity.NOTICE}


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
    servers: tuple[ServerItem, ...] = Field(description="Those with findings, worst first.")
    more: tuple[BriefItem, ...] = Field(description="The rest of them, in short.")
    notices_not_shown: int = Field(description="Healthy servers with notices, not in servers.")
    next_cursor: str | None = Field(description="Cursor to go on with; null if none is left.")
    stopped_by: str | None = Field(description="Kind of the error that ended this call early.")
    retry_after_seconds: int | None = Field(description="Seconds to wait before going on.")
    complete: bool = Field(description="False if servers are left, or missing from the list.")
    unread: tuple[UnreadItem, ...] = Field(description="Servers that could not be read; null here.")


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
    incomplete, full slots, closed gates, suspended service. For one server use
    list_vps_backups."""
    services_ = services(ctx)
    part = await read_part(
        services_.hostup.within(CALL_SECONDS),
        parse_position(cursor) if cursor else BEGINNING,
        schedules=schedules,
        progress=ctx.report_progress,
    )
    now = hostup_now(services_.hostup, services_.now())
    limit, zone = timedelta(days=maxAgeDays), services_.viewer.zone
    fleet = tuple(check_server(facts, now, limit) for facts in part.servers)
    await _remember(services_, fleet)
    check = _Check(part, fleet, now, limit, zone)
    least = SHORTEST_BUDGET if cursor is None else SHORTEST_BUDGET_LATER
    shown = _choose(check, max(least, BUDGET_PER_SERVER * len(fleet)) - RESERVED)
    return to_result(
        [*_lines(check, shown), *clock_lines(services_.hostup, zone)], _data(check, shown)
    )


async def _remember(services_: Services, fleet: tuple[Health, ...]) -> None:
    await remember_servers(services_, [health.vps for health in fleet])
    await services_.remember(
        {f"{h.vps.id}/{h.newest.id}": "" for h in fleet if h.newest is not None}
    )


@dataclass(frozen=True, slots=True)
class _Check:
    """What was read, and what it means at `now` for a user in `zone`."""

    part: Part
    fleet: tuple[Health, ...]
    now: datetime
    limit: timedelta
    zone: tzinfo

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
        f"Limit {formats.span(check.limit)}. Now {formats.stamp(check.now, check.zone)}."
    ]
    lines += [_describe(health, check) for health in shown.full]
    if shown.brief:
        lines += ["More, with details in list_vps_backups:", *_describe_briefly(shown.brief)]
    if shown.notices_left:
        lines.append(f"Healthy, but with notices such as full slots: {shown.notices_left} more.")
    if part.next is not None:
        lines.append(_how_to_go_on(part.next, check.failure))
    return lines + missing_lines(part.page, len(part.page.data), "servers")


def _how_to_go_on(position: Position, failure: Failure | None) -> str:
    call = f"call check_backups with cursor {quoted(str(position))}."
    if failure is None:
        return f"NOT COMPLETE, there are more servers: {call}"
    wait = failure.retry_after_seconds
    then = f"wait {wait} s, then {call}" if wait else call
    return f"NOT COMPLETE, stopped by {failure.kind}: {then}"


def _describe(health: Health, check: _Check) -> str:
    findings = describe_all((concern.finding for concern in health.concerns), check.zone)
    backups = _describe_backups(health, check.now)
    who = _identify(health, LONGEST_NAME)
    return f"{_severity(health).upper()} {who} · {backups} · {' '.join(findings)}"


def _describe_briefly(servers: Sequence[Health]) -> list[str]:
    lines = []
    for (severity, codes), same in _group(servers).items():
        names = ", ".join(_identify(health, LONGEST_BRIEF_NAME) for health in same)
        lines.append(f"{severity.upper()} ({' '.join(codes)}): {names}")
    return lines


def _group(servers: Sequence[Health]) -> Mapping[tuple[Severity, tuple[str, ...]], list[Health]]:
    """Group `servers` by the severity and the codes of their findings, in their order."""
    groups: dict[tuple[Severity, tuple[str, ...]], list[Health]] = {}
    for health in servers:
        codes = tuple(finding_code(concern.finding) for concern in health.concerns)
        groups.setdefault((_severity(health), codes), []).append(health)
    return groups


def _severity(health: Health) -> Severity:
    return health.severity or Severity.NOTICE


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
    named = _refer_to(health, longest_name)
    words = (
        safe_word(named.id),
        "no name" if named.name is None else quoted(named.name),
        safe_word(named.primary_ip) if named.primary_ip else "no IP",
    )
    return " ".join(words)


def _refer_to(health: Health, longest: int = LONGEST_NAME) -> ServerRef:
    vps = health.vps
    return ServerRef(
        id=vps.id,
        name=None if vps.name is None else clean_text(vps.name, longest),
        primary_ip=None if vps.primary_ip is None else clean_text(vps.primary_ip, LONGEST_NAME),
    )


def _data(check: _Check, shown: _Shown) -> dict[str, Any]:
    page, position, failure = check.part.page, check.part.next, check.failure
    return FleetHealth(
        checked_at=formats.iso(check.now),
        max_age_days=check.limit.days,
        checked=len(check.fleet),
        healthy=check.healthy,
        servers=tuple(server_item(health, check.now) for health in shown.full),
        more=tuple(
            BriefItem(severity=severity, codes=codes, servers=tuple(map(_refer_to, same)))
            for (severity, codes), same in _group(shown.brief).items()
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


def server_item(health: Health, now: datetime) -> ServerItem:
    """Return a server with findings as data."""
    newest = health.newest
    span = None if newest is None else age(newest.created, now)
    return ServerItem(
        **_refer_to(health).model_dump(),
        severity=_severity(health),
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


TOOL = ReadingTool(
    name="check_backups",
    title="Check the backups of all servers",
    scope="read:vm",
    read=check_backups,
    result=FleetHealth,
)
