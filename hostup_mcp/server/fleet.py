"""Reads the backups of all servers of an account, part by part, within HostUp's limits."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import anyio

from hostup_mcp.hostup.base import ID_PATTERN
from hostup_mcp.hostup.models import Vps, VpsPage
from hostup_mcp.hostup.problems import (
    EdgeRefusedError,
    HostUpError,
    RateLimitedError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
)
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.health import ServerFacts
from hostup_mcp.recovery.health_findings import Unreadable
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import from_hostup

T = TypeVar("T")

SERVERS_PER_PART = 64
SERVERS_AT_ONCE = 5

SERVER_SECONDS = 15.0
"""How long the requests about one server may take together, retries included."""

Progress: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Called after each server with how many of how many have been read."""

_STOPPING = (RateLimitedError, UnreachableError, UnauthorizedError, EdgeRefusedError)
"""Errors that say nothing about one server: the next one would fail like this one."""

_CURSOR = re.compile(r"(0|[1-9][0-9]{0,5}),([^,]*),([^,]*),(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    """Where to go on: in which of HostUp's pages, and after how many of its servers.

    Servers are found again by their ids, in case the list has changed.
    """

    page: str | None = None
    """HostUp's cursor of the page; None for the first one."""
    skip: int = 0
    after: str = ""
    """The id of the last of the servers to skip."""
    again: tuple[str, ...] = ()
    """Ids of servers among those that could not be read yet; at most `SERVERS_AT_ONCE`."""

    def __str__(self) -> str:
        return f"{self.skip},{self.after},{';'.join(self.again)},{self.page or ''}"


BEGINNING = Position()


def parse_position(text: str) -> Position:
    """Parse the `str` of a `Position`.

    Raises:
        RefusalError: it is none.
    """
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise refuse(texts.INVALID_CURSOR)
    skip, after, page = int(found[1]), found[2], found[4]
    again = tuple(found[3].split(";")) if found[3] else ()
    ids = (*again, after) if skip else again
    position = Position(page or None, skip, after, again)
    is_usable = all(re.fullmatch(ID_PATTERN, one) for one in ids) and page.isprintable()
    if (
        position == BEGINNING
        or not is_usable
        or len(again) > SERVERS_AT_ONCE
        or (after and not skip)
    ):
        raise refuse(texts.INVALID_CURSOR)
    return position


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the servers, in HostUp's order."""

    page: VpsPage
    """The page of HostUp's list that they are from."""
    servers: tuple[ServerFacts, ...]
    next: Position | None
    """Where to go on; None if these were the last."""
    stopped: HostUpError | None
    """Why not the whole page was read, if it was not."""


async def read_part(
    hostup: ReadingClient, position: Position, *, schedules: bool, progress: Progress
) -> Part:
    """Read the servers of one page from `position` on, as far as HostUp's limits allow.

    Stops as soon as HostUp asks for a longer pause than fits, cannot be reached, or refuses the
    key, and when the time of `hostup` runs out. A server that cannot be read for a reason of its
    own is one of the part.

    Raises:
        HostUpError: not even one server could be read.
    """
    page = await _within_limits(hostup).list_vps(limit=SERVERS_PER_PART, cursor=position.page)
    start = _find_start(page, position)
    again = tuple(vps for vps in page.data if vps.id in position.again)
    servers = (*again, *page.data[start : start + SERVERS_PER_PART])
    reading = _Reading(hostup, servers, schedules=schedules, progress=progress)
    await reading.run()
    if reading.stopped is not None and not reading.read:
        raise reading.stopped
    taken = max(reading.taken, len(again))
    skip = start + taken - len(again)
    left = tuple(vps.id for n, vps in enumerate(servers[:taken]) if n not in reading.read)
    goes_on: Position | None = None
    if left or skip < len(page.data):
        goes_on = Position(position.page, skip, page.data[skip - 1].id if skip else "", left)
    elif page.next_cursor:
        goes_on = Position(page.next_cursor)
    done = tuple(reading.read[n] for n in sorted(reading.read))
    return Part(page, done, goes_on, reading.stopped)


def _within_limits(hostup: ReadingClient) -> ReadingClient:
    return hostup.within(SERVER_SECONDS, stops_at_limit=True)


def _find_start(page: VpsPage, position: Position) -> int:
    if not position.skip:
        return 0
    ids = [vps.id for vps in page.data]
    if position.after in ids:
        return ids.index(position.after) + 1
    # That server is gone, so the next one is where it was, or one has to be read twice.
    return min(position.skip - 1, len(ids))


class _Reading:
    """Reads servers side by side."""

    def __init__(
        self,
        hostup: ReadingClient,
        servers: tuple[Vps, ...],
        *,
        schedules: bool,
        progress: Progress,
    ) -> None:
        self.stopped: HostUpError | None = None
        self.taken = 0
        """How many of the servers were begun with, from the first on."""
        self.read: dict[int, ServerFacts] = {}
        """What was read, by the place of the server."""
        self._hostup = hostup
        self._servers = servers
        self._schedules = schedules
        self._progress = progress
        self._reserve = min(SERVER_SECONDS, hostup.seconds_left / 2)
        self._reported = 0
        self._reporting = anyio.Lock()

    async def run(self) -> None:
        """Read until all is read or something stops it."""
        async with anyio.create_task_group() as tasks:
            for _ in range(min(SERVERS_AT_ONCE, len(self._servers))):
                tasks.start_soon(self._work)

    async def _work(self) -> None:
        while (index := self._take()) is not None:
            try:
                self.read[index] = await self._read_server(self._servers[index])
            except _STOPPING as error:
                self.stopped = self.stopped or error
                return
            async with self._reporting:
                self._reported += 1
                await self._progress(self._reported, len(self._servers))

    def _take(self) -> int | None:
        if self.stopped is not None or self.taken == len(self._servers):
            return None
        if self._hostup.seconds_left < self._reserve:
            self.stopped = TimedOutError("not all servers could be read in the time of one call")
            return None
        self.taken += 1
        return self.taken - 1

    async def _read_server(self, vps: Vps) -> ServerFacts:
        hostup = _within_limits(self._hostup)
        backups = await _or_unreadable("backups", hostup.list_backups(vps.id))
        if not self._schedules:
            return ServerFacts(vps, backups)
        schedules = await _or_unreadable("schedules", hostup.list_backup_schedules(vps.id))
        return ServerFacts(vps, backups, schedules)


async def _or_unreadable(
    what: Literal["backups", "schedules"], reading: Awaitable[T]
) -> T | Unreadable:
    try:
        return await reading
    except _STOPPING:
        raise
    except HostUpError as error:
        return Unreadable(what, from_hostup(error).kind)
