"""The options of a run, and the counts of one door."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from support.product import Door

from benchmarks.faults.history import Episode
from benchmarks.faults.oracle import Violation


@dataclass(frozen=True)
class Options:
    """The options of a run: its seed, its faults, and its limits in calls and seconds."""

    seed: int
    calls: int
    seconds: float
    rate: float = 0.06
    silence: float = 0.0
    without: frozenset[str] = frozenset()
    show: frozenset[str] = frozenset()
    command: tuple[str, ...] | None = None


@dataclass
class Tally:
    """The counts of one door."""

    door: Door
    calls: int = 0
    seconds: float = 0.0
    sessions: int = 0
    write_calls: int = 0
    write_requests: int = 0
    applied: int = 0
    questions: int = 0
    yeses: int = 0
    repeated_questions: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    found: list[tuple[Episode, Violation]] = field(default_factory=list)
    shown: list[Episode] = field(default_factory=list)
    gave_up: str | None = None
