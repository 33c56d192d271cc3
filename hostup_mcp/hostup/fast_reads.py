"""Sends reads with aiohttp, which takes much less processor time than httpx's own transport.

It needs aiohttp, and is for reads only: aiohttp may send what it takes to be idempotent, PUT and
DELETE too, once more when a connection breaks. What `http` promises holds all the same: nothing
that had arrived before a request was sent is its response, and errors say whether it was sent.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias
from weakref import WeakSet

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

MAX_HEADER_BYTES = 65_536
"""The longest line of a response's headers."""

_Report: TypeAlias = Callable[[str, dict[str, object]], Awaitable[None]]

_report: ContextVar[_Report | None] = ContextVar("_report", default=None)
"""The `trace` extension of the current request, which is told the same names as by httpcore."""

_CONNECTING, _SENDING = "connection.connect_tcp.started", "http11.send_request_headers.started"


class ReadsTransport(httpx.AsyncBaseTransport):
    """A transport that sends GET requests with aiohttp. It knows of no proxy."""

    def __init__(self, verify: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._verify = verify
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`, and return its response once its headers have arrived.

        Raises:
            ValueError: it is not a GET.
            httpx.TransportError: a `ConnectError` or `ConnectTimeout` if nothing was sent.
        """
        if request.method != "GET":
            raise ValueError("only reads may be sent by a transport that sends them again")
        if self._session is None:
            self._session = self._open()
        timeout = request.extensions["timeout"]
        token = _report.set(request.extensions.get("trace"))
        try:
            with _as_httpx_errors():
                response = await self._session.get(
                    URL(str(request.url), encoded=True),
                    headers=request.headers.multi_items(),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(
                        # aiohttp's `connect` counts the wait for a free connection as well.
                        connect=(timeout["pool"] or 0) + (timeout["connect"] or 0) or None,
                        sock_connect=timeout["connect"],
                        sock_read=timeout["read"],
                    ),
                )
        finally:
            _report.reset(token)
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=_Body(response)
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = _Connector(
            ssl=self._verify,
            limit=self._limits.max_connections or 0,
            keepalive_timeout=self._limits.keepalive_expiry,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )
        # `http` decides what is sent again. Were this attribute gone, a read could be sent twice.
        session._retry_connection = False  # noqa: SLF001
        return session


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors():
            async for part in self._response.content.iter_any():
                yield part

    async def aclose(self) -> None:
        # The connection of a complete response has been given back already.
        self._response.close()


class _Connector(aiohttp.TCPConnector):
    """Reuses no connection on which something has arrived since its last response."""

    def __init__(self, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        report = _report.get()
        if report is not None:
            await report(_CONNECTING, {})
        connection = await super().connect(req, traces, timeout)
        while (protocol := connection.protocol) in self._used and _has_bytes(protocol):
            connection.close()
            connection = await super().connect(req, traces, timeout)
        if protocol is not None:
            self._used.add(protocol)
        if report is not None:
            await report(_SENDING, {})
        return connection


def _has_bytes(protocol: ResponseHandler | None) -> bool:
    """Return whether anything has arrived on an idle connection, or it was closed."""
    if protocol is None or protocol.transport is None or protocol.should_close:
        return True
    socket = protocol.transport.get_extra_info("socket")
    return socket is None or _is_readable(socket.fileno())


def _is_readable(file: int) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([file], [], [], 0)[0])
    poller = select.poll()
    poller.register(file, select.POLLIN)
    return bool(poller.poll(0))


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout(str(error)) from error
    except aiohttp.ServerTimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from error
    except aiohttp.ClientOSError as error:
        raise httpx.ReadError(str(error)) from error
    except aiohttp.ClientError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
