"""An operation runs to its end although its caller is cancelled."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import anyio
import pytest

from hostup_mcp.state.finish import run_to_end


class Operation:
    """An operation that has begun, and ends when it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        self.error = error
        self.undone: list[str] = []

    async def run(self) -> str:
        self.began.set()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return "done"

    async def undo(self, result: str) -> None:
        await asyncio.sleep(0)
        self.undone.append(result)

    async def cancelled_in_a_scope(self, undo: Callable[[str], object] | None = None) -> None:
        with anyio.CancelScope() as scope:

            async def cancel() -> None:
                await self.began.wait()
                scope.cancel()
                # Long enough for a scope to cancel again and again.
                for _ in range(10):
                    await asyncio.sleep(0)
                self.go_on.set()

            cancelling = asyncio.create_task(cancel())
            await run_to_end(self.run(), undo)  # type: ignore[arg-type]
            pytest.fail("the cancellation was swallowed")
        assert scope.cancelled_caught
        await cancelling


async def test_it_returns_or_raises_as_the_operation() -> None:
    done, failed = Operation(), Operation(ValueError("a reason"))
    done.go_on.set()
    failed.go_on.set()
    assert await run_to_end(done.run(), done.undo) == "done"
    assert done.undone == []
    with pytest.raises(ValueError, match="a reason"):
        await run_to_end(failed.run(), failed.undo)
    assert failed.undone == []


async def test_a_cancelled_callers_result_is_undone() -> None:
    operation = Operation()
    await operation.cancelled_in_a_scope(operation.undo)
    assert operation.undone == ["done"]


async def test_undoing_is_not_cancelled() -> None:
    """However often the caller is cancelled."""
    operation = Operation()
    undoing, go_on = asyncio.Event(), asyncio.Event()

    async def undo(result: str) -> None:
        undoing.set()
        await go_on.wait()
        operation.undone.append(result)

    task = asyncio.create_task(run_to_end(operation.run(), undo))
    for reached, release in ((operation.began, operation.go_on), (undoing, go_on)):
        await reached.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert operation.undone == ["done"]


async def test_a_failed_undo_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def undo(_: str) -> None:
        raise ValueError("a secret")

    await Operation().cancelled_in_a_scope(undo)
    assert caplog.messages == ["a cancelled operation could not be undone: ValueError"]


async def test_a_failed_operation_is_not_undone() -> None:
    operation = Operation(ValueError())
    await operation.cancelled_in_a_scope(operation.undo)
    assert operation.undone == []


@pytest.mark.parametrize("error", [None, ValueError()], ids=["done", "failed"])
async def test_there_may_be_nothing_to_undo(
    caplog: pytest.LogCaptureFixture, error: Exception | None
) -> None:
    await Operation(error).cancelled_in_a_scope()
    gc.collect()
    assert caplog.messages == [], "nor a failure that nobody looked at"


async def test_it_runs_in_a_cancelled_scope() -> None:
    done: list[bool] = []

    async def operation() -> None:
        await asyncio.sleep(0)
        done.append(True)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_to_end(operation())
    assert done == [True]


async def test_a_cancelled_scope_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scope cancels again at each step of the loop, so waiting under it would never rest."""
    waits: list[object] = []
    wait = asyncio.wait

    async def count(tasks: set[asyncio.Task[str]]) -> object:
        waits.append(tasks)
        return await wait(tasks)

    monkeypatch.setattr(asyncio, "wait", count)
    await Operation().cancelled_in_a_scope()
    assert len(waits) == 2
