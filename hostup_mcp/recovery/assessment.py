"""What a server's backups allow: can one be restored, can one be made, and why (not)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field

from hostup_mcp.hostup.models import Backup, BackupList, QuotaInfo
from hostup_mcp.recovery.findings import Finding, Reason, Source, Verdict
from hostup_mcp.recovery.gates import allowed_because, closed_because, opened_by
from hostup_mcp.recovery.spans import age, words

_BEGINNING = datetime.min.replace(tzinfo=UTC)

SNAPSHOT_LIFE = timedelta(hours=24)
"""About how long a snapshot is kept."""


class Overwrites(Finding):
    """What restoring one backup over its server would destroy."""

    backup_id: str = Field(description="The backup this is about.")
    since: str | None = Field(description="Its date; null if unknown.")
    span: str | None = Field(description="Time since then; null if unknown.")
    message: str = Field(description="What would be lost.")


class Explanation(Finding):
    """Whether one action can be done now, because of what, and what would unblock it."""

    verdict: Verdict = Field(description="possible, blocked or unknown.")
    reasons: tuple[Reason, ...] = Field(description="Why.")
    to_unblock: str | None = Field(description="What would have to change; null if possible.")


class RestoreExplanation(Explanation):
    """The same for a restore, with what the newest backup would overwrite."""

    overwrites: Overwrites | None = Field(
        description="Loss if the newest dated backup were restored; null without backups."
    )


class Assessment(Finding):
    """What the backups of one server mean."""

    restore: RestoreExplanation = Field(description="Can a backup be restored over this server?")
    create: Explanation = Field(description="Can a backup be made now?")
    advice: tuple[str, ...] = Field(description="What else the person should know to choose.")


def newest_first(backups: tuple[Backup, ...]) -> tuple[Backup, ...]:
    """Newest to oldest; those of unknown date last, in the order they came."""
    return tuple(
        sorted(
            backups, key=lambda b: (b.created is not None, b.created or _BEGINNING), reverse=True
        )
    )


def overwrites(backup: Backup, now: datetime) -> Overwrites:
    """What is lost when `backup` is restored over its server."""
    elapsed = age(backup.created, now)
    if elapsed is None:
        message = (
            "Everything written since this backup was made would be lost. When that was is unknown."
        )
        return Overwrites(backup_id=backup.id, since=backup.created_at, span=None, message=message)
    span = words(elapsed)
    message = f"Everything written since {backup.created_at} would be lost: {span} of changes."
    return Overwrites(backup_id=backup.id, since=backup.created_at, span=span, message=message)


def assess(listing: BackupList, now: datetime) -> Assessment:
    """What `listing` means at `now`."""
    return Assessment(
        restore=assess_restore(listing, now),
        create=assess_create(listing),
        advice=_advice(listing, now),
    )


def assess_restore(listing: BackupList, now: datetime) -> RestoreExplanation:
    """Whether some backup of `listing` can be restored over its server.

    An open gate with nothing to restore is no way back; a closed gate stays closed however many
    backups there are.
    """
    gate = listing.actions.can_restore
    backups = newest_first(listing.backups)
    nothing = Reason(
        code="no_backups",
        message="There is no backup of this server to restore.",
        source=Source.STATE,
    )
    reasons: list[Reason] = []
    unblock: list[str] = []
    if not gate.allowed:
        reasons.append(closed_because(gate))
        unblock.append(opened_by(gate))
    if not backups:
        reasons.append(nothing)
        unblock.append("There has to be a backup, and one made now holds only the present state.")
    if not reasons:
        reasons.append(allowed_because(gate))
    return RestoreExplanation(
        verdict=Verdict.BLOCKED if unblock else Verdict.POSSIBLE,
        reasons=tuple(reasons),
        to_unblock=" ".join(unblock) or None,
        overwrites=overwrites(backups[0], now) if backups else None,
    )


def assess_create(listing: BackupList) -> Explanation:
    """Whether a backup can be made now. The gate decides, also where the quota reads otherwise."""
    gate, quota = listing.actions.can_create_backup, listing.quota_info
    if not gate.allowed:
        unblock = opened_by(gate)
        if is_full(quota):
            unblock += " All backup slots are in use; the panel sells more."
        return Explanation(
            verdict=Verdict.BLOCKED, reasons=(closed_because(gate),), to_unblock=unblock
        )
    reasons = [allowed_because(gate)]
    if is_full(quota):
        message = (
            f"The quota reads as full ({describe_quota(quota)}), but the gate decides. "
            "HostUp may remove the oldest backup to make room."
        )
        reasons.append(Reason(code="quota_reads_full", message=message, source=Source.STATE))
    return Explanation(verdict=Verdict.POSSIBLE, reasons=tuple(reasons), to_unblock=None)


def is_full(quota: QuotaInfo) -> bool:
    """Whether the numbers leave no slot; false where they are not given."""
    if quota.remaining is not None:
        return quota.remaining <= 0
    return quota.limit is not None and quota.used >= quota.limit


def describe_quota(quota: QuotaInfo) -> str:
    """The quota in words. A null limit is said to be unstated, not taken for unlimited."""
    used = (
        f"{quota.used} of {quota.limit} used" if quota.limit is not None else f"{quota.used} used"
    )
    left = (
        f"{quota.remaining} left"
        if quota.remaining is not None
        else "how many are left is not stated"
    )
    return f"{used}, {left}" if quota.limit is not None else f"{used}, no limit stated, {left}"


def _advice(listing: BackupList, now: datetime) -> tuple[str, ...]:
    backups = newest_first(listing.backups)
    dated = [b for b in backups if b.created is not None]
    ages = [elapsed for b in dated if (elapsed := age(b.created, now)) is not None]
    advice: list[str] = []
    if len(dated) < len(backups):
        advice.append(
            "Some dates are unknown: those backups are listed last and may be newer than they look."
        )
    if len(ages) < len(dated):
        advice.append(
            "Some dates lie in the future: those backups are listed first and may be older than "
            "they look."
        )
    if not ages or min(ages) > SNAPSHOT_LIFE:
        advice.append(
            "No backup is known to be from the last day. A snapshot may be another way back: "
            "snapshots are local, quick, and kept about 24 hours; backups are offsite, slower to "
            "restore, and kept for longer."
        )
    return tuple(advice)
