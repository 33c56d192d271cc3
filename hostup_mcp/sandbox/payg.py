"""Pay-as-you-go: rates, limits, and what keeps an account from a new server."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias, get_args

from .models import Server

HOURS_PER_MONTH = 720
BlockerWord: TypeAlias = Literal[
    "not_verified",
    "no_cloud_access",
    "no_card_on_file",
    "cpu_limit_exceeded",
    "memory_limit_exceeded",
    "storage_limit_exceeded",
    "instance_limit_exceeded",
    "has_unpaid_invoice",
]
"""A documented word for what keeps an account from a new server."""

WORDS: tuple[BlockerWord, ...] = get_args(BlockerWord)


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit costs, in `currency` and before any tax."""

    cpu_per_core_hour: float = 0.12
    memory_per_gb_hour: float = 0.04
    storage_per_gb_hour: float = 0.003
    bandwidth_per_gb: float = 0.1
    ip_per_hour: float = 0.02
    currency: str = "SEK"

    def times(self, factor: float) -> "Rates":
        """Return these rates, multiplied."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self)}
        del numbers["currency"]
        return replace(self, **{name: round(n * factor, 6) for name, n in numbers.items()})


@dataclass(frozen=True, slots=True)
class Resources:
    """Amounts of what is limited; memory and storage in GB."""

    cpu_cores: int
    memory_gb: int
    storage_gb: int
    instances: int = 1

    def minus(self, other: "Resources") -> "Resources":
        """Return what is left of each amount, at least nothing."""
        return Resources(
            max(0, self.cpu_cores - other.cpu_cores),
            max(0, self.memory_gb - other.memory_gb),
            max(0, self.storage_gb - other.storage_gb),
            max(0, self.instances - other.instances),
        )


DEFAULT_RATES = Rates()
DEFAULT_LIMITS = Resources(64, 256, 4000, 20)


def used(servers: Iterable[Server]) -> Resources:
    """Return what the pay-as-you-go servers among these use."""
    counted = [
        each
        for each in servers
        if each.billing.is_payg and each.service_status in {"active", "pending", "suspended"}
    ]
    return Resources(
        sum(each.cpu_cores for each in counted),
        sum(each.memory_gb for each in counted),
        sum(each.storage_gb for each in counted),
        len(counted),
    )


def exceeded(wanted: Resources, left: Resources) -> tuple[str, ...]:
    """Return the blocker words of the limits that a new server would exceed."""
    over = {
        "cpu_limit_exceeded": wanted.cpu_cores > left.cpu_cores,
        "memory_limit_exceeded": wanted.memory_gb > left.memory_gb,
        "storage_limit_exceeded": wanted.storage_gb > left.storage_gb,
        "instance_limit_exceeded": wanted.instances > left.instances,
    }
    return tuple(word for word, is_over in over.items() if is_over)


def per_month(server: Server, rates: Rates) -> float:
    """Return what a server costs in 720 hours, without traffic."""
    hourly = (
        server.cpu_cores * rates.cpu_per_core_hour
        + server.memory_gb * rates.memory_per_gb_hour
        + server.storage_gb * rates.storage_per_gb_hour
        + rates.ip_per_hour
    )
    return round(hourly * HOURS_PER_MONTH, 2)
