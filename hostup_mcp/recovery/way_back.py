"""What a restore can be undone with: the newest backup of the server from before it."""

from __future__ import annotations

from datetime import datetime

from hostup_mcp.hostup.models import BackupList
from hostup_mcp.recovery.backups import newest_first
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.doubts import newest_complete
from hostup_mcp.recovery.findings import NewestBefore, WayBack
from hostup_mcp.recovery.quota import find_hidden


def find_way_back(listing: BackupList, point: str, now: datetime) -> WayBack:
    """Return what a restore of `point` over the server of `listing` can be undone with.

    One that looks complete if there is one, or else the newest.
    """
    newest = newest_complete(listing.backups, now) or next(
        iter(newest_first(listing.backups)), None
    )
    if newest is None:
        is_hidden = find_hidden(listing) is not None
        return Code.WAY_BACK_UNKNOWN if is_hidden else Code.NO_WAY_BACK
    if newest.id == point:
        return Code.WAY_BACK_RESTORED
    return NewestBefore(newest.id, newest.created)
