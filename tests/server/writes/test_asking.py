"""The question to the user, in both eras: only a yes to this very question counts."""

import json
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import ClientCapabilities, ElicitationCapability, ElicitResult
from mcp_types import FormElicitationCapability, UrlElicitationCapability
from pydantic import ValidationError

from hostup_mcp.config import Remote
from hostup_mcp.sandbox import Sandbox
from hostup_mcp.server.app import build_server
from hostup_mcp.server.services import LOCAL
from hostup_mcp.server.writes import asking
from hostup_mcp.server.writes.asking import PlainYes, TypedName
from hostup_mcp.server.writes.proposal import Destructive, Question
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import Record, RecordKey, RecordKind

from ..wiring import PATIENCE, SlowState, account, error_of, ids_of, settings
from .bench import (
    DECLINED,
    DESTRUCTIVE,
    ERAS,
    HANDSHAKE,
    NAME,
    STATELESS,
    TYPED,
    VPS,
    Bench,
    refused,
)

both_eras = pytest.mark.parametrize("era", ERAS)

CLOSED = ElicitResult(action="cancel")
PLAIN = Destructive(
    vps_id=VPS,
    request=DESTRUCTIVE.request,
    facts={},
    question=Question("Change it?", NAME, plain_yes=True),
    follow_up=DESTRUCTIVE.follow_up,
)


def accept(**content: Any) -> ElicitResult:
    return ElicitResult.model_construct(action="accept", content=content)


# What is a yes ------------------------------------------------------------------------------------

NO = {
    "declined": (DESTRUCTIVE, DECLINED, "declined"),
    "closed": (DESTRUCTIVE, CLOSED, "closed the question"),
    "another name": (DESTRUCTIVE, accept(serverName="web-02"), "not this server's"),
    "no name": (DESTRUCTIVE, accept(serverName=""), "not this server's"),
    "too long": (DESTRUCTIVE, accept(serverName="x" * 201), "did not fit"),
    "a plain yes": (DESTRUCTIVE, accept(yes=True), "did not fit"),
    "a number": (DESTRUCTIVE, accept(serverName=1), "did not fit"),
    "nothing": (DESTRUCTIVE, ElicitResult(action="accept"), "did not fit"),
    "plain: declined": (PLAIN, DECLINED, "declined"),
    "plain: no": (PLAIN, accept(yes=False), "did not say yes"),
    "plain: like a yes": (PLAIN, accept(yes="true"), "did not fit"),
    "plain: one": (PLAIN, accept(yes=1), "did not fit"),
    "plain: a name": (PLAIN, accept(serverName=NAME), "did not fit"),
    "plain: nothing": (PLAIN, accept(), "did not fit"),
}


@pytest.mark.parametrize(("proposal", "answer", "said"), NO.values(), ids=NO)
@both_eras
async def test_anything_but_a_yes_is_a_no(
    era: str, proposal: Destructive, answer: ElicitResult, said: str
) -> None:
    bench = Bench(era)
    bench.proposals, bench.answer = [proposal], answer
    result = await bench.run()
    message = refused(result, "not_confirmed")
    assert said in message
    assert NAME not in message
    assert "Do not try again" in error_of(result)["nextStep"]
    assert "request" not in bench.events


@both_eras
async def test_a_plain_yes_answers_a_plain_question(era: str) -> None:
    bench = Bench(era)
    bench.proposals, bench.answer = [PLAIN], accept(yes=True)
    assert not (await bench.run()).is_error
    assert bench.log.entries[-1]["consent"] == {"by": "user", "how": "said yes to the question"}


@pytest.mark.parametrize("form", [TypedName, PlainYes])
def test_no_form_is_filled_in_beforehand(form: type[TypedName] | type[PlainYes]) -> None:
    """And it says nothing that the protocol has no place for."""
    with pytest.raises(ValidationError):
        form.model_validate({})
    schema = form.model_json_schema()
    assert set(schema) == {"type", "properties", "required"}
    assert set(schema["required"]) == set(schema["properties"])
    assert "default" not in str(schema)


# Whether the client can ask -----------------------------------------------------------------------

FORMS = {
    "form": ElicitationCapability(form=FormElicitationCapability()),
    "bare": ElicitationCapability(),
    "form and url": ElicitationCapability(
        form=FormElicitationCapability(), url=UrlElicitationCapability()
    ),
}


@pytest.mark.parametrize("elicitation", FORMS.values(), ids=FORMS)
@both_eras
async def test_a_client_that_shows_forms_is_asked(
    era: str, elicitation: ElicitationCapability
) -> None:
    bench = Bench(era)
    bench.capabilities = ClientCapabilities(elicitation=elicitation)
    assert not (await bench.run()).is_error


CANNOT = {
    "unknown": None,
    "none": ClientCapabilities(),
    "url only": ClientCapabilities(
        elicitation=ElicitationCapability(url=UrlElicitationCapability())
    ),
}


@pytest.mark.parametrize("capabilities", CANNOT.values(), ids=CANNOT)
@both_eras
async def test_a_client_without_forms_is_a_no(
    era: str, capabilities: ClientCapabilities | None
) -> None:
    bench = Bench(era)
    bench.capabilities = capabilities
    result = await bench.run()
    assert "not supported by this client" in refused(result, "cannot_ask")
    for way in ("client", "panel", "HOSTUP_MCP_CONFIRM"):
        assert way in error_of(result)["nextStep"]
    assert STATELESS not in error_of(result)["nextStep"]
    assert not {"asked", "request"} & set(bench.events)


async def test_replicas_name_the_revision_they_need() -> None:
    """They keep no session, and before that revision a question needs one."""
    bench = Bench(remote=Remote(state="redis://localhost"))
    bench.capabilities = None
    assert f"revision {STATELESS}" in error_of(await bench.run())["nextStep"]


def test_capabilities_that_break_are_a_no() -> None:
    class Broken:
        @property
        def client_capabilities(self) -> object:
            raise RuntimeError("no session")

    broken: Any = Broken()
    assert not asking.can_ask(broken)


# A client that fails while it asks ----------------------------------------------------------------


def malformed() -> ValidationError:
    with pytest.raises(ValidationError) as error:
        ElicitResult.model_validate({"action": "perhaps"})
    return error.value


FAILURES = {
    "request failed": MCPError(code=-32603, message="broken"),
    "no such method": MCPError(code=-32601, message="what?"),
    "given up": MCPError(code=-32800, message="cancelled"),
    "a code of its own": MCPError(code=7, message="x"),
    "no answer of the protocol": malformed(),
}


@pytest.mark.parametrize("error", FAILURES.values(), ids=FAILURES)
async def test_a_client_that_fails_to_ask_is_a_no(error: Exception) -> None:
    bench = Bench()
    bench.answer = error
    refused(await bench.run(), "not_confirmed")
    assert "request" not in bench.events


async def raises(*_: object) -> ElicitResult:
    raise MCPError(code=-32000, message="broken")


async def breaks(*_: object) -> ElicitResult:
    raise RuntimeError("broken")


async def answers_nonsense(*_: object) -> ElicitResult:
    return ElicitResult.model_construct(action="perhaps", content=None)


async def answers_another_form(*_: object) -> ElicitResult:
    return ElicitResult(action="accept", content={"yes": True})


@pytest.mark.parametrize("ask", [raises, breaks, answers_nonsense, answers_another_form])
async def test_a_real_client_that_fails_is_a_no(ask: Any) -> None:
    sandbox: Sandbox = account()
    server = build_server(settings(), transport=sandbox.transport(), now=sandbox.clock.now)
    with anyio.fail_after(PATIENCE):
        async with Client(server, mode="legacy", elicitation_callback=ask) as client:
            web = (await ids_of(client))["web-01"]
            listed = await client.call_tool("list_vps_backups", {"id": web})
            assert listed.structured_content is not None
            backup = listed.structured_content["backups"][0]["id"]
            arguments = {"id": web, "backupId": backup}
            result = await client.call_tool("delete_vps_backup", arguments)
    refused(result, "not_confirmed")
    assert all(request.method == "GET" for request in sandbox.requests)


async def test_a_question_nobody_answers_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "QUESTION_SECONDS", 0.02)
    bench = Bench()

    async def wait() -> None:
        await anyio.sleep(PATIENCE)

    bench.while_asking = wait
    assert "in time" in refused(await bench.run(), "not_confirmed")
    assert bench.outcomes == ["refused: not_confirmed"]


async def test_the_time_to_answer_does_not_cut_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "QUESTION_SECONDS", 0.03)
    bench = Bench()

    async def slow_the_second_time() -> None:
        if bench.proposed == 2:
            await anyio.sleep(0.08)

    bench.before_propose = slow_the_second_time
    assert not (await bench.run()).is_error


# A question that a later call answers -------------------------------------------------------------


async def test_a_question_is_stored_without_its_facts() -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    (request,) = (question.input_requests or {}).values()
    assert request.params is not None
    assert repr(DESTRUCTIVE.question.message) in str(request.params)
    state = json.loads(question.request_state or "")
    key = RecordKey(RecordKind.QUESTION, state["question"])
    record = await bench.services.state.get_record(LOCAL, key)
    assert record is not None
    assert DESTRUCTIVE.question.message not in record.body


async def test_an_answer_sent_again_sends_nothing() -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    for answer in (TYPED, TYPED, DECLINED):
        bench.answer = answer
        result = await bench.reply(question)
        if answer is not TYPED or bench.events.count("request") != 1:
            refused(result, "not_confirmed")
    refused(await bench.reply(question), "not_confirmed")
    assert bench.events.count("request") == 1


@pytest.mark.parametrize(
    "state", ["", "{}", "[]", "null", "no JSON", '{"question": "ask_made_up"}', '{"other": 1}']
)
async def test_a_state_made_up_is_a_no(state: str) -> None:
    bench = Bench(STATELESS)
    result = await bench.call(state=state, answers={"confirm": TYPED})
    assert not bench.proposed
    assert "not open any more" in refused(result, "not_confirmed")  # type: ignore[arg-type]


@pytest.mark.parametrize("answers", [None, {}, {"another": TYPED}, {"confirm": object()}])
async def test_a_call_without_the_answer_is_a_no(answers: dict[str, Any] | None) -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    result = await bench.call(state=question.request_state, answers=answers)
    assert "No answer" in refused(result, "not_confirmed")  # type: ignore[arg-type]


async def test_a_question_of_another_caller_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    monkeypatch.setattr("hostup_mcp.server.writes.pipeline.caller", lambda: "bob")
    await bench.services.state.remember_ids("bob", {VPS: ""})
    assert "not open any more" in refused(await bench.reply(question), "not_confirmed")


async def test_a_question_expires() -> None:
    time = 0.0
    bench = Bench(STATELESS, state=InMemoryState(clock=lambda: time))
    question = await bench.ask()
    time = asking.QUESTION_SECONDS
    assert "not open any more" in refused(await bench.reply(question), "not_confirmed")


async def test_the_oldest_question_makes_room() -> None:
    bench = Bench(STATELESS)
    oldest, *_, newest = [await bench.ask() for _ in range(asking.MAX_OPEN_QUESTIONS + 1)]
    assert "not open any more" in refused(await bench.reply(oldest), "not_confirmed")
    assert not (await bench.reply(newest)).is_error


async def test_a_question_from_before_a_loss_is_void() -> None:
    """The store may have lost that it was answered."""

    class Restarted(SlowState):
        async def get_record(self, caller: str, key: RecordKey) -> Record | None:
            record = await super().get_record(caller, key)
            return None if record is None else Record(record.body, record.is_consumed, False)

    bench = Bench(STATELESS, state=Restarted())
    question = await bench.ask()
    assert "lost stored state" in refused(await bench.reply(question), "plan_again")
    assert "request" not in bench.events
    assert bench.era != HANDSHAKE
