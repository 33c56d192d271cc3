"""Plans: what the user was shown, kept under a random handle until it is carried out or expires.

A plan belongs to the caller who made it, is good once and for ten minutes, and binds what HostUp
said at the time. That it is carried out once is seen to where the write is sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.hostup.models import (
    Backup,
    BackupList,
    Gate,
    Snapshot,
    SourceBackup,
    Vps,
    documented,
)
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.plan import (
    Mode,
    Plan,
    find_backup,
    find_snapshot,
    find_source_backup,
    plan_from_other_vps,
    plan_in_place,
    plan_new_cloud_vps,
    plan_snapshot,
)
from hostup_mcp.server import failures
from hostup_mcp.state.store import RecordKey, RecordKind, StateStore, new_handle

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
    source_id: str | None = None
    options: Mapping[str, str | int] = Field(default_factory=dict)
    issued: int = Field(description="Milliseconds since 1970, as fine as HostUp's dates.")
    facts: str = Field(default="", description="Digest of the facts that it was planned with.")
    ticket_hash: str = Field(default="", description="Of the secret that the panel gets with it.")

    @property
    def issued_at(self) -> datetime:
        """When it was planned."""
        return _EPOCH + self.issued * _MILLISECOND

    def is_ticket(self, ticket: str) -> bool:
        """Whether `ticket` is the secret that was given to the panel with this plan."""
        return hmac.compare_digest(_hash(ticket), self.ticket_hash)


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What HostUp said about one recovery, at one moment."""

    vps: Vps
    plan: Plan
    point_date: str | None
    documented: Mapping[str, Json]
    """What a plan rests on: the gate that decides, and what to go back to."""

    @property
    def digest(self) -> str:
        """Equal if the facts are."""
        text = json.dumps({**self.documented}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one caller at one moment."""

    state: StateStore
    caller: str
    now: datetime

    async def store(self, plan: StoredPlan) -> str:
        """Keep `plan`; the planId to carry it out with.

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
        """The plan behind `plan_id`.

        Raises:
            Refusal: it was carried out, has expired, or is not this caller's.
            StateUnavailableError: the store cannot be reached.
        """
        record = await self.state.get_record(self.caller, RecordKey(RecordKind.PLAN, plan_id))
        if record is None:
            raise plan_again("There is no such plan of this caller; plans expire after ten minutes")
        if not record.is_current:
            raise plan_again("This plan is from before this server lost stored state")
        if record.is_consumed:
            raise plan_used()
        plan = StoredPlan.model_validate_json(record.body)
        if self.now - plan.issued_at >= LIFE:
            raise plan_again("This plan has expired")
        return plan


def milliseconds(moment: datetime) -> int:
    """Since 1970. If it were rounded more, a span would read shorter than it is."""
    return (moment - _EPOCH) // _MILLISECOND


def new_ticket() -> tuple[str, str]:
    """A secret for the panel, and its hash to store with the plan."""
    ticket = secrets.token_urlsafe(16)
    return ticket, _hash(ticket)


async def read_facts(hostup: ReadingClient, plan: StoredPlan) -> PlanFacts:
    """Read what `plan` depends on, and assess it as of when it was issued."""
    vps = await hostup.get_vps(plan.vps_id)
    listing = await hostup.list_backups(plan.vps_id)
    assessed, point, gate = await _assess(hostup, plan, vps, listing)
    facts: dict[str, Json] = {
        "gate": None if gate is None else {"allowed": gate.allowed, "code": gate.code},
        "point": None if point is None else documented(point),
    }
    return PlanFacts(vps, assessed, None if point is None else point.created_at, facts)


async def _assess(
    hostup: ReadingClient, plan: StoredPlan, vps: Vps, listing: BackupList
) -> tuple[Plan, Backup | SourceBackup | Snapshot | None, Gate | None]:
    """The plan, what it goes back to, and the gate that decides."""
    now, gates = plan.issued_at, listing.actions
    match plan.mode:
        case Mode.IN_PLACE:
            assessed = plan_in_place(vps, listing, plan.point, now)
            return assessed, find_backup(listing, plan.point), gates.can_restore
        case Mode.NEW_CLOUD_VPS:
            assessed = plan_new_cloud_vps(listing, plan.point)
            return assessed, find_backup(listing, plan.point), gates.can_restore
        case Mode.FROM_OTHER_VPS:
            sources = await hostup.list_restore_sources(plan.vps_id)
            source_id = plan.source_id or ""
            assessed = plan_from_other_vps(vps, listing, sources, source_id, plan.point, now)
            point = find_source_backup(sources, source_id, plan.point)
            return assessed, point, gates.can_restore_from_another_vps
        case Mode.SNAPSHOT:  # pragma: no branch - the type checker knows that there is no other
            snapshots = await hostup.list_snapshots(plan.vps_id)
            assessed = plan_snapshot(vps, snapshots, listing, plan.point, now)
            return assessed, find_snapshot(snapshots, plan.point), snapshots.actions.can_restore


def plan_again(why: str) -> failures.Refusal:
    """A refusal for a plan that cannot be carried out (any more)."""
    return failures.refuse(
        "plan_again",
        f"{why}. Nothing was changed.",
        "Call plan_restore again and show the user the new plan before anything else.",
    )


def plan_used() -> failures.Refusal:
    """Why a plan that was sent is not sent again."""
    return failures.refuse(
        "plan_used",
        "This plan was sent to HostUp before, and each plan is good for once. "
        "Nothing was changed by this call.",
        "Follow the job it started with get_job, or call list_vps_backups; for anything more, "
        "plan again.",
    )


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
