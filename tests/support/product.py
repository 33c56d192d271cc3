"""The product as a process: its command, its environment, and how a client connects to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .waiting import PATIENCE, wait_until

LEGACY = "legacy"
MODERN = "2026-07-28"
REVISIONS = (LEGACY, MODERN)

UNLIMITED = {"HOSTUP_MCP_CALLS_PER_MINUTE": "60000", "HOSTUP_MCP_CALLS_AT_ONCE": "200"}
"""Limits on calls that no test reaches by accident."""


@dataclass(frozen=True)
class Door:
    """A transport in an revision of the protocol."""

    transport: str
    revision: str

    def __str__(self) -> str:
        return f"{self.transport}/{self.revision}"


ALL_DOORS = [
    Door(t, revision) for t in ("stdio", "streamable-http", "sse") for revision in REVISIONS
]


def command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "hostup_mcp", "serve", *flags]


def environment(**variables: str) -> dict[str, str]:
    """The environment of a child: `variables`, and of the tests' own only what it runs on.

    Its time zone is UTC and its locale none, wherever the tests run.
    """
    needed = ("PATH", "PYTHONPATH", "HOME", "XDG_STATE_HOME")
    kept = {name: os.environ[name] for name in needed if name in os.environ}
    return {**kept, "TZ": "UTC", "LC_ALL": "C.UTF-8", **variables}


class ServerProcess:
    """A child process that serves HTTP."""

    def __init__(
        self,
        folder: Path,
        env: Mapping[str, str],
        *flags: str,
        transport: str = "streamable-http",
        host: str = "127.0.0.1",
        port: int = 0,
        program: Sequence[str] | None = None,
    ) -> None:
        """`program` is run instead of `hostup-mcp serve`, with the same flags."""
        self.transport = transport
        self.url = ""
        """Empty until `wait_for_url`."""
        self.stderr = folder / f"{transport}-{time.monotonic_ns()}.err"
        self.stdout = self.stderr.with_suffix(".out")
        address = ("--transport", transport, "--host", host, "--port", str(port))
        with self.stderr.open("wb") as err, self.stdout.open("wb") as out:
            self.process = subprocess.Popen(
                [*(program or command()), *address, *flags],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def wait_for_url(self) -> ServerProcess:
        """Wait until it has printed where it listens."""
        try:
            wait_until(self._printed_url, "it prints where it listens")
            assert self.url, f"it did not start: {self.output()}"
        except BaseException:
            self.close()
            raise
        return self

    def _printed_url(self) -> bool:
        found = re.search(r'http://[^\s"]+', self.stderr.read_text())
        self.url = found[0] if found else ""
        return bool(found) or self.process.poll() is not None

    @property
    def base(self) -> str:
        """The address without the path."""
        return self.url.rpartition("/")[0]

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def output(self) -> str:
        return self.stdout.read_text() + self.stderr.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self) -> int:
        """End it; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(PATIENCE)


@contextmanager
def running(
    folder: Path,
    env: Mapping[str, str],
    *flags: str,
    transport: str = "streamable-http",
    program: Sequence[str] | None = None,
) -> Iterator[ServerProcess]:
    """A server over HTTP while the block runs."""
    child = ServerProcess(folder, env, *flags, transport=transport, program=program)
    try:
        yield child.wait_for_url()
    finally:
        child.close()
