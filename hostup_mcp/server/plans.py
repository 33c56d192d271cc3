"""Plans as tokens: sealed, so that only this server can have made one, and good for ten minutes.

The token binds who planned, what, and what HostUp said at the time. That it is carried out once is
seen to where the write is sent.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hostup_mcp.hostup.models import Model
from hostup_mcp.recovery.plan import Mode
from hostup_mcp.server import failures

LIFE = timedelta(minutes=10)
"""How long a plan may be carried out. Facts are read again anyway; people forget what they saw."""


_EPOCH = datetime.fromtimestamp(0, UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Since 1970, as fine as HostUp's dates are: rounded more, a span reads shorter than it is."""
    return (moment - _EPOCH) // _MILLISECOND


class SealedPlan(BaseModel):
    """What a planId binds. Short names: a model has to copy the token."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    kind: Literal["plan"] = Field(default="plan", alias="k")
    caller: str = Field(alias="c")
    vps_id: str = Field(alias="v")
    mode: Mode = Field(alias="m")
    point: str = Field(alias="p", description="Backup id, or name of the snapshot.")
    source_id: str | None = Field(default=None, alias="s")
    wishes: dict[str, str | int] = Field(default_factory=dict, alias="w")
    facts: str = Field(alias="f", description="Digest of the backup and the gates as read.")
    issued: int = Field(alias="i", description="Milliseconds since 1970.")
    nonce: str = Field(default_factory=lambda: secrets.token_hex(8), alias="n")

    @property
    def issued_at(self) -> datetime:
        """When it was planned."""
        return _EPOCH + self.issued * _MILLISECOND


class PlanSealer:
    """Seals and opens plans with the SDK's own codec; the first key seals, every key opens."""

    def __init__(self, keys: Sequence[str | bytes]) -> None:
        self._codec = AESGCMRequestStateCodec(keys)

    def seal(self, plan: SealedPlan) -> str:
        """The planId of `plan`."""
        text = plan.model_dump_json(by_alias=True, exclude_defaults=True)
        # A nonce is made by default, yet has to travel.
        return self._codec.seal(json.dumps({**json.loads(text), "n": plan.nonce}).encode())

    def open(self, plan_id: str, caller: str, now: datetime) -> SealedPlan:
        """The plan behind `plan_id`.

        Raises:
            Refusal: it was not made here, for somebody else, or too long ago.
        """
        try:
            plan = SealedPlan.model_validate_json(self._codec.unseal(plan_id.strip()))
        except (InvalidRequestState, ValidationError):
            raise plan_again("This planId is not one of this server's") from None
        if plan.caller != caller:
            raise plan_again("This planId was made for another caller")
        if now - plan.issued_at >= LIFE:
            raise plan_again("This plan has expired")
        return plan

    def ticket(self, plan: SealedPlan) -> str:
        """What the panel gets with `plan` and a model does not, to show that a yes came from it."""
        return self._codec.seal(f"{_TICKET}{plan.nonce}".encode())

    def is_ticket(self, ticket: str, plan: SealedPlan) -> bool:
        """Whether `ticket` was made here for `plan`."""
        try:
            return self._codec.unseal(ticket) == f"{_TICKET}{plan.nonce}".encode()
        except InvalidRequestState:
            return False


_TICKET = "ticket:"


def plan_again(why: str) -> failures.Refusal:
    """A refusal for a plan that cannot be carried out (any more)."""
    return failures.refuse(
        "plan_again",
        f"{why}. Nothing was changed.",
        "Call plan_restore again and show the person the new plan before anything else.",
    )


def digest(*facts: Model | str | None) -> str:
    """A short digest of facts that must not have changed."""
    plain: list[Any] = [
        f.model_dump(mode="json", by_alias=True) if isinstance(f, Model) else f for f in facts
    ]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]
