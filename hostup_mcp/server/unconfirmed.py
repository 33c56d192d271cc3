"""Backups that may come from a request whose outcome is not known, or whose job did not succeed.

HostUp gives a backup no status, and after a while lists such a one like any other. So what is known
of the request is kept, and said of the backup, until HostUp confirms the request or refuses it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from hostup_mcp.hostup.jobs import BAD_ENDS, JobState
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.effects import BackupMade, Effect, see_new_backup
from hostup_mcp.recovery.findings import BackupUnconfirmed
from hostup_mcp.server.caller import caller
from hostup_mcp.server.jobs import TrackedJob
from hostup_mcp.server.services import Services
from hostup_mcp.server.tracked import MOST, key_of, put_tracked
from hostup_mcp.state.store import RecordKey, RecordKind, StateUnavailableError

KEPT = timedelta(days=365)
"""Longer than a backup is likely to be kept."""

MOST_REQUESTS = 20
"""For one server; one more replaces the oldest."""


class _Request(BaseModel):
    """A request for a backup; `id` is that of the write, or of its job."""

    model_config = ConfigDict(frozen=True)

    id: str
    sent_at: datetime
    """By this machine's clock."""
    before: tuple[str, ...]
    """The backups that were listed before it."""
    has_failed: bool = False


class _Requests(BaseModel):
    model_config = ConfigDict(frozen=True)

    all: tuple[_Request, ...] = ()


async def note_unconfirmed(
    services: Services,
    vps_id: str,
    id_: str,
    effect: Effect,
    sent_at: datetime,
    *,
    has_failed: bool = False,
) -> None:
    """Store that the request for a backup is not confirmed; does nothing for other effects."""
    if not isinstance(effect, BackupMade):
        return
    with suppress(StateUnavailableError):
        others = [request for request in await _read(services, vps_id) if request.id != id_]
        new = _Request(id=id_, sent_at=sent_at, before=effect.before, has_failed=has_failed)
        await _write(services, vps_id, (*others, new)[-MOST_REQUESTS:])


async def forget_unconfirmed(services: Services, vps_id: str, id_: str) -> None:
    """Store that it is known what became of a request."""
    with suppress(StateUnavailableError):
        requests = await _read(services, vps_id)
        left = tuple(request for request in requests if request.id != id_)
        if left != requests:
            await _write(services, vps_id, left)


async def note_job(services: Services, job_id: str, job: TrackedJob, state: JobState) -> None:
    """Store what HostUp says of a `job`, if it is one that makes a backup."""
    if job.backup is None or job.sent_at is None or job.has_succeeded:
        # HostUp may no longer know a job that has succeeded.
        return
    if state is JobState.SUCCEEDED:
        known = job.model_copy(update={"has_succeeded": True})
        await put_tracked(services, RecordKind.JOB, job_id, known.model_dump_json())
        await forget_unconfirmed(services, job.vps_id, job_id)
    elif state not in (JobState.WAITING, JobState.RUNNING):
        has_failed = state in BAD_ENDS
        await note_unconfirmed(
            services, job.vps_id, job_id, job.backup, job.sent_at, has_failed=has_failed
        )


async def find_unconfirmed(
    services: Services, vps_id: str, listing: BackupList
) -> dict[str, BackupUnconfirmed]:
    """Return which backups of a server's `listing` may come from such requests, by id."""
    ahead, found = timedelta(seconds=services.hostup.clock_offset or 0), {}
    with suppress(StateUnavailableError):
        for request in await _read(services, vps_id):
            sent = request.sent_at + ahead
            backup = see_new_backup(BackupMade(request.before), listing, sent).backup
            if backup is not None:
                found[backup.id] = BackupUnconfirmed(sent, has_failed=request.has_failed)
    return found


async def _read(services: Services, vps_id: str) -> tuple[_Request, ...]:
    record = await services.state.get_record(caller(), _key(services, vps_id))
    return () if record is None else _Requests.model_validate_json(record.body).all


async def _write(services: Services, vps_id: str, requests: tuple[_Request, ...]) -> None:
    body = _Requests(all=requests).model_dump_json()
    await services.state.put_record(
        caller(), _key(services, vps_id), body, seconds=KEPT.total_seconds(), at_most=MOST
    )


def _key(services: Services, vps_id: str) -> RecordKey:
    # The space keeps it apart from every write: no id has one.
    return key_of(services, RecordKind.WRITE, f"backups of {vps_id}")
