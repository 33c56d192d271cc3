"""Structured content: what the tools conclude, as words for a reader and findings for a program."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from pydantic import Field
from pydantic.alias_generators import to_camel

from hostup_mcp.hostup.text import Json
from hostup_mcp.recovery.costs import Money
from hostup_mcp.recovery.findings import Finding
from hostup_mcp.recovery.here import Here
from hostup_mcp.recovery.reasons import GateClosed, GateOpen, Reason
from hostup_mcp.recovery.verdicts import Source
from hostup_mcp.server.listing import Output
from hostup_mcp.wording import formats
from hostup_mcp.wording.render import facts_of, finding_code, for_model


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
