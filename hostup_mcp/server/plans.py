"""Plans: what the user was shown, kept under a random handle until it is carried out or expires.

A plan belongs to the caller who made it, is good once and for ten minutes, and binds what HostUp
said at the time. That it is carried out once is seen to where the write is sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.config import Group
from hostup_mcp.hostup.models import RestoreSources, Vps, deciding_facts
from hostup_mcp.hostup.problems import (
    BadResponseError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
)
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json, quoted, safe_word
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import PricesDiffer, RehearsalPrice, ServerPrice
from hostup_mcp.recovery.findings import BackupUnconfirmed
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import Facts, Mode, ModeDefinition, Plan, Read, Target
from hostup_mcp.server.clocks import seconds_ahead
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import RefusalError, refuse
from hostup_mcp.state.store import (
    RecordKey,
    RecordKind,
    StateStore,
    new_handle,
    random_text,
)

T = TypeVar("T")

LIFE = timedelta(minutes=10)
"""How long a plan may be carried out. Facts are read again anyway; people forget what they saw."""

MAX_OPEN_PLANS = 50
"""Per caller; one more replaces the oldest."""

# A little longer, so that a plan that has just expired is said to have expired.
_STORED_SECONDS = LIFE.total_seconds() + 60

_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


class StoredPlan(BaseModel):
    """One planned recovery, as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vps_id: str
    mode: Mode
    point: str = Field(description="Backup id, or name of the snapshot.")
    source_id: str = ""
    options: Mapping[str, str | int] = Field(default_factory=dict)
    is_rehearsal: bool = False
    issued: int = Field(description="Milliseconds since 1970, as fine as HostUp's dates.")
    ahead: float | None = Field(
        default=None, description="Seconds HostUp's clock was ahead; None until it was compared."
    )
    facts: str = Field(default="", description="Digest of the facts that it was planned with.")
    unconfirmed: BackupUnconfirmed | None = Field(
        default=None, description="What was known of the request that the backup may come from."
    )
    ticket_hash: str = Field(default="", description="Of the secret that the panel gets with it.")

    @property
    def issued_at(self) -> datetime:
        """When it was planned."""
        return _EPOCH + self.issued * _MILLISECOND

    @property
    def definition(self) -> ModeDefinition:
        """The definition of its mode."""
        return MODES[self.mode]

    @property
    def target(self) -> Target:
        """The server to recover, and the backup or snapshot to restore."""
        return Target(
            self.vps_id, self.point, self.source_id, self.options, is_rehearsal=self.is_rehearsal
        )

    def is_ticket(self, ticket: str) -> bool:
        """Whether `ticket` is the secret that was given to the panel with this plan."""
        return hmac.compare_digest(_hash(ticket), self.ticket_hash)


@dataclass(frozen=True, slots=True)
class SourceServer:
    """The other server, or what is kept of a terminated one, whose backup is restored."""

    id: str
    name: str | None
    status: str | None
    address: str | None
    """None if it has none, or HostUp no longer shows the server itself."""

    def __str__(self) -> str:
        name = quoted(self.name) if self.name else "the server without a name"
        status = safe_word(self.status) if self.status else "status unknown"
        address = safe_word(self.address) if self.address else "no IP"
        return f"{name} ({safe_word(self.id)}, {status}, {address})"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What HostUp said about one recovery, at one moment."""

    vps: Vps
    plan: Plan
    ahead: float
    """Seconds that HostUp's clock was ahead of this one when the plan was made."""
    issued: datetime
    """When the plan was made, by HostUp's clock; ages count from then."""
    target: Target
    """What is restored to where; for a new server, with its name and size."""
    account: Facts
    """What the plan was made from, for what HostUp says of new servers."""
    source: SourceServer | None = None
    """The other server whose backup is restored, if HostUp lists it as a restore source."""

    @property
    def documented(self) -> Mapping[str, Json]:
        """What a plan depends on: the gate, the backup or snapshot, whose it is, and the price."""
        gate, point = self.plan.gate, self.plan.point
        return {
            "gate": None if gate is None else {"allowed": gate.allowed, "code": gate.code},
            "point": None if point is None else deciding_facts(point),
            "source": None if self.source is None else asdict(self.source),
            "price": self.price,
        }

    @property
    def price(self) -> dict[str, Json] | None:
        """What a new server costs, the amounts as texts; None if none is built."""
        match self.plan.cost:
            case ServerPrice(per_hour=rate) | RehearsalPrice(per_hour=rate):
                return {"perHour": str(rate.amount), "currencyCode": rate.currency}
            case PricesDiffer(per_hour=rate, other=other):
                stated = [f"{each.currency} {each.amount}" for each in (rate, other)]
                return {"perHour": None, "currencyCode": None, "stated": [*stated]}
            case Code.PRICE_UNKNOWN:
                return {"perHour": None, "currencyCode": None}
        return None

    @property
    def digest(self) -> str:
        """A digest that is equal if the facts are equal."""
        text = json.dumps(self.documented, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one caller at one moment."""

    state: StateStore
    caller: str
    now: datetime

    async def store(self, plan: StoredPlan) -> str:
        """Store `plan`, and return the planId to carry it out with.

        Raises:
            StateUnavailableError: the store cannot be reached.
        """
        handle = new_handle("plan")
        await self.state.put_record(
            self.caller,
            RecordKey(RecordKind.PLAN, handle),
            plan.model_dump_json(),
            seconds=_STORED_SECONDS,
            at_most=MAX_OPEN_PLANS,
        )
        return handle

    async def open(self, plan_id: str) -> StoredPlan:
        """Return the plan with the id `plan_id`.

        Raises:
            RefusalError: it was carried out, has expired, or is not this caller's.
            StateUnavailableError: the store cannot be reached.
        """
        record = await self.state.get_record(self.caller, RecordKey(RecordKind.PLAN, plan_id))
        if record is None:
            raise plan_again("this caller has no plan with this id; plans expire after ten minutes")
        if not record.is_current:
            raise plan_again("it was made before hostup-mcp lost its stored state")
        if record.is_consumed:
            raise plan_used()
        plan = StoredPlan.model_validate_json(record.body)
        if self.now - plan.issued_at >= LIFE:
            raise plan_again("it has expired")
        return plan


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds from 1970 to `moment`; coarser rounding would shorten spans."""
    return (moment - _EPOCH) // _MILLISECOND


def new_ticket() -> tuple[str, str]:
    """Make a secret for the panel, and the hash of it that is stored with the plan."""
    ticket = secrets.token_urlsafe(16)
    return ticket, _hash(ticket)


def needed_groups(definition: ModeDefinition) -> frozenset[Group]:
    """Return the groups that have to be unlocked to carry out a plan with this mode."""
    return frozenset({Group.RESTORE, *([Group.SPEND] if definition.builds_server else [])})


def new_suffix() -> str:
    """Make the random end of a new server's name, 65 bits, by which it can be found."""
    return random_text(13)


async def read_facts(
    hostup: ReadingClient, plan: StoredPlan, suffix: str | None = None
) -> PlanFacts:
    """Read what `plan` depends on, and assess it as of when it was issued, by HostUp's clock.

    With a `suffix`, what the user left open is chosen; in a stored plan, nothing is.
    """
    reads, vps_id = plan.definition.reads, plan.vps_id
    facts = Facts(await hostup.get_vps(vps_id), await hostup.list_backups(vps_id))
    source = None
    if Read.SOURCES in reads:
        facts = replace(facts, sources=await hostup.list_restore_sources(vps_id))
        source = await _read_source(hostup, facts.sources, plan.source_id)
    if Read.SNAPSHOTS in reads:
        facts = replace(facts, snapshots=await hostup.list_snapshots(vps_id))
    if Read.PAYG in reads:
        # The preflight last, so that its prices are the freshest.
        limits = await _told(hostup.get_payg_limits())
        facts = replace(facts, limits=limits, preflight=await _told(hostup.get_payg_preflight()))
    ahead = seconds_ahead(hostup) if plan.ahead is None else plan.ahead
    issued = plan.issued_at + timedelta(seconds=ahead)
    target = plan.target
    if suffix is not None:
        target = plan.definition.settle(facts, target, suffix)
    planned = plan.definition.plan(facts, target, issued)
    return PlanFacts(facts.vps, planned, ahead, issued, target, facts, source)


async def _told(read: Awaitable[T]) -> T | None:
    """Return what `read` returns; None if HostUp responds, but does not tell it."""
    try:
        return await read
    except RateLimitedError:
        raise
    except (ProblemError, BadResponseError):
        return None


async def _read_source(
    hostup: ReadingClient, sources: RestoreSources, source_id: str
) -> SourceServer | None:
    source = next((s for s in sources.sources if s.id == source_id), None)
    if source is None:
        return None
    address = None
    with suppress(NotFoundError):  # a terminated server, of which only backups are left
        address = (await hostup.get_vps(source_id)).primary_ip
    return SourceServer(source.id, source.name, source.service_status, address)


def plan_again(why: str) -> RefusalError:
    """Return the refusal of a plan that can no longer be used; `why` ends its sentence."""
    return refuse(texts.PLAN_AGAIN, why=why)


def plan_used() -> RefusalError:
    """Return the refusal of a plan that was already sent."""
    return refuse(texts.PLAN_USED)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
