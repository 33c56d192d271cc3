"""Structured content: its base, and what every list says about itself."""

from __future__ import annotations

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hostup_mcp.hostup.base import Listing
from hostup_mcp.hostup.text import Json


class Output(BaseModel):
    """Base of structured content: frozen, with camelCase field names in JSON."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        defer_build=True,
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
