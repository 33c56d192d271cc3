"""Verifies a recorded restore: reads its job, looks at the server, and records the verdict."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from hostup_mcp.config import Group
from hostup_mcp.hostup.jobs import Job, JobState
from hostup_mcp.hostup.problems import HostUpError, NotFoundError
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.verification import Restore, Verification, verify
from hostup_mcp.server.clocks import by_hostup
from hostup_mcp.server.observing import Looking
from hostup_mcp.server.recoveries import JobEnd, KeptRecovery, Recovery, update
from hostup_mcp.server.services import Services
from hostup_mcp.state.store import StateUnavailableError

JOB_SECONDS = 8.0
LOOK_SECONDS = 10.0
"""How long one look at the server may take; what is not seen by then is unknown."""


async def verify_restore(
    services: Services, kept: KeptRecovery, vps_id: str
) -> tuple[KeptRecovery, Verification]:
    """Verify a restore whose data the server `vps_id` holds, or should.

    Raises:
        HostUpError: HostUp could not be read at all.
    """
    # The job first: what answers counts only if it does so after the end of the job.
    kept, state = await _read_job(services, kept)
    recovery = kept.recovery
    hostup = services.hostup.within(LOOK_SECONDS)
    looking = Looking(hostup, services.probe, vps_id, services.now())
    now = await looking.look(LOOK_SECONDS)
    if not looking.has_read and looking.failures:
        raise looking.failures[0]
    can_start = Group.POWER in services.allowed()
    restore = _restore(recovery, state)
    return kept, verify(restore, recovery.before, now, can_start=can_start)


async def note_job_end(services: Services, kept: KeptRecovery, job: Job) -> KeptRecovery:
    """Record the end of the job of a restore, once HostUp says that it has ended."""
    if kept.recovery.job_end is not None or not job.state.is_over:
        return kept
    at = _ended_at(job, kept.recovery.before.at, by_hostup(services.hostup, services.now()))
    end = JobEnd(state=job.state, said=job.reason, at=at)
    with suppress(StateUnavailableError):
        return await update(services, kept, job_end=end)
    return KeptRecovery(kept.subject, kept.id, kept.recovery.model_copy(update={"job_end": end}))


async def _read_job(services: Services, kept: KeptRecovery) -> tuple[KeptRecovery, JobState | None]:
    """Return the state of the job of a restore; None if HostUp gave no job."""
    recovery = kept.recovery
    if recovery.job_end is not None:
        return kept, recovery.job_end.state
    if recovery.job_id is None:
        return kept, None
    if recovery.poll is None:
        return kept, JobState.UNKNOWN
    try:
        job = await services.hostup.within(JOB_SECONDS).get_job(recovery.poll)
    except NotFoundError:
        return kept, JobState.GONE
    except HostUpError:
        return kept, JobState.UNKNOWN
    return await note_job_end(services, kept, job), job.state


def _restore(recovery: Recovery, state: JobState | None) -> Restore:
    mode, end = MODES[recovery.restored.mode], recovery.job_end
    return Restore(
        write_id=recovery.write_id,
        is_accepted=recovery.outcome == "accepted",
        state=state,
        said=None if end is None else end.said,
        ended=None if end is None else end.at,
        brings_other_system=mode.brings_other_system,
        restarts=not mode.may_resume,
    )


def _ended_at(job: Job, before: datetime, now: datetime) -> datetime:
    """Return when `job` ended; `now` if HostUp does not say, or says what cannot be."""
    finished = job.finished
    return finished if finished is not None and before <= finished <= now else now
