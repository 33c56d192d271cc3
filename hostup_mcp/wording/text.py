"""What the catalogue consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """What a finding reads like."""

    model: str
    user: str


def both(text: str) -> Text:
    """Return a text that a model and a user read alike."""
    return Text(text, text)
