"""A failed call as an exception and as the result of a tool."""

from hostup_mcp.config import Misconfigured
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import describe, fail, not_configured, refuse, to_result

from ..wiring import error_of, text_of


def test_a_refusal_carries_its_facts() -> None:
    refusal = refuse(texts.INVALID_ARGUMENTS, tool="look", fields=("a: b",))
    assert str(refusal) == refusal.failure.message
    result = to_result(refusal.failure)
    assert text_of(result).splitlines() == [
        "Invalid arguments for look; no request was sent.",
        "- a: b",
        "Next: Correct these arguments and call again.",
    ]
    assert error_of(result) == {
        "kind": "invalid_arguments",
        "message": refusal.failure.message,
        "nextStep": refusal.failure.next_step,
        "fields": ["a: b"],
    }


def test_braces_in_facts_stay_as_they_are() -> None:
    assert fail(texts.NOT_CONFIRMED, why="{x} {} {0}").message.startswith("{x} {} {0}. ")


def test_what_support_needs_stands_in_brackets() -> None:
    failure = fail(texts.CHANGED_MEANWHILE)
    assert describe(failure) == failure.message
    more = {"status": 409, "code": "busy", "request_id": "req_1"}
    described = describe(failure.model_copy(update=more))
    assert described == f"{failure.message} (status 409, code busy, request id req_1)"


def test_wrong_settings_are_named() -> None:
    failure = not_configured(Misconfigured(("A is not set.", "B must be 1 or 0.")))
    assert failure.message == "hostup-mcp is not set up: A is not set. B must be 1 or 0."
    assert "hostup-mcp doctor" in failure.next_step
