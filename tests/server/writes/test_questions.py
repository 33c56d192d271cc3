"""What is typed for a server: its name if it is the only one of that name, else more, or its id."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.labels import MAX_TYPED
from hostup_mcp.server.writes.consent import matches
from hostup_mcp.server.writes.questions import find_subject

pytestmark = pytest.mark.anyio

ID = "vps_abcdef12"


def vps(name: str | None, ip: str | None = "192.0.2.7", id_: str = ID) -> Vps:
    return Vps(id=id_, name=name, primary_ip=ip)


def account(servers: Sequence[Vps], **page: Any) -> ReadingClient:
    """An account that lists `servers` whatever is asked for."""
    listed = [server.model_dump(by_alias=True) for server in servers]
    body = {"data": listed, "nextCursor": None, **page}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    return ReadingClient(Http("http://localhost", "key", transport=transport))


def others(*named: tuple[str | None, str | None]) -> list[Vps]:
    return [vps(name, ip, f"vps_other{n}") for n, (name, ip) in enumerate(named)]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("web-01", "web-01"),
        ("w", "w"),
        ("Mitt Café å", "Mitt Café å"),
        (" web-01 ", "web-01"),
        ("x" * MAX_TYPED, "x" * MAX_TYPED),
        *((name, ID) for name in (None, "", "   ", "x" * (MAX_TYPED + 1), "vps_other1", "VPS_1")),
    ],
)
async def test_the_name_is_typed_or_else_the_id(name: str | None, typed: str) -> None:
    hostup = account([vps(name), *others(("db-01", "192.0.2.8"), (None, None))])
    to_type = (await find_subject(hostup, vps(name))).to_type
    assert to_type == typed
    assert matches(typed, to_type)


@pytest.mark.parametrize(
    ("ip", "same", "typed"),
    [
        ("192.0.2.7", [("shop", "192.0.2.8")], "shop 7"),
        ("192.0.2.7", [("SHOP ", "192.0.2.8"), ("shop", None)], "shop 7"),
        ("192.0.2.7", [("sh op", "192.0.2.8"), ("s\u200bhop", "192.0.2.9")], "shop 7"),
        ("192.0.2.7", [("shop", "192.0.2.8"), ("Shop 7", "192.0.2.9")], "shop 192.0.2.7"),
        ("192.0.2.7", [("shop 7", "192.0.2.9")], "shop"),
        ("2001:db8::a7", [("shop", "192.0.2.8")], "shop a7"),
        ("192.0.2.7", [("shop", "198.51.100.7")], "shop 192.0.2.7"),
        ("192.0.2.7", [("shop", "192.0.2.7")], ID),
        ("192.0.2.7", [("shop", "198.51.100.7"), ("shop192.0.2.7", None)], ID),
        ("somewhere.7", [("shop", "192.0.2.8")], ID),
        (None, [("shop", "192.0.2.8")], ID),
    ],
)
async def test_equal_names_are_distinguished(
    ip: str | None, same: list[tuple[str, str | None]], typed: str
) -> None:
    shop = vps("shop", ip)
    subject = await find_subject(account([*others(*same), shop]), shop)
    assert subject.to_type == typed
    assert subject.facts == {
        "name": "shop",
        "address": ip,
        "sameName": [
            {"id": f"vps_other{n}", "address": address} for n, (_, address) in enumerate(same)
        ],
    }


async def test_a_name_that_is_anothers_address() -> None:
    """Typing it would name the other server; the id does not."""
    confusing = vps("192.0.2.8")
    hostup = account([confusing, *others(("db-01", "192.0.2.8"))])
    assert (await find_subject(hostup, confusing)).to_type == "192.0.2.8 7"


@pytest.mark.parametrize(
    "page",
    [
        {"nextCursor": "more"},
        {"hasMore": True},
        {"data": [{"id": ID, "name": "shop"}, {"id": "", "name": "shop"}]},
    ],
    ids=["more follow", "more without a cursor", "one left out"],
)
async def test_where_others_may_be_hidden_it_is_the_id(page: dict[str, Any]) -> None:
    shop = vps("shop")
    assert (await find_subject(account([shop], **page), shop)).to_type == ID


async def test_no_more_than_a_name_may_have_is_typed() -> None:
    long = vps("x" * MAX_TYPED)
    assert (
        await find_subject(account([long, *others(("x" * MAX_TYPED, None))]), long)
    ).to_type == ID
