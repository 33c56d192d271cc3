"""The user's yes. Only the pipeline makes a `Consent`, and nothing is sent without one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from hostup_mcp.hostup.text import Json, clean_text
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import RefusalError, refuse
from hostup_mcp.server.writes.proposal import Destructive, Harmless, Proposal

MAX_ASKED = 400
"""Characters of a question that a refusal repeats."""

THE_NAME = "the server's name"
"""What a user types, in `Yes.how`; never the name itself."""


@dataclass(frozen=True, slots=True)
class Yes:
    """Who agreed to a question, and how."""

    by: Literal["user", "client"]
    how: str


@dataclass(frozen=True, slots=True)
class Consent:
    """Permission to send exactly one proposal, once."""

    proposal: Proposal
    by: Literal["user", "client", "nobody"]
    how: str

    def as_json(self) -> dict[str, Json]:
        """Who agreed, and how, for the audit log."""
        return {"by": self.by, "how": self.how}


def consent_to_destructive(proposal: Destructive, yes: Yes) -> Consent:
    """Return the consent to `proposal`, given the user's `yes` to its question."""
    return Consent(proposal, yes.by, yes.how)


def consent_to_harmless(proposal: Harmless) -> Consent:
    """Return the consent to a proposal that needs no yes."""
    return Consent(proposal, "nobody", f"not asked: {proposal.reason}")


def matches(typed: str, to_type: str) -> bool:
    """Return whether the user typed what was asked for.

    Accents may be encoded in either Unicode form. Characters that only look alike do not match.
    """
    return unicodedata.normalize("NFC", clean_text(typed)) == unicodedata.normalize("NFC", to_type)


def not_confirmed(why: str, asked: str = "") -> RefusalError:
    """Return the refusal because there is no yes. `why` is a sentence without its full stop.

    `asked` is what the user was asked, as a statement with the ids; empty if that is not known.
    """
    if asked:
        why = f"{why}. What was asked: {clean_text(asked, MAX_ASKED)}"
    return refuse(texts.NOT_CONFIRMED, why=why)
