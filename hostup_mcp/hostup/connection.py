"""What a connection tells: how far a request came, why it broke, and what is left on it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
import httpx

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream

LARGEST_REUSED = 32_768
"""Bytes of a response after which its connection is still reused.

The layers below hand on 64 KiB at a time. Of what follows a smaller response, the first bytes are
always where `_has_bytes_left` looks.
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
"""What httpcore reports that it does before anything of a request leaves."""

NOT_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)
"""What httpx raises only before anything of a request leaves."""


class Stage:
    """Follows httpcore's progress with one request, as its `trace` extension.

    A stage that is not known counts as sending, and so does everything on a transport that does
    not report any.
    """

    is_connecting = False

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        name, _, phase = event.rpartition(".")
        # The closing of what failed does not tell how far the request had come.
        if phase == "started" and name != "http11.response_closed":
            method: object = getattr(info.get("request"), "method", None)
            self.is_connecting = name in _CONNECTING or method == b"CONNECT"


async def close_unless_drained(response: httpx.Response, size: int) -> None:
    """Close the connection of a complete response of `size` bytes where more than that came.

    What follows a response before the next request is sent is no response to that request. httpx
    would take it for one: it looks only at what the socket still holds.
    """
    stream: AsyncNetworkStream | None = response.extensions.get("network_stream")
    if stream is None:  # a transport without connections
        return
    if size > LARGEST_REUSED or _has_bytes_left(response.stream, stream):
        # The response is complete, so it counts even where the time is over now.
        with anyio.CancelScope(shield=True):
            await stream.aclose()


def _has_bytes_left(body: object, stream: AsyncNetworkStream) -> bool:
    """Whether more than the response is in the buffers of HTTP (h11) or TLS above the socket.

    Nothing public shows h11's buffer. Where it is not found, because httpx or httpcore have
    changed, the answer is yes: a new connection for each read is slow, but safe.
    """
    for name in ("_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state"):
        body = getattr(body, name, None)
    left: tuple[bytes, bool] = getattr(body, "trailing_data", (b"?", False))
    if left[0]:
        return True
    tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
    if tls is None:
        return False
    try:
        # It reads from memory alone and never waits.
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True
    return True


def describe_cause(error: Exception) -> str:
    """Why a connection failed, in a few words that quote nothing."""
    if isinstance(error, httpx.TimeoutException):
        return "timed out"
    cause: BaseException | None = error
    seen: set[int] = set()
    # A chain of causes may lead back to where it began.
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
        if isinstance(cause, httpx.ProxyError):
            return "the proxy refused it"
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
