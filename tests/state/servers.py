"""What these tests run against: real Redis servers, and a proxy that loses replies."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from redis import Redis

SERVER = os.environ.get("HOSTUP_MCP_TEST_REDIS_SERVER") or shutil.which("redis-server")
SERVER = SERVER or shutil.which("valkey-server")

DEADLINE = 30.0
"""Seconds until a test gives up; only a hang takes so long."""


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def let_connections_close() -> None:
    """Let this event loop see that a server closed its connections."""
    await asyncio.sleep(0.05)


class RedisServer:
    """A Redis (or Valkey) server that can be killed, restarted, frozen and thawed."""

    def __init__(self, folder: Path, *flags: str, user: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.user = user
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return self.url_of(self.user)

    def url_of(self, user: str, port: int | None = None) -> str:
        return f"redis://{user}{'@' if user else ''}127.0.0.1:{port or self.port}/0"

    def start(self) -> None:
        assert SERVER is not None
        words = [SERVER, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        words += ["--dir", str(self.folder), "--repl-diskless-sync-delay", "0", *self._flags]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._is_up, "the server is up")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def do(self, *words: str | int) -> Any:
        """The reply to one command."""
        with Redis.from_url(self.url, decode_responses=True, socket_timeout=5) as client:
            return client.execute_command(*words)

    def keys(self, pattern: str = "*") -> list[str]:
        return sorted(self.do("KEYS", pattern))

    def info(self, section: str, name: str) -> Any:
        return self.do("INFO", section)[name]

    def pass_time(self, seconds: float) -> None:
        """Let everything that expires be `seconds` closer to it."""
        with Redis.from_url(self.url, decode_responses=True, socket_timeout=5) as client:
            for key in client.scan_iter("*"):
                left = int(client.pttl(key))
                if left >= 0:
                    # At least as long has passed in truth, so what is due is over.
                    client.pexpire(key, max(0, left - int(seconds * 1000)))

    def _is_up(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                reply = line.recv(64)
                return reply.startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False


class Proxy:
    """A way to a server on which replies are slow or lost, or requests late."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.replies_to_cut = 0
        """How many replies to swallow; the connection ends with each."""
        self.reply_delay = 0.0
        self.requests_to_hold = 0
        self.go_on = asyncio.Event()
        """Lets the requests through that were held."""
        self.requests = 0
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
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
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

    async def _pass_requests(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self.requests += 1
                if self.requests_to_hold:
                    self.requests_to_hold -= 1
                    await self.go_on.wait()
                to.write(data)
                await to.drain()
            to.write_eof()

    async def _pass_replies(self, reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await asyncio.sleep(self.reply_delay)
                if self.replies_to_cut:
                    self.replies_to_cut -= 1
                    return
                to.write(data)
                await to.drain()
