"""The ways to the product: three transports in two eras, each with a server process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client

TRANSPORTS = ("stdio", "streamable-http", "sse")
LEGACY = "legacy"
MODERN = "2026-07-28"
START_SECONDS = 60.0
PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG")


@dataclass(frozen=True)
class Door:
    """A transport in an era of the protocol."""

    transport: str
    era: str

    def __str__(self) -> str:
        return f"{self.transport}/{self.era}"


ALL = [Door(transport, era) for transport in TRANSPORTS for era in (LEGACY, MODERN)]


class Product:
    """The product before one account. Over HTTP its process lives until `close`."""

    def __init__(
        self, door: Door, url: str, key: str, folder: Path, command: list[str] | None = None
    ) -> None:
        """`command` stands in for the product, where a test wants that."""
        self.door = door
        name = str(door).replace("/", "-")
        self.stderr = folder / f"{name}.stderr"
        self.stderr.touch()
        self._read_up_to = 0
        self._audit_log = folder / f"{name}.audit"
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""
        self._command = command
        self._env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._env |= {
            "HOSTUP_BASE_URL": url,
            "HOSTUP_API_KEY": key,
            # One user who is always there calls more often than any other.
            "HOSTUP_MCP_CALLS_PER_MINUTE": "60000",
            "XDG_STATE_HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
        }

    def _words(self, *more: str) -> list[str]:
        if self._command is not None:
            return self._command
        flags = ["--allow", "all", "--audit-log", str(self._audit_log)]
        return [sys.executable, "-m", "hostup_mcp", "serve", *flags, *more]

    async def open(self) -> None:
        """Start the process, where the transport has one that outlives a session."""
        if self.door.transport == "stdio":
            return
        words = self._words("--transport", self.door.transport, "--port", "0")
        with self.stderr.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - once, and ended by hand
                words, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._url:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.door} did not start:\n{self.stderr.read_text()}")
            found = re.search(r"http://\S+", self.stderr.read_text())
            self._url = found[0] if found else ""
            await anyio.sleep(0.02)

    def close(self) -> None:
        """End the process that was started here."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def is_dead(self) -> bool:
        """Whether a process that should run has ended."""
        return self._process is not None and self._process.poll() is not None

    def new_stderr(self) -> str:
        """What was written to the log since the last look."""
        with self.stderr.open("rb") as log:
            log.seek(self._read_up_to)
            fresh = log.read()
        self._read_up_to += len(fresh)
        return fresh.decode(errors="replace")

    @asynccontextmanager
    async def session(self, user: Any) -> AsyncIterator[Client]:
        """A client of it; over stdio with a process of its own."""
        with self.stderr.open("a") as log:
            way: Any = self._url
            if self.door.transport == "stdio":
                words = self._words()
                way = stdio_client(
                    StdioServerParameters(command=words[0], args=words[1:], env=self._env),
                    errlog=log,
                )
            elif self.door.transport == "sse":
                way = sse_client(self._url)
            async with Client(way, mode=self.door.era, elicitation_callback=user) as client:
                yield client
