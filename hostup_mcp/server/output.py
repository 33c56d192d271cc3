"""Structured content: what the tools conclude, as words for a reader and findings for a program."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hostup_mcp.hostup.base import Listing
from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.costs import Money
from hostup_mcp.recovery.findings import Finding
from hostup_mcp.recovery.here import Here
from hostup_mcp.recovery.reasons import GateClosed, GateOpen, Reason
from hostup_mcp.recovery.verdicts import Source
from hostup_mcp.wording import formats
from hostup_mcp.wording.render import facts_of, finding_code, for_model


class Output(BaseModel):
    """Base of structured content: frozen, with camelCase field names in JSON."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        defer_build=True,
    )


class ReasonItem(Output):
    """One reason for or against an action."""

    code: str = Field(description="HostUp's code if it gave one, else that of hostup-mcp.")
    message: str = Field(description="The reason in words.")
    source: Source = Field(
        description="gate: said by HostUp. state: follows from what exists. unknown: not given."
    )


class HereItem(Output):
    """Whether this connection could carry an action out now."""

    allowed: bool = Field(description="Whether it could.")
    reasons: tuple[dict[str, Any], ...] = Field(
        description="Why not: code, message (with who can change it and how), facts."
    )


class UnreadItem(Output):
    """A value in HostUp's response that could not be read, or an item left out because of it."""

    field: str = Field(description="Path of the value within its item or the response.")
    id: str | None = Field(description="The item's id; null if unknown or in no item.")
    name: str | None = Field(description="The item's name; null if unknown or in no item.")
    is_left_out: bool = Field(description="Whether the whole item is missing from the list.")


class ListingOutput(BaseModel):
    """Base of results that list what HostUp returned."""

    complete: bool = Field(description="False if HostUp has items that are not shown.")
    unread: list[UnreadItem] = Field(description="Values that could not be read; null here.")


def completeness(listing: Listing) -> dict[str, Json]:
    """Return the result fields that say whether `listing` is complete, and what is unread."""
    unread = [
        UnreadItem(field=u.field, id=u.id, name=u.name, is_left_out=u.is_left_out)
        for u in listing.unread
    ]
    return {
        "complete": not (listing.is_incomplete or any(u.is_left_out for u in unread)),
        "unread": [item.model_dump(mode="json", by_alias=True) for item in unread],
    }


def reason_items(reasons: Iterable[Reason], zone: tzinfo) -> tuple[ReasonItem, ...]:
    """Return `reasons` with their codes and texts."""
    return tuple(
        ReasonItem(code=hostup_code(r) or r.code, message=for_model(r, zone), source=r.source)
        for r in reasons
    )


def here_item(here: Here, zone: tzinfo) -> HereItem:
    """Return `here` with the code, text and facts of each reason."""
    return HereItem(
        allowed=here.allowed,
        reasons=tuple(
            {**_fields(reason), "message": for_model(reason, zone)} for reason in here.reasons
        ),
    )


def hostup_code(reason: Reason) -> str | None:
    """Return the code that HostUp gave with `reason`, if it did."""
    return reason.hostup_code if isinstance(reason, GateOpen | GateClosed) else None


def describe_all(findings: Iterable[Finding], zone: tzinfo) -> tuple[str, ...]:
    """Describe each of `findings` in a sentence for a model."""
    return tuple(for_model(finding, zone) for finding in findings)


def as_data(finding: Finding) -> Json:
    """Return `finding` for a program: its code alone, or its code and facts.

    Facts that are not known are left out; moments are ISO 8601 in UTC, spans whole seconds.
    """
    fields = _fields(finding)
    return fields if len(fields) > 1 else fields["code"]


def all_as_data(findings: Mapping[str, Collection[Finding]]) -> dict[str, Json]:
    """Return lists of findings under their names, for a program. Empty lists are left out."""
    return {name: [as_data(each) for each in some] for name, some in findings.items() if some}


def _fields(finding: Finding) -> dict[str, Json]:
    """Return the code and the known facts of `finding`."""
    facts = {
        to_camel(name): _fact(value)
        for name, value in facts_of(finding).items()
        if value is not None
    }
    return {"code": str(finding_code(finding)), **facts}


def _fact(value: Any) -> Json:
    match value:
        case datetime():
            return formats.iso(value)
        case timedelta():
            return int(value.total_seconds())
        case Money(amount=amount, currency=currency):
            return {"amount": float(amount), "currencyCode": currency}
        case tuple():
            return [_fact(each) for each in value]
        case str() | int() | float():
            return value
        case _:
            return as_data(value)
