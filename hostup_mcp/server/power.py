"""Whether a server has reached the power state that a completed job led to."""

from __future__ import annotations

import anyio

from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.power import LAG
from hostup_mcp.server.jobs import TrackedJob
from hostup_mcp.server.services import Services
from hostup_mcp.server.tracked import put_tracked
from hostup_mcp.state.store import RecordKind

PAUSE = 2.0


async def follow_power(services: Services, job_id: str, job: TrackedJob, until: float) -> str:
    """Say whether the server is where `job`, which HostUp completed, leads to.

    Waits for it until the time `until` of the event loop, but no longer than HostUp may take.
    """
    ended_at = job.seen_ended_at
    if ended_at is None:
        ended_at = services.now()
        known = job.model_copy(update={"seen_ended_at": ended_at})
        await put_tracked(services, RecordKind.JOB, job_id, known.model_dump_json())
    while True:
        state = await _read_state(services.hostup, job.vps_id)
        if state == job.leads_to:
            return f"HostUp reports success, and the server is {state} now."
        left = (ended_at + LAG - services.now()).total_seconds()
        wait = min(left, until - anyio.current_time())
        if wait <= 0 or services.in_flight.is_stopping:
            break
        await services.in_flight.sleep(min(wait, PAUSE))
    seen = "its power state could not be read" if state is None else f"it is {safe_word(state)} now"
    if left > 0:
        return (
            f"HostUp reports success; {seen}. It may take up to a minute after the job until it is "
            f"{job.leads_to}: call get_job again."
        )
    ignored = " The operating system may have ignored the request." * (job.leads_to == "stopped")
    return (
        f"HostUp reports success, but a minute later {seen}, not {job.leads_to}.{ignored} Tell the "
        "user."
    )


async def _read_state(hostup: ReadingClient, vps_id: str) -> str | None:
    try:
        return (await hostup.get_status(vps_id)).power_state
    except HostUpError:
        return None
