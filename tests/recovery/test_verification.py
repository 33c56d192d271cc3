"""Whether a server is back: no verdict without evidence, and each for its own reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.hostup.jobs import JobState
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.evidence import (
    Answer,
    LookAgain,
    Observation,
    Port,
    PortAnswers,
    SeenDisk,
)
from hostup_mcp.recovery.verification import Restore, Verification, verify

SENT = datetime(2026, 4, 27, 10, tzinfo=UTC)
ENDED = SENT + timedelta(minutes=5)
LATER = ENDED + timedelta(minutes=30)
DISK = SeenDisk("scsi0", 80.0)
MINUTE = 60.0
TLS, HTTP = Port(443, Answer.TLS), Port(80, Answer.HTTP, 200)
OPEN_443, SHUT_443 = Port(443, Answer.CONNECTION), Port(443, Answer.NOTHING)
SUCCEEDED = Restore("0123", is_accepted=True, state=JobState.SUCCEEDED, ended=ENDED)
BEFORE = Observation(SENT, "running", 9000 * MINUTE, True, (DISK,), "192.0.2.1", (TLS, HTTP))
UNKNOWN = Observation(SENT)
BACK = replace(BEFORE, at=LATER, uptime_seconds=29 * MINUTE)
SILENT = replace(BACK, agent=False, ports=None)


SEEN_BY = {
    "restore": "job",
    "power": "status",
    "not": "status",
    "agent": "agent",
    "disks": "storage",
    "port": "probe",
}


def judged(
    restore: dict[str, Any], now: dict[str, Any], before: Observation = BEFORE
) -> Verification:
    found = verify(replace(SUCCEEDED, **restore), before, replace(BACK, **now))
    for item in found.items:
        assert item.seen_by == SEEN_BY[item.code.split("_")[0]]
    return found


def proven(found: Verification, what: str) -> list[str]:
    return [item.code for item in found.items if item.proves == what]


@pytest.mark.parametrize(
    ("restore", "now", "before", "because"),
    [
        ({}, {}, BEFORE, ["agent_answers", "port_speaks_tls", "port_speaks_http"]),
        ({}, {"ports": None}, BEFORE, ["agent_answers"]),
        ({}, {"agent": None}, BEFORE, ["port_speaks_tls", "port_speaks_http"]),
        ({}, {"agent": False, "ports": (OPEN_443,)}, UNKNOWN, ["port_accepts"]),
        ({}, {"ports": None, "power": None, "uptime_seconds": None}, BEFORE, ["agent_answers"]),
        # A start a little before the restore is a clock that differs.
        ({}, {"ports": (), "uptime_seconds": 36 * MINUTE}, BEFORE, ["agent_answers"]),
        # A snapshot may resume programs that ran before.
        ({"restarts": False}, {"ports": None, "uptime_seconds": 1e6}, BEFORE, ["agent_answers"]),
        # Another server's system need not answer as this one's did.
        (
            {"brings_other_system": True},
            {"ports": (OPEN_443, Port(80, Answer.NOTHING)), "disks": ()},
            BEFORE,
            ["agent_answers", "port_accepts"],
        ),
    ],
)
def test_back_needs_an_answer_after_the_job(
    restore: dict[str, Any], now: dict[str, Any], before: Observation, because: list[str]
) -> None:
    found = judged(restore, now, before)
    assert found.verdict == "back"
    assert proven(found, "back") == because
    assert found.looks == (Code.USE_SERVER,)


@pytest.mark.parametrize(
    ("restore", "now", "because"),
    [
        ({"state": JobState.FAILED}, {}, ["restore_failed"]),
        ({"state": JobState.FAILED, "said": "No space."}, {}, ["restore_failed_reason"]),
        ({"state": JobState.ENDED_OTHERWISE}, {}, ["restore_ended"]),
        ({"state": JobState.ENDED_OTHERWISE, "said": "No."}, {}, ["restore_ended_reason"]),
        ({}, {"power": "stopped", "agent": None, "ports": None}, ["power_lost"]),
        (
            {"state": JobState.GONE},
            {"power": "Paused", "agent": None, "ports": None},
            ["power_lost"],
        ),
        ({"brings_other_system": True}, {"power": "error", "agent": False}, ["power_lost"]),
        ({}, {"power": "stopped", "agent": False, "ports": None}, ["power_lost", "agent_lost"]),
        ({}, {"agent": False, "ports": None}, ["agent_lost"]),
        ({}, {"agent": False, "ports": None, "power": None}, ["agent_lost"]),
        ({}, {"disks": ()}, ["disks_lost"]),
        ({}, {"ports": (SHUT_443,)}, ["port_lost"]),
        ({}, {"ports": (OPEN_443,)}, ["port_mute"]),
    ],
)
def test_not_back_needs_a_failure_or_a_loss(
    restore: dict[str, Any], now: dict[str, Any], because: list[str]
) -> None:
    found = judged(restore, now)
    assert found.verdict == "not_back"
    assert proven(found, "not_back") == because
    assert Code.ENABLE_PROBE not in found.looks


QUIET: dict[str, Any] = {"agent": False, "ports": None}


@pytest.mark.parametrize(
    ("restore", "now", "before", "because"),
    [
        # Nothing that answered before, and nothing that answers now.
        ({}, QUIET, UNKNOWN, ["restore_succeeded", "power_running", "agent_silent"]),
        ({}, QUIET, replace(BEFORE, agent=False), ["agent_silent"]),
        ({}, {**QUIET, "power": "stopped"}, UNKNOWN, ["power_off"]),
        ({}, {**QUIET, "power": "stopped"}, replace(UNKNOWN, power="stopped"), ["power_off"]),
        ({}, {"agent": None, "ports": (), "disks": None}, BEFORE, ["agent_unknown"]),
        ({}, {"agent": None, "ports": None, "disks": None}, BEFORE, ["disks_unknown"]),
        ({}, {**QUIET, "power": None}, UNKNOWN, ["power_unknown"]),
        ({}, {**QUIET, "ports": (SHUT_443,)}, UNKNOWN, ["port_silent"]),
        # It is on its way, so nothing is lost yet.
        ({}, {"power": "starting", "agent": False, "ports": (SHUT_443,)}, BEFORE, ["power_other"]),
        # It never restarted, so what answers is what was there before.
        ({}, {"uptime_seconds": 9036 * MINUTE}, BEFORE, ["not_restarted", "agent_answers"]),
        # It has not ended, or nobody knows whether it has.
        ({"state": JobState.RUNNING}, {}, BEFORE, ["restore_running", "agent_answers"]),
        ({"state": JobState.WAITING}, {"power": "stopped"}, BEFORE, ["restore_running"]),
        ({"state": JobState.RUNNING}, {"power": "stopped", **QUIET}, BEFORE, ["power_off"]),
        ({"state": JobState.RUNNING}, {"disks": ()}, BEFORE, ["disks_listed"]),
        ({"state": JobState.UNKNOWN}, {}, BEFORE, ["restore_unclear", "agent_answers"]),
        ({"state": JobState.GONE}, {}, BEFORE, ["restore_gone", "agent_answers"]),
        ({"state": None}, {}, BEFORE, ["restore_without_job", "agent_answers"]),
        ({"is_accepted": False}, {}, BEFORE, ["restore_unconfirmed", "agent_answers"]),
        ({"is_accepted": False}, {"power": "stopped"}, BEFORE, ["power_off"]),
    ],
)
def test_everything_else_is_not_known(
    restore: dict[str, Any], now: dict[str, Any], before: Observation, because: list[str]
) -> None:
    found = judged(restore, now, before)
    assert found.verdict == "not_known"
    assert set(because) <= {item.code for item in found.items}
    assert {item.proves for item in found.items} == {"nothing"}
    assert found.looks


@pytest.mark.parametrize(
    ("seconds", "until"),
    [(0, ENDED + timedelta(seconds=60)), (59, ENDED + timedelta(seconds=60)), (60, None)],
)
def test_a_stopped_server_may_still_start(seconds: int, until: datetime | None) -> None:
    now = {"at": ENDED + timedelta(seconds=seconds), "power": "stopped", **QUIET}
    found = judged({}, now)
    assert found.verdict == "not_back"
    assert found.may_start_until == until
    assert (Code.START_SERVER in found.looks) is (until is None)


SOON, LOOKS = "look_again_soon", ["open_console", "use_server"]


@pytest.mark.parametrize(
    ("restore", "now", "looks"),
    [
        ({"is_accepted": False}, QUIET, ["look_up_write", *LOOKS, "enable_probe"]),
        ({"state": JobState.RUNNING}, QUIET, ["wait_for_restore"]),
        ({"state": JobState.WAITING}, QUIET, ["wait_for_restore"]),
        ({"state": JobState.UNKNOWN}, {}, [SOON, *LOOKS]),
        ({"state": JobState.FAILED}, {**QUIET, "power": "stopped"}, LOOKS),
        ({"ended": None}, {"power": "starting", "agent": False, "ports": ()}, [SOON, *LOOKS]),
        ({}, {**QUIET, "uptime_seconds": 299.0}, [SOON, *LOOKS, "enable_probe"]),
        ({}, {**QUIET, "uptime_seconds": 300.0}, [*LOOKS, "enable_probe"]),
        ({}, {**QUIET, "uptime_seconds": None}, [*LOOKS, "enable_probe"]),
        ({}, {"agent": False, "ports": ()}, LOOKS),
    ],
)
def test_what_the_user_can_look_at(
    restore: dict[str, Any], now: dict[str, Any], looks: list[str]
) -> None:
    found = judged(restore, now, replace(BEFORE, agent=None, power=None, ports=None))
    assert [look if isinstance(look, Code) else look.code for look in found.looks] == looks


def test_a_stopped_server_can_be_started_here() -> None:
    now = replace(BACK, power="stopped", **QUIET)
    assert Code.START_WITH_TOOL in verify(SUCCEEDED, BEFORE, now, can_start=True).looks


def test_each_item_has_its_time_and_source() -> None:
    found = judged({}, {})
    assert [item.at for item in found.items] == [ENDED, *[LATER] * 5]
    going = judged({"ended": None}, {})
    assert {item.at for item in going.items} == {LATER}
    assert [item.seen_by for item in found.items] == [
        *("job", "status", "agent", "storage"),
        *("probe", "probe"),
    ]
    again = LookAgain(LATER)
    assert Verification((), (Code.USE_SERVER, again)).may_start_until == LATER


def test_a_port_tells_what_it_answered() -> None:
    """With the HTTP status: a 503 is an answer, but the user wants to know."""
    down = Port(80, Answer.HTTP, 503)
    found = [item.finding for item in judged({}, {"ports": (TLS, down)}).items]
    assert found[-2:] == [
        PortAnswers(443, Answer.TLS, None),
        PortAnswers(80, Answer.HTTP, 503),
    ]


@pytest.mark.parametrize(
    ("seen", "has_anything"),
    [
        ({}, False),
        ({"address": "192.0.2.1", "ports": ()}, False),
        ({"power": "running"}, True),
        ({"uptime_seconds": 0.0}, True),
        ({"agent": False}, True),
        ({"disks": ()}, True),
        ({"ports": (HTTP,)}, True),
    ],
)
def test_a_look_may_see_nothing(seen: dict[str, Any], has_anything: bool) -> None:
    assert replace(UNKNOWN, **seen).has_anything is has_anything
