"""The new server that a plan would build, as part of the plan's result."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.payg import PaygQuantities
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.costs import RehearsalPrice, ServerPrice
from hostup_mcp.recovery.prices import full_price
from hostup_mcp.server.listing import Output
from hostup_mcp.server.plans import PlanFacts


class PriceItem(Output):
    """What the new server costs while it exists, before any VAT, as HostUp reports it."""

    per_hour: float | None = Field(
        description="Processor, memory, storage and IP address; null if not known."
    )
    per_month: float | None = Field(description="For 720 hours.")
    currency_code: str | None = Field(description="ISO 4217; null if not known.")
    traffic_per_gb: float | None = Field(description="Comes on top; null if not known.")


class LeftItem(Output):
    """What the account's limits leave for new servers; null if not known."""

    cpu_cores: int | None = Field(description="CPU cores.")
    memory_gb: int | None = Field(description="GB of memory.")
    storage_gb: int | None = Field(description="GB of storage.")
    instance_count: int | None = Field(description="Servers.")


class NewServerItem(Output):
    """The server that would be built."""

    name: str = Field(description="The name asked for, with a random end to find it by.")
    cpu_cores: int | None = Field(description="CPU cores; null if it has to be given.")
    memory_gb: int | None = Field(description="GB of memory; null if it has to be given.")
    storage_gb: int | None = Field(description="GB of storage; null if it has to be given.")
    region: str | None = Field(description="The region asked for; null for HostUp's default.")
    default_region: str | None = Field(description="HostUp's default; null if not known.")
    regions: tuple[str, ...] = Field(description="Ids of regions; empty if HostUp lists none.")
    left: LeftItem = Field(description="What the account's limits leave.")
    price: PriceItem = Field(description="What it costs.")


_MOST_PAGES = 10
"""Pages of 100 servers that are read before a new one is built."""


def new_server_item(facts: PlanFacts) -> NewServerItem | None:
    """Return the server that carrying out the plan builds; None if it builds none."""
    if facts.plan.cost is None:
        return None
    options, account = facts.target.options, facts.account
    left = account.limits.remaining if account.limits is not None else None
    left = left or PaygQuantities()
    preflight = account.preflight
    defaults = None if preflight is None else preflight.defaults
    return NewServerItem.model_validate(
        {
            "name": options["name"],
            "cpuCores": options.get("cpuCores"),
            "memoryGb": options.get("memoryGb"),
            "storageGb": options.get("storageGb"),
            "region": options.get("region"),
            "defaultRegion": None if defaults is None else defaults.region_id,
            "regions": () if preflight is None else tuple(each.id for each in preflight.regions),
            "left": LeftItem(
                cpu_cores=left.cpu_cores,
                memory_gb=left.memory_gb,
                storage_gb=left.storage_gb,
                instance_count=left.instance_count,
            ),
            "price": _price(facts),
        }
    )


def new_server_lines(item: NewServerItem | None) -> list[str]:
    """Describe the new server for a model; its price is among the plan's side effects."""
    if item is None:
        return []
    sizes = (
        (item.cpu_cores, "CPU cores"),
        (item.memory_gb, "GB memory"),
        (item.storage_gb, "GB storage"),
    )
    size = ", ".join(f"{count} {unit}" for count, unit in sizes if count is not None)
    region = item.region or item.default_region
    place = "region not known" if region is None else f"region {safe_word(region)}"
    others = [safe_word(each) for each in item.regions if each != region]
    more = f" (also: {', '.join(others)})" if others else ""
    left = item.left
    counts = (
        (left.instance_count, "servers"),
        (left.cpu_cores, "CPU cores"),
        (left.memory_gb, "GB memory"),
        (left.storage_gb, "GB storage"),
    )
    known = ", ".join(f"{count} {unit}" for count, unit in counts if count is not None)
    limits = f"The account's limits leave {known}." if known else "The limits are not known."
    return [f"New server: {item.name}, {size or 'size not known'}, {place}{more}. {limits}"]


@dataclass(frozen=True, slots=True)
class Before:
    """The servers that there were before a new one is built."""

    name: str
    """The name that is sent for the new one."""
    ids: frozenset[str]
    is_whole: bool
    """Whether these are all that there were."""
    has_name: bool
    """Whether one of them has that name already."""


async def list_before(hostup: ReadingClient, name: str) -> Before:
    """List the servers that there are, before one named `name` is built.

    Raises:
        HostUpError: they could not be read.
    """
    found: list[Vps] = []
    is_whole, cursor = True, None
    for _ in range(_MOST_PAGES):
        page = await hostup.list_vps(limit=100, cursor=cursor)
        found += page.data
        left_out = any(unread.is_left_out for unread in page.unread)
        is_whole = is_whole and not page.is_incomplete and not left_out
        cursor = page.next_cursor or None
        if cursor is None:
            break
    return Before(
        name=name,
        ids=frozenset(vps.id for vps in found),
        is_whole=is_whole and cursor is None,
        has_name=any(vps.name == name for vps in found),
    )


def _price(facts: PlanFacts) -> PriceItem:
    cost, preflight = facts.plan.cost, facts.account.preflight
    rates = None if preflight is None else preflight.pricing
    price = None
    if isinstance(cost, ServerPrice | RehearsalPrice):
        price = full_price(cost.per_hour)
    traffic = None if rates is None or price is None else rates.bandwidth_per_gb
    return PriceItem(
        per_hour=None if price is None else float(price.per_hour.amount),
        per_month=None if price is None else float(price.per_month.amount),
        currency_code=None if price is None else price.per_hour.currency,
        traffic_per_gb=_number(traffic),
    )


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
