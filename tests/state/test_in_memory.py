"""What only the store of one process promises: it is bounded in every direction."""

from __future__ import annotations

import pytest

from hostup_mcp.state import in_memory
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import RecordKey, RecordKind

from .conftest import Clock

PLAN = RecordKey(RecordKind.PLAN, "plan_1")


async def test_least_recently_used_callers_go_first() -> None:
    state = InMemoryState(max_callers=3)
    for name in ("ann", "bob", "cat"):
        await state.remember_ids(name, {"a": ""})
    await state.recall_id("ann", "a")
    await state.remember_ids("dan", {"a": ""})
    assert await state.recall_id("bob", "a") is None
    for name in ("ann", "cat", "dan"):
        assert await state.recall_id(name, "a") == ""


async def test_callers_with_records_are_limited() -> None:
    state = InMemoryState(max_callers=2)
    for name in ("ann", "bob", "ann", "cat"):
        await state.put_record(name, PLAN, "", seconds=600, at_most=50)
    assert await state.get_record("bob", PLAN) is None
    assert await state.get_record("ann", PLAN) is not None
    assert await state.get_record("cat", PLAN) is not None


async def test_the_number_of_locks_is_limited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_memory, "MAX_LOCKS", 3)
    clock = Clock()
    state = InMemoryState(clock=clock)
    locks = [await state.acquire(str(number), 10) for number in range(3)]
    assert None not in locks
    assert await state.acquire("one more", 10) is None
    assert locks[1] is not None
    await state.release(locks[1])
    assert await state.acquire("1", 10) is not None
    clock.advance(10)
    assert await state.acquire("one more", 10) is not None


async def test_each_process_is_a_generation() -> None:
    assert await InMemoryState().generation() != await InMemoryState().generation()
