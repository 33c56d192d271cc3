"""`list_vps_backups`: a server's backups, and whether a restore is possible and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.hostup.endpoints import BACKUP
from hostup_mcp.hostup.models import Backup, BackupList, Gate
from hostup_mcp.hostup.text import Json, safe_word
from hostup_mcp.recovery.assessment import Assessment, Explanation, Overwrites, assess
from hostup_mcp.recovery.findings import BackupUnconfirmed, Changes, Finding
from hostup_mcp.recovery.gates import closed_reason, is_open
from hostup_mcp.recovery.here import Here, look_here
from hostup_mcp.recovery.modes.in_place import IN_PLACE
from hostup_mcp.recovery.order import Page, in_order, oldest_dated, page_of
from hostup_mcp.recovery.quota import find_hidden
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.suggestions import NewerSnapshot
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.server.clocks import compare, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.here import backup_needs, read_connection, recent_refusal, restore_needs
from hostup_mcp.server.ids import BackupId, VpsId, require_backup, require_vps
from hostup_mcp.server.listing import completeness
from hostup_mcp.server.names import ServerName, about
from hostup_mcp.server.output import all_as_data, as_data, describe_all, here_item, reason_items
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.situation import last_restore, snapshots_if_useful
from hostup_mcp.server.tools.backup_listing import (
    AssessmentItem,
    BackupListing,
    ExplanationItem,
    OverwritesItem,
    RestoreItem,
)
from hostup_mcp.server.tools.service_status import read_service_status
from hostup_mcp.server.unconfirmed import find_unconfirmed
from hostup_mcp.server.unsettled import find_unsettled
from hostup_mcp.wording import formats
from hostup_mcp.wording.backups import page_lines
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import gate_text, now_text, quota_text, verdict_text
from hostup_mcp.wording.render import for_model


async def list_vps_backups(
    ctx: Ctx,
    id: Annotated[
        VpsId,
        Field(
            description="data[].id from a prior list_vps, unchanged. Never invent it; a name or "
            "IP is not an id."
        ),
    ],
    limit: Annotated[int, Field(ge=1, le=500, description="Backups per page.")] = 20,
    before: Annotated[
        BackupId | None, Field(description="nextBefore of the previous page.")
    ] = None,
) -> CallToolResult:
    """Reads one server's backups and slots, and whether a restore or a new backup is possible now
    and why: HostUp's decision and reason as given, what would unblock it, and what restoring the
    newest would overwrite. Use it before you propose a restore; next: plan_restore. For snapshots
    use list_vps_snapshots."""
    server = await require_vps(ctx, id)
    if before is not None:
        await require_backup(ctx, id, before, "before")
    services_ = services(ctx)
    listing = await services_.hostup.list_backups(id)
    gates = listing.actions
    status = None
    if not (is_open(gates.can_restore) and is_open(gates.can_create_backup)):
        status = await read_service_status(services_.hostup, id)
    now = hostup_now(services_.hostup, services_.now())
    unsettled = await find_unsettled(services_, id)
    assessment = assess(
        listing,
        now,
        status=status,
        clocks=compare(services_.hostup),
        snapshots=await snapshots_if_useful(services_.hostup, id, listing, now),
        restored=await last_restore(services_, id, unsettled),
        unsettled=unsettled,
    )
    page = page_of(in_order(listing.backups, assessment.doubts, now), before, limit)
    if page is None:
        raise refuse(texts.BACKUP_MISSING)
    connection = await read_connection(ctx, id)
    refused = await recent_refusal(ctx, services_.hostup, id, BACKUP)
    view = _View(
        server,
        listing,
        page,
        oldest_dated(listing.backups, now),
        assessment,
        restore_here=look_here(connection, restore_needs(IN_PLACE), refused),
        create_here=look_here(connection, backup_needs(listing), refused),
        now=now,
        unconfirmed=await find_unconfirmed(services_, id, listing),
    )
    await services_.remember(
        {
            **{f"{id}/{backup.id}": "" for backup in view.named},
            **{f"{id}/snapshot/{name}": "" for name in view.snapshots},
        }
    )
    zone = services_.viewer.zone
    return to_result(_lines(view, zone), _data(view, zone))


@dataclass(frozen=True, slots=True)
class _View:
    """What a result is made of."""

    server: ServerName
    listing: BackupList
    page: Page
    oldest: Backup | None
    assessment: Assessment
    restore_here: Here
    create_here: Here
    now: datetime
    unconfirmed: Mapping[str, BackupUnconfirmed]

    @property
    def named(self) -> tuple[Backup, ...]:
        """The backups whose ids are in the result."""
        overwrites = self.assessment.overwrites
        others = (self.oldest, None if overwrites is None else overwrites.backup)
        return (*self.page.backups, *(backup for backup in others if backup is not None))

    @property
    def snapshots(self) -> tuple[str, ...]:
        """The snapshots whose names are in the result."""
        advice = self.assessment.advice
        return tuple(each.name for each in advice if isinstance(each, NewerSnapshot))


def _data(view: _View, zone: tzinfo) -> dict[str, Any]:
    listing, page, oldest, now = view.listing, view.page, view.oldest, view.now
    return {
        **about(view.server, now),
        "total": page.total,
        "oldest": None
        if oldest is None
        else {"id": oldest.id, "createdAt": oldest.created_at, "age": _age(oldest, now)["age"]},
        "nextBefore": page.backups[-1].id if page.left else None,
        "backups": [
            {**backup.model_dump(mode="json", by_alias=True), **_age(backup, now)}
            for backup in page.backups
        ],
        "quotaInfo": listing.quota_info.model_dump(mode="json", by_alias=True),
        # Only what HostUp returned: an absent code stays absent.
        "actions": listing.actions.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "explanation": _explanation(view, zone).model_dump(mode="json", by_alias=True),
        **completeness(listing),
    }


def _explanation(view: _View, zone: tzinfo) -> AssessmentItem:
    found, named = view.assessment, {backup.id for backup in view.named}
    restore, create, overwrites = found.restore, found.create, found.overwrites
    return AssessmentItem(
        restore=RestoreItem(
            **_explain_in_words(restore, view.restore_here, zone),
            overwrites=None if overwrites is None else _overwritten(overwrites, zone),
        ),
        create=ExplanationItem(**_explain_in_words(create, view.create_here, zone)),
        advice=describe_all(found.advice, zone),
        findings={
            "restore": _as_data(restore),
            "overwrites": None if overwrites is None else as_data(overwrites.data_loss),
            "create": _as_data(create),
            **all_as_data({"advice": found.advice}),
            "doubts": _by_id(found.doubts, named),
            "unconfirmed": _by_id(view.unconfirmed, named),
        },
    )


def _by_id(findings: Mapping[str, Finding], named: Collection[str]) -> dict[str, Json]:
    return {id_: as_data(finding) for id_, finding in findings.items() if id_ in named}


def _explain_in_words(found: Explanation, here: Here, zone: tzinfo) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "reasons": reason_items(found.reasons, zone),
        "to_unblock": " ".join(describe_all(found.to_unblock, zone)) or None,
        "here": here_item(here, zone),
    }


def _as_data(found: Explanation) -> Json:
    return all_as_data({"reasons": found.reasons, "toUnblock": found.to_unblock})


def _overwritten(overwrites: Overwrites, zone: tzinfo) -> OverwritesItem:
    backup, loss = overwrites.backup, overwrites.data_loss
    return OverwritesItem(
        backup_id=backup.id,
        since=backup.created_at,
        span=formats.span(loss.age) if isinstance(loss, Changes) else None,
        message=for_model(loss, zone),
    )


def _age(backup: Backup, now: datetime) -> dict[str, str | int | None]:
    span = age(backup.created, now)
    if span is None:
        return {"age": None, "ageSeconds": None}
    return {"age": formats.span(span), "ageSeconds": int(span.total_seconds())}


def _lines(view: _View, zone: tzinfo) -> list[str]:
    listing, page, doubts = view.listing, view.page, view.assessment.doubts
    lines = [f"{view.server}. {now_text(view.now, zone)}"]
    if not page.start:
        lines += _verdicts(view, zone)
    if listing.backups:
        is_all = listing.is_whole and find_hidden(listing) is None
        lines += page_lines(
            page,
            view.oldest,
            doubts,
            view.now,
            zone,
            is_all=is_all,
            unconfirmed=view.unconfirmed,
        )
    else:
        lines.append("HostUp lists no backups of it for this key.")
    return lines + missing_lines(listing, page.total, "backups")


def _verdicts(view: _View, zone: tzinfo) -> list[str]:
    listing, restore, create = view.listing, view.assessment.restore, view.assessment.create
    overwrites, other = view.assessment.overwrites, listing.actions.can_restore_from_another_vps
    told = view.restore_here if restore.verdict is Verdict.POSSIBLE else None
    lost = []
    if overwrites is not None:
        loss = for_model(overwrites.data_loss, zone)
        loss = loss[:1].lower() + loss[1:]
        lost = [f"Restoring {_which(overwrites.backup, view)}: {loss}"]
    return [
        verdict_text("Restore", restore.verdict, restore.reasons, view.restore_here, zone),
        *_to_unblock(restore, zone),
        *lost,
        verdict_text(
            "New backup",
            create.verdict,
            create.reasons,
            view.create_here,
            zone,
            told,
            restore.reasons,
        ),
        *(_to_unblock(create, zone) if create.to_unblock != restore.to_unblock else []),
        *_from_other(other, restore),
        f"Quota: {quota_text(listing.quota_info)}.",
        *describe_all(view.assessment.advice, zone),
    ]


def _which(backup: Backup, view: _View) -> str:
    if backup in view.page.backups[:1]:
        return "the backup listed first" if backup.created is None else "the newest listed backup"
    return f"{safe_word(backup.id)}, the newest that looks complete"


def _from_other(gate: Gate | None, restore: Explanation) -> list[str]:
    """Say whether HostUp allows a backup of another server over this one, if it says so."""
    if gate is None:
        return []
    if not gate.allowed and closed_reason(gate) in restore.reasons:
        return ["From another VPS: not allowed, for the same reason."]
    return [f"From another VPS: {gate_text(gate)}."]


def _to_unblock(found: Explanation, zone: tzinfo) -> list[str]:
    steps = describe_all(found.to_unblock, zone)
    return [f"To unblock: {' '.join(steps)}"] if steps else []


TOOL = ReadingTool(
    name="list_vps_backups",
    title="Read a server's backups",
    scope="read:vm",
    read=list_vps_backups,
    result=BackupListing,
    shown_in_panel=True,
)
