"""The key goes to one host only, and reads are retried within a time budget."""

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
import anyio.lowlevel
import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp import __version__
from hostup_mcp.hostup.connection import describe_cause
from hostup_mcp.hostup.http import MAX_RESPONSE_BYTES, Http
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConnectionLostError,
    EdgeRefusedError,
    ForbiddenError,
    HostUpError,
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
REDIRECTS = [301, 302, 303, 307, 308]
MEGABYTE = b" " * 1_000_000
# What the network may do to a request: the cause, the error, and whether anything was sent.
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


class MovedClock:
    """A clock that `sleep` moves forward instead of waiting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.offset = 0.0
        real = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: real() + self.offset)

    async def sleep(self, seconds: float) -> None:
        self.offset += seconds
        await anyio.lowlevel.checkpoint()


async def hang(_: httpx.Request) -> httpx.Response:
    await anyio.sleep_forever()
    raise AssertionError("unreachable")


# The request.


async def test_the_headers_of_a_request() -> None:
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


async def test_the_key_is_in_one_header_only() -> None:
    far_end = router()
    route = far_end.post(BASE + BACKUPS).respond(202, json={})
    async with connected(far_end) as http:
        await http.write(WriteRequest("POST", BACKUPS, {"note": "x"}, scopes=()), "w")
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


async def test_parameters_are_encoded() -> None:
    far_end = router()
    route = far_end.get(url__startswith=BASE).respond(200, json=LISTING)
    async with connected(far_end) as http:
        await http.read(BackupList, "/api/v2/x", {"limit": 5, "name": "a&limit=9 #å"})
    url = route.calls.last.request.url
    assert dict(url.params) == {"limit": "5", "name": "a&limit=9 #å"}
    assert url.path == "/api/v2/x"


# Failures of a read.


@pytest.mark.parametrize(("status", "kind"), ERRORS)
async def test_a_refused_read_raises_its_error(status: int, kind: type[ProblemError]) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    # A wait that does not fit the budget ends the retries.
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
        (httpx.Response(403), EdgeRefusedError),
        (httpx.Response(403, json={"code": "forbidden", "detail": "read:vm"}), ForbiddenError),
        (httpx.Response(404, html=PAGE.decode()), BadResponseError),
        (httpx.Response(200, html=PAGE.decode()), BadResponseError),
        (httpx.Response(200), BadResponseError),
        (httpx.Response(200, content=b'{"backups": ['), BadResponseError),
        (httpx.Response(200, json={}), BadResponseError),
        (httpx.Response(204), BadResponseError),
        (httpx.Response(202), BadResponseError),
        (httpx.Response(102), BadResponseError),
        (httpx.Response(500), ServerFaultError),
        (httpx.Response(501), ServerFaultError),
        (httpx.Response(401), UnauthorizedError),
        (httpx.Response(304), RedirectedError),
        (httpx.Response(200, stream=Stream(b"\x1f\x8b?"), headers={"content-encoding": "gzip"}),
         BadResponseError),
    ],
    ids=lambda value: f"{value.status_code}" if isinstance(value, httpx.Response) else None,
)  # fmt: skip
async def test_final_responses_are_not_retried(
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
async def test_a_redirect_is_never_followed(status: int) -> None:
    for location in ("https://evil.example/", "//evil.example/x", "/login", "", "https://x:port/"):
        far_end = router()
        route = far_end.get(BASE + BACKUPS)
        route.respond(status, headers={"location": location})
        elsewhere = far_end.route().respond(200, json=LISTING)
        async with connected(far_end) as http:
            with pytest.raises(RedirectedError) as caught:
                await read(http)
        assert (route.call_count, elsewhere.called, caught.value.status) == (1, False, status)


@pytest.mark.parametrize(("cause", "kind", "_sent"), BROKEN)
async def test_broken_connections_raise_by_kind(
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
async def test_a_truncated_body_is_read_again(
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
        (OSError(101, f"Network is unreachable, {KEY}"), "a network error"),
    ],
)
async def test_the_cause_of_no_connection(cause: OSError, told: str) -> None:
    async def refuse(request: httpx.Request) -> httpx.Response:
        try:
            raise cause
        except OSError:
            raise httpx.ConnectError("failed", request=request) from cause

    async with connected(refuse, budget=0.0) as http:
        with pytest.raises(UnreachableError) as caught:
            await read(http)
    assert str(caught.value) == f"no connection to cloud.hostup.se: {told}"


@pytest.mark.parametrize(
    "kind", dict.fromkeys(kind for kind, *_ in BROKEN), ids=lambda kind: kind.__name__
)
def test_a_cause_is_not_the_name_of_a_class(kind: type[httpx.TransportError]) -> None:
    assert kind.__name__ not in describe_cause(broken(kind))


def test_circular_causes_end() -> None:
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


# Time.


async def test_a_silent_read_times_out() -> None:
    async with connected(hang, budget=0.05) as http:
        with pytest.raises(TimedOutError, match=r"within 0\.05 s") as caught:
            await read(http)
    assert caught.value.outcome_unknown is True
    assert caught.value.scopes == ("read:vm",)


async def test_an_endless_body_times_out() -> None:
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


async def test_retries_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MovedClock(monkeypatch)
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.respond(429, headers={"x-ratelimit-reset": "2026-04-27T12:00:03.000Z"})
    async with connected(far_end, budget=20.0, sleep=clock.sleep) as http:
        with pytest.raises(RateLimitedError) as caught:
            await read(http)
    assert 2 <= route.call_count <= 7
    assert clock.offset < 20.0
    assert caught.value.retry_after == 3


async def test_a_read_can_be_cancelled() -> None:
    async with connected(hang) as http:
        with anyio.move_on_after(0.02) as scope:
            await read(http)
    assert scope.cancelled_caught


async def test_a_wait_can_be_cancelled() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(503)

    scope = anyio.CancelScope()

    async def cancelled(_: float) -> None:
        scope.cancel()
        await anyio.sleep_forever()

    async with connected(far_end, sleep=cancelled) as http:
        with scope:
            await read(http)
    assert scope.cancelled_caught
    assert route.call_count == 1


# Retries of reads.


@pytest.mark.parametrize("status", RETRIED)
async def test_a_read_is_retried_by_status(status: int) -> None:
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
async def test_a_read_is_retried_when_cut(
    cause: type[httpx.TransportError], _kind: type[HostUpError], _sent: bool
) -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).mock(side_effect=[broken(cause), broken(cause), listing()])
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        assert (await read(http)).quota_info.used == 1
    assert (route.call_count, len(naps.taken)) == (3, 2)


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
async def test_the_requested_wait_is_kept(
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
async def test_a_wait_that_is_too_long_is_raised(
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


async def test_every_attempt_sends_the_key() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS)
    route.mock(side_effect=[httpx.Response(503, headers={"set-cookie": "a=b"}), listing()])
    async with connected(far_end) as http:
        await read(http)
    assert [c.request.headers["authorization"] for c in route.calls] == [f"Bearer {KEY}"] * 2


# Size.


async def test_reading_stops_at_10_megabytes() -> None:
    endless = Stream(*[MEGABYTE] * 500)
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(200, stream=endless)
    async with connected(far_end) as http:
        with pytest.raises(ResponseTooLargeError, match="larger than 10 MB"):
            await read(http)
    assert endless.taken == 11
    assert endless.closed
    assert route.call_count == 1


async def test_10_megabytes_are_read() -> None:
    body = httpx.Response(200, json=LISTING).content
    padding = b" " * (MAX_RESPONSE_BYTES - len(body))
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(200, stream=Stream(padding, body))
    async with connected(far_end) as http:
        assert (await read(http)).quota_info.used == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_nothing_is_decompressed(times: int) -> None:
    folded = MEGABYTE * 20
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


async def test_compressed_bytes_count() -> None:
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
    ("status", "kind"), [(401, EdgeRefusedError), (403, EdgeRefusedError), (404, BadResponseError)]
)
async def test_a_compressed_page_is_recognized(status: int, kind: type[HostUpError]) -> None:
    far_end = router()
    headers = {"content-encoding": "gzip", "content-type": "text/html"}
    far_end.get(BASE + BACKUPS).respond(status, headers=headers, stream=Stream(gzip.compress(PAGE)))
    async with connected(far_end) as http:
        with pytest.raises(kind) as caught:
            await read(http)
    assert type(caught.value) is kind


@pytest.mark.parametrize("status", [404, 500])
async def test_error_bodies_are_bounded(status: int) -> None:
    endless = Stream(*[MEGABYTE] * 50)
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(status, stream=endless)
    async with connected(far_end) as http:
        with pytest.raises(ResponseTooLargeError) as caught:
            await read(http)
    assert endless.taken == 11
    assert caught.value.status == status


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
async def test_no_error_shows_the_key(leak: Callable[[respx.Route], Any]) -> None:
    far_end = router()
    leak(far_end.get(BASE + BACKUPS))
    async with connected(far_end, budget=0.0) as http:
        with pytest.raises(HostUpError) as caught:
            await read(http)
    error = caught.value
    shown = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    assert not [text for text in shown if KEY in text]


@pytest.mark.parametrize("written", ['hu/5ecret"+\\Key', 'hu\\/5ecret\\"\\u002b\\\\Key'])
async def test_an_escaped_key_is_redacted(written: str) -> None:
    key = 'hu/5ecret"+\\Key'
    body = written if written == key else f'{{"detail": "Bearer {written} is not valid"}}'
    far_end = router()
    far_end.get(BASE + BACKUPS).respond(401, content=body.encode())
    async with connected(far_end, key=key) as http:
        with pytest.raises(UnauthorizedError) as caught:
            await read(http)
    assert key not in str(caught.value)
    assert str(caught.value) == ("status 401" if written == key else "Bearer *** is not valid")


@settings(max_examples=50)
@given(st.integers(100, 999), header_lists, bodies)
async def test_any_response_ends_the_read(
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
