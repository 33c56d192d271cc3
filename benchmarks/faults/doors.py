"""The doors: three transports in two protocol revisions, each with a server process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from support.product import UNLIMITED, Door, ServerProcess, command, environment


class Product:
    """The product, connected to one account. Over HTTP its process runs until `close`."""

    def __init__(
        self, door: Door, url: str, key: str, folder: Path, program: list[str] | None = None
    ) -> None:
        """Over stdio, `program` runs instead of the product."""
        name = str(door).replace("/", "-")
        flags = ("--allow", "all", "--audit-log", str(folder / f"{name}.audit"))
        self.door = door
        self.stderr = folder / f"{name}.stderr"
        self.stderr.touch()
        self._read_up_to = 0
        self._process: ServerProcess | None = None
        self._folder = folder
        self._command = program or command(*flags)
        self._env = environment(
            **UNLIMITED,
            HOSTUP_BASE_URL=url,
            HOSTUP_API_KEY=key,
            XDG_STATE_HOME=str(folder),
            XDG_DATA_HOME=str(folder),
        )

    async def open(self) -> None:
        """Start the process if the transport needs one that outlives a session."""
        if self.door.transport == "stdio":
            return
        self._process = ServerProcess(
            self._folder, self._env, transport=self.door.transport, program=self._command
        )
        self.stderr = self._process.stderr
        await anyio.to_thread.run_sync(self._process.wait_for_url)

    def close(self) -> None:
        """Stop the process, if one was started."""
        if self._process is not None:
            self._process.close()

    @property
    def is_dead(self) -> bool:
        """Whether a process that should run has ended."""
        return self._process is not None and self._process.process.poll() is not None

    def new_stderr(self) -> str:
        """What was written to the log since the last call."""
        with self.stderr.open("rb") as log:
            log.seek(self._read_up_to)
            fresh = log.read()
        self._read_up_to += len(fresh)
        return fresh.decode(errors="replace")

    @asynccontextmanager
    async def session(self, user: Any) -> AsyncIterator[Client]:
        """A client session; over stdio with a process of its own."""
        with self.stderr.open("a", encoding="utf-8") as log:
            way: Any = self._process.url if self._process is not None else None
            if self.door.transport == "stdio":
                program, *flags = self._command
                parameters = StdioServerParameters(command=program, args=flags, env=self._env)
                way = stdio_client(parameters, errlog=log)
            elif self.door.transport == "sse":
                way = sse_client(way)
            async with Client(way, mode=self.door.revision, elicitation_callback=user) as client:
                yield client
