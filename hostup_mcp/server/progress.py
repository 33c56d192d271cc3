"""Progress of a call that may take long, so that its client does not give up.

Clients that were told nothing for 60 seconds commonly cancel a call. Some of them go on waiting for
as long as progress grows; the protocol demands that it does, with each notification.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

REPORT_EVERY_SECONDS = 15.0

_STEP = 0.01
"""By how much progress grows where nothing more was done: a hundredth of a percent or server."""


class Report(Protocol):
    """Reports how much of how much is done; a client that did not ask for it hears nothing."""

    def __call__(
        self, progress: float, total: float | None = None, message: str | None = None, /
    ) -> Awaitable[None]: ...


class _Growing:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._last = -_STEP
        self._total: float | None = None
        self._message: str | None = None
        self._reporting = asyncio.Lock()

    async def __call__(
        self, progress: float, total: float | None = None, message: str | None = None, /
    ) -> None:
        async with self._reporting:
            self._total, self._message = total, message
            self._last = max(progress, self._last + _STEP)
            await self._report(self._last, total, message)

    async def go_on(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_SECONDS)
            # The client has gone, or takes no notifications; the call itself shows which.
            with suppress(Exception):
                await self(self._last + _STEP, self._total, self._message)


@asynccontextmanager
async def growing_progress(report: Report) -> AsyncIterator[Report]:
    """Report progress at least every `REPORT_EVERY_SECONDS` until the block ends.

    It grows with each report, also with those that the block makes through what it is given.
    """
    growing = _Growing(report)
    reporting = asyncio.create_task(growing.go_on())
    try:
        yield growing
    finally:
        reporting.cancel()
        await asyncio.wait([reporting])
