"""What is known of requests for backups is kept until HostUp confirms or refuses them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from hostup_mcp.hostup.jobs import JobState
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.effects import BackupDeleted, BackupMade
from hostup_mcp.recovery.findings import BackupUnconfirmed
from hostup_mcp.sandbox import ManualClock
from hostup_mcp.server.jobs import TrackedJob
from hostup_mcp.server.services import Services
from hostup_mcp.server.unconfirmed import (
    MOST_REQUESTS,
    find_unconfirmed,
    forget_unconfirmed,
    note_job,
    note_unconfirmed,
)
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import Record, RecordKey, StateUnavailableError

from .wiring import settings

VPS = "vps_1"
MADE = BackupMade(("bkp_old",))
OPEN = {"allowed": True, "reason": None}
MINUTE = timedelta(minutes=1)


def wired() -> tuple[Services, datetime]:
    clock = ManualClock()
    return Services(settings(), now=clock.now), clock.now()


def listed(*backups: tuple[str, datetime]) -> BackupList:
    return BackupList.model_validate(
        {
            "backups": [
                {
                    "id": id_,
                    "displayId": id_,
                    "storageKey": id_,
                    "createdAt": created.isoformat(),
                    "sizeGb": 12.4,
                    "backupType": "manual",
                    "note": None,
                }
                for id_, created in backups
            ],
            "quotaInfo": {"used": 1, "limit": 3, "remaining": 2},
            "actions": {"canCreateBackup": OPEN, "canRestore": OPEN},
        }
    )


def job(sent: datetime, **others: Any) -> TrackedJob:
    return TrackedJob(vps_id=VPS, poll="/api/jobs/job_1", backup=MADE, sent_at=sent, **others)


async def test_only_what_the_request_may_have_made_is_unconfirmed() -> None:
    services, now = wired()
    await note_unconfirmed(services, VPS, "w1", MADE, now)
    listing = listed(
        ("bkp_late", now + 16 * MINUTE),
        ("bkp_new", now + MINUTE),
        ("bkp_early", now - MINUTE),
        ("bkp_old", now + MINUTE),
    )
    unconfirmed = {"bkp_new": BackupUnconfirmed(now, has_failed=False)}
    assert await find_unconfirmed(services, VPS, listing) == unconfirmed
    assert await find_unconfirmed(services, "vps_2", listing) == {}


async def test_each_request_is_settled_by_itself() -> None:
    services, now = wired()
    later = now + 60 * MINUTE
    await note_unconfirmed(services, VPS, "w1", MADE, now)
    await note_unconfirmed(services, VPS, "w2", MADE, later, has_failed=True)
    listing = listed(("bkp_2", later + MINUTE), ("bkp_1", now + MINUTE))
    second = {"bkp_2": BackupUnconfirmed(later, has_failed=True)}
    first = {"bkp_1": BackupUnconfirmed(now, has_failed=False)}
    assert await find_unconfirmed(services, VPS, listing) == first | second
    await forget_unconfirmed(services, VPS, "w1")
    await forget_unconfirmed(services, VPS, "w3")
    assert await find_unconfirmed(services, VPS, listing) == second


async def test_other_writes_make_no_backup() -> None:
    services, now = wired()
    await note_unconfirmed(services, VPS, "w1", BackupDeleted("bkp_old"), now)
    assert await find_unconfirmed(services, VPS, listed(("bkp_new", now))) == {}


async def test_the_oldest_of_many_is_forgotten() -> None:
    services, now = wired()
    for number in range(MOST_REQUESTS + 1):
        await note_unconfirmed(services, VPS, f"w{number}", MADE, now + number * 20 * MINUTE)
    listing = listed(("bkp_20", now + 20 * MINUTE), ("bkp_0", now))
    assert list(await find_unconfirmed(services, VPS, listing)) == ["bkp_20"]


@pytest.mark.parametrize(
    ("state", "has_failed"),
    [
        (JobState.WAITING, None),
        (JobState.RUNNING, None),
        (JobState.SUCCEEDED, None),
        (JobState.FAILED, True),
        (JobState.ENDED_OTHERWISE, True),
        (JobState.GONE, False),
        (JobState.UNKNOWN, False),
    ],
)
async def test_a_job_is_judged_by_how_it_ended(state: JobState, has_failed: bool | None) -> None:
    services, now = wired()
    await note_job(services, "job_1", job(now), state)
    found = await find_unconfirmed(services, VPS, listed(("bkp_new", now)))
    assert [each.has_failed for each in found.values()] == (
        [] if has_failed is None else [has_failed]
    )


async def test_a_success_is_final() -> None:
    services, now = wired()
    await note_job(services, "job_1", job(now), JobState.UNKNOWN)
    await note_job(services, "job_1", job(now), JobState.SUCCEEDED)
    await note_job(services, "job_1", job(now, has_succeeded=True), JobState.GONE)
    assert await find_unconfirmed(services, VPS, listed(("bkp_new", now))) == {}


async def test_without_state_nothing_is_known() -> None:
    class Failing(InMemoryState):
        async def get_record(self, caller: str, key: RecordKey) -> Record | None:
            raise StateUnavailableError

    services, now = wired()
    services.state = Failing()
    await note_unconfirmed(services, VPS, "w1", MADE, now)
    await forget_unconfirmed(services, VPS, "w1")
    assert await find_unconfirmed(services, VPS, listed(("bkp_new", now))) == {}
