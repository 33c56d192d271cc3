"""`list_restore_sources`: backups of other servers that could be restored onto a server."""

from __future__ import annotations

from typing import Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import RestoreSource, SourceBackup
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.doubts import find_doubt
from hostup_mcp.recovery.spans import age
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.output import ListingOutput, completeness
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.wording import formats
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import date_text
from hostup_mcp.wording.render import for_model


class SourceItem(BaseModel):
    """A server, or the retained backups of a terminated one."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="sourceVpsId of plan_restore.")
    name: str | None = Field(description="Its name; user-supplied text.")
    serviceStatus: str | None = Field(description="Such as active or terminated.")
    sourceType: str | None = Field(description="server, or retained after termination.")
    backups: list[dict[str, Any]] = Field(description="Its backups, with id, createdAt, sizeGb.")


class SourceListing(ListingOutput):
    """What may be restored onto one server."""

    id: str = Field(description="Id of the target.")
    sources: list[SourceItem] = Field(description="Servers whose backups could be restored.")


async def list_restore_sources(ctx: Ctx, id: VpsId) -> CallToolResult:
    """Lists backups of the account's other servers, even terminated ones, that could be restored
    onto one server (the target). Use it if the target's own backups (list_vps_backups) do not help;
    next: plan_restore."""
    await require_vps(ctx, id)
    services_ = services(ctx)
    listing = await services_.hostup.list_restore_sources(id)
    await services_.remember(
        {f"{id}/source/{s.id}/{b.id}": "" for s in listing.sources for b in s.backups}
    )
    now, zone = hostup_now(services_.hostup, services_.now()), services_.viewer.zone

    def describe(backup: SourceBackup, source: RestoreSource) -> str:
        span = age(backup.created, now)
        when = date_text(backup.created_at, backup.created, zone)
        old = f", {formats.span(span)} old" if span is not None else ""
        doubt = find_doubt(backup, source.backups, now)
        warning = "" if doubt is None else f" · {for_model(doubt, zone)}"
        return f"  {safe_word(backup.id)} · {when}{old} · {formats.size(backup.size_gb)}{warning}"

    lines = [f"Backups that could be restored onto {id}:"]
    if not listing.sources and not listing.is_whole:
        lines = [f"HostUp lists no readable backups that could be restored onto {id}."]
    elif not listing.sources:
        lines = [
            f"No other backups can be restored onto {id}. Only servers of this account, and "
            "retained backups that HostUp links to it, are listed."
        ]
    for source in listing.sources:
        lines.append(_heading(source))
        is_known = listing.is_whole and "backups" in source.model_fields_set
        none = "  no backups" if is_known else "  backups unknown"
        lines += [describe(b, source) for b in source.backups] or [none]
    count = sum(1 + len(source.backups) for source in listing.sources)
    lines += missing_lines(listing, count, "sources and backups")
    lines += clock_lines(services_.hostup, zone)
    return to_result(
        lines,
        {
            "id": id,
            "sources": [s.model_dump(mode="json", by_alias=True) for s in listing.sources],
            **completeness(listing),
        },
    )


def _heading(source: RestoreSource) -> str:
    return (
        f"{safe_word(source.id)} {quoted(source.name or '')} "
        f"({safe_word(source.service_status or 'status unknown')}, "
        f"{safe_word(source.source_type or 'type unknown')}):"
    )


TOOL = ReadingTool(
    name="list_restore_sources",
    title="List other restore sources",
    scope="backup:vm",
    read=list_restore_sources,
    result=SourceListing,
)
