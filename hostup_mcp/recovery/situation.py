"""What suggestions depend on beside HostUp's responses about a server: what the user can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hostup_mcp.hostup.models import SnapshotList
from hostup_mcp.recovery.findings import (
    BackupUnconfirmed,
    Changes,
    Loss,
    Precaution,
    RestoredSince,
    WriteUnsettled,
)
from hostup_mcp.recovery.here import Here
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.suggestions import Alternative


@dataclass(frozen=True, slots=True)
class PastRestore:
    """The last restore of a server that was sent from here."""

    sent: datetime
    succeeded: bool | None
    """What HostUp said of its job; None if how it ended is not known."""
    point: datetime | None
    """When the backup or snapshot that it restored was made; None if unknown."""
    is_own: bool
    """Whether that was one of the server itself."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What can be done from here, and what else is known of the server."""

    backup: Here
    """Whether a backup could be made from here, if HostUp allows it."""
    new_server: Here
    """Whether a new server could be built from here, if HostUp allows it."""
    snapshots: SnapshotList | None = None
    """None if they were not read."""
    restored: PastRestore | None = None
    """The last restore of the server, if one is known."""
    unsettled: WriteUnsettled | None = None
    """The last change of the server from here, while its outcome is unknown."""
    unconfirmed: Mapping[str, BackupUnconfirmed] = field(default_factory=dict)
    """Its backups that may come from a request that is not known to have succeeded, by id."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is recommended before a recovery, and less risky ways."""

    recommended_first: tuple[Precaution, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


NO_SUGGESTIONS = Suggestions()


def restored_since(
    loss: Loss | None, restored: PastRestore | None, now: datetime
) -> RestoredSince | None:
    """Return what the last restore of a server means for a `loss`; None if nothing.

    One that brought back a newer state than the loss begins with does not make it smaller.
    """
    if not isinstance(loss, Changes) or restored is None or restored.sent <= loss.since:
        return None
    ago = age(restored.sent, now)
    if ago is None or (restored.succeeded is not False and not _is_smaller(loss, restored)):
        return None
    return RestoredSince(restored.sent, ago, restored.succeeded)


def _is_smaller(loss: Changes, restored: PastRestore) -> bool:
    """Return whether only what was written since a restore would be lost, if it succeeded."""
    if not restored.is_own:
        return True
    return restored.point is not None and restored.point <= loss.since
