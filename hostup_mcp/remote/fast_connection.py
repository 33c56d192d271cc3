"""uvicorn's protocol in C, with the limits that it lacks. Needs `httptools`."""

from __future__ import annotations

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hostup_mcp.remote.connection import HeaderTimeout

MAX_HEADER_BYTES = 16_384
"""h11's own limit. Here it counts from the second piece that the network delivers."""

_INVALID = "Invalid HTTP request received."


class HttpTools(HeaderTimeout, HttpToolsProtocol):  # type: ignore[misc] # the same meaning
    """uvicorn's protocol in C, with limits for the time and the size of request headers.

    An offer to upgrade the protocol is ignored, as h11 does. The parser would skip the request's
    body, so such a request is parsed once more without the offer.
    """

    _in_headers = False
    _header_bytes = 0
    _received = b""

    def on_message_begin(self) -> None:
        self._in_headers, self._header_bytes = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        # The parser leaves the white space after a value, which is no part of it.
        super().on_header(name, value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        self._in_headers = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self.send_400_response(_INVALID)
                return
        self._received = data
        super().data_received(data)
        self._received = b""

    def _should_upgrade(self) -> bool:
        """Return whether uvicorn leaves a request with an offer to upgrade to the method below."""
        return True

    def handle_websocket_upgrade(self) -> None:
        """Parse the request that has just raised `HttpParserUpgrade` without its offer."""
        error = sys.exc_info()[1]
        method: bytes = self.parser.get_method()
        if not isinstance(error, httptools.HttpParserUpgrade) or method == b"CONNECT":
            self.send_400_response(_INVALID)
            return
        version = self.parser.get_http_version().encode()
        rest = self._received[int(error.args[0]) :]
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        lines += [b"%s: %s" % each for each in self.headers if each[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        # Not at once: the rest may hold any number of requests with such an offer.
        self.loop.call_soon(self._parse_again, b"\r\n".join([*lines, b"", rest]))

    def _parse_again(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.data_received(data)
