"""`list_vps`: the account's servers and their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import Vps, VpsPage
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.labels import folded, labels
from hostup_mcp.server.listing import ListingOutput, completeness
from hostup_mcp.server.names import remember_servers
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, Services, services
from hostup_mcp.wording.completeness import missing_lines
from hostup_mcp.wording.servers import describe_servers


class VpsItem(BaseModel):
    """One server, with HostUp's own field names."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Id that other tools take.")
    name: str | None = Field(description="Display name; user-supplied text.")
    primaryIp: str | None = Field(description="Main IP address.")
    serviceStatus: str | None = Field(description="active, suspended, ...")
    powerState: str | None = Field(description="running, stopped, ...; null if unknown.")
    operatingSystem: dict[str, Any] | None = Field(description="Null if unknown.")
    resources: dict[str, Any] | None = Field(description="cpuCores, memoryGb, storageGb.")
    isPayg: bool | None = Field(description="True if pay-as-you-go; null if unknown.")


class VpsListing(ListingOutput):
    """One page of servers."""

    data: list[VpsItem] = Field(description="The servers on this page.")
    nextCursor: str | None = Field(description="Cursor for the next page; null on the last.")
    sameName: list[str] = Field(description="Ids on this page whose names another server has.")


async def list_vps(
    ctx: Ctx,
    limit: Annotated[int, Field(ge=1, le=100, description="Servers per page.")] = 50,
    cursor: Annotated[
        str | None,
        Field(max_length=4096, description="nextCursor of the previous page."),
    ] = None,
    name: Annotated[
        str | None, Field(max_length=255, description="Filter: exact display name, any case.")
    ] = None,
    primaryIp: Annotated[
        str | None, Field(max_length=45, description="Filter: exact main IP.")
    ] = None,
) -> CallToolResult:
    """Lists the user's HostUp servers (VPS): id, name, IP, status, power, OS, size, billing. Call
    it first: other tools refuse a server id that it has not returned in this session. Next:
    list_vps_backups."""
    # An empty argument means no filter, not an empty name.
    page, elsewhere = await read_page(
        services(ctx), limit, cursor or None, name or None, primaryIp or None
    )
    same = confusable(page, elsewhere)
    return to_result(_lines(page, elsewhere, same, name, primaryIp), page_data(page, same))


async def read_page(
    services_: Services,
    limit: int,
    cursor: str | None = None,
    name: str | None = None,
    primary_ip: str | None = None,
) -> tuple[VpsPage, Mapping[str, str]]:
    """Read one page of servers, and remember that this caller was given their ids.

    Returns with it which of them have the name of a server that is not on the page.
    """
    page = await services_.hostup.list_vps(
        limit=limit, cursor=cursor, name=name, primary_ip=primary_ip
    )
    return page, await remember_servers(services_, page.data)


def page_data(page: VpsPage, same: Collection[str]) -> dict[str, Any]:
    """Return the structured content for a page; `same` are the ids that are `confusable`."""
    return {
        "data": [_item(vps) for vps in page.data],
        "nextCursor": page.next_cursor,
        "sameName": [vps.id for vps in page.data if vps.id in same],
        **completeness(page),
    }


def _item(vps: Vps) -> dict[str, Any]:
    known = vps.model_dump(mode="json", by_alias=True, exclude={"billing"})
    return {**known, "isPayg": vps.billing.is_payg if vps.billing is not None else None}


def confusable(page: VpsPage, elsewhere: Mapping[str, str]) -> set[str]:
    """Return the servers on `page` whose name could also mean another, on it or `elsewhere`."""
    known = Counter(label for vps in page.data for label in labels(vps))
    return {*elsewhere, *(vps.id for vps in page.data if known[folded(vps.name or "")] > 1)}


def _lines(
    page: VpsPage,
    elsewhere: Mapping[str, str],
    same: Collection[str],
    name: str | None,
    primary_ip: str | None,
) -> list[str]:
    filters = [
        f"{key} {quoted(value)}"
        for key, value in (("name", name), ("primaryIp", primary_ip))
        if value
    ]
    matching = f" with {' and '.join(filters)}" if filters else ""
    count = len(page.data)
    unknown = sum(
        bool((name and vps.name is None) or (primary_ip and vps.primary_ip is None))
        for vps in page.data
    )
    if not count:
        lines = [f"No servers{matching}. Only those of this API key's account are listed."]
    else:
        sure = count - unknown
        perhaps = f", and {unknown} whose name or IP is unknown, so may match" if unknown else ""
        notes = (_same_name(vps.id, elsewhere) if vps.id in same else "" for vps in page.data)
        usual, rows = describe_servers(page.data, notes)
        unless = f". Unless noted: {usual}" if usual else ""
        lines = [f"{sure} server{'' if sure == 1 else 's'}{matching}{perhaps}{unless}:", *rows]
    if page.unmatched:
        lines.append(
            f"HostUp did not apply the filter: {page.unmatched} more that do not match are not "
            "shown."
        )
    if same:
        lines.append("SAME NAME: tell the servers marked so apart by id and IP, with the user.")
    lines += missing_lines(page, count, "servers")
    if page.next_cursor:
        lines.append(f"There are more: call list_vps with cursor {quoted(page.next_cursor)}.")
    return lines


def _same_name(vps_id: str, elsewhere: Mapping[str, str]) -> str:
    other = elsewhere.get(vps_id)
    return "same name" if other is None else f"same name as {safe_word(other)}, listed before"


TOOL = ReadingTool(
    name="list_vps",
    title="List servers",
    scope="read:vm",
    read=list_vps,
    result=VpsListing,
)
