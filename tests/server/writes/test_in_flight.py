"""A write outlives the request that started it, and a server that stops waits for it."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from hostup_mcp.server.writes.in_flight import ServerStoppingError, WritesInFlight

from ..wiring import PATIENCE
from .bench import happens


class Work:
    """A write that ends when it is told to."""

    def __init__(self) -> None:
        self.began, self.go_on = anyio.Event(), anyio.Event()
        self.ended = ""

    async def __call__(self) -> str:
        self.began.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "done"
        return "result"


@pytest.fixture
def writes() -> WritesInFlight:
    return WritesInFlight()


async def test_the_result_comes_back(writes: WritesInFlight) -> None:
    work = Work()
    work.go_on.set()
    assert await writes.run(work, lambda: True) == "result"
    assert writes.count == 0


async def test_a_failure_comes_back(writes: WritesInFlight) -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await writes.run(fail, lambda: True)
    assert writes.count == 0


async def test_a_sleep_ends_by_itself_or_when_the_server_stops(writes: WritesInFlight) -> None:
    with anyio.fail_after(PATIENCE):
        await writes.sleep(0.01)
        async with anyio.create_task_group() as group:
            group.start_soon(writes.sleep, 10 * PATIENCE)
            await anyio.lowlevel.checkpoint()
            await writes.stop(0)


@pytest.mark.parametrize("may_abandon", [True, False])
async def test_a_cancelled_caller(writes: WritesInFlight, may_abandon: bool) -> None:
    """Its work is cancelled with it only if it may be abandoned."""
    work = Work()
    caller = asyncio.create_task(writes.run(work, lambda: may_abandon))
    await happens(work.began)
    assert writes.count == 1
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    work.go_on.set()
    await writes.stop(PATIENCE)
    assert work.ended == ("cancelled" if may_abandon else "done")
    assert writes.count == 0


async def test_an_unawaited_failure_is_not_reported(writes: WritesInFlight) -> None:
    """The event loop reports no exception that was never retrieved: it is in the audit log."""
    began, go_on = anyio.Event(), anyio.Event()

    async def fail() -> None:
        began.set()
        await go_on.wait()
        raise ValueError("no")

    caller = asyncio.create_task(writes.run(fail, lambda: False))
    await happens(began)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await writes.stop(PATIENCE)
    assert writes.count == 0


async def test_stopping_waits_for_a_write(writes: WritesInFlight) -> None:
    work = Work()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writes.run, work, lambda: True)
        await happens(work.began)
        tasks.start_soon(writes.stop, PATIENCE)
        await anyio.lowlevel.checkpoint()
        assert writes.is_stopping
        assert work.ended == ""
        work.go_on.set()
    assert work.ended == "done"


async def test_stopping_interrupts_what_waits(writes: WritesInFlight) -> None:
    work = Work()
    ends: list[str] = []

    async def write() -> None:
        try:
            with writes.interruptible():
                await work()
        except ServerStoppingError:
            ends.append("interrupted")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(writes.run, write, lambda: True)
        await happens(work.began)
        await writes.stop(0.01)
        assert ends == ["interrupted"]
    assert writes.count == 0


async def test_a_stopping_server_begins_no_step(writes: WritesInFlight) -> None:
    await writes.stop(0)
    with pytest.raises(ServerStoppingError), writes.interruptible():
        raise AssertionError("it began")


async def test_steps_that_end_are_not_interrupted(writes: WritesInFlight) -> None:
    with writes.interruptible():
        pass
    writes.interrupt()
