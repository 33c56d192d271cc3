"""A proxy before a real Redis server that holds and loses what passes through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

DEADLINE = 30.0
"""Seconds until a test gives up; only a hang takes so long."""


async def let_connections_close() -> None:
    """Let this event loop see that a server closed its connections."""
    await asyncio.sleep(0.05)


class Proxy:
    """Passes requests and replies on, and holds or loses as many as a test says."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.replies_to_cut = 0
        """How many replies to swallow; the connection ends with each."""
        self.requests_to_hold = 0
        self.replies_to_hold = 0
        self.held = asyncio.Event()
        """Set once something is held."""
        self.go_on = asyncio.Event()
        """Passes on what is held."""
        self.requests = self.replies = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.go_on.set()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        both = {writer, up_writer}
        self._writers |= both
        requests = asyncio.create_task(self._pass_requests(reader, up_writer))
        await self._pass_replies(up_reader, writer)
        writer.close()
        await requests
        up_writer.close()
        for end in both:
            with suppress(OSError):
                await end.wait_closed()
        self._writers -= both
        self._tasks.discard(task)

    async def _hold(self) -> None:
        self.held.set()
        await self.go_on.wait()

    async def _pass_requests(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self.requests += 1
                if self.requests_to_hold:
                    self.requests_to_hold -= 1
                    await self._hold()
                to.write(data)
                await to.drain()
            to.write_eof()

    async def _pass_replies(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self.replies += 1
                if self.replies_to_hold:
                    self.replies_to_hold -= 1
                    await self._hold()
                if self.replies_to_cut:
                    self.replies_to_cut -= 1
                    return
                to.write(data)
                await to.drain()
