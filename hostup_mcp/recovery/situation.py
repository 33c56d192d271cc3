"""What suggestions depend on beside HostUp's responses about a server: what the user can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hostup_mcp.hostup.models import SnapshotList
from hostup_mcp.recovery.findings import Changes, Loss, Precaution, RestoredSince, WriteUnsettled
from hostup_mcp.recovery.here import Here
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.suggestions import Alternative


@dataclass(frozen=True, slots=True)
class Situation:
    """What can be done from here, and what else is known of the server."""

    backup: Here
    """Whether a backup could be made from here, if HostUp allows it."""
    new_server: Here
    """Whether a new server could be built from here, if HostUp allows it."""
    snapshots: SnapshotList | None = None
    """None if they were not read."""
    restored_at: datetime | None = None
    """When the last restore of the server was sent, if one is known that may have succeeded."""
    unsettled: WriteUnsettled | None = None
    """The last change of the server from here, while its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is recommended before a recovery, and less risky ways."""

    recommended_first: tuple[Precaution, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


NO_SUGGESTIONS = Suggestions()


def restored_since(
    loss: Loss | None, restored_at: datetime | None, now: datetime
) -> RestoredSince | None:
    """Return the last restore of a server, `restored_at`, if it makes a `loss` smaller."""
    ago = age(restored_at, now)
    if not isinstance(loss, Changes) or restored_at is None or ago is None:
        return None
    return RestoredSince(restored_at, ago) if restored_at > loss.since else None
