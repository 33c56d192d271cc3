"""Which servers have healthy backups, and how bad what is wrong with the others is."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup.models import BackupList, BackupSchedules
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import complete
from hostup_mcp.recovery.health import (
    LONGEST_QUOTE,
    Health,
    ServerFacts,
    Severity,
    check_server,
    worst_first,
)
from hostup_mcp.recovery.health_findings import (
    CreateClosed,
    NewestDoubtful,
    NewestOld,
    RecencyUnknown,
    RestoreClosed,
    ServiceNotActive,
    SlotsFull,
    Unreadable,
)
from hostup_mcp.recovery.reasons import BackupsHidden, GateClosed, GateMissing, NoBackups
from hostup_mcp.recovery.schedule_findings import NoScheduleOn, RunFailed, ScheduleNeverRan
from hostup_mcp.recovery.spans import age

from .listings import NOW, backup, closed, listing, listings, server

LIMIT = timedelta(days=2)
CRITICAL, UNKNOWN, WARNING, NOTICE = Severity

FRESH = backup("bkp_fresh", "2026-04-27T02:00:00.000Z")
"""Ten hours old."""
OLD = backup("bkp_old", "2026-04-25T11:59:59.000Z")
"""Two days and a second old."""
FULL: dict[str, Any] = {"used": 3, "limit": 3, "remaining": 0}


def checked(
    backups: BackupList | Unreadable,
    schedules: BackupSchedules | Unreadable | None = None,
    status: str | None = "active",
) -> Health:
    facts = ServerFacts(server(serviceStatus=status), backups, schedules)
    return check_server(facts, NOW, LIMIT)


def found(*given: Any, **named: Any) -> list[tuple[Severity, object]]:
    return [(c.severity, c.finding) for c in checked(*given, **named).concerns]


# The newest backup --------------------------------------------------------------------------------


def test_a_recent_backup_is_healthy() -> None:
    health = checked(listing(FRESH, OLD))
    assert health.concerns == ()
    assert health.severity is None
    assert health.newest is not None
    assert (health.newest.id, health.count) == ("bkp_fresh", 2)


def test_a_limit_is_exact() -> None:
    at_the_limit = backup("bkp_a", "2026-04-25T12:00:00.000Z")
    assert found(listing(at_the_limit)) == []
    assert found(listing(OLD)) == [(CRITICAL, NewestOld(LIMIT))]


@pytest.mark.parametrize(
    ("backups", "expected", "newest"),
    [
        ([], (CRITICAL, NoBackups()), None),
        ([backup("a", size=0)], (CRITICAL, Code.NONE_COMPLETE), None),
        # One that is only minutes old may not be finished.
        ([backup("a", "2026-04-27T11:58:00Z")], (CRITICAL, Code.NONE_COMPLETE), None),
        ([backup("a", "2026-04-27T11:58:00Z"), OLD], (CRITICAL, NewestOld(LIMIT)), "bkp_old"),
        ([backup("a", None)], (UNKNOWN, RecencyUnknown(1)), "a"),
        ([backup("a", None), OLD], (UNKNOWN, RecencyUnknown(1)), "bkp_old"),
        ([backup("a", "2031-01-01T00:00:00Z"), OLD], (UNKNOWN, RecencyUnknown(1)), "bkp_old"),
        ([backup("a", None, 0), OLD], (CRITICAL, NewestOld(LIMIT)), "bkp_old"),
    ],
)
def test_no_recent_backup_is_no_health(
    backups: list[Any], expected: tuple[Severity, object], newest: str | None
) -> None:
    health = checked(listing(*backups))
    assert [(c.severity, c.finding) for c in health.concerns] == [expected]
    assert (health.newest.id if health.newest else None) == newest


def test_unlisted_backups_leave_it_unknown() -> None:
    assert found(listing(used=2)) == [(UNKNOWN, BackupsHidden(2, 0))]
    assert found(listing(FRESH, used=2)) == [], "a recent one is there all the same"
    assert found(listing(OLD, used=2)) == [
        (CRITICAL, NewestOld(LIMIT)),
        (UNKNOWN, BackupsHidden(2, 1)),
    ]


def test_a_newer_backup_may_be_incomplete() -> None:
    tiny = backup("bkp_tiny", "2026-04-27T10:00:00.000Z", 0.1)
    assert found(listing(tiny, FRESH)) == [(WARNING, NewestDoubtful("bkp_tiny"))]
    started = backup("bkp_new", "2026-04-27T11:58:00.000Z")
    assert found(listing(started, FRESH)) == []


@given(listings, st.none() | st.text(max_size=12))
def test_health_needs_a_recent_complete_backup(backups: BackupList, status: str | None) -> None:
    ages = [age(b.created, NOW) for b in complete(backups.backups, NOW)]
    is_recent = any(span is not None and span <= LIMIT for span in ages)
    severity = checked(backups, status=status).severity
    assert is_recent or severity not in (None, NOTICE)
    if severity is CRITICAL:
        assert not is_recent


# Slots, gates, service ----------------------------------------------------------------------------


def test_full_slots_name_what_would_go() -> None:
    full = listing(FRESH, OLD, **FULL | {"used": 2, "limit": 2})
    created = full.backups[1].created
    assert found(full) == [(NOTICE, SlotsFull("bkp_old", created))]
    assert SlotsFull("bkp_old", created).code is Code.SLOTS_FULL
    unclear = listing(FRESH, backup("bkp_b", None), **FULL | {"used": 2, "limit": 2})
    assert found(unclear) == [(NOTICE, SlotsFull(None, None))]
    assert SlotsFull(None, None).code is Code.SLOTS_FULL_UNDATED


@pytest.mark.parametrize(
    ("gate", "severity"),
    [
        (closed("Moving."), WARNING),
        (closed(), WARNING),
        (closed(None, code="pending_order"), WARNING),
        # It opens by itself, or only this key must not.
        (closed("Busy.", code="vps_not_ready"), NOTICE),
        (closed("No scope.", code="forbidden"), NOTICE),
    ],
)
def test_a_closed_gate_is_a_finding(gate: dict[str, Any], severity: Severity) -> None:
    because = GateClosed(gate["reason"], gate.get("code"))
    assert found(listing(FRESH, restore=gate)) == [(severity, RestoreClosed(because))]
    assert found(listing(FRESH, create=gate)) == [], "none is needed"
    assert found(listing(OLD, create=gate)) == [
        (CRITICAL, NewestOld(LIMIT)),
        (severity, CreateClosed(because)),
    ]


def test_a_missing_gate_is_unknown() -> None:
    assert found(listing(FRESH, restore=None, create=None)) == [
        (UNKNOWN, GateMissing("canRestore"))
    ]


def test_nothing_to_restore_needs_no_gate() -> None:
    for gate in (None, closed("No.")):
        assert found(listing(restore=gate)) == [(CRITICAL, NoBackups())]


def test_long_reasons_are_cut() -> None:
    for length, kept in ((500, "x" * (LONGEST_QUOTE - 1) + "…"), (LONGEST_QUOTE, None)):
        said = "x" * length
        [(_, finding)] = found(listing(FRESH, restore=closed(said)))
        assert finding == RestoreClosed(GateClosed(kept or said, None))


@pytest.mark.parametrize("status", [None, "", "active", "Active", "unknown"])
def test_an_active_service_is_no_finding(status: str | None) -> None:
    assert found(listing(FRESH), status=status) == []


@pytest.mark.parametrize("status", ["suspended", "Suspended", "fraud", "new_word"])
def test_another_service_status_is_a_finding(status: str) -> None:
    warning = (WARNING, ServiceNotActive(status))
    assert found(listing(FRESH), status=status) == [warning]
    assert found(listing(OLD), status=status) == [(CRITICAL, NewestOld(LIMIT)), warning]
    is_suspended = status.lower() == "suspended"
    expected = Code.SERVICE_SUSPENDED if is_suspended else Code.SERVICE_NOT_ACTIVE
    assert ServiceNotActive(status).code is expected


@pytest.mark.parametrize("status", ["pending", "terminated", "cancelled", "Expired"])
def test_a_server_that_is_gone_only_warns(status: str) -> None:
    warning = (WARNING, ServiceNotActive(status))
    assert found(listing(), status=status) == [warning, (WARNING, NoBackups())]
    assert found(listing(OLD), status=status) == [warning, (WARNING, NewestOld(LIMIT))]


# What could not be read ---------------------------------------------------------------------------


def test_unreadable_backups_are_unknown() -> None:
    lost = Unreadable("backups", "timed_out")
    health = checked(lost)
    assert [(c.severity, c.finding) for c in health.concerns] == [(UNKNOWN, lost)]
    assert (health.count, health.newest) == (None, None)
    assert lost.code is Code.BACKUPS_UNREADABLE


def test_unreadable_schedules_are_unknown() -> None:
    lost = Unreadable("schedules", "forbidden")
    assert found(listing(FRESH), lost) == [(UNKNOWN, lost)]
    assert lost.code is Code.SCHEDULES_UNREADABLE


# Schedules ----------------------------------------------------------------------------------------


def schedules(*history: dict[str, Any], **rest: Any) -> BackupSchedules:
    return BackupSchedules.model_validate({"schedules": [], "history": list(history)} | rest)


def failed(at: str | None, said: str = "Storage is full.") -> dict[str, Any]:
    return {"status": "failed", "createdAt": at, "errorMessage": said}


def test_schedules_that_do_not_run_are_told() -> None:
    silent = {"id": "bks_1", "enabled": True, "frequency": "daily", "lastRun": None}
    assert found(listing(FRESH), schedules(schedules=[silent])) == [
        (WARNING, ScheduleNeverRan("bks_1"))
    ]
    settings = {"scheduledBackupsActive": 2}
    off = silent | {"enabled": False}
    assert found(listing(FRESH), schedules(schedules=[off], settings=settings)) == [
        (WARNING, NoScheduleOn(2))
    ]


@pytest.mark.parametrize(
    ("at", "backups", "is_told"),
    [
        # Within the limit, or without a backup since, or at an unknown time.
        ("2026-04-26T02:00:00.000Z", [FRESH], True),
        ("2026-04-25T12:00:00.000Z", [FRESH], True),
        (None, [FRESH], True),
        ("2031-01-01T00:00:00.000Z", [FRESH], True),
        ("2026-04-20T02:00:00.000Z", [], True),
        ("2026-04-20T02:00:00.000Z", [backup("bkp_a", "2026-04-19T02:00:00.000Z")], True),
        ("2026-04-20T02:00:00.000Z", [backup("bkp_a", "2026-04-20T02:00:00.000Z")], True),
        ("2026-04-20T02:00:00.000Z", [backup("bkp_a", None)], True),
        ("2026-04-20T02:00:00.000Z", [FRESH], False),
        ("2026-04-20T02:00:00.000Z", [OLD], False),
    ],
)
def test_failed_runs_are_told_until_over(at: str | None, backups: list[Any], is_told: bool) -> None:
    runs = [
        (severity, finding)
        for severity, finding in found(listing(*backups), schedules(failed(at)))
        if isinstance(finding, RunFailed)
    ]
    assert len(runs) == is_told
    for severity, finding in runs:
        assert severity is WARNING
        assert finding.said == "Storage is full."


def test_runs_that_failed_before_are_not_counted() -> None:
    """The latest ones say enough about a server among many."""
    runs = (failed(f"2026-04-26T0{hour}:00:00.000Z") for hour in range(6))
    told = [finding for _, finding in found(listing(FRESH), schedules(*runs))]
    assert [type(finding) for finding in told] == [RunFailed] * 3


def test_failures_without_a_reason_stay_so() -> None:
    bare = schedules({"status": "broken", "createdAt": None})
    [(_, finding)] = found(listing(FRESH), bare)
    assert finding == RunFailed(None, "broken", None)
    [(_, cut)] = found(listing(FRESH), schedules(failed(None, "x" * 500)))
    assert isinstance(cut, RunFailed)
    assert len(cut.said or "") == LONGEST_QUOTE


# All servers --------------------------------------------------------------------------------------


def test_the_worst_servers_come_first() -> None:
    full = listing(FRESH, **FULL | {"used": 1, "limit": 1})
    older = listing(backup("bkp_older", "2020-04-25T00:00:00.000Z"))
    servers = [
        checked(full),
        checked(listing(FRESH)),
        checked(listing(FRESH, restore=closed("No."))),
        checked(listing(backup("bkp_a", None))),
        checked(listing(OLD)),
        checked(older),
        checked(listing()),
    ]
    assert worst_first(servers) == (
        *(servers[6], servers[5], servers[4], servers[3], servers[2], servers[0]),
    )
