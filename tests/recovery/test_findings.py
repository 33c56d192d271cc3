"""A finding is fixed once it is found, and leaves in the API's own spelling."""

import pytest
from pydantic import ValidationError

from hostup_mcp.recovery.assessment import Explanation, Overwrites
from hostup_mcp.recovery.findings import Reason, Source, Verdict


def test_a_finding_cannot_be_changed() -> None:
    reason = Reason(code=None, message="Why.", source=Source.GATE)
    with pytest.raises(ValidationError, match="frozen"):
        reason.message = "Because."  # type: ignore[misc]


def test_a_finding_says_nothing_that_it_was_not_made_for() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Reason(code=None, message="Why.", source=Source.GATE, advice="x")  # type: ignore[call-arg]


def test_a_finding_needs_all_its_parts() -> None:
    with pytest.raises(ValidationError, match="code"):
        Reason(message="Why.", source=Source.GATE)  # type: ignore[call-arg]


def test_a_finding_leaves_in_camel_case_and_comes_back() -> None:
    explanation = Explanation(verdict=Verdict.BLOCKED, reasons=(), to_unblock="Wait.")
    dumped = explanation.model_dump(by_alias=True, mode="json")
    assert dumped == {"verdict": "blocked", "reasons": [], "toUnblock": "Wait."}
    assert Explanation.model_validate(dumped) == explanation
    lost = Overwrites(backup_id="bkp_1", since=None, span=None, message="All.")
    assert set(lost.model_dump(by_alias=True)) == {"backupId", "since", "span", "message"}


def test_every_part_of_a_finding_is_described_for_the_assistant() -> None:
    for finding in (Reason, Explanation, Overwrites):
        properties = finding.model_json_schema(by_alias=True)["properties"]
        assert all("description" in part or "$ref" in part for part in properties.values())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (Verdict, {"possible", "blocked", "unknown"}),
        (Source, {"gate", "state", "unknown"}),
    ],
)
def test_the_words_of_a_finding_are_fixed(
    words: type[Verdict] | type[Source], expected: set[str]
) -> None:
    assert set(words) == expected
