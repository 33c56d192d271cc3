"""Which server a rehearsal built, and that no other one may be ended."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup.models import Vps, VpsPage
from hostup_mcp.recovery.costs import (
    Money,
    RehearsalEnding,
    RehearsalLost,
    RehearsalPrice,
    RehearsalRuns,
    RehearsalUnpriced,
)
from hostup_mcp.recovery.prices import as_rehearsal, full_price, spent
from hostup_mcp.recovery.rehearsals import (
    NotEndable,
    Sent,
    describe_running,
    find_by_name,
    read_price,
    why_not_endable,
)

from .listings import NOW

NAME = "rehearsal-web-01-0123456789abc"
RATE = Money(Decimal("0.66"), "SEK")
HOURS = timedelta(hours=3)
BEFORE = frozenset({"vps_8", "vps_9"})


def sent(
    vps_id: str | None = "vps_1",
    *,
    before: frozenset[str] | None = BEFORE,
    given_name: str | None = None,
) -> Sent:
    return Sent(NAME, before, vps_id, given_name)


def server(id_: str = "vps_1", name: str | None = NAME, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "name": name, "billing": {"isPayg": True}, **fields}


def vps(*args: Any, **fields: Any) -> Vps:
    return Vps.model_validate(server(*args, **fields))


def page(*servers: dict[str, Any], **fields: Any) -> VpsPage:
    return VpsPage.model_validate({"data": list(servers), **fields})


# Which one it is ----------------------------------------------------------------------------------


def test_the_only_server_of_the_name_is_found() -> None:
    found = find_by_name(sent(None), page(server("vps_7"), server("vps_8", "other")))
    assert found is not None
    assert found.id == "vps_7"


@pytest.mark.parametrize(
    ("before", "listed"),
    [
        (BEFORE, page()),
        (BEFORE, page(server(name="other"))),
        (BEFORE, page(server(name=NAME.upper()))),
        (BEFORE, page(server(name=None))),
        (BEFORE, page(server("vps_7"), server("vps_8"))),
        (BEFORE, page(server("vps_7"), server("vps_8", None))),
        (BEFORE, page(server("vps_7"), hasMore=True)),
        (BEFORE, page(server("vps_7"), nextCursor="c")),
        (BEFORE, page(server("vps_8"))),
        (None, page(server("vps_7"))),
    ],
)
def test_a_doubt_finds_none(before: frozenset[str] | None, listed: VpsPage) -> None:
    assert find_by_name(sent(None, before=before), listed) is None


def test_the_first_server_of_an_account_is_found() -> None:
    found = find_by_name(sent(None, before=frozenset()), page(server("vps_7")))
    assert found is not None


@pytest.mark.parametrize(
    ("built", "now", "why"),
    [
        (sent(), vps(), None),
        (sent(given_name="generated-7"), vps(name="generated-7"), None),
        (sent(given_name="generated-7"), vps(), None),
        (sent(), vps("vps_2"), NotEndable.NOT_BUILT),
        (sent(None), vps(), NotEndable.NOT_BUILT),
        (sent("vps_8"), vps("vps_8"), NotEndable.NOT_BUILT),
        (sent(before=None), vps(), None),
        (sent(), vps(billing=None), NotEndable.NOT_PAYG),
        (sent(), vps(billing={}), NotEndable.NOT_PAYG),
        (sent(), vps(billing={"isPayg": False}), NotEndable.NOT_PAYG),
        (sent(), vps(name="shop"), NotEndable.RENAMED),
        (sent(), vps(name=None), NotEndable.RENAMED),
        (sent(), vps(name=""), NotEndable.RENAMED),
        (sent(given_name="generated-7"), vps(name="generated-8"), NotEndable.RENAMED),
    ],
)
def test_only_what_was_built_is_ended(built: Sent, now: Vps, why: NotEndable | None) -> None:
    assert why_not_endable(built, now) is why


@given(
    st.sampled_from(["vps_1", "vps_2"]),
    st.sampled_from([NAME, "web-01", "", None]),
    st.sampled_from([None, {}, {"isPayg": None}, {"isPayg": False}, {"isPayg": True}]),
    st.sampled_from(["vps_1", "vps_2", None]),
    st.sampled_from([None, "web-02"]),
)
def test_never_a_server_of_another_name(
    id_: str, name: str | None, billing: Any, built_id: str | None, given_name: str | None
) -> None:
    now = vps(id_, name, billing=billing)
    why = why_not_endable(Sent(NAME, BEFORE, built_id, given_name), now)
    is_it = id_ == built_id and name == NAME and billing == {"isPayg": True}
    assert (why is None) is is_it


# What is said of it -------------------------------------------------------------------------------


def test_what_it_costs_is_hours_times_price() -> None:
    money = Money(Decimal("1.98"), "SEK")
    assert describe_running(sent(), NOW - HOURS, NOW, RATE) == RehearsalRuns(
        "vps_1", NAME, HOURS, RATE, money
    )
    assert spent(RATE, timedelta(minutes=30)) == Money(Decimal("0.33"), "SEK")
    dear = Money(Decimal(3600), "SEK")
    assert spent(dear, timedelta(hours=1, seconds=1)) == Money(Decimal(3601), "SEK")
    assert spent(dear, -HOURS).amount == 0


def test_what_is_not_known_is_said() -> None:
    began = NOW - HOURS
    assert describe_running(sent(), began, NOW, None) == RehearsalUnpriced("vps_1", NAME, HOURS)
    assert describe_running(sent(None), began, NOW, RATE) == RehearsalLost(NAME, HOURS)
    ending = RehearsalEnding("vps_1", NAME, timedelta(minutes=5))
    asked = NOW - timedelta(minutes=5)
    assert describe_running(sent(), began, NOW, RATE, asked) == ending
    assert describe_running(sent(), NOW + HOURS, NOW, None) == RehearsalUnpriced(
        "vps_1", NAME, timedelta()
    )
    ahead = describe_running(sent(), began, NOW, RATE, NOW + HOURS)
    assert ahead == RehearsalEnding("vps_1", NAME, timedelta())


def test_two_hours_are_rehearsed() -> None:
    cost = as_rehearsal(full_price(RATE))
    assert cost == RehearsalPrice(RATE, Money(Decimal("1.32"), "SEK"))
    assert as_rehearsal(cost) is cost


@pytest.mark.parametrize(
    ("per_hour", "currency", "read"),
    [
        ("0.66", "SEK", RATE),
        (None, "SEK", None),
        ("0.66", None, None),
        (0.66, "SEK", None),
        ("free", "SEK", None),
    ],
)
def test_a_recorded_price_is_read(per_hour: Any, currency: Any, read: Money | None) -> None:
    assert read_price(per_hour, currency) == read
