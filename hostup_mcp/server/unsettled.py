"""Which server was last changed by a write whose outcome is not known, so that none repeats it.

`get_job` finds out what became of the write. What reads the server says the same as it does about
sending the request again.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from hostup_mcp.recovery.effects import SETTLED
from hostup_mcp.recovery.findings import WriteUnsettled
from hostup_mcp.server.caller import caller
from hostup_mcp.server.services import Services
from hostup_mcp.server.tracked import MOST, key_of
from hostup_mcp.state.store import RecordKey, RecordKind, StateUnavailableError


async def mark_unsettled(services: Services, vps_id: str, write_id: str, sent_at: datetime) -> None:
    """Store that the outcome of a write is unknown; does nothing without state."""
    await _put(services, vps_id, f"{write_id} {sent_at.isoformat()}", SETTLED.total_seconds())


async def find_unsettled(services: Services, vps_id: str) -> WriteUnsettled | None:
    """Return the caller's last write on a server, while it should not be sent again."""
    with suppress(StateUnavailableError):
        record = await services.state.get_record(caller(), _key(services, vps_id))
        if record is None or not record.body:
            return None
        write_id, _, text = record.body.partition(" ")
        sent = datetime.fromisoformat(text)
        if services.now() < sent + SETTLED:
            return WriteUnsettled(sent, sent + SETTLED, write_id)
    return None


async def settle(services: Services, vps_id: str, write_id: str) -> None:
    """Store that no more will be known of a write, so that the user may decide what to do."""
    found = await find_unsettled(services, vps_id)
    if found is not None and found.write_id == write_id:
        await _put(services, vps_id, "", 1.0)


async def _put(services: Services, vps_id: str, body: str, seconds: float) -> None:
    with suppress(StateUnavailableError):
        await services.state.put_record(
            caller(), _key(services, vps_id), body, seconds=seconds, at_most=MOST
        )


def _key(services: Services, vps_id: str) -> RecordKey:
    # The space keeps it apart from every write: no id has one.
    return key_of(services, RecordKind.WRITE, f"on {vps_id}")
