"""Findings about money: what a new server costs, and a rehearsal that is not known to be over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, as its ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ServerPrice:
    """What a new server costs: processor, memory, storage and IP address, without traffic."""

    per_hour: Money
    per_month: Money
    """For 720 hours."""

    code: ClassVar = Code.PRICE


@dataclass(frozen=True, slots=True)
class RehearsalPrice:
    """The same for a server that is built for a rehearsal, and ended after it."""

    per_hour: Money
    two_hours: Money

    code: ClassVar = Code.REHEARSAL_PRICE


@dataclass(frozen=True, slots=True)
class PricesDiffer:
    """HostUp states two hourly prices for the same server."""

    per_hour: Money
    other: Money

    code: ClassVar = Code.PRICES_DIFFER


Cost: TypeAlias = ServerPrice | RehearsalPrice | PricesDiffer | Literal[Code.PRICE_UNKNOWN]
"""What a new server costs, as far as HostUp tells."""


# A rehearsal that is not known to be over


@dataclass(frozen=True, slots=True)
class RehearsalRuns:
    """The server of a rehearsal is there, and costs money."""

    vps_id: str
    name: str
    age: timedelta
    per_hour: Money
    spent: Money
    """What it has cost, by the hourly price that was agreed to."""

    code: ClassVar = Code.REHEARSAL_RUNS


@dataclass(frozen=True, slots=True)
class RehearsalUnpriced:
    """The server of a rehearsal is there, and what it costs is not known."""

    vps_id: str
    name: str
    age: timedelta

    code: ClassVar = Code.REHEARSAL_UNPRICED


@dataclass(frozen=True, slots=True)
class RehearsalEnding:
    """HostUp accepted to cancel the server of a rehearsal `since` then, and it is still there."""

    vps_id: str
    name: str
    since: timedelta

    code: ClassVar = Code.REHEARSAL_ENDING


@dataclass(frozen=True, slots=True)
class RehearsalLost:
    """A rehearsal was sent, and it is not known which server it built, if any."""

    name: str
    age: timedelta

    code: ClassVar = Code.REHEARSAL_LOST


RunningRehearsal: TypeAlias = RehearsalRuns | RehearsalUnpriced | RehearsalEnding | RehearsalLost
