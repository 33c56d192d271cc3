"""The JSON of pay-as-you-go: preflight, limits, costs; and of cancellations."""

from datetime import datetime, timedelta

from .models import Cancellation, Server
from .payg import HOURS_PER_MONTH, Rates, Resources, per_month
from .responses import Json, iso, iso_or_null
from .variants import Variants

REGION = "stockholm"
SMALLEST, LARGEST = Resources(1, 1, 50), Resources(32, 256, 2000)
_DEFAULT = Resources(2, 4, 80)
_REASONS = {
    "not_verified": "Verify your account before you order Cloud VPS.",
    "no_cloud_access": "Cloud VPS is not enabled for this account.",
    "no_card_on_file": "Add a payment card before you order Cloud VPS.",
    "has_unpaid_invoice": "Pay the overdue invoice before you order Cloud VPS.",
}
_OTHER_REASON = "This account cannot order pay-as-you-go servers yet."


def preflight(
    blockers: tuple[str, ...],
    *,
    is_blocked: bool,
    rates: Rates,
    left: Resources,
    variants: Variants,
) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/payg/deployments`."""
    reason = blocked_reason(blockers) if is_blocked else None
    body: dict[str, Json] = {
        "available": not is_blocked,
        "reason": reason,
        "access": None,
        "actions": {"canDeploy": {"allowed": not is_blocked, "reason": reason}},
        "pricing": _rates(rates),
        "defaults": {"regionId": REGION, "resources": _sizes(_DEFAULT)},
    }
    if variants.payg_access == "object":
        body["access"] = {
            "available": not is_blocked,
            "reason": reason,
            "countryCode": "SE",
            "countryPaymentAvailable": True,
            "requiresCard": True,
            "hasCard": "no_card_on_file" not in blockers,
            "verified": "not_verified" not in blockers,
            "cloudAccessEnabled": "no_cloud_access" not in blockers,
            "blockerReasons": list(blockers),
        }
    if variants.payg_regions != "absent":
        named: dict[str, Json] = {"id": REGION, "name": "Stockholm"}
        body["regions"] = [named if variants.payg_regions == "objects" else REGION]
    largest = Resources(
        min(LARGEST.cpu_cores, left.cpu_cores),
        min(LARGEST.memory_gb, left.memory_gb),
        min(LARGEST.storage_gb, left.storage_gb),
    )
    least, most = _sizes(SMALLEST), _sizes(largest)
    if variants.preflight_limits == "by_bound":
        body["limits"] = {"min": least, "max": most}
    elif variants.preflight_limits == "by_resource":
        body["limits"] = {name: {"min": least[name], "max": most[name]} for name in least}
    return body


def blocked_reason(blockers: tuple[str, ...]) -> str:
    """Return HostUp's sentence for what keeps an account from a new server."""
    word = next(iter(blockers), "")
    if word.endswith("_limit_exceeded"):
        return "The new server would exceed the limits of this account."
    return _REASONS.get(word, _OTHER_REASON)


def limits(used: Resources, most: Resources, rates: Rates) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/payg/limits`."""

    def amounts(each: Resources) -> dict[str, Json]:
        return {**_sizes(each), "instanceCount": each.instances}

    return {
        "current": amounts(used),
        "max": amounts(most),
        "remaining": amounts(most.minus(used)),
        "billing": _rates(rates),
        "hasPendingRequests": False,
        "pendingRequests": [],
    }


def breakdown(server: Server, rates: Rates, now: datetime) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/billing-breakdown`."""
    if not server.billing.is_payg:
        reason = "The server is not billed by use."
        return {"available": False, "reason": reason, "estimate": None}
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    items: list[dict[str, Json]] = [
        _item("cpu", "vCPU", server.cpu_cores, "ratePerCoreHour", rates.cpu_per_core_hour),
        _item("memory", "Memory", server.memory_gb, "ratePerGbHour", rates.memory_per_gb_hour),
        _item("storage", "Storage", server.storage_gb, "ratePerGbHour", rates.storage_per_gb_hour),
        _item("ipv4", "IPv4 address", 1, "ratePerHour", rates.ip_per_hour),
    ]
    return {
        "estimate": {
            "basis": "max_24_7",
            "currencyCode": rates.currency,
            "estimatedMonthlyAmount": per_month(server, rates),
            "period": {
                "startAt": iso(first),
                "endAt": iso((first + timedelta(days=31)).replace(day=1)),
            },
            "lineItems": items,
        },
        "actualsAvailable": False,
        "actualsNote": "Actual charges are shown per account.",
    }


def cancellation(server: Server, each: Cancellation | None, status: str) -> dict[str, Json]:
    """Return the response body of `GET /api/v2/vps/{id}/cancellation`, with its status word."""
    shown = None if status == "none" else each
    is_open = shown is not None and shown.outcome == "open"
    body: dict[str, Json] = {
        "vpsId": server.id,
        "status": status,
        "cancelledAt": iso_or_null(shown.requested_at if shown else None),
        "scheduledAt": iso_or_null(shown.due_at if shown and status == "scheduled" else None),
        "reason": shown.reason if shown else None,
        "cancelType": shown.kind if shown else None,
        "revokable": is_open,
    }
    if shown is not None and shown.of_pending_order:
        body["cancelledPendingOrder"] = True
    return body


def _item(kind: str, label: str, quantity: int, rate_field: str, rate: float) -> dict[str, Json]:
    return {
        "type": kind,
        "label": label,
        "quantity": quantity,
        rate_field: rate,
        "estimatedAmount": round(quantity * rate * HOURS_PER_MONTH, 2),
    }


def _sizes(each: Resources) -> dict[str, Json]:
    return {
        "cpuCores": each.cpu_cores,
        "memoryGb": each.memory_gb,
        "storageGb": each.storage_gb,
    }


def _rates(rates: Rates) -> dict[str, Json]:
    return {
        "currencyCode": rates.currency,
        "cpuPerCoreHour": rates.cpu_per_core_hour,
        "memoryPerGbHour": rates.memory_per_gb_hour,
        "storagePerGbHour": rates.storage_per_gb_hour,
        "bandwidthPerGb": rates.bandwidth_per_gb,
        "ipPerHour": rates.ip_per_hour,
    }
