"""How far a request got on its connection, why it failed, and what is left unread."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
import httpx

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

MAX_REUSED_BYTES = 32_768
"""The connection of a larger response is not reused.

The layers below pass on 64 KiB at a time, so anything that follows a smaller response is in the
buffers that `_has_bytes_left` checks.
"""

_CONNECTING = frozenset(
    {
        "connection.connect_tcp",
        "connection.start_tls",
        "proxy.start_tls",
        "socks.connect_tcp",
        "socks.setup_socks5_connection",
        "socks.start_tls",
    }
)
"""Trace events of httpcore before any byte of a request is sent."""

NOT_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""Exceptions of httpx that are raised only before any byte of a request is sent."""


class Stage:
    """Follows one request through httpcore, as its `trace` extension.

    An unknown stage counts as sending, and so does everything on a transport without trace events.
    """

    is_connecting = False

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        name, _, phase = event.rpartition(".")
        # Closing after a failure does not say how far the request got.
        if phase == "started" and name != "http11.response_closed":
            method: object = getattr(info.get("request"), "method", None)
            self.is_connecting = name in _CONNECTING or method == b"CONNECT"


async def close_unless_drained(response: httpx.Response, size: int) -> None:
    """Close the connection if more than the complete response of `size` bytes arrived on it.

    Whatever arrives before the next request is sent is not a response to that request. httpx would
    treat it as one, because it checks only the socket.
    """
    stream: AsyncNetworkStream | None = response.extensions.get("network_stream")
    if stream is None:  # a transport without connections
        return
    if size > MAX_REUSED_BYTES or _has_bytes_left(response.stream, stream):
        # The response is complete, so it counts even if the time is up now.
        with anyio.CancelScope(shield=True):
            await stream.aclose()


def _has_bytes_left(body: object, stream: AsyncNetworkStream) -> bool:
    """Return whether the HTTP (h11) or TLS buffers above the socket hold more than the response.

    h11's buffer is not public. If it is not found, because httpx or httpcore have changed, this
    returns True: a new connection for each read is slow, but safe.
    """
    for name in ("_httpcore_stream", "_stream", "_connection", "_h11_state"):
        body = getattr(body, name, None)
    left: tuple[bytes, bool] = getattr(body, "trailing_data", (b"?", False))
    if left[0]:
        return True
    tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
    if tls is None:
        return False
    try:
        # This reads from memory only and never blocks.
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return True


def describe_cause(error: Exception) -> str:
    """Describe why a connection failed, in a few words without quoting anything."""
    if isinstance(error, httpx.TimeoutException):
        return "timed out"
    cause: BaseException | None = error
    seen: set[int] = set()
    # A chain of causes may be circular.
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate was not accepted"
        if isinstance(cause, ssl.SSLEOFError):
            return "it was closed during the TLS handshake"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak https there"
        if isinstance(cause, socket.gaierror):
            return "its name was not found"
        if isinstance(cause, ConnectionRefusedError):
            return "it was refused"
        if isinstance(cause, ConnectionResetError | ConnectionAbortedError):
            return "it was closed"
        if isinstance(cause, httpx.ProxyError):
            return "the proxy refused it"
        if isinstance(cause, httpx.RemoteProtocolError):
            return "no complete response came"
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return "a network error"
