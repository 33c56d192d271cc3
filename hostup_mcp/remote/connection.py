"""Closes connections whose request headers arrive too slowly; uvicorn alone waits forever."""

from __future__ import annotations

import asyncio
from typing import Protocol

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""How long request headers may take, from the connection or the previous response."""


class _Cycle(Protocol):
    response_complete: bool


class HeaderTimeout(asyncio.Protocol):
    """A time limit for request headers, mixed into one of uvicorn's HTTP/1.1 protocols."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    cycle: _Cycle | None  # the current request and its response

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._update_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        super().connection_lost(exc)

    def _update_timer(self) -> None:
        if not self._awaits_request():
            self._cancel_timer()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEADER_SECONDS, self._close_if_waiting)

    def _awaits_request(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_if_waiting(self) -> None:
        self._timer = None
        if self._awaits_request():
            self.transport.close()


class H11(HeaderTimeout, H11Protocol):  # type: ignore[misc] # attributes with the same meaning
    """uvicorn's protocol in Python. It limits the size of headers itself, to 16 KiB."""


def http_protocol() -> type[asyncio.Protocol]:
    """Return the protocol to serve with: the one in C where `httptools` is installed."""
    try:
        from hostup_mcp.remote.fast_connection import HttpTools
    except ModuleNotFoundError:
        return H11
    return HttpTools
