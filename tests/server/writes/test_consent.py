"""A yes: what is typed is the very name, and each consent says who agreed and how."""

from datetime import UTC

import pytest

from hostup_mcp.server.writes.consent import (
    MAX_ASKED,
    Yes,
    consent_to_destructive,
    consent_to_harmless,
    matches,
    not_confirmed,
)
from hostup_mcp.wording.questions import asked_text

from .bench import DESTRUCTIVE, HARMLESS, QUESTION
from .words import REFUSALS


@pytest.mark.parametrize(
    "typed", ["web-01", " web-01", "web-01  ", "\tweb-01\n", "web\u200b-01", "\ufeffweb-01"]
)
def test_invisible_characters_do_not_count(typed: str) -> None:
    assert matches(typed, "web-01")


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "WEB-01", "Web-01", "web-0", "web-011", "web 01", "web-02", "yes", "true"),
        *("w\u0435b-01", "web\u201101", "\uff57eb-01", "web-\u004f1", "web-0l"),
    ],
)
def test_only_the_very_name_matches(typed: str) -> None:
    """Characters that only look alike do not match, in either text."""
    assert not matches(typed, "web-01")
    assert not matches("web-01", typed)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("malm\u00f6", "malmo\u0308"),
        ("malmo\u0308", "malm\u00f6"),
        ("blåbär", "bla\u030aba\u0308r"),
    ],
)
def test_accents_match_in_either_form(name: str, typed: str) -> None:
    assert matches(typed, name)


def test_a_consent_says_who_agreed_and_how() -> None:
    yes = consent_to_destructive(DESTRUCTIVE, Yes("user", "typed it"))
    assert yes.as_json() == {"by": "user", "how": "typed it"}
    assert yes.proposal is DESTRUCTIVE
    nobody = consent_to_harmless(HARMLESS)
    assert nobody.as_json() == {"by": "nobody", "how": f"not asked: {HARMLESS.reason}"}


def test_declining_is_not_retried() -> None:
    failure = not_confirmed("The user declined", asked_text(QUESTION, UTC)).failure
    assert (failure.kind, failure.message, failure.next_step) == REFUSALS["declined"]


def test_a_refusal_repeats_only_so_much() -> None:
    """A client sends the question back, and may send anything."""
    message = not_confirmed("No", "x\n" * 400).failure.message
    asked = message.removeprefix("No. What was asked: ").removesuffix(". Nothing was changed.")
    assert len(asked) == MAX_ASKED
