"""Requests that a cancelled caller does not interrupt half-way."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from hostup_mcp.state.finish import run_to_end


async def answer(seconds: float = 0.0) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def test_the_result_and_the_error_are_those_of_the_operation() -> None:
    async def fail() -> None:
        raise ValueError("a reason")

    assert await run_to_end(answer()) == "done"
    with pytest.raises(ValueError, match="a reason"):
        await run_to_end(fail())


async def test_without_a_cancellation_nothing_is_undone() -> None:
    undone: list[str] = []

    async def undo(result: str) -> None:
        undone.append(result)

    assert await run_to_end(answer(), undo) == "done"
    assert undone == []


async def test_what_a_cancelled_caller_never_sees_is_undone() -> None:
    undone: list[str] = []

    async def undo(result: str) -> None:
        await asyncio.sleep(0.05)
        undone.append(result)

    with anyio.move_on_after(0.05) as scope:
        await run_to_end(answer(0.1), undo)
    assert scope.cancelled_caught
    assert undone == ["done"]


async def test_a_cancellation_while_it_is_undone_does_not_stop_that() -> None:
    undone: list[str] = []

    async def undo(result: str) -> None:
        await asyncio.sleep(0.1)
        undone.append(result)

    task = asyncio.create_task(run_to_end(answer(0.05), undo))
    for _ in range(10):
        await asyncio.sleep(0.01)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert undone == ["done"]


async def test_a_failure_to_undo_does_not_replace_the_cancellation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def undo(_: str) -> None:
        raise ValueError("a secret")

    with anyio.move_on_after(0.01) as scope:
        await run_to_end(answer(0.05), undo)
    assert scope.cancelled_caught
    assert "ValueError" in caplog.text
    assert "a secret" not in caplog.text


async def test_a_failed_operation_has_nothing_to_undo() -> None:
    async def fail() -> str:
        await asyncio.sleep(0.05)
        raise ValueError

    async def undo(_: str) -> None:
        pytest.fail("there is no result")

    with anyio.move_on_after(0.01) as scope:
        await run_to_end(fail(), undo)
    assert scope.cancelled_caught


async def test_a_caller_in_a_cancelled_scope_still_gets_its_operation_done() -> None:
    done: list[bool] = []

    async def operation() -> None:
        await asyncio.sleep(0.01)
        done.append(True)

    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_to_end(operation())
    assert done == [True]
