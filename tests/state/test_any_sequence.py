"""In any order of calls, nothing is consumed twice and no lock has two holders."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import Consumption, Lock, RecordKey, RecordKind, StateStore

from .conftest import Clock

CALLERS = st.sampled_from(["ann", "bob"])
NAMES = st.sampled_from(["vps 1", "vps 2"])
KEYS = st.builds(RecordKey, st.sampled_from(RecordKind), st.sampled_from(["1", "2", "3"]))
AT_MOST = 2


class Model(RuleBasedStateMachine):
    """What a store should hold: each caller's records, oldest first, and who holds each lock."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.make()
        self.records: dict[tuple[str, RecordKey], tuple[float, bool]] = {}
        self.held: dict[str, tuple[Lock, float]] = {}
        self.past: list[Lock] = [Lock("vps 1", "forged")]

    def make(self) -> StateStore:
        if self.kind == "sqlite":
            return SqliteState(Path(self.folder.name) / "state.db", clock=self.clock)
        return InMemoryState(clock=self.clock)

    def teardown(self) -> None:
        self.runner.close()
        self.folder.cleanup()

    def consumed(self, caller: str, key: RecordKey) -> bool | None:
        """Whether a record was consumed; None if there is none."""
        expires, is_consumed = self.records.get((caller, key), (0.0, False))
        return is_consumed if expires > self.clock.time else None

    @rule(caller=CALLERS, key=KEYS, seconds=st.sampled_from([5, 50]))
    def put(self, caller: str, key: RecordKey, seconds: float) -> None:
        self.runner.run(self.store.put_record(caller, key, "", seconds=seconds, at_most=AT_MOST))
        if self.consumed(caller, key):
            return
        self.records.pop((caller, key), None)
        self.records[caller, key] = (self.clock.time + seconds, False)
        open_ = [
            (who, k)
            for who, k in self.records
            if who == caller and k.kind is key.kind and self.consumed(who, k) is False
        ]
        for dropped in open_[:-AT_MOST]:
            del self.records[dropped]

    @rule(name=NAMES, seconds=st.sampled_from([5, 50]))
    def acquire(self, name: str, seconds: float) -> None:
        lock = self.runner.run(self.store.acquire(name, seconds))
        held = self.held.get(name)
        assert (lock is None) is (held is not None and held[1] > self.clock.time)
        if lock is not None:
            self.held[name] = (lock, self.clock.time + seconds)
            self.past.append(lock)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        lock = data.draw(st.sampled_from(self.past))
        self.runner.run(self.store.release(lock))
        if self.held.get(lock.name, (None, 0))[0] == lock:
            del self.held[lock.name]

    @rule(data=st.data(), caller=CALLERS, keys=st.lists(KEYS, max_size=2, unique=True))
    def consume(self, data: st.DataObject, caller: str, keys: list[RecordKey]) -> None:
        lock = data.draw(st.sampled_from(self.past))
        held, until = self.held.get(lock.name, (None, 0.0))
        states = [self.consumed(caller, key) for key in keys]
        result = self.runner.run(self.store.consume(caller, keys, lock))
        if held != lock or until <= self.clock.time:
            assert result.outcome is Consumption.LOCK_LOST
        elif all(state is False for state in states):
            assert result.outcome is Consumption.CONSUMED
            for key in keys:
                self.records[caller, key] = (self.records[caller, key][0], True)
        else:
            first = next(n for n, state in enumerate(states) if state is not False)
            assert result.key == keys[first]
            consumed = states[first] is True
            assert result.outcome is (
                Consumption.ALREADY_CONSUMED if consumed else Consumption.MISSING
            )

    @rule(caller=CALLERS, key=KEYS)
    def get(self, caller: str, key: RecordKey) -> None:
        record = self.runner.run(self.store.get_record(caller, key))
        assert (record.is_consumed if record else None) is self.consumed(caller, key)

    @rule(name=NAMES)
    def ask(self, name: str) -> None:
        left = self.held[name][1] - self.clock.time if name in self.held else 0
        assert self.runner.run(self.store.seconds_locked(name)) == pytest.approx(max(0, left))

    @rule(seconds=st.sampled_from([1, 5, 50]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)


@pytest.mark.parametrize(("kind", "examples"), [("in memory", 25), ("sqlite", 8)])
def test_any_order_of_calls(kind: str, examples: int) -> None:
    machine = type("Machine", (Model,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
