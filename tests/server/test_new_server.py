"""What a plan says of a new server, and which servers there were before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.sandbox import Fault, ManualClock, Sandbox
from hostup_mcp.server.new_server import NewServerItem, list_before, new_server_lines
from hostup_mcp.server.services import Services

from .wiring import settings

NAME = "rehearsal-web-01-0123456789abc"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(clock=ManualClock(), rate_limit=None)


@pytest.fixture
async def hostup(sandbox: Sandbox) -> AsyncIterator[ReadingClient]:
    services = Services(settings(), sandbox.transport())
    async with services.used():
        yield services.hostup


def pages(sandbox: Sandbox, *documents: dict[str, Any]) -> None:
    """HostUp answers with these pages, and with the last one from then on."""
    for number, document in enumerate(documents, 1):
        times = None if number == len(documents) else 1
        sandbox.faults.add(Fault("json", "GET", "*/vps", content=document, times=times))


def page(*servers: Any, cursor: str | None = None, **fields: Any) -> dict[str, Any]:
    data = [{"id": each, "name": each} if isinstance(each, str) else each for each in servers]
    return {"data": data, "nextCursor": cursor, "hasMore": cursor is not None, **fields}


# The servers before -------------------------------------------------------------------------------


async def test_all_servers_are_listed(sandbox: Sandbox, hostup: ReadingClient) -> None:
    before = await list_before(hostup, NAME)
    assert before.name == NAME
    assert before.ids == {server.id for server in sandbox.state.owned("main")}
    assert (before.is_whole, before.has_name) == (True, False)


async def test_all_pages_are_read(sandbox: Sandbox, hostup: ReadingClient) -> None:
    pages(sandbox, page("vps_1", cursor="a"), page("vps_2", cursor="b"), page("vps_3"))
    before = await list_before(hostup, NAME)
    assert (before.ids, before.is_whole) == ({"vps_1", "vps_2", "vps_3"}, True)
    asked = [dict(request.query) for request in sandbox.requests]
    assert [each.get("cursor") for each in asked] == [None, "a", "b"]
    assert {each["limit"] for each in asked} == {"100"}


async def test_an_account_may_be_empty(sandbox: Sandbox, hostup: ReadingClient) -> None:
    pages(sandbox, page())
    before = await list_before(hostup, NAME)
    assert (before.ids, before.is_whole, before.has_name) == (frozenset(), True, False)


@pytest.mark.parametrize(
    "documents",
    [
        [page("vps_1", hasMore=True)],
        [page("vps_1", {"name": "no id"})],
        [page("vps_1", 7)],
        [page("vps_1", {"name": "no id"}, cursor="a"), page("vps_2")],
        [page("vps_1", cursor="a"), page("vps_2", cursor="a")],
    ],
    ids=["more without a cursor", "an item without id", "no item", "first page", "in circles"],
)
async def test_what_is_missing_is_known(
    sandbox: Sandbox, hostup: ReadingClient, documents: list[dict[str, Any]]
) -> None:
    pages(sandbox, *documents)
    before = await list_before(hostup, NAME)
    assert "vps_1" in before.ids
    assert not before.is_whole


async def test_it_ends_after_ten_pages(sandbox: Sandbox, hostup: ReadingClient) -> None:
    endless = [page(f"vps_{number}", cursor=f"c{number}") for number in range(30)]
    pages(sandbox, *endless)
    before = await list_before(hostup, NAME)
    assert len(sandbox.requests) == 10
    assert (len(before.ids), before.is_whole) == (10, False)


@pytest.mark.parametrize(
    ("name", "has_name"), [(NAME, True), (NAME.upper(), False), (f"{NAME}-2", False), (None, False)]
)
async def test_the_name_may_be_taken(
    sandbox: Sandbox, hostup: ReadingClient, name: str | None, has_name: bool
) -> None:
    pages(sandbox, page("vps_1", cursor="a"), page({"id": "vps_2", "name": name}))
    assert (await list_before(hostup, NAME)).has_name is has_name


async def test_without_the_list_nothing_is_known(sandbox: Sandbox, hostup: ReadingClient) -> None:
    pages(sandbox, page("vps_1", cursor="a"))
    sandbox.faults.clear()
    sandbox.faults.add(Fault("status", "GET", "*/vps", status=403, times=None))
    with pytest.raises(HostUpError):
        await list_before(hostup, NAME)


# What a model reads of it -------------------------------------------------------------------------

NOTHING_LEFT = {"cpuCores": None, "memoryGb": None, "storageGb": None, "instanceCount": None}
UNPRICED = {"perHour": None, "perMonth": None, "currencyCode": None, "trafficPerGb": None}


def item(**fields: Any) -> NewServerItem:
    return NewServerItem.model_validate(
        {
            "name": NAME,
            "cpuCores": 2,
            "memoryGb": 4,
            "storageGb": 80,
            "region": None,
            "defaultRegion": "4",
            "regions": ("4", "5"),
            "left": {**NOTHING_LEFT, "instanceCount": 3, "storageGb": 500},
            "price": UNPRICED,
            **fields,
        }
    )


def test_nothing_is_said_where_none_is_built() -> None:
    assert new_server_lines(None) == []


def test_name_size_region_and_limits_are_in_one_line() -> None:
    assert new_server_lines(item()) == [
        f"New server: {NAME}, 2 CPU cores, 4 GB memory, 80 GB storage, region 4 (also: 5). The "
        "account's limits leave 3 servers, 500 GB storage."
    ]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"region": "5"}, "region 5 (also: 4)."),
        ({"regions": ("4",)}, "region 4. The"),
        ({"regions": ()}, "region 4. The"),
        ({"defaultRegion": None}, "region not known (also: 4, 5)."),
        ({"memoryGb": None}, "2 CPU cores, 80 GB storage,"),
        ({"cpuCores": None, "memoryGb": None, "storageGb": None}, "size not known, region 4"),
        ({"left": NOTHING_LEFT}, "(also: 5). The limits are not known."),
        ({"left": {**NOTHING_LEFT, "cpuCores": 0, "memoryGb": 8}}, "leave 0 CPU cores, 8 GB mem"),
        ({"defaultRegion": "4 or 5"}, 'region "4 or 5" (also'),
    ],
)
def test_what_is_not_known_is_said(fields: dict[str, Any], part: str) -> None:
    [line] = new_server_lines(item(**fields))
    assert part in line
