"""Over real connections: socket errors are typed, and no response is matched to another request."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import Any

import httpx
import pytest
from support.certificates import make_certificate
from support.waiting import until

from hostup_mcp.hostup import connection as connection_module
from hostup_mcp.hostup import http as http_module
from hostup_mcp.hostup import retrying
from hostup_mcp.hostup.http import Http, MakeTransport
from hostup_mcp.hostup.jobs import JobState
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import (
    ConflictError,
    ConnectionLostError,
    HostUpError,
    RedirectedError,
    ResponseTooLargeError,
    ServerFaultError,
    TimedOutError,
    UnreachableError,
)
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.requests import WriteRequest, create_backup
from hostup_mcp.hostup.writing import WritingClient

from .sockets import Server, Tunnel, response
from .wire import BACKUPS, KEY, LISTING, QUEUED, VPS_ID

WRITE = create_backup(VPS_ID, "Before upgrade")
READ_LINE, WRITE_LINE = f"GET {BACKUPS}", f"POST {BACKUPS}"
LISTED = response("200 OK", LISTING)
ACCEPTED = response("202 Accepted", QUEUED)
STRAY = response(
    "202 Accepted", LISTING | {"quotaInfo": {"used": 9, "limit": 9, "remaining": 0}} | QUEUED
)
REFUSED = response("409 Conflict", {"code": "vps_not_ready"})

Proxied = Callable[[str], None]

needs_aiohttp = pytest.mark.skipif(find_spec("aiohttp") is None, reason="needs aiohttp")
TRANSPORTS: dict[str, MakeTransport | None] = {"httpx": None}
if find_spec("aiohttp"):
    from hostup_mcp.hostup.fast_reads import ReadsTransport

    TRANSPORTS["aiohttp"] = ReadsTransport

chosen: ContextVar[str] = ContextVar("chosen", default="httpx")


@pytest.fixture(params=TRANSPORTS, autouse=True)
def transport(request: pytest.FixtureRequest) -> Iterator[None]:
    """The tests run with each transport for reads."""
    token = chosen.set(request.param)
    yield
    chosen.reset(token)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    file, context = make_certificate(tmp_path_factory.mktemp("tls"))
    return str(file), context


@pytest.fixture
def tls(certificate: tuple[str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS that the client trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    return certificate[1]


@pytest.fixture(params=["http", "https"])
def scheme(request: pytest.FixtureRequest) -> ssl.SSLContext | None:
    return request.getfixturevalue("tls") if request.param == "https" else None


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Proxied:
    """Sets the proxy of the environment for https."""

    def through(address: str) -> None:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, address)

    return through


@asynccontextmanager
async def clients(
    address: str, budget: float = 10.0
) -> AsyncIterator[tuple[ReadingClient, WritingClient]]:
    async with http_to(address, budget) as http:
        yield ReadingClient(http), WritingClient(http)


@asynccontextmanager
async def http_to(address: str, budget: float = 10.0) -> AsyncIterator[Http]:
    http = Http(address, KEY, budget=budget, reads=TRANSPORTS[chosen.get()])
    try:
        yield http
    finally:
        await http.close()


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads are not retried."""
    monkeypatch.setattr(retrying, "is_retryable", lambda *_: False)


async def failed_read(address: str, budget: float = 10.0) -> HostUpError:
    """How a read from `address` fails that is not retried."""
    async with clients(address, budget) as (reading, _):
        with pytest.raises(HostUpError) as caught:
            await reading.list_backups(VPS_ID)
    assert KEY not in str(caught.value)
    return caught.value


async def failed(address: str, budget: float = 10.0) -> HostUpError:
    """How a write to `address` fails."""
    async with clients(address, budget) as (_, writing):
        with pytest.raises(HostUpError) as caught:
            await writing.send(WRITE)
    assert KEY not in str(caught.value)
    assert caught.value.scopes == WRITE.scopes
    return caught.value


def by_method(read: Any, write: Any) -> Callable[[str], Any]:
    return lambda line: read if line.startswith("GET") else write


# Once, whatever happens.


LOST = pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(
            response("202 Accepted", b'{"oper', length=100), ConnectionLostError, id="cut body"
        ),
        pytest.param(b"HTTP/1.1 202 Acc", ConnectionLostError, id="cut head"),
        pytest.param(b"", ConnectionLostError, id="closed without a response"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", ConnectionLostError, id="another protocol"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", ConnectionLostError, id="bad header"
        ),
        pytest.param(
            response("302 Found", None, "Location: http://127.0.0.1:1/"),
            RedirectedError,
            id="redirect",
        ),
        pytest.param(
            response("202 Accepted", b" " * 10_000_001), ResponseTooLargeError, id="too large"
        ),
        pytest.param(response("500 Oops"), ServerFaultError, id="fault"),
        pytest.param(None, TimedOutError, id="silence"),
    ],
)


@LOST
async def test_a_lost_write_is_sent_only_once(
    scheme: ssl.SSLContext | None, answer: bytes | None, kind: type[HostUpError]
) -> None:
    async with Server(lambda _: answer).listening(scheme) as far_end:
        error = await failed(far_end.address, 0.2 if answer is None else 10.0)
    assert type(error) is kind
    assert (error.sent, error.outcome_unknown) == (True, True)
    assert len(far_end.requests) == 1


@LOST
async def test_a_lost_read_is_told_alike(
    scheme: ssl.SSLContext | None,
    answer: bytes | None,
    kind: type[HostUpError],
    once: None,
) -> None:
    async with Server(lambda _: answer, hang_up=True).listening(scheme) as far_end:
        error = await failed_read(far_end.address, 0.2 if answer is None else 10.0)
    assert (type(error), error.sent) == (kind, True)
    assert far_end.lines == [[READ_LINE]]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_is_never_resent(method: str) -> None:
    """The server reads each write and closes, also while connections for reads are open."""
    write = WriteRequest(method, BACKUPS, {"note": "x"}, scopes=())
    far_end = Server(by_method(LISTED, b""))
    async with far_end.listening(), http_to(far_end.address) as http:
        reading = ReadingClient(http)
        await asyncio.gather(*[reading.list_backups(VPS_ID) for _ in range(5)])
        for _ in range(3):
            with pytest.raises(ConnectionLostError) as caught:
                await http.write(write, "w")
            assert caught.value.outcome_unknown
        await reading.list_backups(VPS_ID)
    lines = [line for lines in far_end.lines for line in lines]
    assert lines.count(f"{method} {BACKUPS}") == 3


@needs_aiohttp
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_no_write_fits_the_fast_transport(method: str) -> None:
    """aiohttp would send some of them again, so its transport takes none."""
    far_end = Server(lambda _: LISTED)
    transport = ReadsTransport(httpx.create_ssl_context(), httpx.Limits())
    async with far_end.listening(), httpx.AsyncClient(transport=transport) as client:
        await client.get(far_end.address)
        with pytest.raises(ValueError, match="only reads"):
            await client.request(method, far_end.address)
    assert far_end.lines == [["GET /"]]


async def test_a_read_survives_a_closed_connection() -> None:
    """It is sent again once, on a new connection."""
    answers = [LISTED, b"", LISTED, b""]

    class Closing(Server):
        async def serve(self, reader: Any, writer: Any, kept: list[bytes]) -> None:
            while answer := answers.pop(0):
                kept.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
            kept.append(await reader.readuntil(b"\r\n\r\n"))

    far_end = Closing(lambda _: None)
    async with far_end.listening(), clients(far_end.address) as (reading, _):
        for _ in range(2):
            assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
    assert far_end.lines == [[READ_LINE] * 2, [READ_LINE]]


@pytest.mark.parametrize("path", ["/a%2Fb", "/a%2e%2E/b", "/%41?x=%2B+%25", "/a//b", "/?c=a%20b,:"])
async def test_a_read_is_one_plain_request(path: str) -> None:
    """The path is sent as it is, whatever a library would make of it."""
    listed = response("200 OK", LISTING, "Set-Cookie: a=b", "X-Long: " + "x" * 20_000)
    far_end = Server(lambda _: listed)
    async with far_end.listening(), http_to(far_end.address) as http:
        for _ in range(2):
            await http.read(BackupList, path)
    for request in far_end.requests:
        head, *lines = request.decode().split("\r\n")
        assert head == f"GET {path} HTTP/1.1"
        assert sorted(line.partition(":")[0].lower() for line in lines if line) == [
            "accept",
            "accept-encoding",
            "authorization",
            "connection",
            "host",
            "user-agent",
        ]


async def test_a_write_is_one_plain_request() -> None:
    far_end = Server(lambda _: ACCEPTED)
    async with far_end.listening(), clients(far_end.address) as (_, writing):
        await writing.send(WRITE)
    head, *lines = far_end.requests[0].decode().split("\r\n")
    assert head == f"POST {BACKUPS} HTTP/1.1"
    assert f"Authorization: Bearer {KEY}" in lines
    assert "Connection: close" in lines
    assert sum(KEY in line for line in lines) == 1
    assert lines[-1] == '{"note":"Before upgrade"}'


# A connection of its own.


async def test_writes_survive_closed_connections() -> None:
    far_end = Server(by_method(LISTED, ACCEPTED), hang_up=True)
    async with far_end.listening(), clients(far_end.address) as (reading, writing):
        for _ in range(20):
            await reading.list_backups(VPS_ID)
            assert (await writing.send(WRITE)).state is JobState.WAITING
    assert sum(line == WRITE_LINE for lines in far_end.lines for line in lines) == 20


async def test_a_write_has_its_own_connection(
    scheme: ssl.SSLContext | None,
) -> None:
    far_end = Server(by_method(LISTED, ACCEPTED))
    async with far_end.listening(scheme), clients(far_end.address) as (reading, writing):
        for _ in range(3):
            await reading.list_backups(VPS_ID)
            await writing.send(WRITE)
        await asyncio.gather(*[writing.send(WRITE) for _ in range(5)])
        await reading.list_backups(VPS_ID)
    assert [lines for lines in far_end.lines if WRITE_LINE in lines] == [[WRITE_LINE]] * 8


async def test_a_write_closes_its_connection() -> None:
    class Stubborn(Server):
        closed = False

        async def serve(self, reader: Any, writer: Any, kept: list[bytes]) -> None:
            kept.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(ACCEPTED)
            self.closed = await reader.read() == b'{"note":"Before upgrade"}'

    far_end = Stubborn(lambda _: None)
    async with far_end.listening(), clients(far_end.address) as (_, writing):
        for _ in range(2):
            await writing.send(WRITE)
            await until(lambda: far_end.closed, "the connection is closed")
            far_end.closed = False
    assert len(far_end.connections) == 2


async def test_certificates_are_loaded_once(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = ssl.create_default_context, list[ssl.SSLContext]()

    def counted(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        made.append(make(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    far_end = Server(by_method(LISTED, ACCEPTED))
    async with far_end.listening(tls), clients(far_end.address) as (reading, writing):
        await reading.list_backups(VPS_ID)
        for _ in range(3):
            await writing.send(WRITE)
    assert len(made) == 1


# Nothing was sent.

Fails = Callable[..., Awaitable[HostUpError]]
EITHER = pytest.mark.parametrize("fails", [failed, failed_read], ids=["write", "read"])


@EITHER
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_refused_connection_sends_nothing(fails: Fails, host: str, once: None) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await fails(f"http://{host}:{taken.getsockname()[1]}")
    assert type(error) is UnreachableError
    assert str(error) == f"no connection to {host}: it was refused"
    assert (error.sent, error.outcome_unknown) == (False, False)


class Raw(Server):
    """Says `greeting` to whoever connects, then hangs up, or stays silent."""

    def __init__(self, greeting: bytes, *, stays: bool = False) -> None:
        super().__init__(lambda _: None)
        self.greeting = greeting
        self.stays = stays

    async def serve(self, reader: Any, writer: Any, kept: list[bytes]) -> None:
        kept.append(await reader.read(65_536))
        writer.write(self.greeting)
        await writer.drain()
        if self.stays:
            await self._over.wait()


@EITHER
@pytest.mark.parametrize(
    ("far_end", "why"),
    [
        (lambda: Raw(b""), "it was closed during the TLS handshake"),
        (lambda: Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it does not speak https there"),
        (lambda: Raw(b"", stays=True), "timed out"),
    ],
    ids=["hangs up", "speaks http", "stays silent"],
)
async def test_a_failed_handshake_sends_nothing(
    fails: Fails,
    far_end: Callable[[], Raw],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    once: None,
) -> None:
    monkeypatch.setattr(http_module, "CONNECT_SECONDS", 0.3)
    server = far_end()
    async with server.listening():
        error = await fails(server.address.replace("http:", "https:"))
    assert type(error) is UnreachableError
    if (chosen.get(), fails) == ("aiohttp", failed_read) and server.greeting == b"":
        why = why.replace("it was closed during the TLS handshake", "it was closed")
    assert str(error) == f"no connection to 127.0.0.1: {why}"
    assert (error.sent, error.outcome_unknown) == (False, False)
    assert KEY.encode() not in b"".join(server.requests)


@EITHER
async def test_an_untrusted_server_gets_nothing(
    fails: Fails, certificate: tuple[str, ssl.SSLContext], once: None
) -> None:
    async with Server(lambda _: ACCEPTED).listening(certificate[1]) as far_end:
        error = await fails(far_end.address)
    assert str(error) == "no connection to 127.0.0.1: its certificate was not accepted"
    assert (type(error), error.sent, error.outcome_unknown) == (UnreachableError, False, False)
    assert far_end.requests == []


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        (lambda: Server(lambda _: response("403 Forbidden")), "the proxy refused it"),
        (lambda: Server(lambda _: response("407 Who are you?")), "the proxy refused it"),
        (lambda: Raw(b""), "no complete response came"),
        (lambda: Raw(b"HTTP/1.1 200 Conn"), "no complete response came"),
        (lambda: Raw(b"", stays=True), "timed out"),
        (
            lambda: Raw(b"HTTP/1.1 200 Connected\r\n\r\n"),
            "it was closed during the TLS handshake",
        ),
        (lambda: Raw(b"HTTP/1.1 200 Connected\r\n\r\n", stays=True), "timed out"),
    ],
    ids=["403", "407", "hangs up", "cut", "silent", "hangs up in TLS", "silent in TLS"],
)
async def test_a_failed_proxy_sends_nothing(
    proxied: Proxied, proxy: Callable[[], Server], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_module, "CONNECT_SECONDS", 0.3)
    server = proxy()
    async with server.listening():
        proxied(server.address)
        error = await failed("https://cloud.hostup.se", 0.3)
    assert type(error) is UnreachableError
    assert str(error) == f"no connection to cloud.hostup.se: {why}"
    assert (error.sent, error.outcome_unknown) == (False, False)
    assert len(server.requests) == 1
    assert server.requests[0].startswith(b"CONNECT cloud.hostup.se:443 ")
    assert KEY.encode() not in server.requests[0]


async def test_each_write_has_its_own_tunnel(proxied: Proxied, tls: ssl.SSLContext) -> None:
    far_end = Server(by_method(LISTED, ACCEPTED))
    async with far_end.listening(tls), Tunnel(far_end.address).listening() as proxy:
        proxied(proxy.address)
        async with clients(far_end.address) as (reading, writing):
            for _ in range(2):
                await reading.list_backups(VPS_ID)
                assert (await writing.send(WRITE)).job_id == "job_1"
    assert sorted(far_end.lines) == [[READ_LINE] * 2, [WRITE_LINE], [WRITE_LINE]]
    assert len(proxy.connections) == 3


async def test_a_write_lost_behind_a_proxy(proxied: Proxied, tls: ssl.SSLContext) -> None:
    far_end = Server(lambda _: b"")
    far_end.hang_up = True
    async with far_end.listening(tls), Tunnel(far_end.address).listening() as proxy:
        proxied(proxy.address)
        error = await failed(far_end.address)
    assert (type(error), error.sent, error.outcome_unknown) == (ConnectionLostError, True, True)
    assert far_end.lines == [[WRITE_LINE]]


async def test_plain_http_ignores_proxies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        Server(lambda _: response("500 Oops")).listening() as proxy,
        Server(lambda _: response("500 Oops")).listening() as end,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        await failed(end.address)
    assert len(end.requests) == 1
    assert proxy.requests == []


# Reads keep their connections, but not one with something left on it.


async def test_reads_share_a_connection(scheme: ssl.SSLContext | None) -> None:
    far_end = Server(lambda _: LISTED)
    async with far_end.listening(scheme), clients(far_end.address) as (reading, _):
        for _ in range(5):
            await reading.list_backups(VPS_ID)
    assert far_end.lines == [[READ_LINE] * 5]


async def test_errors_keep_the_connection(
    scheme: ssl.SSLContext | None,
) -> None:
    far_end = Server(lambda _: response("404 Not Found", {"code": "vps_not_found"}))
    async with far_end.listening(scheme), clients(far_end.address) as (reading, _):
        for _ in range(2):
            with pytest.raises(HostUpError):
                await reading.list_backups(VPS_ID)
    assert far_end.lines == [[READ_LINE] * 2]


@pytest.mark.parametrize("first", ["200 OK", "404 Not Found"])
@pytest.mark.parametrize("parts", [1, 2], ids=["together", "apart"])
async def test_a_stray_response_is_ignored(
    scheme: ssl.SSLContext | None, parts: int, first: str
) -> None:
    """Over TLS, what comes apart is not even decrypted when the read is over."""
    both = [response(first, LISTING), STRAY]
    answers = [b"".join(both) if parts == 1 else both, LISTED]
    far_end = Server(lambda line: answers.pop(0) if line.startswith("GET") else REFUSED)
    async with far_end.listening(scheme), clients(far_end.address) as (reading, writing):
        if first == "200 OK":
            assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
        else:
            with pytest.raises(HostUpError):
                await reading.list_backups(VPS_ID)
        with pytest.raises(ConflictError) as caught:
            await writing.send(WRITE)
        assert (caught.value.code, caught.value.outcome_unknown) == ("vps_not_ready", False)
        assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
    assert far_end.lines == [[READ_LINE], [WRITE_LINE], [READ_LINE]]


@pytest.mark.parametrize("size", [40_000, 65_536, 131_072, 262_144])
async def test_a_stray_response_after_a_long_one(scheme: ssl.SSLContext | None, size: int) -> None:
    # What comes in one piece is handed on in pieces of 64 KiB: here one ends where it ends.
    long = of_length(size)
    answers = [long + STRAY, LISTED]
    far_end = Server(lambda _: answers.pop(0))
    async with far_end.listening(scheme), clients(far_end.address) as (reading, _):
        for _ in range(2):
            assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
    assert far_end.lines == [[READ_LINE]] * 2


def of_length(size: int) -> bytes:
    empty = len(response("200 OK", LISTING | {"x": ""}))
    made = (response("200 OK", LISTING | {"x": "x" * (size - empty - n)}) for n in range(5))
    return next(each for each in made if len(each) == size)


async def test_closed_tls_is_not_reused(
    tls: ssl.SSLContext,
) -> None:
    far_end = Server(lambda _: LISTED, hang_up=True)
    async with far_end.listening(tls), clients(far_end.address) as (reading, _):
        for _ in range(4):
            assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
    assert len(far_end.connections) == 4


@pytest.mark.parametrize("tls_error", [ssl.SSLError, ssl.SSLZeroReturnError])
def test_broken_tls_is_not_reused(tls_error: type[ssl.SSLError]) -> None:
    class Layer:
        trailing_data = (b"", False)

        def __getattr__(self, name: str) -> "Layer":
            return self

        def get_extra_info(self, info: str) -> "Layer":
            return self

        def read(self, size: int) -> bytes:
            raise tls_error

    assert connection_module._has_bytes_left(Layer(), Layer())  # type: ignore[arg-type]


async def test_unknown_libraries_reuse_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.set("httpx")  # this is about what httpcore does not publish
    read = http_module._read_bounded

    async def read_opaque(response: httpx.Response) -> bytes:
        content = await read(response)
        stream = response.stream

        class Opaque(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                yield b""

            async def aclose(self) -> None:
                await stream.aclose()  # type: ignore[union-attr]

        response.stream = Opaque()
        return content

    monkeypatch.setattr(http_module, "_read_bounded", read_opaque)
    far_end = Server(lambda _: LISTED)
    async with far_end.listening(), clients(far_end.address) as (reading, _):
        for _ in range(3):
            assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
    assert far_end.lines == [[READ_LINE]] * 3


# Time.


async def read_without_end(reading: ReadingClient) -> None:
    while True:
        await reading.list_backups(VPS_ID)


async def test_reads_share_one_budget() -> None:
    far_end = Server(lambda _: LISTED, delay=0.02)
    async with far_end.listening(), clients(far_end.address) as (reading, _):
        view = reading.within(0.2)
        with pytest.raises(TimedOutError, match=r"within 0\.2 s"):
            await read_without_end(view)
        sent = len(far_end.requests)
        with pytest.raises(TimedOutError) as caught:
            await view.list_backups(VPS_ID)
        assert (await reading.list_backups(VPS_ID)).quota_info.used == 1
    assert sent <= 11
    assert (caught.value.sent, view.seconds_left) == (False, 0.0)
    assert len(far_end.requests) == sent + 1
