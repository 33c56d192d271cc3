"""What suggestions depend on: collects the facts that `recovery.situation` consists of."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from hostup_mcp.hostup.endpoints import SPEND
from hostup_mcp.hostup.jobs import JobState
from hostup_mcp.hostup.models import BackupList, SnapshotList
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.doubts import newest_complete
from hostup_mcp.recovery.findings import WriteUnsettled
from hostup_mcp.recovery.here import Connection, KeyRefused, look_here
from hostup_mcp.recovery.modes.definition import ModeDefinition
from hostup_mcp.recovery.modes.new_cloud_vps import NEW_CLOUD_VPS
from hostup_mcp.recovery.precautions import snapshots_matter
from hostup_mcp.recovery.situation import PastRestore, Situation
from hostup_mcp.server.here import backup_needs, recent_refusal, restore_needs
from hostup_mcp.server.recoveries import last_of, subject_of
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.server.unconfirmed import find_unconfirmed
from hostup_mcp.server.unsettled import find_unsettled
from hostup_mcp.state.store import StateUnavailableError

SNAPSHOT_SECONDS = 5.0
"""How long reading snapshots for a suggestion may take."""


async def read_situation(
    ctx: Ctx,
    hostup: ReadingClient,
    connection: Connection,
    refused: KeyRefused | None,
    definition: ModeDefinition,
    vps_id: str,
    listing: BackupList,
    now: datetime,
) -> Situation:
    """Return what the suggestions of a plan depend on. `refused` is for its own scopes."""
    spending = await recent_refusal(ctx, hostup, vps_id, SPEND)
    snapshots = None
    if definition.compares_snapshots:
        snapshots = await snapshots_if_useful(hostup, vps_id, listing, now)
    unsettled = await find_unsettled(services(ctx), vps_id)
    return Situation(
        backup=look_here(connection, backup_needs(listing), refused),
        new_server=look_here(connection, restore_needs(NEW_CLOUD_VPS), spending),
        snapshots=snapshots,
        restored=await last_restore(services(ctx), vps_id, unsettled),
        unsettled=unsettled,
        unconfirmed=await find_unconfirmed(services(ctx), vps_id, listing),
    )


async def snapshots_if_useful(
    hostup: ReadingClient, vps_id: str, listing: BackupList, now: datetime
) -> SnapshotList | None:
    """Return the server's snapshots where one may be newer than its backups; None otherwise.

    None too if they cannot be read: what they are for is only a suggestion.
    """
    newest = newest_complete(listing.backups, now)
    if not snapshots_matter(None if newest is None else newest.created, now):
        return None
    with suppress(HostUpError):
        return await hostup.within(SNAPSHOT_SECONDS).list_snapshots(vps_id)
    return None


async def last_restore(
    services: Services, vps_id: str, unsettled: WriteUnsettled | None
) -> PastRestore | None:
    """Return the last restore of the server that was sent, by HostUp's clock.

    None if none is known, or if it is the `unsettled` change, of which nothing more is known.
    """
    try:
        last = await last_of(services, subject_of(services, vps_id))
    except StateUnavailableError:
        return None
    if last is None or last.holder != vps_id:
        return None
    if unsettled is not None and unsettled.write_id == last.write_id:
        return None
    end = last.job_end
    return PastRestore(
        sent=last.sent_at_hostup,
        succeeded=None if end is None else end.state is JobState.SUCCEEDED,
        point=last.restored.point_created,
        is_own=not last.restored.source_id,
    )
