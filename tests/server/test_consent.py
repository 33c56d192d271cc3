"""A yes: from a person, to this very question, or from whoever the operator put in their place."""

from typing import Any

import pytest
from mcp.server.elicitation import (
    AcceptedElicitation,
    CancelledElicitation,
    DeclinedElicitation,
)
from mcp.server.mcpserver import Elicit
from mcp.types import ClientCapabilities, ElicitationCapability
from mcp_types import FormElicitationCapability, UrlElicitationCapability
from pydantic import BaseModel, ValidationError

from hostup_mcp.config import Confirm, Misconfigured
from hostup_mcp.hostup.models import Vps
from hostup_mcp.server.consent import (
    LONGEST_TYPED,
    Consent,
    PlainYes,
    Question,
    TypedName,
    ask,
    describe,
    nobody_answered,
    require_yes,
    to_type,
    when,
)
from hostup_mcp.server.failures import Refusal
from hostup_mcp.server.services import Services

from .wiring import call, settings

TYPED = Question("Delete it? To go ahead, type: web-01", "web-01")
PLAIN = Question("Do it?", None)

FORMS = ClientCapabilities(elicitation=ElicitationCapability(form=FormElicitationCapability()))
BARE = ClientCapabilities(elicitation=ElicitationCapability())
BOTH = ClientCapabilities(
    elicitation=ElicitationCapability(
        form=FormElicitationCapability(), url=UrlElicitationCapability()
    )
)
ONLY_URL = ClientCapabilities(elicitation=ElicitationCapability(url=UrlElicitationCapability()))


def accepted(data: BaseModel) -> AcceptedElicitation[BaseModel]:
    return AcceptedElicitation[BaseModel].model_construct(action="accept", data=data)


def typed(text: str) -> AcceptedElicitation[BaseModel]:
    return accepted(TypedName(serverName=text))


def refused(outcome: Any, question: Question) -> str:
    with pytest.raises(Refusal) as refusal:
        require_yes(outcome, question)
    failure = refusal.value.failure
    assert failure.kind == "not_confirmed"
    assert "Nothing was changed." in failure.message
    assert "Do not try again" in failure.next_step
    return failure.message


# The answer ---------------------------------------------------------------------------------------


def test_the_servers_name_typed_is_a_yes_of_the_person() -> None:
    consent = require_yes(typed("web-01"), TYPED)
    assert consent.by == "person"
    assert "typed" in consent.how


@pytest.mark.parametrize(
    "text", [" web-01", "web-01  ", "\tweb-01\n", "web\u200b-01", "\ufeffweb-01"]
)
def test_what_nobody_sees_around_or_in_the_name_does_not_matter(text: str) -> None:
    assert require_yes(typed(text), TYPED).by == "person"


@pytest.mark.parametrize(
    "text",
    ["", " ", "WEB-01", "Web-01", "web-0", "web-011", "web 01", "web-02", "yes", "true", "web‑01"],
)
def test_anything_but_the_very_name_is_a_no(text: str) -> None:
    assert "not this server's" in refused(typed(text), TYPED)


def test_a_wrong_name_is_not_told_what_it_should_have_been() -> None:
    assert "web-01" not in refused(typed("web-02"), TYPED)


def test_a_plain_yes_is_a_yes_to_a_plain_question_only() -> None:
    assert require_yes(accepted(PlainYes(yes=True)), PLAIN).by == "person"
    refused(accepted(PlainYes(yes=True)), TYPED)


@pytest.mark.parametrize("yes", ["true", "yes", "on", 1, 1.0, None, [True]])
def test_what_is_only_like_a_yes_is_none(yes: object) -> None:
    with pytest.raises(ValidationError):
        PlainYes.model_validate({"yes": yes})


@pytest.mark.parametrize("name", [1, True, None, ["web-01"], {"name": "web-01"}])
def test_what_is_no_text_is_no_name(name: object) -> None:
    with pytest.raises(ValidationError):
        TypedName.model_validate({"serverName": name})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("malm\u00f6", "malmo\u0308"),
        ("malmo\u0308", "malm\u00f6"),
        ("blåbär", "bla\u030aba\u0308r"),
    ],
)
def test_a_name_is_the_same_however_its_accents_are_spelt(name: str, text: str) -> None:
    assert require_yes(typed(text), Question("Delete it?", name)).by == "person"


@pytest.mark.parametrize(
    "alike", ["w\u0435b-01", "web\u201101", "\uff57eb-01", "web-\u004f1", "web-0l"]
)
def test_a_name_that_only_looks_alike_is_another_name(alike: str) -> None:
    refused(typed(alike), TYPED)
    refused(typed("web-01"), Question("Delete it?", alike))


def test_a_plain_no_is_a_no() -> None:
    refused(accepted(PlainYes(yes=False)), PLAIN)
    refused(accepted(PlainYes(yes=False)), TYPED)


def test_a_name_typed_is_no_answer_to_a_plain_question() -> None:
    refused(typed("web-01"), PLAIN)
    refused(typed(""), PLAIN)


@pytest.mark.parametrize("question", [TYPED, PLAIN], ids=["typed", "plain"])
def test_declining_and_closing_the_question_are_a_no(question: Question) -> None:
    assert "declined" in refused(DeclinedElicitation(), question)
    assert "closed the question" in refused(CancelledElicitation(), question)


def test_a_form_of_another_kind_is_a_no() -> None:
    class Other(BaseModel):
        serverName: str = "web-01"  # noqa: N815
        yes: bool = True

    refused(accepted(Other()), TYPED)
    refused(accepted(Other()), PLAIN)


def test_silence_is_a_no() -> None:
    failure = nobody_answered().failure
    assert failure.kind == "not_confirmed"
    assert "Nothing was changed." in failure.message


def test_no_form_is_filled_in_beforehand() -> None:
    for form in (TypedName, PlainYes):
        with pytest.raises(ValidationError):
            form.model_validate({})
        schema = form.model_json_schema()
        assert set(schema["required"]) == set(schema["properties"])
        assert "default" not in str(schema)


def test_a_form_says_nothing_that_the_protocol_has_no_place_for() -> None:
    for form in (TypedName, PlainYes):
        assert set(form.model_json_schema()) == {"type", "properties", "required"}


# What is to be typed ------------------------------------------------------------------------------


def vps(name: str | None, ip: str | None = "192.0.2.7") -> Vps:
    return Vps(id="vps_abcdef12", name=name, primary_ip=ip)


def test_the_name_is_what_is_typed() -> None:
    assert to_type(vps("web-01")) == "web-01"
    assert to_type(vps("Mitt Café å")) == "Mitt Café å"
    assert to_type(vps(" web-01 ")) == "web-01"
    assert to_type(vps("x" * LONGEST_TYPED)) == "x" * LONGEST_TYPED


@pytest.mark.parametrize("name", [None, "", "   ", "x" * (LONGEST_TYPED + 1)])
def test_where_there_is_no_usable_name_the_id_is_typed(name: str | None) -> None:
    assert to_type(vps(name)) == "vps_abcdef12"


@pytest.mark.parametrize("name", ["web-01", " web-01", "Två ord", "x" * LONGEST_TYPED, None])
def test_whatever_is_asked_for_can_be_typed(name: str | None) -> None:
    asked = to_type(vps(name))
    assert require_yes(typed(asked), Question("?", asked)).by == "person"


def test_a_server_in_a_question_is_named_by_name_id_and_address() -> None:
    assert describe(vps("web-01")) == '"web-01" (vps_abcdef12, 192.0.2.7)'
    assert describe(vps(None, None)) == "the server without a name (vps_abcdef12, no IP)"


def test_a_servers_name_cannot_step_out_of_its_quotes() -> None:
    assert describe(vps('a" (b, c). Type: yes')).startswith('"a\\" (b, c). Type: yes" (vps_')


def test_a_date_in_a_question_is_utc_or_said_to_be_unknown() -> None:
    assert when("2026-04-27T02:00:59+02:00") == "2026-04-27 00:00 UTC"
    assert when(None) == "an unknown date"
    assert when("yesterday") == "an unknown date"


# Whether it can be asked --------------------------------------------------------------------------


@pytest.mark.parametrize("capabilities", [FORMS, BARE, BOTH], ids=["form", "bare", "form and url"])
def test_a_client_that_shows_forms_is_asked(capabilities: ClientCapabilities) -> None:
    asked = ask(call(capabilities=capabilities), TYPED)
    assert isinstance(asked, Elicit)
    assert asked.message == TYPED.message
    assert asked.schema is TypedName
    plain = ask(call(capabilities=capabilities), PLAIN)
    assert isinstance(plain, Elicit)
    assert plain.schema is PlainYes


class Broken:
    @property
    def elicitation(self) -> object:
        raise RuntimeError("broken")


class HalfBroken:
    elicitation = "yes"


@pytest.mark.parametrize(
    "capabilities",
    [None, ClientCapabilities(), ONLY_URL, Broken(), HalfBroken(), True],
    ids=["none", "empty", "url only", "broken", "of another type", "no object"],
)
@pytest.mark.parametrize("question", [TYPED, PLAIN], ids=["typed", "plain"])
def test_a_client_that_cannot_show_forms_is_a_no(capabilities: Any, question: Question) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(call(capabilities=capabilities), question)
    failure = refusal.value.failure
    assert failure.kind == "cannot_ask"
    assert "Nothing was changed." in failure.message
    for way in ("client", "panel", "HOSTUP_MCP_CONFIRM"):
        assert way in failure.next_step


def test_a_check_of_capabilities_that_breaks_is_a_no() -> None:
    class Cut:
        request_context = call().request_context

        @property
        def client_capabilities(self) -> object:
            raise AttributeError("no session")

    ctx: Any = Cut()
    with pytest.raises(Refusal):
        ask(ctx, TYPED)


@pytest.mark.parametrize("capabilities", [None, FORMS])
def test_the_operator_may_leave_the_asking_to_the_client(
    capabilities: ClientCapabilities | None,
) -> None:
    means = Services(settings(confirm=Confirm.CLIENT))
    consent = ask(call(means, capabilities), TYPED)
    assert consent == Consent(by="client", how="HOSTUP_MCP_CONFIRM=client")
    assert require_yes(accepted(consent), TYPED) == consent


def test_a_server_that_is_not_set_up_asks_nobody() -> None:
    with pytest.raises(Refusal) as refusal:
        ask(call(Services(Misconfigured(("no key.",))), FORMS), TYPED)
    assert refusal.value.failure.kind == "not_configured"
