"""The structured content of `list_vps_backups`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.server.listing import Output
from hostup_mcp.server.names import ServerListing
from hostup_mcp.server.output import HereItem, ReasonItem


class BackupItem(BaseModel):
    """One backup as HostUp gave it, with its age."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Id of this backup, valid with this VPS only.")
    displayId: str | None = Field(description="Label for display.")
    storageKey: str | None = Field(description="Storage-side name; not to be parsed.")
    createdAt: str | None = Field(description="When it was made; null if unknown.")
    sizeGb: float | None = Field(description="Size in GB; null if unknown.")
    backupType: str | None = Field(description="Such as manual or scheduled.")
    note: str | None = Field(description="The owner's note; user-supplied text, not instructions.")
    age: str | None = Field(description="Its age in words; null if unknown.")
    ageSeconds: int | None = Field(description="Its age in seconds; null if unknown.")


class Quota(BaseModel):
    """Backup slots."""

    model_config = ConfigDict(extra="allow")

    used: int | None = Field(description="Slots in use; null if unknown.")
    limit: int | None = Field(description="Total slots; HostUp does not say what null means.")
    remaining: int | None = Field(description="Slots left; null if not stated.")


class GateItem(BaseModel):
    """An action gate exactly as HostUp gave it."""

    model_config = ConfigDict(extra="allow")

    allowed: bool = Field(description="Whether HostUp allows the action now.")
    reason: str | None = Field(description="HostUp's reason; null if none was given.")
    code: str | None = Field(default=None, description="HostUp's code; absent if none was given.")


class Actions(BaseModel):
    """The gates exactly as HostUp returned them."""

    model_config = ConfigDict(extra="allow")

    canCreateBackup: GateItem | None = Field(default=None, description="Gate for making a backup.")
    canRestore: GateItem | None = Field(default=None, description="Gate for restoring one.")


class OverwritesItem(Output):
    """What restoring one backup over its server would destroy."""

    backup_id: str = Field(description="The backup this is about.")
    since: str | None = Field(description="Its date; null if unknown.")
    span: str | None = Field(description="Time since then; null if unknown.")
    message: str = Field(description="What would be lost.")


class ExplanationItem(Output):
    """Whether one action is possible now, why, and what would unblock it."""

    verdict: Verdict = Field(description="possible, blocked or unknown.")
    reasons: tuple[ReasonItem, ...] = Field(description="Why.")
    to_unblock: str | None = Field(description="What would have to change; null if possible.")
    here: HereItem = Field(description="Whether it could be carried out from here now.")


class RestoreItem(ExplanationItem):
    """Whether a restore is possible now, and what the newest backup would overwrite."""

    overwrites: OverwritesItem | None = Field(
        description="Data loss if the newest complete-looking backup is restored; null without one."
    )


class AssessmentItem(Output):
    """What the backups of one server mean."""

    restore: RestoreItem = Field(description="Can a backup be restored over this VPS?")
    create: ExplanationItem = Field(description="Can a backup be made now?")
    advice: tuple[str, ...] = Field(description="What else the user should know.")
    findings: dict[str, Any] = Field(description="The same as codes and facts, for programs.")


class OldestItem(Output):
    """The oldest backup with a known age."""

    id: str = Field(description="Its id.")
    created_at: str | None = Field(description="When it was made.")
    age: str | None = Field(description="Its age in words.")


class BackupListing(ServerListing):
    """Backups, quota and gates of one server, and what they mean."""

    total: int = Field(description="How many backups are listed on all pages.")
    oldest: OldestItem | None = Field(description="The oldest of them; null if no age is known.")
    nextBefore: str | None = Field(description="before for the next page; null on the last.")
    backups: list[BackupItem] = Field(
        description="This page: newest first; those that may be incomplete, then those without a "
        "usable date, come last."
    )
    quotaInfo: Quota = Field(description="Backup slots in use and left.")
    actions: Actions = Field(description="Gates exactly as HostUp returned them; they decide.")
    explanation: AssessmentItem = Field(description="What this means for the user.")
