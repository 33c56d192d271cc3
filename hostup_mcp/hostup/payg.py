"""Models of pay-as-you-go servers: whether this account may have one, and what it costs.

Prices are decimals in HostUp's currency, before any VAT, as reported.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from hostup_mcp.hostup.base import ID_PATTERN, Count, Id, Many, Model, Price
from hostup_mcp.hostup.models import Gate


class PaygAccess(Model):
    """What stands in the way of this account's pay-as-you-go servers.

    The words in `blocker_reasons` are an open set; see `ProblemError.blockers` for those of a
    refused request.
    """

    available: bool | None = None
    reason: str | None = None
    country_code: str | None = None
    country_payment_available: bool | None = None
    requires_card: bool | None = None
    has_card: bool | None = None
    verified: bool | None = None
    cloud_access_enabled: bool | None = None
    blocker_reasons: Many[str] = ()


class PaygActions(Model):
    """The gate for a new pay-as-you-go server; it may be missing."""

    can_deploy: Gate | None = None


class PaygPricing(Model):
    """Prices per hour of each core, GiB of memory or storage and IPv4 address, and of traffic."""

    currency_code: str | None = None
    cpu_per_core_hour: Price | None = None
    memory_per_gb_hour: Price | None = None
    storage_per_gb_hour: Price | None = None
    bandwidth_per_gb: Price | None = None
    ip_per_hour: Price | None = None


class PaygSize(Model):
    """Size of a pay-as-you-go server; memory and storage are in GiB."""

    cpu_cores: Count | None = None
    memory_gb: Count | None = None
    storage_gb: Count | None = None


class PaygDefaults(Model):
    """What HostUp chooses where a request does not say it. Requests call the region `region`."""

    region_id: Id | None = None
    resources: PaygSize | None = None


class PaygRange(Model):
    """The smallest and the largest value that HostUp accepts."""

    min: Count | None = None
    max: Count | None = None


class PaygSizeLimits(Model):
    """The sizes that HostUp accepts. Their shape is not documented: by bound, or by resource."""

    min: PaygSize | None = None
    max: PaygSize | None = None
    cpu_cores: PaygRange | None = None
    memory_gb: PaygRange | None = None
    storage_gb: PaygRange | None = None

    @property
    def smallest(self) -> PaygSize:
        """The smallest size, None where it is not known."""
        return self.min or self._bound("min")

    @property
    def largest(self) -> PaygSize:
        """The largest size, None where it is not known."""
        return self.max or self._bound("max")

    def _bound(self, name: str) -> PaygSize:
        ranges = {each: getattr(self, each) for each in PaygSize.model_fields}
        return PaygSize(**{each: getattr(found, name, None) for each, found in ranges.items()})


def _named(value: Any) -> Any:
    """Accept a region that is only its id."""
    is_id = isinstance(value, str) and re.fullmatch(ID_PATTERN, value)
    return {"id": value} if is_id else value


class PaygRegion(Model):
    """Where a server can be built; `id` is what a request sends as `region`."""

    id: Id = Field(validation_alias=AliasChoices("id", "regionId"))
    name: str | None = None


class PaygPreflight(Model):
    """`GET /api/v2/vps/payg/deployments`: whether a new server is possible, and its prices.

    Only `actions.can_deploy` decides; the rest explains. The shapes of `limits` and `regions` are
    not documented, and both may be missing.
    """

    available: bool | None = None
    reason: str | None = None
    access: PaygAccess | None = None
    actions: PaygActions = Field(default_factory=PaygActions)
    pricing: PaygPricing | None = None
    defaults: PaygDefaults | None = None
    limits: PaygSizeLimits | None = None
    regions: Many[Annotated[PaygRegion, BeforeValidator(_named)]] = ()


class PaygQuantities(PaygSize):
    """Resources of all pay-as-you-go servers of the account together, and their number."""

    instance_count: Count | None = None


class PaygLimits(Model):
    """`GET /api/v2/vps/payg/limits`: what the account uses, may use, and may still add."""

    current: PaygQuantities | None = None
    max: PaygQuantities | None = None
    remaining: PaygQuantities | None = None
    billing: PaygPricing | None = None
    has_pending_requests: bool | None = None


class CostEstimate(Model):
    """What a server costs in a month of full use, without traffic."""

    basis: str | None = None
    currency_code: str | None = None
    estimated_monthly_amount: Price | None = None


class BillingBreakdown(Model):
    """`GET /api/v2/vps/{id}/billing-breakdown` of a pay-as-you-go server: an estimate only.

    For other servers the shape of the response is not documented.
    """

    estimate: CostEstimate | None = None
    actuals_available: bool | None = None
