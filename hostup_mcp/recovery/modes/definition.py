"""What a recovery mode is: plain functions over what HostUp said, and what they need for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    Gate,
    RestoreSources,
    Snapshot,
    SnapshotList,
    SourceBackup,
    Vps,
)
from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.recovery.findings import Alternative, KeyRefused, Loss, Precaution, SideEffect
from hostup_mcp.recovery.reasons import Reason, Verdict, verdict_of

Point: TypeAlias = Backup | SourceBackup | Snapshot
"""What a recovery goes back to."""


class Mode(StrEnum):
    """The ways back."""

    IN_PLACE = "in_place"
    FROM_OTHER_VPS = "from_other_vps"
    NEW_CLOUD_VPS = "new_cloud_vps"
    SNAPSHOT = "snapshot"


class Argument(StrEnum):
    """Arguments that name what to go back to, in the API's spelling."""

    BACKUP_ID = "backupId"
    SOURCE_VPS_ID = "sourceVpsId"
    SNAPSHOT_NAME = "snapshotName"


class Read(StrEnum):
    """What a mode needs to know of a server beside the server itself and its backups."""

    SOURCES = "sources"
    SNAPSHOTS = "snapshots"


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be recovered, and what it goes back to."""

    vps_id: str
    point: str
    """Backup id, or name of the snapshot."""
    source_id: str = ""
    """The server whose backup it is, where that is another one."""
    options: Mapping[str, str | int] = field(default_factory=dict)
    """Body fields of a new server."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What HostUp said about a server; what the mode does not read is empty."""

    vps: Vps
    listing: BackupList
    sources: RestoreSources = field(default_factory=lambda: RestoreSources(sources=()))
    snapshots: SnapshotList = field(default_factory=lambda: SnapshotList(data=()))
    refused: KeyRefused | None = None
    """The last 403 of the key within ten minutes, for a scope that this mode needs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What carrying out one recovery would mean. It is only a description; nothing is changed."""

    reasons: tuple[Reason, ...]
    data_loss: Loss
    side_effects: tuple[SideEffect, ...]
    recommended_first: tuple[Precaution, ...]
    alternatives: tuple[Alternative, ...]
    point: Point | None
    """What it goes back to; None where that is not there."""
    gate: Gate | None
    """The gate that decides; None where HostUp gave none."""

    @property
    def verdict(self) -> Verdict:
        """What the reasons come to."""
        return verdict_of(self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeDefinition:
    """One way back. `plan` and `request` are its whole behaviour; the rest is what they need."""

    mode: Mode
    needs: frozenset[Argument]
    """The arguments that have to be given; the others have no meaning."""
    goes_back_to: str
    """What its point is: a backup or a snapshot."""
    builds_server: bool = False
    """Whether it makes a new server, which costs money, and leaves the present one as it is."""
    reads: frozenset[Read] = frozenset()
    plan: Callable[[Facts, Target, datetime], Plan]
    request: Callable[[Target], WriteRequest]
    """What to send. Raises ValueError for an id that cannot be part of a path."""
