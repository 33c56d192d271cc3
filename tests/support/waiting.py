"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio

PATIENCE = 60.0
"""Seconds until a test gives up; only a hang takes so long."""


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait, outside an event loop, until `condition` holds; `what` says it for the failure."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


async def until(condition: Callable[[], object], what: str = "", seconds: float = PATIENCE) -> None:
    """The same inside an event loop."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await anyio.sleep(0.01)
