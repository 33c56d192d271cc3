"""`hostup-mcp check`: the state of all backups, for cron and monitoring.

The exit code is that of a monitoring plug-in: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio

from hostup_mcp.cli.check_output import Report, State, as_json, as_metrics, as_text
from hostup_mcp.cli.doctor import diagnosis
from hostup_mcp.config import Misconfigured, Settings
from hostup_mcp.hostup.problems import HostUpError, RateLimitedError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.costs import RunningRehearsal
from hostup_mcp.recovery.health import ServerFacts, check_server
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.clocks import hostup_now
from hostup_mcp.server.connections import connect, shared_throttle
from hostup_mcp.server.fleet import BEGINNING, SERVER_SECONDS, Position, read_part
from hostup_mcp.server.rehearsals import find_servers, mention
from hostup_mcp.server.services import Services
from hostup_mcp.state.folders import state_file
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.wording.formats import system_language, system_zone
from hostup_mcp.wording.health import WORDS, Gap
from hostup_mcp.wording.viewer import Language, Viewer

UNSTATED_PAUSE = 30.0
"""Seconds to wait after a 429 that does not say how long."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is checked, for how long at most, and how it is printed."""

    max_age: timedelta
    timeout: timedelta
    schedules: bool = False
    output: str = "text"
    """`text`, `json` or `prometheus`."""


def check(configuration: Settings | Misconfigured, options: Options) -> int:
    """Check all servers, print the result, and return the exit code."""
    return _print(_try_to_check(configuration, options), options.output)


def report_misuse(problem: str) -> int:
    """Report that the command line is wrong, and return the exit code."""
    return _print(Report(datetime.now(UTC), problem=f"The command line is wrong: {problem}."))


def _print(report: Report, output: str = "text") -> int:
    write = {"json": as_json, "prometheus": as_metrics}.get(output, as_text)
    try:
        print(write(report), flush=True)  # noqa: T201
    except OSError:  # nobody reads it, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return State.UNKNOWN
    return report.state


def _try_to_check(configuration: Settings | Misconfigured, options: Options) -> Report:
    now = datetime.now(UTC)
    if isinstance(configuration, Misconfigured):
        return Report(now, problem=" ".join(configuration.problems))
    try:
        return anyio.run(partial(_check, configuration, options))
    except HostUpError as error:  # as where no client can be built
        return Report(now, problem=diagnosis(error, _language(configuration)))
    except Exception as error:
        # The message might quote anything.
        return Report(now, problem=f"hostup-mcp failed: {type(error).__name__}.")


async def _check(settings: Settings, options: Options) -> Report:
    throttle = shared_throttle(InMemoryState(), settings.api_key)
    client = ReadingClient(connect(settings, throttle=throttle))
    try:
        hostup = client.within(options.timeout.total_seconds())
        fleet = await read_all(hostup, schedules=options.schedules)
        now = hostup_now(client, datetime.now(UTC))
    finally:
        await client.close()
    rehearsals, not_checked = await _rehearsals(settings, fleet)
    viewer = Viewer(settings.zone or system_zone(), _language(settings))
    servers = tuple(
        check_server(facts, now, options.max_age)
        for facts in fleet.servers
        if facts.vps.id not in not_checked
    )
    problem = _problem(fleet, len(servers), viewer.language)
    return Report(
        now,
        options.max_age,
        servers,
        fleet.is_complete,
        problem,
        viewer=viewer,
        rehearsals=tuple(rehearsals),
        not_checked=tuple(sorted(not_checked)),
    )


async def _rehearsals(
    settings: Settings, fleet: Fleet
) -> tuple[list[RunningRehearsal], frozenset[str]]:
    """Return the rehearsals of this user's stdio sessions that are not known to be over.

    The second value is the ids of those servers of `fleet` that they built.
    """
    path = state_file()
    if settings.sandbox or not path.exists():
        return [], frozenset()
    state = SqliteState(path)
    if not state.is_usable():
        return [], frozenset()
    services = Services(settings, state=state)
    async with services.used():
        built = await find_servers(services, LOCAL, (facts.vps for facts in fleet.servers))
        return await mention(services, LOCAL), built


def _language(settings: Settings) -> Language:
    return system_language() if settings.language is None else Language(settings.language)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All servers, or as many as could be read."""

    servers: tuple[ServerFacts, ...]
    is_complete: bool
    stopped: HostUpError | None
    """Why not all were read, if HostUp is the reason."""


def _problem(fleet: Fleet, checked: int, language: Language) -> str | None:
    if fleet.stopped is not None:
        return diagnosis(fleet.stopped, language)
    if not fleet.is_complete:
        return WORDS[language].gaps[Gap.UNLISTED]
    if checked:
        return None
    return WORDS[language].gaps[Gap.ONLY_REHEARSALS if fleet.servers else Gap.NO_SERVERS]


async def read_all(
    hostup: ReadingClient,
    *,
    schedules: bool,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Fleet:
    """Read all servers within the time of `hostup`, waiting where HostUp's rate limit says so."""
    read: dict[str, ServerFacts] = {}
    is_complete = True
    position: Position | None = BEGINNING
    begun: set[Position] = set()
    while position is not None:
        begun.add(position)
        try:
            part = await read_part(hostup, position, schedules=schedules, progress=_ignore)
        except HostUpError as error:
            stopped: HostUpError | None = error
        else:
            read |= {facts.vps.id: facts for facts in part.servers}
            left_out = any(unread.is_left_out for unread in part.page.unread)
            is_complete = is_complete and not (part.page.is_incomplete or left_out)
            position, stopped = part.next, part.stopped
            if position in begun:  # HostUp's pages go round in circles
                return Fleet(tuple(read.values()), is_complete=False, stopped=None)
        if stopped is not None and not await _wait(stopped, hostup, sleep):
            return Fleet(tuple(read.values()), is_complete=False, stopped=stopped)
    return Fleet(tuple(read.values()), is_complete, stopped=None)


async def _wait(
    stopped: HostUpError, hostup: ReadingClient, sleep: Callable[[float], Awaitable[None]]
) -> bool:
    """Wait until HostUp takes requests again; False if that does not help, or takes too long."""
    if not isinstance(stopped, RateLimitedError):
        return False
    pause = UNSTATED_PAUSE if stopped.retry_after is None else stopped.retry_after
    if pause + SERVER_SECONDS > hostup.seconds_left:
        return False
    await sleep(pause)
    return True


async def _ignore(done: int, total: int) -> None:
    """Nobody watches the progress."""
