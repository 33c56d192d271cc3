"""The structured content of `plan_restore`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from hostup_mcp.recovery.modes.definition import Mode, Point
from hostup_mcp.recovery.spans import age
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.server.listing import Output
from hostup_mcp.server.new_server import NewServerItem
from hostup_mcp.server.output import HereItem, ReasonItem
from hostup_mcp.wording import formats


class PointItem(Output):
    """The backup or snapshot to restore."""

    id: str = Field(description="Its id, or the name of the snapshot.")
    created_at: str | None = Field(description="When it was made; null if unknown or not listed.")
    age: str | None = Field(description="Its age in words; null if unknown.")


def point_item(id_: str, point: Point | None, now: datetime) -> PointItem:
    """Return what is known of what would be restored; `point` is None if it is not listed."""
    if point is None:
        return PointItem(id=id_, created_at=None, age=None)
    span = age(point.created, now)
    old = None if span is None else formats.span(span)
    return PointItem(id=id_, created_at=point.created_at, age=old)


class PlanResult(Output):
    """What carrying out one recovery would mean, and the id to do it with; nothing is changed."""

    mode: Mode = Field(description="The kind of recovery.")
    verdict: Verdict = Field(description="possible, blocked, or unknown if HostUp does not say.")
    reasons: tuple[ReasonItem, ...] = Field(description="Why.")
    to_unblock: str | None = Field(description="What would have to change; null if nothing known.")
    here: HereItem = Field(description="Whether it could be carried out from here now.")
    data_loss: str = Field(description="What would be lost.")
    side_effects: tuple[str, ...] = Field(description="What else would happen.")
    recommended_first: tuple[str, ...] = Field(description="What to do before.")
    alternatives: tuple[str, ...] = Field(description="Less risky ways.")
    findings: dict[str, Any] = Field(description="The same as codes and facts, for programs.")
    id: str = Field(description="Id of the server.")
    name: str | None = Field(description="Its name, shortened; user-supplied text.")
    address: str | None = Field(description="Its main IP address.")
    now: str = Field(description="The time by HostUp's clock.")
    point: PointItem = Field(description="What would be restored.")
    source: dict[str, Any] | None = Field(
        description="For from_other_vps: id, name, status, address of the other server."
    )
    new_server: NewServerItem | None = Field(description="For new_cloud_vps: what is built.")
    plan_id: str | None = Field(
        description="For restore_vps; null if it cannot be carried out now."
    )
    expires_at: str | None = Field(description="When the planId expires.")
