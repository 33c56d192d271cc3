"""All users of one key stop when HostUp asks one of them to, and each request is told of."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest

from hostup_mcp.hostup.http import Http, Throttle
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import (
    BadResponseError,
    HostUpError,
    RateLimitedError,
    ResponseTooLargeError,
    TimedOutError,
)
from hostup_mcp.hostup.requests import WriteRequest

from .test_http import BROKEN, MEGABYTE, REDIRECTS, broken, hang
from .test_responses import ERRORS
from .wire import BACKUPS, BASE, KEY, LISTING, NOW, PAGE, Naps, Stream

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]

RESET = "2026-04-27T12:00:30.000Z"
"""Thirty seconds from now."""


class Shared:
    """What the users of one key share: the pauses to come, and what was noted."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = list(pauses)
        self.noted: list[float] = []

    async def pause(self) -> float:
        return self.pauses.pop(0) if self.pauses else 0.0

    async def limited(self, seconds: float) -> None:
        self.noted.append(seconds)


class World:
    """One connection with a throttle and an observer, and a far end with canned answers."""

    def __init__(
        self, *answers: httpx.Response | Exception, pauses: tuple[float, ...] = ()
    ) -> None:
        self.answers = list(answers)
        self.shared = Shared(*pauses)
        self.seen: list[httpx.Request] = []
        self.told: list[tuple[str, str, float]] = []
        self.naps = Naps()

    async def far_end(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def observe(self, method: str, outcome: str, seconds: float) -> None:
        self.told.append((method, outcome, seconds))

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(method, outcome) for method, outcome, _ in self.told]

    @asynccontextmanager
    async def http(
        self, *, budget: float = 20.0, far_end: Handler | None = None
    ) -> AsyncIterator[Http]:
        http = Http(
            BASE,
            KEY,
            transport=httpx.MockTransport(far_end or self.far_end),
            budget=budget,
            now=lambda: NOW,
            sleep=self.naps,
            throttle=Throttle(self.shared.pause, self.shared.limited),
            observe=self.observe,
        )
        try:
            yield http
        finally:
            await http.close()


def listing(**headers: str) -> httpx.Response:
    return httpx.Response(200, json=LISTING, headers=named(headers))


def named(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]


async def read(http: Http) -> BackupList:
    return await http.read(BackupList, BACKUPS, scopes=("read:vm",))


async def write(http: Http) -> Any:
    return await http.write(WriteRequest("POST", BACKUPS, {"note": "x"}, scopes=("backup:vm",)))


CALLS = [(read, "GET", ("read:vm",)), (write, "POST", ("backup:vm",))]
each_call = pytest.mark.parametrize(("call", "method", "scopes"), CALLS, ids=["read", "write"])


# A pause.


@each_call
@pytest.mark.parametrize("left", [20.0, 60.0, 3600.0])
async def test_a_pause_stops_a_request_before_it_leaves_and_tells_the_seconds(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...], left: float
) -> None:
    world = World(listing(), pauses=(left,))
    async with world.http() as http:
        with pytest.raises(RateLimitedError) as caught:
            await call(http)
    error = caught.value
    assert world.seen == []
    assert (error.status, error.retry_after, error.scopes) == (429, left, scopes)
    assert (error.sent, error.outcome_unknown) == (False, False)
    assert KEY not in str(error)


@each_call
async def test_a_pause_of_others_is_neither_prolonged_nor_told_as_a_request(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...]
) -> None:
    world = World(pauses=(60.0,))
    async with world.http() as http:
        with pytest.raises(RateLimitedError):
            await call(http)
    assert world.shared.noted == []
    assert world.told == []


@pytest.mark.parametrize("left", [0.001, 0.5, 60.0])
async def test_a_write_does_not_wait_for_the_end_of_a_pause(left: float) -> None:
    world = World(httpx.Response(202), pauses=(left,))
    async with world.http() as http:
        with pytest.raises(RateLimitedError):
            await write(http)
    assert (world.seen, world.naps.taken) == ([], [])


async def test_a_read_waits_for_a_pause_that_ends_in_time() -> None:
    world = World(listing(), pauses=(2.0, 0.0))
    async with world.http() as http:
        assert (await read(http)).quota_info.used == 1
    (nap,) = world.naps.taken
    assert 2.0 <= nap <= 2.5
    assert len(world.seen) == 1


@each_call
@pytest.mark.parametrize("left", [0.0, -1.0])
async def test_without_a_pause_a_request_leaves(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...], left: float
) -> None:
    world = World(listing(), pauses=(left,))
    async with world.http() as http:
        await call(http)
    assert [request.method for request in world.seen] == [method]


async def test_each_try_of_a_read_asks_for_the_pause_again() -> None:
    world = World(httpx.Response(503), listing(), pauses=(0.0, 60.0))
    async with world.http() as http:
        with pytest.raises(RateLimitedError) as caught:
            await read(http)
    assert len(world.seen) == 1
    assert caught.value.retry_after == 60.0


# What is noted for the others.


@each_call
@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "60"}, {}, 60.0),
        ({"retry-after": "Mon, 27 Apr 2026 12:01:00 GMT"}, {}, 60.0),
        ({"x-ratelimit-reset": RESET}, {}, 30.0),
        ({"retry-after": "60", "x-ratelimit-reset": RESET}, {}, 60.0),
        ({"retry-after": "soon", "x-ratelimit-reset": RESET}, {}, 30.0),
        ({"retry-after": "60", "x-ratelimit-remaining": "0"}, {}, 60.0),
        ({}, {"retryAfter": RESET}, 30.0),
    ],
)
async def test_a_limit_is_noted_with_the_seconds_that_hostup_asks_for(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    headers: dict[str, str],
    body: dict[str, str],
    seconds: float,
) -> None:
    world = World(httpx.Response(429, headers=headers, json=body))
    async with world.http() as http:
        with pytest.raises(RateLimitedError) as caught:
            await call(http)
    assert world.shared.noted == [seconds]
    assert (caught.value.retry_after, caught.value.sent) == (seconds, True)
    assert len(world.seen) == 1


async def test_each_limit_that_a_read_meets_is_noted() -> None:
    limited = [httpx.Response(429, headers={"retry-after": wait}) for wait in ("1", "2")]
    world = World(*limited, listing())
    async with world.http() as http:
        await read(http)
    assert world.shared.noted == [1.0, 2.0]


GARBAGE: list[dict[str, str]] = [
    {},
    {"retry_after": ""},
    {"retry_after": "soon"},
    {"retry_after": "-5"},
    {"retry_after": "1.5"},
    {"retry_after": "NaN"},
    {"retry_after": "0"},
    {"retry_after": "\u0661"},
    {"retry_after": "Mon, 27 Apr 2026 11:59:00 GMT"},
    {"retry_after": "Mon, 99 Foo 2026 25:61:00 GMT"},
    {"x_ratelimit_reset": ""},
    {"x_ratelimit_reset": "1777291230"},
    {"x_ratelimit_reset": "in a while"},
    {"x_ratelimit_reset": "2026-02-30T10:00:00Z"},
    {"x_ratelimit_reset": "2026-04-27T11:59:00Z"},
    {"x_ratelimit_reset": "2026-04-27T12:00:00Z"},
]


@each_call
@pytest.mark.parametrize("headers", GARBAGE, ids=str)
async def test_a_limit_that_names_no_time_is_not_noted(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    headers: dict[str, str],
) -> None:
    world = World(httpx.Response(429, headers=named(headers)))
    async with world.http(budget=0.0) as http:
        with pytest.raises(RateLimitedError):
            await call(http)
    assert world.shared.noted == []


@each_call
@pytest.mark.parametrize(("status", "kind"), [pair for pair in ERRORS if pair[0] != 429])
async def test_only_a_limit_stops_the_others(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    status: int,
    kind: type[HostUpError],
) -> None:
    headers = {"retry-after": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}
    world = World(httpx.Response(status, headers=headers))
    async with world.http() as http:
        with pytest.raises(kind):
            await call(http)
    assert world.shared.noted == []


@each_call
@pytest.mark.parametrize("remaining", ["0", " 0", "0 "])
async def test_a_success_that_was_the_last_one_notes_when_there_are_more(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    remaining: str,
) -> None:
    world = World(listing(x_ratelimit_remaining=remaining, x_ratelimit_reset=RESET))
    async with world.http() as http:
        await call(http)
    assert world.shared.noted == [30.0]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_every_success_of_a_write_may_be_the_last_one(status: int) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}
    world = World(httpx.Response(status, headers=headers))
    async with world.http() as http:
        assert (await write(http)).status == status
    assert world.shared.noted == [30.0]


async def test_a_success_that_was_the_last_one_may_ask_for_seconds() -> None:
    world = World(listing(x_ratelimit_remaining="0", retry_after="7", x_ratelimit_reset=RESET))
    async with world.http() as http:
        await read(http)
    assert world.shared.noted == [7.0]


@each_call
@pytest.mark.parametrize("headers", GARBAGE, ids=str)
async def test_a_last_success_that_names_no_time_is_a_success_and_not_noted(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    headers: dict[str, str],
) -> None:
    world = World(listing(x_ratelimit_remaining="0", **headers))
    async with world.http() as http:
        await call(http)
    assert world.shared.noted == []


@each_call
@pytest.mark.parametrize("remaining", [None, "", "1", "100", "-1", "00", "0.0", "none", "null"])
async def test_a_success_with_more_to_come_notes_nothing(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    remaining: str | None,
) -> None:
    given = {} if remaining is None else {"x_ratelimit_remaining": remaining}
    world = World(listing(x_ratelimit_reset=RESET, retry_after="7", **given))
    async with world.http() as http:
        await call(http)
    assert world.shared.noted == []


async def test_without_a_throttle_limits_are_only_raised() -> None:
    async def last(_: httpx.Request) -> httpx.Response:
        return listing(x_ratelimit_remaining="0", x_ratelimit_reset=RESET)

    http = Http(BASE, KEY, transport=httpx.MockTransport(last), now=lambda: NOW)
    assert (await read(http)).quota_info.used == 1
    await http.close()


# The observer.


@each_call
async def test_a_success_is_told_with_its_method_status_and_seconds(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...]
) -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.02)
        return listing()

    world = World()
    async with world.http(far_end=slow) as http:
        await call(http)
    ((told, outcome, seconds),) = world.told
    assert (told, outcome) == (method, "200")
    assert 0.01 <= seconds < 10


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_write_is_told_under_its_own_verb(method: str, status: int) -> None:
    world = World(httpx.Response(status))
    async with world.http() as http:
        await http.write(WriteRequest(method, BACKUPS, scopes=()))
    assert world.outcomes == [(method, str(status))]


@each_call
@pytest.mark.parametrize("status", [*(status for status, _ in ERRORS), *REDIRECTS, 102])
async def test_each_refusal_is_told_with_its_status(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...], status: int
) -> None:
    world = World(httpx.Response(status, headers={"retry-after": "60"}))
    async with world.http() as http:
        with pytest.raises(HostUpError):
            await call(http)
    assert world.outcomes == [(method, str(status))]
    assert world.told[0][2] >= 0


@each_call
@pytest.mark.parametrize(("cause", "kind", "_sent"), BROKEN)
async def test_each_broken_connection_is_told_by_its_name(
    call: Callable[[Http], Awaitable[Any]],
    method: str,
    scopes: tuple[str, ...],
    cause: type[httpx.TransportError],
    kind: type[HostUpError],
    _sent: bool,
) -> None:
    world = World(broken(cause))
    async with world.http(budget=0.0 if call is read else 20.0) as http:
        with pytest.raises(kind):
            await call(http)
    assert world.outcomes == [(method, kind.__name__)]


@each_call
async def test_what_is_never_answered_is_told_with_the_time_that_it_took(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...]
) -> None:
    world = World()
    async with world.http(budget=0.05, far_end=hang) as http:
        with pytest.raises(TimedOutError):
            await call(http)
    assert world.outcomes == [(method, "TimedOutError")]
    assert 0.03 <= world.told[0][2] < 10


@each_call
async def test_what_is_given_up_is_told_as_failed(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...]
) -> None:
    world = World()
    async with world.http(far_end=hang) as http:
        with anyio.move_on_after(0.02) as scope:
            await call(http)
    assert scope.cancelled_caught
    assert world.outcomes == [(method, "failed")]


@each_call
async def test_an_answer_that_is_too_large_is_told_too(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...]
) -> None:
    world = World(httpx.Response(200, stream=Stream(*[MEGABYTE] * 11)))
    async with world.http() as http:
        with pytest.raises(ResponseTooLargeError):
            await call(http)
    assert world.outcomes == [(method, "200")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=PAGE),
        httpx.Response(200, stream=Stream(b"\x1f\x8b?"), headers={"content-encoding": "gzip"}),
    ],
    ids=["page", "compressed"],
)
async def test_an_answer_that_cannot_be_read_was_an_answer(answer: httpx.Response) -> None:
    world = World(answer)
    async with world.http() as http:
        with pytest.raises(BadResponseError):
            await read(http)
    assert world.outcomes == [("GET", "200")]


async def test_each_try_of_a_read_is_told_on_its_own() -> None:
    world = World(httpx.Response(503), broken(httpx.ReadError), httpx.Response(429), listing())
    async with world.http() as http:
        await read(http)
    assert world.outcomes == [
        ("GET", "503"),
        ("GET", "ConnectionLostError"),
        ("GET", "429"),
        ("GET", "200"),
    ]


@each_call
async def test_the_observer_is_told_neither_the_key_nor_where_it_went(
    call: Callable[[Http], Awaitable[Any]], method: str, scopes: tuple[str, ...]
) -> None:
    world = World(httpx.Response(401, json={"detail": f"Bearer {KEY} is not valid"}))
    async with world.http() as http:
        with pytest.raises(HostUpError):
            await call(http)
    assert KEY not in repr(world.told)
    assert BACKUPS not in repr(world.told)
