"""The key goes to one place only, and reads are retried within a budget of time."""

import gzip
import socket
import ssl
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp import __version__
from hostup_mcp.hostup.http import MAX_RESPONSE_BYTES, Http
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConnectionLostError,
    EdgeRefusedError,
    ForbiddenError,
    HostUpError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    RedirectedError,
    ResponseTooLargeError,
    ServerFaultError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
)
from hostup_mcp.hostup.requests import WriteRequest

from .test_responses import ERRORS, bodies, header_lists
from .wire import BACKUPS, BASE, KEY, LISTING, PAGE, PROBLEM, Naps, Stream, connected, router

RETRIED = [429, 502, 503, 504]
NOT_RETRIED = [400, 401, 403, 404, 405, 409, 418, 500, 501]
REDIRECTS = [301, 302, 303, 307, 308]
MEGABYTE = b" " * 1_000_000
LATE = 30.0
"""Seconds within which a budget of less than one is over on any machine."""

# What the network may do to one request: how it fails, as what, and whether anything was sent.
BROKEN: list[tuple[type[httpx.TransportError], type[HostUpError], bool]] = [
    (httpx.ConnectError, UnreachableError, False),
    (httpx.ConnectTimeout, UnreachableError, False),
    (httpx.PoolTimeout, UnreachableError, False),
    (httpx.ProxyError, UnreachableError, False),
    (httpx.ReadError, ConnectionLostError, True),
    (httpx.WriteError, ConnectionLostError, True),
    (httpx.CloseError, ConnectionLostError, True),
    (httpx.ReadTimeout, ConnectionLostError, True),
    (httpx.WriteTimeout, ConnectionLostError, True),
    (httpx.RemoteProtocolError, ConnectionLostError, True),
]


def listing() -> httpx.Response:
    return httpx.Response(200, json=LISTING)


def broken(kind: type[httpx.TransportError]) -> httpx.TransportError:
    return kind(f"something about {KEY}")


async def read(http: Http) -> BackupList:
    return await http.read(BackupList, BACKUPS, scopes=("read:vm",))


async def hang(_: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError("unreachable")


# The request.


async def test_a_request_says_who_asks_and_what_is_understood() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(200, json=LISTING)
    async with connected(far_end) as http:
        assert await read(http) == BackupList.model_validate(LISTING)
    headers = route.calls.last.request.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["user-agent"] == f"hostup-mcp/{__version__}"
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert "content-type" not in headers
    assert "cookie" not in headers


async def test_the_key_is_in_one_header_and_nowhere_else() -> None:
    far_end = router()
    route = far_end.post(BASE + BACKUPS).respond(202, json={})
    async with connected(far_end) as http:
        await http.write(WriteRequest("POST", BACKUPS, {"note": "x"}, scopes=()))
        assert KEY not in repr(http)
    request = route.calls.last.request
    assert [name for name, value in request.headers.items() if KEY in value] == ["authorization"]
    assert KEY not in str(request.url)
    assert KEY.encode() not in request.content


async def test_a_prefix_of_the_base_url_is_kept() -> None:
    far_end = router()
    route = far_end.get("http://127.0.0.1:8080/behind/api/v2/x").respond(200, json=LISTING)
    async with connected(far_end, base_url="http://127.0.0.1:8080/behind") as http:
        await http.read(BackupList, "/api/v2/x")
    assert route.called


async def test_parameters_are_encoded_into_the_query() -> None:
    far_end = router()
    route = far_end.get(url__startswith=BASE).respond(200, json=LISTING)
    async with connected(far_end) as http:
        await http.read(BackupList, "/api/v2/x", {"limit": 5, "name": "a&limit=9 #å"})
    url = route.calls.last.request.url
    assert dict(url.params) == {"limit": "5", "name": "a&limit=9 #å"}
    assert url.path == "/api/v2/x"


# Failures of a read.


@pytest.mark.parametrize(("status", "kind"), ERRORS)
async def test_a_refused_read_raises_the_failure_of_its_status(
    status: int, kind: type[ProblemError]
) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    # Asking for more time than there is ends the retries of those that have any.
    headers = {"retry-after": "60"}
    route.respond(status, json=PROBLEM | {"status": status}, headers=headers)
    async with connected(far_end) as http:
        with pytest.raises(kind) as caught:
            await read(http)
    assert route.call_count == 1
    assert caught.value.code == "invalid_request"
    assert caught.value.scopes == ("read:vm",)
    assert caught.value.retry_after == 60


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(403, html=PAGE.decode()), EdgeRefusedError),
        (httpx.Response(403), ForbiddenError),
        (httpx.Response(403, json={"code": "forbidden", "detail": "read:vm"}), ForbiddenError),
        (httpx.Response(404, html=PAGE.decode()), BadResponseError),
        (httpx.Response(200, html=PAGE.decode()), BadResponseError),
        (httpx.Response(200), BadResponseError),
        (httpx.Response(200, content=b'{"backups": ['), BadResponseError),
        (httpx.Response(200, json={}), BadResponseError),
        (httpx.Response(204), BadResponseError),
        (httpx.Response(202), BadResponseError),
        (httpx.Response(102), BadResponseError),
        (httpx.Response(304), RedirectedError),
        (httpx.Response(200, stream=Stream(b"\x1f\x8b?"), headers={"content-encoding": "gzip"}),
         BadResponseError),
    ],
    ids=lambda value: f"{value.status_code}" if isinstance(value, httpx.Response) else None,
)  # fmt: skip
async def test_an_answer_that_another_try_would_not_change_is_not_asked_for_again(
    answer: httpx.Response, kind: type[HostUpError]
) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).mock(side_effect=[answer])
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        with pytest.raises(HostUpError) as caught:
            await read(http)
    assert type(caught.value) is kind
    assert route.call_count == 1
    assert naps.taken == []


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/",
        "//evil.example/x",
        f"{BASE}/api/v2/vps",
        "/login",
        "",
        "https://x:port/",
    ],
)
async def test_a_redirect_is_never_followed(status: int, location: str) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.respond(status, headers={"location": location})
    elsewhere = far_end.route().respond(200, json=LISTING)
    async with connected(far_end) as http:
        with pytest.raises(RedirectedError) as caught:
            await read(http)
    assert route.call_count == 1
    assert not elsewhere.called
    assert caught.value.status == status


@pytest.mark.parametrize(("cause", "kind", "_sent"), BROKEN)
async def test_a_broken_connection_is_typed_by_whether_anything_was_sent(
    cause: type[httpx.TransportError], kind: type[HostUpError], _sent: bool
) -> None:
    far_end = router()
    far_end.get(BASE + BACKUPS).mock(side_effect=broken(cause))
    async with connected(far_end, budget=0.0) as http:
        with pytest.raises(HostUpError) as caught:
            await read(http)
    assert type(caught.value) is kind
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("cause", [httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout])
async def test_a_connection_cut_in_the_middle_of_an_answer_is_lost_and_read_again(
    cause: type[httpx.TransportError],
) -> None:
    cut = Stream(b'{"backups": [', breaks=broken(cause))
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.mock(side_effect=[httpx.Response(200, stream=cut), listing()])
    async with connected(far_end) as http:
        assert (await read(http)).quota_info.used == 1
    assert route.call_count == 2
    assert cut.closed


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (
            ssl.SSLCertVerificationError(1, f"self-signed, {KEY}"),
            "its certificate was not accepted",
        ),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "it does not speak https there"),
        (socket.gaierror(-2, "Name or service not known"), "its name was not found"),
        (ConnectionRefusedError(111, "Connect call failed"), "it was refused"),
        (OSError(101, f"Network is unreachable, {KEY}"), "ConnectError"),
    ],
)
async def test_why_there_is_no_connection_is_told(cause: OSError, told: str) -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        try:
            raise cause
        except OSError:
            raise httpx.ConnectError("failed", request=request) from cause

    async with connected(refuse, budget=0.0) as http:
        with pytest.raises(UnreachableError) as caught:
            await read(http)
    assert str(caught.value) == f"no connection to cloud.hostup.se: {told}"


def test_a_failure_whose_causes_lead_back_to_itself_is_still_told() -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        error, cause = httpx.ConnectError("failed", request=request), OSError("refused")
        error.__cause__, cause.__context__ = cause, error
        raise error

    async def told() -> None:
        async with connected(refuse, budget=0.0) as http:
            with pytest.raises(UnreachableError):
                await read(http)

    # In a thread, because a loop without end could not be interrupted here.
    thread = threading.Thread(target=anyio.run, args=(told,), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


async def test_a_connection_that_takes_too_long_to_make_is_said_to_have_timed_out() -> None:
    far_end = router()
    far_end.get(BASE + BACKUPS).mock(side_effect=httpx.ConnectTimeout)
    async with connected(far_end, budget=0.0) as http:
        with pytest.raises(
            UnreachableError, match=r"no connection to cloud\.hostup\.se: timed out"
        ):
            await read(http)


# Time.


async def test_a_read_that_is_never_answered_ends_with_its_budget() -> None:
    async with connected(hang, budget=0.05) as http:
        with pytest.raises(TimedOutError, match=r"within 0\.05 s") as caught:
            await read(http)
    assert caught.value.outcome_unknown is True
    assert caught.value.scopes == ("read:vm",)


async def test_a_body_that_never_ends_ends_with_the_budget_too() -> None:
    class Trickle(Stream):
        async def __aiter__(self):  # type: ignore[no-untyped-def,override]
            while True:
                yield b" "
                await anyio.sleep(0.005)

    stream = Trickle()
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(200, stream=stream)
    async with connected(far_end, budget=0.05) as http:
        with pytest.raises(TimedOutError):
            await read(http)
    assert stream.closed


async def test_the_budget_is_for_all_tries_of_a_read_together() -> None:
    tries: list[httpx.Request] = []

    async def busy_then_silent(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return httpx.Response(503) if len(tries) == 1 else await hang(request)

    begun = time.monotonic()
    async with connected(busy_then_silent, budget=0.3) as http:
        # The first wait may by chance not fit; then the 503 is raised, and as soon.
        with pytest.raises((TimedOutError, ServerFaultError)):
            await read(http)
    assert len(tries) <= 2
    assert time.monotonic() - begun < LATE


async def test_retries_end_where_the_next_wait_would_not_fit() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.respond(429, headers={"x-ratelimit-reset": "2026-04-27T12:00:03.000Z"})
    # One wait fits and two do not, however slow the machine is in between.
    async with connected(far_end, budget=5.5, sleep=anyio.sleep) as http:
        with pytest.raises(RateLimitedError) as caught:
            await read(http)
    assert route.call_count == 2
    assert caught.value.retry_after == 3


async def test_a_fault_that_stays_is_raised_within_the_budget() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(503)
    begun = time.monotonic()
    async with connected(far_end, budget=0.2, sleep=anyio.sleep) as http:
        # Where a wait has just fitted, the time may be over before the next try is.
        with pytest.raises((ServerFaultError, TimedOutError)):
            await read(http)
    assert time.monotonic() - begun < LATE
    assert route.called


async def test_who_cancels_a_read_is_obeyed_at_once() -> None:
    async with connected(hang) as http:
        with anyio.move_on_after(0.02) as scope:
            await read(http)
    assert scope.cancelled_caught


async def test_who_cancels_a_wait_between_tries_is_obeyed_at_once() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(503)

    async def for_ever(_: float) -> None:
        await anyio.sleep_forever()

    async with connected(far_end, sleep=for_ever) as http:
        with anyio.move_on_after(0.02) as scope:
            await read(http)
    assert scope.cancelled_caught
    assert route.call_count == 1


# Retries of reads.


@pytest.mark.parametrize("status", RETRIED)
async def test_a_read_is_tried_again_where_that_may_help(status: int) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.mock(side_effect=[httpx.Response(status)] * 3 + [listing()])
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        assert (await read(http)).quota_info.used == 1
    assert route.call_count == 4
    assert len(naps.taken) == 3
    assert all(0 <= nap <= 4 for nap in naps.taken)


@pytest.mark.parametrize(("cause", "_kind", "_sent"), BROKEN)
async def test_a_read_is_tried_again_after_a_broken_connection(
    cause: type[httpx.TransportError], _kind: type[HostUpError], _sent: bool
) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).mock(side_effect=[broken(cause), broken(cause), listing()])
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        assert (await read(http)).quota_info.used == 1
    assert (route.call_count, len(naps.taken)) == (3, 2)


@pytest.mark.parametrize("status", NOT_RETRIED)
async def test_a_read_is_not_tried_again_where_the_answer_is_final(status: int) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(status, headers={"retry-after": "0"})
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        with pytest.raises(ProblemError):
            await read(http)
    assert route.call_count == 1
    assert naps.taken == []


async def test_a_final_answer_after_a_try_again_is_final() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.mock(side_effect=[httpx.Response(503), httpx.Response(404)])
    async with connected(far_end) as http:
        with pytest.raises(NotFoundError):
            await read(http)
    assert route.call_count == 2


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, {}, 7),
        ({"retry-after": "0"}, {}, 0),
        ({"retry-after": "Mon, 27 Apr 2026 12:00:07 GMT"}, {}, 7),
        ({"retry-after": "Mon, 27 Apr 2026 11:59:00 GMT"}, {}, 0),
        ({"x-ratelimit-reset": "2026-04-27T12:00:07.000Z"}, {}, 7),
        ({"retry-after": "soon", "x-ratelimit-reset": "2026-04-27T12:00:07.000Z"}, {}, 7),
        ({"retry-after": "2", "x-ratelimit-reset": "2026-04-27T12:00:07.000Z"}, {}, 2),
        ({}, {"retryAfter": "2026-04-27T12:00:07.000Z"}, 7),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_the_wait_that_was_asked_for_is_kept_and_little_is_added(
    status: int, headers: dict[str, str], body: dict[str, str], seconds: float
) -> None:
    far_end = router()
    far_end.get(BASE + BACKUPS).mock(
        side_effect=[httpx.Response(status, headers=headers, json=body), listing()]
    )
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        await read(http)
    (nap,) = naps.taken
    assert seconds <= nap <= seconds + 0.5


@pytest.mark.parametrize("garbage", ["soon", "-5", "1.5", ""])
async def test_a_wait_that_cannot_be_read_is_a_short_one(garbage: str) -> None:
    far_end = router()
    far_end.get(BASE + BACKUPS).mock(
        side_effect=[httpx.Response(429, headers={"retry-after": garbage}), listing()]
    )
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        await read(http)
    assert 0 <= naps.taken[0] <= 4


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": "3600"}, 3600),
        ({"retry-after": "Mon, 27 Apr 2026 12:01:00 GMT"}, 60),
        ({"x-ratelimit-reset": "2026-04-27T12:00:30.000Z"}, 30),
    ],
)
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitedError), (503, ServerFaultError)])
async def test_a_wait_that_does_not_fit_is_raised_at_once_with_its_length(
    status: int, kind: type[ProblemError], headers: dict[str, str], seconds: float
) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(status, headers=headers)
    naps = Naps()
    async with connected(far_end, budget=20.0, sleep=naps) as http:
        with pytest.raises(kind) as caught:
            await read(http)
    assert route.call_count == 1
    assert naps.taken == []
    assert caught.value.retry_after == seconds


async def test_the_key_goes_out_unchanged_with_every_try() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.mock(side_effect=[httpx.Response(503, headers={"set-cookie": "a=b"}), listing()])
    async with connected(far_end) as http:
        await read(http)
    assert [c.request.headers["authorization"] for c in route.calls] == [f"Bearer {KEY}"] * 2


# Size.


async def test_an_answer_beyond_ten_megabytes_is_refused_while_it_is_read() -> None:
    endless = Stream(*[MEGABYTE] * 500)
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(200, stream=endless)
    async with connected(far_end) as http:
        with pytest.raises(ResponseTooLargeError, match="larger than 10 MB"):
            await read(http)
    assert endless.taken == 11
    assert endless.closed
    assert route.call_count == 1


async def test_an_answer_of_exactly_ten_megabytes_is_taken() -> None:
    body = httpx.Response(200, json=LISTING).content
    padding = b" " * (MAX_RESPONSE_BYTES - len(body))
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(200, stream=Stream(padding, body))
    async with connected(far_end) as http:
        assert (await read(http)).quota_info.used == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_a_small_answer_that_would_unfold_to_any_size_is_never_unfolded(times: int) -> None:
    folded = MEGABYTE * 100
    for _ in range(times):
        folded = gzip.compress(folded)
    far_end = router()
    headers = {"content-encoding": ", ".join(["gzip"] * times)}
    far_end.get(BASE + BACKUPS).respond(200, headers=headers, stream=Stream(folded))
    async with connected(far_end) as http:
        tracemalloc.start()
        try:
            with pytest.raises(BadResponseError, match="compressed, which was not requested"):
                await read(http)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


async def test_what_travels_counts_also_where_it_would_unfold_to_nothing() -> None:
    nothing = b"\x00\x00\x00\xff\xff" * 200_000
    endless = Stream(gzip.compress(b"")[:10], *[nothing] * 50)
    far_end = router()
    headers = {"content-encoding": "gzip"}
    far_end.get(BASE + BACKUPS).respond(200, headers=headers, stream=endless)
    async with connected(far_end) as http:
        with pytest.raises(ResponseTooLargeError):
            await read(http)
    assert endless.taken == 11


@pytest.mark.parametrize(
    ("status", "kind"), [(401, UnauthorizedError), (403, EdgeRefusedError), (404, BadResponseError)]
)
async def test_a_compressed_page_with_a_refusal_is_known_by_status_and_type(
    status: int, kind: type[HostUpError]
) -> None:
    far_end = router()
    headers = {"content-encoding": "gzip", "content-type": "text/html"}
    far_end.get(BASE + BACKUPS).respond(status, headers=headers, stream=Stream(gzip.compress(PAGE)))
    async with connected(far_end) as http:
        with pytest.raises(kind) as caught:
            await read(http)
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [404, 500])
async def test_a_failure_is_bounded_like_a_success(status: int) -> None:
    endless = Stream(*[MEGABYTE] * 50)
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(status, stream=endless)
    async with connected(far_end) as http:
        with pytest.raises(ResponseTooLargeError) as caught:
            await read(http)
    assert endless.taken == 11
    assert caught.value.status == status


@pytest.mark.parametrize("status", RETRIED)
async def test_a_failure_that_was_too_large_once_is_not_read_again(status: int) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.mock(side_effect=[httpx.Response(status, stream=Stream(*[MEGABYTE] * 50)), listing()])
    async with connected(far_end) as http:
        with pytest.raises(ResponseTooLargeError):
            await read(http)
    assert route.call_count == 1


# The key.

LEAKS: list[tuple[str, Callable[[respx.Route], Any]]] = [
    ("refused", lambda route: route.respond(401, json=PROBLEM | {"status": 401})),
    ("page", lambda route: route.respond(403, html="<html>Authorization refused</html>")),
    ("shape", lambda route: route.respond(200, json={"backups": KEY})),
    ("not json", lambda route: route.respond(200, text=KEY)),
    ("redirect", lambda route: route.respond(302, headers={"location": f"https://x/{KEY}"})),
    ("cut", lambda route: route.mock(side_effect=broken(httpx.ReadError))),
    ("no connection", lambda route: route.mock(side_effect=broken(httpx.ConnectError))),
    ("local", lambda route: route.mock(side_effect=broken(httpx.LocalProtocolError))),
    ("echo", lambda route: route.respond(401, json={"detail": f"Bearer {KEY} is not valid"})),
]


@pytest.mark.parametrize("leak", [leak for _, leak in LEAKS], ids=[name for name, _ in LEAKS])
async def test_no_failure_shows_the_key(leak: Callable[[respx.Route], Any]) -> None:
    far_end = router()
    leak(far_end.get(BASE + BACKUPS))
    async with connected(far_end, budget=0.0) as http:
        with pytest.raises(HostUpError) as caught:
            await read(http)
    error = caught.value
    shown = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    assert not [text for text in shown if KEY in text]


@pytest.mark.parametrize("written", ['hu/5ecret"+\\Key', 'hu\\/5ecret\\"\\u002b\\\\Key'])
async def test_a_key_is_recognised_however_json_writes_it(written: str) -> None:
    key = 'hu/5ecret"+\\Key'
    body = written if written == key else f'{{"detail": "Bearer {written} is not valid"}}'
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(401, content=body.encode())
    async with connected(far_end, key=key) as http:
        with pytest.raises(UnauthorizedError) as caught:
            await read(http)
    assert key not in str(caught.value)
    assert str(caught.value) == ("status 401" if written == key else "Bearer *** is not valid")


async def test_a_key_that_is_refused_is_not_tried_twice() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(401)
    async with connected(far_end) as http:
        for _ in range(2):
            with pytest.raises(UnauthorizedError):
                await read(http)
    assert route.call_count == 2


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(100, 999), header_lists, bodies)
async def test_whatever_comes_back_a_read_ends_in_a_value_or_a_failure(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    tries: list[int] = []

    async def answer(_: httpx.Request) -> httpx.Response:
        tries.append(status)
        if len(tries) > 1:
            return listing()
        return httpx.Response(status, headers=headers, stream=Stream(body))

    async with connected(answer) as http:
        outcome: BackupList | HostUpError
        try:
            outcome = await read(http)
        except HostUpError as error:
            outcome = error
    if isinstance(outcome, HostUpError):
        assert (outcome.status, outcome.scopes) == (status, ("read:vm",))
    assert len(tries) == 1 or status in RETRIED
