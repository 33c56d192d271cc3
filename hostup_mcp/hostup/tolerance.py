"""Reads a response item by item: an odd value costs that value, at most its item, never the list.

Only ids and gates are required. A gate with an odd field is unknown as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from hostup_mcp.hostup.base import Model, Unread
from hostup_mcp.hostup.text import Json

M = TypeVar("M", bound=Model)
Steps: TypeAlias = tuple[str | int, ...]


def read_model(model: type[M], document: Json) -> M:
    """Build `model` from `document` without what cannot be read, which its `unread` names.

    `document` is changed.

    Raises:
        ValidationError: not even the list itself, or the id of a single resource, can be read.
    """
    found: list[_Found] = []
    first: ValidationError | None = None
    while True:
        try:
            # On the wire only the API's own names count.
            value = model.model_validate(document, by_alias=True, by_name=False)
        except ValidationError as error:
            first = first or error
            if not _remove(document, error, found):
                raise first from None
        else:
            value.note_unread(tuple(each.unread for each in found))
            return value


@dataclass(frozen=True)
class _Found:
    unread: Unread
    item: Any
    """The list item that holds the value, to recognize it by identity; None without one."""


def _remove(document: Any, error: ValidationError, found: list[_Found]) -> bool:
    """Remove what `error` names; return false if that is the whole document."""
    places = {
        _removable(each["loc"], is_missing=each["type"] == "missing"): each["loc"]
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    }
    # From the last item to the first, and values before the items that hold them.
    for place in sorted(places, reverse=True):
        if not place:
            return False
        *way, last = place
        parent, item, start = document, None, 0
        for depth, step in enumerate(way):
            parent = parent[step]
            if isinstance(step, int):
                item, start = parent, depth + 1
        value = parent.pop(last)
        if isinstance(last, int):
            found[:] = [each for each in found if each.item is not value]
            left_out = _path(places[place][len(place) :]) or _path(place)
            found.append(_Found(_unread(left_out, value, is_left_out=True), value))
        else:
            found.append(_Found(_unread(_path(place[start:]), item), item))
    return True


def _removable(place: Steps, *, is_missing: bool) -> Steps:
    """Return what to remove for an error at `place`: the value, its gate, or what requires it."""
    if "actions" in place:
        return place[: place.index("actions") + 2]
    return place[:-1] if is_missing else place


def _unread(field: str, item: Any, *, is_left_out: bool = False) -> Unread:
    known = item if isinstance(item, dict) else {}
    id_, name = known.get("id"), known.get("name")
    return Unread(
        field,
        id_ if isinstance(id_, str) else None,
        name if isinstance(name, str) else None,
        is_left_out,
    )


def _path(steps: Steps) -> str:
    return ".".join(map(str, steps))
