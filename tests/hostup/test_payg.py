"""Prices are read as HostUp wrote them; what it does not tell is unknown, and never free."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.base import Unread
from hostup_mcp.hostup.models import Gate, documented
from hostup_mcp.hostup.payg import (
    BillingBreakdown,
    PaygLimits,
    PaygPreflight,
    PaygPricing,
    PaygQuantities,
    PaygRegion,
    PaygSize,
)

from .wire import encoded

RATES = {
    "cpuPerCoreHour": 0.12,
    "memoryPerGbHour": 0.04,
    "storagePerGbHour": 0.003,
    "bandwidthPerGb": 0.1,
    "ipPerHour": 0.02,
}
PREFLIGHT: dict[str, Any] = {
    "available": False,
    "reason": "Verify your account first.",
    "access": {
        "available": False,
        "reason": "Verify your account first.",
        "countryCode": "SE",
        "countryPaymentAvailable": True,
        "requiresCard": True,
        "hasCard": False,
        "verified": False,
        "cloudAccessEnabled": True,
        "blockerReasons": ["not_verified", "no_card_on_file"],
    },
    "actions": {"canDeploy": {"allowed": False, "reason": "Verify your account first."}},
    "pricing": {"currencyCode": "SEK", **RATES},
    "defaults": {
        "regionId": "stockholm",
        "resources": {"cpuCores": 2, "memoryGb": 4, "storageGb": 80},
    },
}
QUANTITIES = {"cpuCores": 2, "memoryGb": 4, "storageGb": 80, "instanceCount": 1}
LIMITS: dict[str, Any] = {
    "current": QUANTITIES,
    "max": QUANTITIES | {"instanceCount": 5},
    "remaining": QUANTITIES | {"instanceCount": 4},
    "billing": {"currencyCode": "SEK", **RATES},
    "hasPendingRequests": False,
    "pendingRequests": [],
}


def preflight(text: str | None = None, **changes: Any) -> PaygPreflight:
    body = json.dumps(PREFLIGHT | changes) if text is None else text
    return responses.parse(PaygPreflight, 200, {}, body.encode())


def test_the_preflight_is_read() -> None:
    seen = preflight()
    assert (seen.available, seen.reason) == (False, "Verify your account first.")
    assert seen.actions.can_deploy == Gate(allowed=False, reason="Verify your account first.")
    assert seen.access is not None
    assert seen.access.blocker_reasons == ("not_verified", "no_card_on_file")
    assert (seen.access.has_card, seen.access.country_code) == (False, "SE")
    assert seen.pricing == PaygPricing(
        currency_code="SEK",
        cpu_per_core_hour=Decimal("0.12"),
        memory_per_gb_hour=Decimal("0.04"),
        storage_per_gb_hour=Decimal("0.003"),
        bandwidth_per_gb=Decimal("0.1"),
        ip_per_hour=Decimal("0.02"),
    )
    assert seen.defaults is not None
    assert (seen.defaults.region_id, seen.defaults.resources) == (
        "stockholm",
        PaygSize(cpu_cores=2, memory_gb=4, storage_gb=80),
    )
    assert (seen.limits, seen.regions, seen.unread) == (None, (), ())


def test_nothing_is_required_of_a_preflight() -> None:
    for seen in (preflight("{}"), preflight('{"access": null, "pricing": null, "actions": {}}')):
        assert (seen.available, seen.access, seen.pricing, seen.defaults) == (None,) * 4
        assert (seen.actions.can_deploy, seen.unread) == (None, ())


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("0.12", "0.12"),
        ("0.120", "0.12"),
        ("0.1", "0.1"),
        ("0.003", "0.003"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("123456789.123456", "123456789.123456"),
        ("1e-7", "1E-7"),
        ("0", "0"),
        ("0.0", "0"),
        ("3", "3"),
        ("3.0", "3"),
        ("199", "199"),
        ("1" * 30, "1" * 30),
    ],
)
def test_a_price_is_the_decimal_that_was_written(written: str, price: str) -> None:
    seen = preflight(f'{{"pricing": {{"cpuPerCoreHour": {written}}}}}')
    assert seen.pricing is not None
    assert seen.pricing.cpu_per_core_hour == Decimal(price)
    assert documented(seen.pricing)["cpuPerCoreHour"] == price


@given(st.decimals(0, 10**9, places=6))
def test_prices_are_exact(price: Decimal) -> None:
    seen = preflight(f'{{"pricing": {{"ipPerHour": {price}}}}}')
    assert seen.pricing is not None
    assert seen.pricing.ip_per_hour == price


@pytest.mark.parametrize("odd", ["-0.12", '"0.12"', "true", "[0.12]", "{}", "1e400"])
def test_an_odd_price_is_unknown(odd: str) -> None:
    seen = preflight(f'{{"pricing": {{"cpuPerCoreHour": {odd}, "ipPerHour": 0.02}}}}')
    assert seen.pricing == PaygPricing(ip_per_hour=Decimal("0.02"))
    assert seen.unread == (Unread("pricing.cpuPerCoreHour"),)


@pytest.mark.parametrize("odd", [True, {}, {"allowed": "true"}, {"reason": None}])
def test_an_odd_deploy_gate_is_unknown(odd: object) -> None:
    seen = preflight(actions={"canDeploy": odd})
    assert seen.actions.can_deploy is None
    assert seen.unread == (Unread("actions.canDeploy"),)


def test_odd_blockers_cost_only_themselves() -> None:
    access = PREFLIGHT["access"] | {"blockerReasons": ["not_verified", 7, "new"], "hasCard": "no"}
    seen = preflight(access=access).access
    assert seen is not None
    assert (seen.blocker_reasons, seen.has_card) == (("not_verified", "new"), None)


SMALLEST = PaygSize(cpu_cores=1, memory_gb=1, storage_gb=50)
LARGEST = PaygSize(cpu_cores=32, memory_gb=256, storage_gb=2000)


@pytest.mark.parametrize(
    ("limits", "smallest", "largest"),
    [
        (
            {
                "min": {"cpuCores": 1, "memoryGb": 1, "storageGb": 50},
                "max": {"cpuCores": 32, "memoryGb": 256, "storageGb": 2000},
            },
            SMALLEST,
            LARGEST,
        ),
        (
            {
                "cpuCores": {"min": 1, "max": 32},
                "memoryGb": {"min": 1, "max": 256},
                "storageGb": {"min": 50, "max": 2000},
            },
            SMALLEST,
            LARGEST,
        ),
        ({"storageGb": {"min": 50}}, PaygSize(storage_gb=50), PaygSize()),
        ({"max": {"cpuCores": 32}}, PaygSize(), PaygSize(cpu_cores=32)),
        ({"min": 1, "maxCpuCores": 32, "cpuCores": 32}, PaygSize(), PaygSize()),
        ({}, PaygSize(), PaygSize()),
    ],
)
def test_limits_by_bound_or_by_resource(
    limits: dict[str, Any], smallest: PaygSize, largest: PaygSize
) -> None:
    seen = preflight(limits=limits).limits
    assert seen is not None
    assert (seen.smallest, seen.largest) == (smallest, largest)


@pytest.mark.parametrize(
    ("regions", "read", "unread"),
    [
        (["stockholm"], [("stockholm", None)], 0),
        ([{"id": "stockholm", "name": "Stockholm"}], [("stockholm", "Stockholm")], 0),
        ([{"regionId": "stockholm"}], [("stockholm", None)], 0),
        ([{"name": "Stockholm"}, "a b", 7, {"id": "x"}], [("x", None)], 3),
        ({"stockholm": {}}, [], 1),
        (None, [], 1),
    ],
)
def test_regions_of_several_shapes(
    regions: object, read: list[tuple[str, str | None]], unread: int
) -> None:
    seen = preflight(regions=regions)
    assert [(region.id, region.name) for region in seen.regions] == read
    assert all(isinstance(region, PaygRegion) for region in seen.regions)
    assert len(seen.unread) == unread


def test_limits_of_the_account_are_read() -> None:
    seen = responses.parse(PaygLimits, 200, {}, encoded(LIMITS))
    used = PaygQuantities(cpu_cores=2, memory_gb=4, storage_gb=80, instance_count=1)
    assert seen.current == used
    assert seen.max == used.model_copy(update={"instance_count": 5})
    assert seen.remaining == used.model_copy(update={"instance_count": 4})
    assert seen.billing == preflight().pricing
    assert (seen.has_pending_requests, seen.unread) == (False, ())


def test_an_odd_limit_is_unknown() -> None:
    document = copy.deepcopy(LIMITS)
    document["remaining"]["instanceCount"] = -1
    document["max"] = None
    seen = responses.parse(PaygLimits, 200, {}, encoded(document))
    assert seen.remaining is not None
    assert (seen.remaining.instance_count, seen.remaining.cpu_cores, seen.max) == (None, 2, None)
    assert seen.unread == (Unread("remaining.instanceCount"),)


def test_the_estimate_of_a_server_is_read() -> None:
    document = {
        "estimate": {
            "basis": "max_24_7",
            "currencyCode": "SEK",
            "estimatedMonthlyAmount": 21.6,
            "period": {"startAt": "2026-06-01T00:00:00.000Z", "endAt": None},
            "lineItems": [{"type": "cpu", "quantity": 2, "estimatedAmount": 21.6}],
        },
        "actualsAvailable": False,
        "actualsNote": "Not yet.",
    }
    seen = responses.parse(BillingBreakdown, 200, {}, encoded(document))
    assert seen.estimate is not None
    assert (seen.estimate.basis, seen.estimate.currency_code) == ("max_24_7", "SEK")
    assert seen.estimate.estimated_monthly_amount == Decimal("21.6")
    assert (seen.actuals_available, seen.unread) == (False, ())


@pytest.mark.parametrize("document", [{}, {"available": False, "reason": "x"}, {"estimate": None}])
def test_there_may_be_no_estimate(document: dict[str, Any]) -> None:
    assert responses.parse(BillingBreakdown, 200, {}, encoded(document)).estimate is None
