"""What all models of responses share: types of fields, unknown fields, and what is `unread`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

ID_PATTERN = r"^[0-9A-Za-z_][0-9A-Za-z_.:~@+=/-]{0,127}$"
"""Ids that are handed out. An item whose id does not match is left out, and named in `unread`."""


def _whole(value: Any) -> Any:
    """Accept 3.0 as 3: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_written(value: Any) -> Any:
    """Accept a number as the decimal that the JSON text shows, exact to a float's 15 digits."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(repr(_whole(value))) if is_number else value


T = TypeVar("T")
Id = Annotated[str, Field(pattern=ID_PATTERN)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Price = Annotated[
    Decimal, BeforeValidator(_as_written), Field(ge=0), WithJsonSchema({"type": "number"})
]
"""An amount of money. Equal prices have equal texts: 0.120 is 0.12, and 3.0 is 3."""
Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A JSON array, kept as a tuple."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A value that could not be read, or an item that was left out because of it.

    `field` is its path within the item, or within the response where it is in no item. `id` and
    `name` are the item's, as far as they could be read.
    """

    field: str
    id: str | None = None
    name: str | None = None
    is_left_out: bool = False


class Model(BaseModel):
    """Base of all models: frozen; unknown fields are kept unchanged."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="allow",
        # Strict, so that a value outside the contract is noticed instead of converted.
        strict=True,
        # Built at first use, so that a session starts fast.
        defer_build=True,
    )

    may_state_error: ClassVar[bool] = False
    """Whether a response that states an error is read too, instead of raised."""

    _unread: tuple[Unread, ...] = PrivateAttr(default=())

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What could not be read in this response, in no particular order."""
        return self._unread

    def note_unread(self, unread: tuple[Unread, ...]) -> None:
        """Record what could not be read."""
        self._unread = unread


class Listing(Model):
    """Base of all lists."""

    is_paged: ClassVar = False
    """Whether the next page can be requested with `next_cursor`."""

    has_more: bool | None = None
    next_cursor: str | None = None

    @property
    def is_incomplete(self) -> bool:
        """Whether HostUp says that it has more items that cannot be requested."""
        odd = {unread.field for unread in self.unread} & {"hasMore", "nextCursor"}
        has_next = self.is_paged and bool(self.next_cursor)
        return bool(odd) or (not has_next and bool(self.has_more or self.next_cursor))

    @property
    def is_whole(self) -> bool:
        """Whether the list is complete: what is not listed does not exist."""
        left_out = any(unread.is_left_out for unread in self.unread)
        return not (left_out or self.is_incomplete or self.next_cursor)
