"""What a recovery mode is: plain functions over what HostUp said, and what they need for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from hostup_mcp.hostup.endpoints import BACKUP
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
from hostup_mcp.hostup.payg import PaygLimits, PaygPreflight
from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.recovery.costs import Cost
from hostup_mcp.recovery.findings import Doubt, Loss, SideEffect
from hostup_mcp.recovery.reasons import Reason, verdict_of
from hostup_mcp.recovery.situation import NO_SUGGESTIONS, Situation, Suggestions
from hostup_mcp.recovery.suggestions import Step
from hostup_mcp.recovery.verdicts import Verdict

Point: TypeAlias = Backup | SourceBackup | Snapshot
"""The backup or snapshot that a recovery restores."""


class Mode(StrEnum):
    """The kinds of recovery."""

    IN_PLACE = "in_place"
    FROM_OTHER_VPS = "from_other_vps"
    NEW_CLOUD_VPS = "new_cloud_vps"
    SNAPSHOT = "snapshot"


class Argument(StrEnum):
    """Arguments that name the backup or snapshot to restore, in the API's spelling."""

    BACKUP_ID = "backupId"
    SOURCE_VPS_ID = "sourceVpsId"
    SNAPSHOT_NAME = "snapshotName"


class Read(StrEnum):
    """What a mode reads about a server in addition to the server itself and its backups."""

    SOURCES = "sources"
    SNAPSHOTS = "snapshots"
    PAYG = "payg"
    """Whether the account may have a new server, for how much, and its limits."""


@dataclass(frozen=True, slots=True)
class Target:
    """The server to recover, and the backup or snapshot to restore."""

    vps_id: str
    point: str
    """Backup id, or name of the snapshot."""
    source_id: str = ""
    """The server whose backup it is, if that is another server."""
    options: Mapping[str, str | int] = field(default_factory=dict)
    """Body fields of a new server: those asked for, or, once it is settled, all."""
    is_rehearsal: bool = False
    """Whether a new server is only built to see whether the backup works."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What HostUp returned about a server; empty if the mode does not read it."""

    vps: Vps
    listing: BackupList
    sources: RestoreSources = field(default_factory=lambda: RestoreSources(sources=()))
    snapshots: SnapshotList = field(default_factory=lambda: SnapshotList(data=()))
    preflight: PaygPreflight | None = None
    """None if it could not be read."""
    limits: PaygLimits | None = None
    """None if they could not be read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What carrying out a recovery would mean. Planning changes nothing."""

    reasons: tuple[Reason, ...]
    data_loss: Loss
    side_effects: tuple[SideEffect, ...]
    doubts: tuple[Doubt, ...]
    """Why the backup may be incomplete."""
    point: Point | None
    """The backup or snapshot to restore; None if it is not listed."""
    gate: Gate | None
    """The gate that decides; None if HostUp returned none."""
    steps: tuple[Step, ...] = ()
    """What would have to change; empty if it is possible, or if nothing is known to help."""
    cost: Cost | None = None
    """What a new server costs; None if none is built."""

    @property
    def verdict(self) -> Verdict:
        """The verdict that follows from the reasons."""
        return verdict_of(self.reasons)


def _nothing(facts: Facts, target: Target, situation: Situation, now: datetime) -> Suggestions:  # noqa: ARG001
    return NO_SUGGESTIONS


def _as_it_is(facts: Facts, target: Target, random: str) -> Target:  # noqa: ARG001
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeDefinition:
    """One recovery mode. `plan` and `request` are its behaviour; the rest is what they need."""

    mode: Mode
    needs: frozenset[Argument]
    """The arguments that are required; the others do not apply."""
    goes_back_to: str
    """Whether it restores a backup or a snapshot, as a word."""
    builds_server: bool = False
    """Whether it builds a new, paid server and does not change the current one."""
    brings_other_system: bool = False
    """Whether the server then holds another server's system, which need not answer as its own."""
    may_resume: bool = False
    """Whether programs that ran when it was made may run on, instead of a start of the system."""
    reads: frozenset[Read] = frozenset()
    plan: Callable[[Facts, Target, datetime], Plan]
    compares_snapshots: bool = False
    """Whether a newer snapshot would be a better way back."""
    suggest: Callable[[Facts, Target, Situation, datetime], Suggestions] = _nothing
    """What to do first and less risky ways, where there are any."""
    request: Callable[[Target], WriteRequest]
    """What to send. Raises ValueError for an id that cannot be part of a path, and for a target
    that is not settled."""
    scopes: tuple[str, ...] = BACKUP
    """The scopes that the request needs."""
    settle: Callable[[Facts, Target, str], Target] = _as_it_is
    """Chooses what the user left open, once, when a plan is made; the text is random."""
