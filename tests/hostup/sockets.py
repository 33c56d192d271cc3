"""Servers on loopback that do on purpose what others do by mistake. They speak TLS where asked."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from .wire import encoded

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def response(status: str, document: Any = None, *headers: str, length: int | None = None) -> bytes:
    """The bytes of an HTTP response; a `document` that is bytes already is the body itself."""
    body = (
        document if isinstance(document, bytes) else b"" if document is None else encoded(document)
    )
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *headers]).encode() + b"\r\n\r\n" + body


class Server:
    """Answers each request with what `respond` makes of its first line, and keeps what came.

    Several parts are written one after the other, and None is never an answer. It keeps
    connections alive unless it is to `hang_up`, or the request asks it to.
    """

    def __init__(
        self,
        respond: Callable[[str], bytes | list[bytes] | None],
        *,
        hang_up: bool = False,
        delay: float = 0.0,
    ) -> None:
        self.respond = respond
        self.hang_up = hang_up
        self.delay = delay
        self.connections: list[list[bytes]] = []
        self.address = ""
        self._over = asyncio.Event()

    @property
    def requests(self) -> list[bytes]:
        return [request for connection in self.connections for request in connection]

    @property
    def lines(self) -> list[list[str]]:
        """The first lines of all requests, by connection."""
        return [[first_line(request) for request in requests] for requests in self.connections]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append([])
        kept = self.connections[-1]
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await self.serve(reader, writer, kept)
        writer.close()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: list[bytes]
    ) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            kept.append(head + (await reader.readexactly(int(length[1])) if length else b""))
            await asyncio.sleep(self.delay)
            parts = self.respond(first_line(head))
            if parts is None:
                await self._over.wait()
                return
            for part in [parts] if isinstance(parts, bytes) else parts:
                writer.write(part)
            await writer.drain()
            if self.hang_up or b"connection: close" in head.lower():
                return

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0, ssl=tls)
        scheme = "http" if tls is None else "https"
        self.address = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._over.set()
            server.close()
            await asyncio.sleep(0)


def first_line(request: bytes) -> str:
    return request.split(b" HTTP/1.1\r\n", 1)[0].decode()


class Tunnel(Server):
    """A proxy that opens a tunnel to `target` for every CONNECT."""

    def __init__(self, target: str) -> None:
        super().__init__(lambda _: None)
        self.target = target.rpartition(":")

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: list[bytes]
    ) -> None:
        kept.append(await reader.readuntil(b"\r\n\r\n"))
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", int(self.target[2]))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()
