"""A real Redis (or Valkey) server on the loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from .sockets import free_port
from .waiting import wait_until

PROGRAM = (
    os.environ.get("HOSTUP_MCP_TEST_REDIS_SERVER")
    or shutil.which("redis-server")
    or shutil.which("valkey-server")
)


class RedisServer:
    """A server that can be killed, restarted, frozen and thawed. It keeps nothing on disk."""

    def __init__(self, folder: Path, *flags: str, password: str = "") -> None:
        if PROGRAM is None:
            pytest.skip("there is no redis-server (Debian: apt install redis-server)")
        self.folder = folder
        self.port = free_port()
        self._program = PROGRAM
        self._password = password
        self._flags = (*flags, "--requirepass", password) if password else flags
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return self.url_of(f":{self._password}" if self._password else "")

    def url_of(self, user: str, port: int | None = None) -> str:
        return f"redis://{user}{'@' if user else ''}127.0.0.1:{port or self.port}/0"

    def start(self) -> None:
        words = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        words += ["--dir", str(self.folder), "--repl-diskless-sync-delay", "0", *self._flags]
        self._process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self.is_up, "the server is up")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """It holds its connections and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def do(self, *words: str | bytes | int) -> Any:
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

    def is_up(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                reply = line.recv(64)
                return reply.startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False
