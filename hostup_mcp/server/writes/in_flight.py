"""Writes that run apart from the requests that asked for them.

A request can be cancelled at any moment: by its client, by a transport, and natively by an HTTP
server that is told to stop, which no shield inside the request prevents. So the part of a write
that has to end in order runs in a task of its own, and the end of the process waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

T = TypeVar("T")


class ServerStoppingError(Exception):
    """This server was told to stop before the step was over."""


class WritesInFlight:
    """The writes of one server that are under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._scopes: set[anyio.CancelScope] = set()
        self._stopping = False

    @property
    def count(self) -> int:
        """How many writes are under way."""
        return len(self._tasks)

    @property
    def is_stopping(self) -> bool:
        """Whether this server was told to stop."""
        return self._stopping

    async def run(self, work: Callable[[], Awaitable[T]], may_abandon: Callable[[], bool]) -> T:
        """Run `work` in a task of its own and return its result.

        If the caller is cancelled meanwhile, the work goes on, unless `may_abandon()` allows to
        cancel it.
        """

        async def apart() -> T:
            return await work()

        task = asyncio.create_task(apart())
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if may_abandon():
                task.cancel()
            raise

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Steps that are given up when this server is told to stop.

        Raises:
            ServerStoppingError: it was told to stop before the steps were over.
        """
        if self._stopping:
            raise ServerStoppingError
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)
        if scope.cancelled_caught:
            raise ServerStoppingError

    async def stop(self, seconds: float) -> None:
        """Let the writes that are under way end within `seconds`; then interrupt what still waits.

        When it returns, each has written its outcome to the audit log. No write starts any more.
        """
        self._stopping = True
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        self.interrupt()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def interrupt(self) -> None:
        """Interrupt what waits for HostUp now. No write starts any more."""
        self._stopping = True
        for scope in set(self._scopes):
            scope.cancel()

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever waits; where nobody does, it is in the log already
