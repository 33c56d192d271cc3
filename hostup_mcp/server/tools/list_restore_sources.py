"""`list_restore_sources`: backups of other servers that could be restored onto a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import RestoreSource, RestoreSources, SourceBackup
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.doubts import find_doubts
from hostup_mcp.recovery.findings import Doubt
from hostup_mcp.recovery.order import in_order
from hostup_mcp.recovery.spans import age
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.ids import SourceVpsId, VpsId, require_source, require_vps
from hostup_mcp.server.listing import completeness
from hostup_mcp.server.names import ServerListing, ServerName, about
from hostup_mcp.server.output import as_data
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.wording import formats
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.phrases import date_text, now_text
from hostup_mcp.wording.render import for_model


class SourceItem(BaseModel):
    """A server, or the retained backups of a terminated one."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="sourceVpsId of plan_restore.")
    name: str | None = Field(description="Its name; user-supplied text.")
    serviceStatus: str | None = Field(description="Such as active or terminated.")
    sourceType: str | None = Field(description="server, or retained after termination.")
    total: int = Field(description="How many backups it has, shown or not.")
    backups: list[dict[str, Any]] = Field(
        description="Its first ones, with id, createdAt, sizeGb: newest first, those that may be "
        "incomplete or have no usable date last."
    )
    doubts: dict[str, Any] = Field(
        description="Why a backup may be incomplete, as code and facts by its id."
    )


class SourceListing(ServerListing):
    """What may be restored onto one server."""

    total: int = Field(description="How many servers have backups for it, shown or not.")
    sources: list[SourceItem] = Field(description="Servers whose backups could be restored.")


async def list_restore_sources(
    ctx: Ctx,
    id: VpsId,
    sourceVpsId: Annotated[
        SourceVpsId | None,
        Field(description="sources[].id of list_restore_sources: only its backups."),
    ] = None,
    limit: Annotated[int, Field(ge=1, le=500, description="Backups shown.")] = 20,
) -> CallToolResult:
    """Lists backups of the account's other servers, even terminated ones, that could be restored
    onto one server: the newest of each, or those of sourceVpsId. Use it if its own backups
    (list_vps_backups) do not help; next: plan_restore."""
    server = await require_vps(ctx, id)
    if sourceVpsId is not None:
        await require_source(ctx, id, sourceVpsId)
    services_ = services(ctx)
    listing = await services_.hostup.list_restore_sources(id)
    now, zone = hostup_now(services_.hostup, services_.now()), services_.viewer.zone
    sources = [s for s in listing.sources if sourceVpsId in (None, s.id)]
    each = max(1, limit // max(1, len(sources)))
    shown = [_Shown.of(source, now, each) for source in sources[:limit]]
    await services_.remember(
        {f"{id}/source/{s.source.id}": "" for s in shown}
        | {f"{id}/source/{s.source.id}/{b.id}": "" for s in shown for b in s.backups}
    )
    view = _View(server, listing, shown, len(sources), now, is_one=sourceVpsId is not None)
    return to_result(
        [*_lines(view, zone), *clock_lines(services_.hostup, zone)],
        {
            **about(server, now),
            "total": len(sources),
            "sources": [s.as_data() for s in shown],
            **completeness(listing),
        },
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """A source, and those of its backups that are shown."""

    source: RestoreSource
    backups: Sequence[SourceBackup]
    doubts: dict[str, Doubt]

    @classmethod
    def of(cls, source: RestoreSource, now: datetime, most: int) -> _Shown:
        every = source.backups
        found = find_doubts(every, now)
        return cls(source, in_order(every, found, now)[:most], found)

    def as_data(self) -> dict[str, Any]:
        known = self.source.model_dump(mode="json", by_alias=True, exclude={"backups"})
        backups = [b.model_dump(mode="json", by_alias=True) for b in self.backups]
        doubts = {b.id: as_data(self.doubts[b.id]) for b in self.backups if b.id in self.doubts}
        total = len(self.source.backups)
        return {**known, "total": total, "backups": backups, "doubts": doubts}


@dataclass(frozen=True, slots=True)
class _View:
    """What a result is made of."""

    server: ServerName
    listing: RestoreSources
    shown: Sequence[_Shown]
    total: int
    """How many sources there are."""
    now: datetime
    is_one: bool
    """Whether only the backups of one source are listed."""

    @property
    def left(self) -> int:
        """How many backups of the shown sources are not shown."""
        return sum(len(s.source.backups) - len(s.backups) for s in self.shown)


def _lines(view: _View, zone: tzinfo) -> list[str]:
    listing = view.listing
    lines = [
        f"Onto {view.server}. {now_text(view.now, zone)}",
        *([_summary(view)] if view.shown else [_nothing(view)]),
    ]
    for shown in view.shown:
        lines.append(_heading(shown))
        is_known = listing.is_whole and "backups" in shown.source.model_fields_set
        none = "  no backups" if is_known else "  backups unknown"
        lines += [_describe(b, shown, view.now, zone) for b in shown.backups] or [none]
    count = sum(1 + len(source.backups) for source in listing.sources)
    return [*lines, *_rest(view), *missing_lines(listing, count, "sources and backups")]


def _summary(view: _View) -> str:
    servers = "this server" if view.is_one else f"{view.total} other server"
    servers += "" if view.is_one or view.total == 1 else "s"
    return (
        f"Backups of {servers} that could be restored onto it; plan_restore says whether HostUp "
        "allows it now:"
    )


def _nothing(view: _View) -> str:
    if view.is_one:
        return "HostUp lists no backups of this server for it any more."
    if not view.listing.is_whole:
        return "HostUp lists no readable backups that could be restored onto it."
    return (
        "No other backups can be restored onto it. Only servers of this account, and retained "
        "backups that HostUp links to it, are listed."
    )


def _rest(view: _View) -> list[str]:
    """Say what is not shown, and how to get it."""
    hidden = view.total - len(view.shown)
    lines = []
    if hidden:
        lines.append(f"{hidden} more servers: call again with a higher limit (up to 500).")
    if view.left and view.is_one:
        lines.append(f"{view.left} more: call again with a higher limit (up to 500).")
    elif view.left:
        lines.append(
            f"{view.left} more backups of these servers: call again with sourceVpsId for one of "
            "them, or a higher limit (up to 500)."
        )
    return lines


def _heading(shown: _Shown) -> str:
    source, total = shown.source, len(shown.source.backups)
    facts = [
        safe_word(source.service_status) if source.service_status else "status unknown",
        safe_word(source.source_type) if source.source_type else "type unknown",
    ]
    if total > len(shown.backups):
        facts.append(f"{len(shown.backups)} of {total} backups shown")
    return f"{safe_word(source.id)} {quoted(source.name or '')} ({', '.join(facts)}):"


def _describe(backup: SourceBackup, shown: _Shown, now: datetime, zone: tzinfo) -> str:
    span, doubt = age(backup.created, now), shown.doubts.get(backup.id)
    facts = [
        f"  {safe_word(backup.id)}",
        date_text(backup.created_at, backup.created, zone),
        f"{formats.span(span)} old" if span is not None else "age unknown",
        formats.size(backup.size_gb),
        *([] if doubt is None else [for_model(doubt, zone)]),
    ]
    return " · ".join(facts)


TOOL = ReadingTool(
    name="list_restore_sources",
    title="List other restore sources",
    scope="backup:vm",
    read=list_restore_sources,
    result=SourceListing,
)
