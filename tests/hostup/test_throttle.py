"""All users of one key pause when HostUp asks one of them to, and each request is observed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest

from hostup_mcp.hostup.http import Http, Throttle
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import HostUpError, RateLimitedError, TimedOutError
from hostup_mcp.hostup.requests import WriteRequest

from .test_http import BROKEN, MEGABYTE, REDIRECTS, broken, hang
from .test_responses import BARE_ERRORS, ERRORS
from .wire import BACKUPS, BASE, KEY, LISTING, NOW, PAGE, Naps, Stream

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]
Call = Callable[[Http], Awaitable[Any]]

RESET = "2026-04-27T12:00:30.000Z"
"""Thirty seconds from now."""


class World:
    """A connection with a throttle and an observer, to a server with canned responses."""

    def __init__(
        self, *responses: httpx.Response | Exception, pauses: tuple[float, ...] = ()
    ) -> None:
        self.responses = list(responses)
        self.pauses = list(pauses)
        self.noted: list[float] = []
        self.seen: list[httpx.Request] = []
        self.observed: list[tuple[str, str, float]] = []
        self.naps = Naps()

    async def pause(self) -> float:
        return self.pauses.pop(0) if self.pauses else 0.0

    async def limited(self, seconds: float) -> None:
        self.noted.append(seconds)

    async def server(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        response = self.responses.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(method, outcome) for method, outcome, _ in self.observed]

    @asynccontextmanager
    async def http(
        self, *, budget: float = 20.0, server: Handler | None = None
    ) -> AsyncIterator[Http]:
        http = Http(
            BASE,
            KEY,
            transport=httpx.MockTransport(server or self.server),
            budget=budget,
            now=lambda: NOW,
            sleep=self.naps,
            throttle=Throttle(self.pause, self.limited),
            observe=lambda *event: self.observed.append(event),
        )
        try:
            yield http
        finally:
            await http.close()

    async def run(self, call: Call, **given: Any) -> HostUpError | None:
        """Make `call`; the error that it raised."""
        async with self.http(**given) as http:
            try:
                await call(http)
            except HostUpError as error:
                return error
        return None


def listing(**headers: str) -> httpx.Response:
    return httpx.Response(200, json=LISTING, headers=named(headers))


def named(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]


async def read(http: Http) -> BackupList:
    return await http.read(BackupList, BACKUPS, scopes=("read:vm",))


async def write(http: Http) -> Any:
    return await http.write(
        WriteRequest("POST", BACKUPS, {"note": "x"}, scopes=("backup:vm",)), "w"
    )


each_call = pytest.mark.parametrize(
    ("call", "method", "scopes"),
    [(read, "GET", ("read:vm",)), (write, "POST", ("backup:vm",))],
    ids=["read", "write"],
)


# A pause.


@each_call
@pytest.mark.parametrize("left", [20.0, 3600.0])
async def test_a_pause_stops_requests(
    call: Call, method: str, scopes: tuple[str, ...], left: float
) -> None:
    world = World(pauses=(left,))
    error = await world.run(call)
    assert isinstance(error, RateLimitedError)
    assert (error.status, error.retry_after, error.scopes) == (429, left, scopes)
    assert (error.sent, error.outcome_unknown) == (False, False)
    assert (world.seen, world.noted, world.observed) == ([], [], [])


@pytest.mark.parametrize("left", [0.001, 0.5])
async def test_writes_do_not_wait_for_a_pause(left: float) -> None:
    world = World(pauses=(left,))
    assert isinstance(await world.run(write), RateLimitedError)
    assert (world.seen, world.naps.taken) == ([], [])


async def test_reads_wait_for_a_short_pause() -> None:
    world = World(listing(), pauses=(2.0, 0.0))
    assert await world.run(read) is None
    (nap,) = world.naps.taken
    assert 2.0 <= nap <= 2.5
    assert len(world.seen) == 1


@each_call
@pytest.mark.parametrize("left", [0.0, -1.0])
async def test_no_pause_stops_nothing(call: Call, method: str, scopes: Any, left: float) -> None:
    world = World(listing(), pauses=(left,))
    assert await world.run(call) is None
    assert [request.method for request in world.seen] == [method]


async def test_each_attempt_checks_the_pause() -> None:
    world = World(httpx.Response(503), pauses=(0.0, 60.0))
    error = await world.run(read)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 60.0


# What is recorded for the others.


@each_call
@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "60"}, {}, 60.0),
        ({"retry-after": "99999999"}, {}, 3600.0),
        ({"retry-after": "Mon, 27 Apr 2026 12:01:00 GMT"}, {}, 60.0),
        ({"x-ratelimit-reset": RESET}, {}, 30.0),
        ({"retry-after": "60", "x-ratelimit-reset": RESET}, {}, 60.0),
        ({"retry-after": "soon", "x-ratelimit-reset": RESET}, {}, 30.0),
        ({}, {"retryAfter": RESET}, 30.0),
    ],
)
async def test_a_limit_is_recorded(
    call: Call, method: str, scopes: Any, headers: Any, body: Any, seconds: float
) -> None:
    world = World(httpx.Response(429, headers=headers, json=body))
    error = await world.run(call)
    assert isinstance(error, RateLimitedError)
    assert world.noted == [seconds]
    assert error.sent is True


async def test_every_limit_of_a_read_is_recorded() -> None:
    limited = [httpx.Response(429, headers={"retry-after": wait}) for wait in ("1", "2")]
    world = World(*limited, listing())
    assert await world.run(read) is None
    assert world.noted == [1.0, 2.0]


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
async def test_a_limit_without_a_time_is_not_recorded(call: Call, method: str, scopes: Any) -> None:
    for headers in GARBAGE:
        refused = World(httpx.Response(429, headers=named(headers)))
        assert isinstance(await refused.run(call, budget=0.0), RateLimitedError)
        last = World(listing(x_ratelimit_remaining="0", **headers))
        assert await last.run(call) is None
        assert (refused.noted, last.noted) == ([], []), headers


@each_call
async def test_other_errors_record_nothing(call: Call, method: str, scopes: Any) -> None:
    headers = {"retry-after": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}
    for status, kind in BARE_ERRORS:
        world = World(httpx.Response(status, headers=headers))
        assert isinstance(await world.run(call), kind)
        assert world.noted == ([60.0] if status == 429 else [])


@each_call
@pytest.mark.parametrize(
    ("headers", "noted"),
    [
        ({"x_ratelimit_remaining": "0"}, [30.0]),
        ({"x_ratelimit_remaining": " 0 "}, [30.0]),
        ({"x_ratelimit_remaining": "0", "retry_after": "7"}, [7.0]),
        *(
            ({"x_ratelimit_remaining": more, "retry_after": "7"}, [])
            for more in ("", "1", "100", "-1", "00", "0.0", "none", "null")
        ),
        ({"retry_after": "7"}, []),
    ],
)
async def test_the_last_allowed_success_is_recorded(
    call: Call, method: str, scopes: Any, headers: dict[str, str], noted: list[float]
) -> None:
    world = World(listing(x_ratelimit_reset=RESET, **headers))
    assert await world.run(call) is None
    assert world.noted == noted


async def test_limits_without_a_throttle_are_raised() -> None:
    async def last(_: httpx.Request) -> httpx.Response:
        return listing(x_ratelimit_remaining="0", x_ratelimit_reset=RESET)

    http = Http(BASE, KEY, transport=httpx.MockTransport(last), now=lambda: NOW)
    assert (await read(http)).quota_info.used == 1
    await http.close()


# The observer.


@each_call
async def test_each_response_is_observed_by_status(call: Call, method: str, scopes: Any) -> None:
    for status in [200, *(status for status, _ in ERRORS), *REDIRECTS, 102]:
        world = World(httpx.Response(status, json=LISTING, headers={"retry-after": "60"}))
        await world.run(call)
        assert world.outcomes == [(method, str(status))]
        assert 0 <= world.observed[0][2] < 10


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_write_is_observed_by_its_method(method: str, status: int) -> None:
    world = World(httpx.Response(status))
    await world.run(lambda http: http.write(WriteRequest(method, BACKUPS, scopes=()), "w"))
    assert world.outcomes == [(method, str(status))]


@each_call
@pytest.mark.parametrize(("cause", "kind", "_sent"), BROKEN)
async def test_a_broken_connection_is_observed(
    call: Call, method: str, scopes: Any, cause: Any, kind: type[HostUpError], _sent: bool
) -> None:
    world = World(broken(cause))
    assert isinstance(await world.run(call, budget=0.0 if call is read else 20.0), kind)
    assert world.outcomes == [(method, kind.__name__)]


@each_call
async def test_a_timeout_is_observed_with_its_seconds(call: Call, method: str, scopes: Any) -> None:
    world = World()
    assert isinstance(await world.run(call, budget=0.05, server=hang), TimedOutError)
    assert world.outcomes == [(method, "TimedOutError")]
    assert 0.03 <= world.observed[0][2] < 10


@each_call
async def test_a_cancelled_request_is_observed(call: Call, method: str, scopes: Any) -> None:
    world, scope = World(), anyio.CancelScope()

    async def cancelled(request: httpx.Request) -> httpx.Response:
        scope.cancel()
        return await hang(request)

    with scope:
        await world.run(call, server=cancelled)
    assert scope.cancelled_caught
    assert world.outcomes == [(method, "failed")]


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, stream=Stream(*[MEGABYTE] * 11)),
        httpx.Response(200, content=PAGE),
        httpx.Response(200, stream=Stream(b"\x1f\x8b?"), headers={"content-encoding": "gzip"}),
    ],
    ids=["too large", "page", "compressed"],
)
async def test_an_unreadable_response_is_observed(response: httpx.Response) -> None:
    world = World(response)
    assert isinstance(await world.run(read), HostUpError)
    assert world.outcomes == [("GET", "200")]


async def test_each_attempt_is_observed() -> None:
    world = World(httpx.Response(503), broken(httpx.ReadError), httpx.Response(429), listing())
    assert await world.run(read) is None
    assert [outcome for _, outcome in world.outcomes] == [
        *("503", "ConnectionLostError", "429", "200")
    ]


@each_call
async def test_the_observer_sees_no_key_and_no_path(call: Call, method: str, scopes: Any) -> None:
    world = World(httpx.Response(401, json={"detail": f"Bearer {KEY} is not valid"}))
    assert isinstance(await world.run(call), HostUpError)
    assert KEY not in repr(world.observed)
    assert BACKUPS not in repr(world.observed)
