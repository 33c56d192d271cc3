"""Reading the quota: whether a backup slot is free, and whether all counted backups are listed."""

from __future__ import annotations

from enum import StrEnum

from hostup_mcp.hostup.models import BackupList, QuotaInfo
from hostup_mcp.recovery.reasons import BackupsHidden


class Slots(StrEnum):
    """Whether a backup slot is free."""

    FREE = "free"
    FULL = "full"
    UNKNOWN = "unknown"


def read_slots(quota: QuotaInfo) -> Slots:
    """Return whether a slot is left; unknown if the numbers are missing or contradictory."""
    readings: set[bool] = set()
    if quota.remaining is not None:
        readings.add(quota.remaining <= 0)
    if quota.limit is not None and quota.used is not None:
        readings.add(quota.used >= quota.limit)
    if len(readings) != 1:
        return Slots.UNKNOWN
    return Slots.FULL if True in readings else Slots.FREE


def find_hidden(listing: BackupList) -> BackupsHidden | None:
    """Count backups that are counted but not listed, or listed without a readable id.

    More listed than counted is no contradiction: the quota may count one kind of them only.
    """
    listed = len(listing.backups)
    present = listed + sum(one.is_left_out for one in listing.unread)
    counted = max(present, _used(listing.quota_info))
    if counted > listed:
        return BackupsHidden(counted, listed)
    return BackupsHidden(None, listed) if listing.is_incomplete else None


def count_unlisted(listing: BackupList) -> int | None:
    """Return how many backups are not listed; None if there are some, but not how many is known."""
    hidden = find_hidden(listing)
    if hidden is None:
        return 0
    return None if hidden.counted is None else hidden.counted - hidden.listed


def _used(quota: QuotaInfo) -> int:
    """Return how many slots are in use; 0 if the numbers do not say."""
    if quota.used is None and quota.limit is not None and quota.remaining is not None:
        return quota.limit - quota.remaining
    return quota.used or 0
