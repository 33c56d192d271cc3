"""Runs writes in tasks of their own, so that a cancelled request does not cut one short.

A request can be cancelled at any moment: by its client, by its transport, or by an HTTP server that
is stopping, and a cancel scope inside the request does not prevent the last. A process that stops
waits for these tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

T = TypeVar("T")


class ServerStoppingError(Exception):
    """This server was told to stop before the step finished."""


class WritesInFlight:
    """The writes of one server that are in progress."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._scopes: set[anyio.CancelScope] = set()
        self._told_to_stop = asyncio.Event()

    @property
    def count(self) -> int:
        """How many writes are in progress."""
        return len(self._tasks)

    @property
    def is_stopping(self) -> bool:
        """Whether this server was told to stop."""
        return self._told_to_stop.is_set()

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds`, or until this server is told to stop."""
        with anyio.move_on_after(seconds):
            await self._told_to_stop.wait()

    async def run(self, work: Callable[[], Awaitable[T]], may_abandon: Callable[[], bool]) -> T:
        """Run `work` in a task of its own and return its result.

        If the caller is cancelled, the work goes on, unless `may_abandon()` says that it may be
        cancelled too.
        """

        async def apart() -> T:
            return await work()

        task = asyncio.create_task(apart())
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        try:
            # Not `asyncio.shield`: from Python 3.14 on, it reports an error of a task whose caller
            # was cancelled.
            await asyncio.wait({task})
        except asyncio.CancelledError:
            if may_abandon():
                task.cancel()
            raise
        return task.result()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Return a context whose steps are cancelled when this server is told to stop.

        Raises:
            ServerStoppingError: it was told to stop before the steps finished.
        """
        if self.is_stopping:
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
        """Give the writes in progress `seconds` to finish, then interrupt the rest.

        None starts later. When it returns, each write has logged its outcome in the audit log.
        """
        self._told_to_stop.set()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        self.interrupt()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def interrupt(self) -> None:
        """Interrupt the writes that wait for HostUp. None starts later."""
        self._told_to_stop.set()
        for scope in set(self._scopes):
            scope.cancel()

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # asyncio would report one that nobody retrieved; it is logged already
