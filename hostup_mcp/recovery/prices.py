"""What a pay-as-you-go server costs, as far as HostUp's rates tell.

Without traffic, and before any VAT, as reported. What is not told is unknown, and never free.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from hostup_mcp.hostup.payg import PaygLimits, PaygPreflight, PaygPricing, PaygSize
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import Cost, Money, PricesDiffer, RehearsalPrice, ServerPrice

HOURS_PER_MONTH = 720
HOURS_OF_REHEARSAL = 2

_MOST = Decimal(1_000_000)
"""An hourly price above this is taken for an error in HostUp's rates."""

_HUNDREDTH = Decimal("0.01")

_CURRENCY = re.compile(r"[A-Z]{3}")


def price_of(size: PaygSize, preflight: PaygPreflight | None, limits: PaygLimits | None) -> Cost:
    """Return what a server of this size costs; where HostUp states two prices, both."""
    stated = _per_hour(size, None if preflight is None else preflight.pricing)
    other = _per_hour(size, None if limits is None else limits.billing)
    if stated is not None and other is not None and stated != other:
        return PricesDiffer(stated, other)
    known = stated or other
    if known is None:
        return Code.PRICE_UNKNOWN
    return full_price(known)


def full_price(per_hour: Money) -> ServerPrice:
    """Return the price per hour and per month."""
    return ServerPrice(per_hour, times(per_hour, HOURS_PER_MONTH))


def as_rehearsal(cost: Cost) -> Cost:
    """Return the same price for the time that a rehearsal takes."""
    if not isinstance(cost, ServerPrice):
        return cost
    return RehearsalPrice(cost.per_hour, times(cost.per_hour, HOURS_OF_REHEARSAL))


def spent(per_hour: Money, elapsed: timedelta) -> Money:
    """Return about what a server has cost after it was `elapsed` there, to two decimals."""
    hours = Decimal(max(0, int(elapsed.total_seconds()))) / 3600
    return Money((per_hour.amount * hours).quantize(_HUNDREDTH), per_hour.currency)


def times(rate: Money, hours: Decimal | int) -> Money:
    """Return what `hours` at an hourly `rate` cost."""
    return Money(rate.amount * hours, rate.currency)


def _per_hour(size: PaygSize, rates: PaygPricing | None) -> Money | None:
    """Return the hourly price of processor, memory, storage and IP address together."""
    if rates is None or rates.currency_code is None:
        return None
    currency = rates.currency_code
    parts = (
        _product(size.cpu_cores, rates.cpu_per_core_hour),
        _product(size.memory_gb, rates.memory_per_gb_hour),
        _product(size.storage_gb, rates.storage_per_gb_hour),
        _product(1, rates.ip_per_hour),
    )
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or not _CURRENCY.fullmatch(currency):
        return None
    amount = sum(known, Decimal(0)).normalize()
    return Money(amount, currency) if 0 < amount <= _MOST else None


def _product(count: int | None, rate: Decimal | None) -> Decimal | None:
    return None if count is None or rate is None else count * rate
