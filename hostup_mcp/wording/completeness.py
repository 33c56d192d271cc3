"""What is missing from a listing, as lines for a model."""

from __future__ import annotations

from collections.abc import Iterable

from hostup_mcp.hostup.base import Listing, Unread
from hostup_mcp.hostup.text import quoted, safe_word

MOST_NAMED = 5
"""Items of each sort that are named; the others are counted."""


def missing_lines(listing: Listing, total: int, kind: str) -> list[str]:
    """Say what could not be read of `total` items, such as `servers`. Nothing if all was."""
    partly = [each for each in listing.unread if not each.is_left_out]
    lines = []
    if in_items := _by_item(each for each in partly if each.id or each.name):
        named = _listed(f"{item}, {' and '.join(fields)}" for item, fields in in_items.items())
        lines.append(f"{len(in_items)} of {total} {kind} could not be read completely: {named}.")
    if elsewhere := [safe_word(each.field) for each in partly if not (each.id or each.name)]:
        lines.append(f"Could not be read in HostUp's response: {_listed(elsewhere)}.")
    if left_out := [each for each in listing.unread if each.is_left_out]:
        named = _listed(f"{_item(each) or 'unnamed'}, {safe_word(each.field)}" for each in left_out)
        items = "1 item" if len(left_out) == 1 else f"{len(left_out)} items"
        lines.append(f"Not shown, because HostUp's data is unusable: {items} ({named}).")
    if listing.is_incomplete:
        lines.append("This list is INCOMPLETE: HostUp has more, but gives no way to request it.")
    return lines


def _by_item(partly: Iterable[Unread]) -> dict[str, list[str]]:
    items: dict[str, list[str]] = {}
    for each in partly:
        items.setdefault(_item(each), []).append(safe_word(each.field))
    return items


def _item(unread: Unread) -> str:
    return quoted(unread.name) if unread.name else safe_word(unread.id) if unread.id else ""


def _listed(parts: Iterable[str]) -> str:
    known = list(parts)
    more = len(known) - MOST_NAMED
    return "; ".join(known[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
