"""Parts of the questions to the user."""

from __future__ import annotations

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.text import quoted

MAX_TYPED = 64
"""A server with a longer name is confirmed by typing its id."""


def to_type(vps: Vps) -> str:
    """What the user types to confirm: the server's name, or its id if it has no usable name."""
    name = (vps.name or "").strip()
    return name if 0 < len(name) <= MAX_TYPED else vps.id


def describe_server(vps: Vps) -> str:
    """The server's name, id and address, so that the user knows which one is meant."""
    name = quoted(vps.name) if vps.name else "the server without a name"
    return f"{name} ({vps.id}, {vps.primary_ip or 'no IP'})"


def type_to_confirm(name: str) -> str:
    """The last line of a question that is answered by typing `name`."""
    return f"To go ahead, type: {name}"
