"""Who a text is written for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum


class Language(StrEnum):
    """A language that users are asked and told in."""

    ENGLISH = "en"
    SWEDISH = "sv"


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user that a text is for. What a model reads is always English, in the user's zone."""

    zone: tzinfo = UTC
    language: Language = Language.ENGLISH
    is_language_chosen: bool = False
    """Whether `language` was chosen for the user, not taken from this machine or by default."""
