"""Schedules run as the clock moves: they make backups, keep as many as they say, and no more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hostup_mcp.sandbox import ManualClock, Sandbox, Schedule, Server

NOON = datetime(2026, 4, 27, 12, 0, tzinfo=UTC)  # a Monday


def daily(**others: object) -> Schedule:
    plain = Schedule("bks_1", "Nightly", "daily", hour=2, retention_count=3, enabled=True)
    return replace(plain, **others)  # type: ignore[arg-type]


def account(schedule: Schedule, **others: object) -> tuple[Sandbox, ManualClock]:
    clock = ManualClock(NOON)
    sandbox = Sandbox(clock=clock)
    web = sandbox.state.by_name("dev-01")
    sandbox.state.put(replace(web, schedules=(schedule,), backups=(), **others))  # type: ignore[arg-type]
    return sandbox, clock


def dev(sandbox: Sandbox) -> Server:
    return sandbox.state.by_name("dev-01")


def dates(sandbox: Sandbox) -> list[str]:
    return [f"{b.created_at:%m-%d %H}" for b in dev(sandbox).backups]


@pytest.mark.parametrize(
    ("schedule", "days", "made"),
    [
        (daily(), 0, []),
        (daily(), 1, ["04-28 02"]),
        (daily(), 2, ["04-28 02", "04-29 02"]),
        (daily(hour=12), 1, ["04-28 12"]),
        (daily(enabled=False), 3, []),
        (daily(frequency="weekly", day=0), 14, ["05-03 02", "05-10 02"]),
        (daily(frequency="monthly", day=31), 70, ["05-31 02"]),
    ],
)
def test_each_run_leaves_a_backup(schedule: Schedule, days: int, made: list[str]) -> None:
    sandbox, clock = account(schedule)
    clock.advance(timedelta(days=days))
    assert dates(sandbox) == made
    assert {b.backup_type for b in dev(sandbox).backups} <= {"scheduled"}
    ran = dev(sandbox).schedules[0].last_run
    assert (ran is not None) is bool(made)


def test_clock_steps_do_not_matter() -> None:
    (one, jump), (other, steps) = account(daily()), account(daily())
    jump.advance(timedelta(days=2))
    for _ in range(48):
        steps.advance(3600)
        assert dev(other)
    assert dates(one) == dates(other)


def test_retention_spares_manual_backups() -> None:
    sandbox, clock = account(daily(retention_count=2))
    state = sandbox.state
    by_hand = replace(state.by_name("web-01").backups[-1], backup_type="manual")
    state.put(replace(dev(sandbox), backups=(by_hand,)))
    clock.advance(timedelta(days=5))
    assert by_hand in dev(sandbox).backups
    assert dates(sandbox)[1:] == ["05-01 02", "05-02 02"]


def test_runs_need_a_free_slot() -> None:
    sandbox, clock = account(daily())
    kept = tuple(replace(b, backup_type="manual") for b in sandbox.state.by_name("mail").backups)
    sandbox.state.put(replace(dev(sandbox), backups=kept))
    clock.advance(timedelta(days=3))
    assert dev(sandbox).backups == kept


@pytest.mark.parametrize("status", ["suspended", "pending", "terminated"])
def test_inactive_servers_are_skipped(status: str) -> None:
    sandbox, clock = account(daily(), service_status=status)
    clock.advance(timedelta(days=2))
    assert dates(sandbox) == []
