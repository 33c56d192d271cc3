"""Runs an operation to its end although its caller is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import anyio

T = TypeVar("T")

log = logging.getLogger(__name__)


async def run_to_end(
    operation: Coroutine[Any, Any, T], undo: Callable[[T], Awaitable[object]] | None = None
) -> T:
    """Run `operation` in its own task, and wait for it to finish even if the caller is cancelled.

    A cancelled caller never sees the result, so `undo` is called with it before the cancellation is
    raised. The caller may be cancelled by its task or by an anyio scope. `operation` needs a limit
    in time of its own.
    """
    task = asyncio.create_task(operation)
    cancellation = await _wait(task)
    if cancellation is None:
        return task.result()
    if undo is not None and task.exception() is None:
        undoing = asyncio.create_task(_undo(undo, task.result()))
        cancellation = await _wait(undoing) or cancellation
    raise cancellation


async def wait_to_end(result: asyncio.Future[T]) -> T:
    """Wait for `result` even if the caller is cancelled."""
    cancellation = await _wait(result)
    if cancellation is not None:
        raise cancellation
    return result.result()


async def _undo(undo: Callable[[T], Awaitable[object]], result: T) -> None:
    try:
        await undo(result)
    except Exception as error:
        # The caller is being cancelled, and no other exception may replace that.
        log.warning("a cancelled operation could not be undone: %s", type(error).__name__)


async def _wait(task: asyncio.Future[T]) -> asyncio.CancelledError | None:
    """Wait for `task` to finish; return the latest cancellation of the caller meanwhile, if any."""
    cancellation: asyncio.CancelledError | None = None
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError as error:
        cancellation = error
    # The shield keeps out scopes, which cancel again and again; `task.cancel()` needs the loop.
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancellation = error
    # Or asyncio logs, with a traceback, a failure that a cancelled caller never sees.
    if not task.cancelled():
        task.exception()
    return cancellation
