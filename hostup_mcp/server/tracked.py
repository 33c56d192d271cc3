"""The jobs and writes of a caller that `get_job` can be asked about, by a later process too."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from hostup_mcp.server.caller import caller
from hostup_mcp.server.errors import texts, write_texts
from hostup_mcp.server.errors.failure import RefusalError, fail, refuse
from hostup_mcp.server.services import Services
from hostup_mcp.state.store import RecordKey, RecordKind, StateUnavailableError

KEPT = timedelta(days=7)
"""How long one is kept. How long HostUp knows a job is not documented."""

MOST = 200
"""Jobs, and writes, that are kept for a caller; one more replaces the oldest."""


async def put_tracked(services: Services, kind: RecordKind, id_: str, body: str) -> None:
    """Store a job or write of the current caller, or store it anew; does nothing without state."""
    with suppress(StateUnavailableError):
        await services.state.put_record(
            caller(), key_of(services, kind, id_), body, seconds=KEPT.total_seconds(), at_most=MOST
        )


async def require_job(services: Services, job_id: str) -> str:
    """Return the stored job with this id.

    Raises:
        RefusalError: this caller has none, or the store is unavailable.
    """
    return await _require(services, RecordKind.JOB, job_id, "jobId")


async def require_write(services: Services, write_id: str) -> str:
    """Return the stored write with this id.

    Raises:
        RefusalError: this caller has none, or the store is unavailable.
    """
    return await _require(services, RecordKind.WRITE, write_id, "writeId")


async def _require(services: Services, kind: RecordKind, id_: str, argument: str) -> str:
    try:
        record = await services.state.get_record(caller(), key_of(services, kind, id_))
    except StateUnavailableError:
        raise RefusalError(fail(write_texts.STATE_UNAVAILABLE)) from None
    if record is None:
        raise refuse(texts.UNKNOWN_JOB, argument=argument, days=str(KEPT.days))
    return record.body


def key_of(services: Services, kind: RecordKind, id_: str) -> RecordKey:
    """Return the key of a job or write at the HostUp of this server."""
    # Another HostUp may use the same ids.
    return RecordKey(kind, f"{services.base_url}/{id_}")
