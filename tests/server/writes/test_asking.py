"""The question to the user, in both revisions: only a yes to this very question counts."""

import json
import re
from dataclasses import replace
from datetime import UTC
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.exceptions import MCPError
from mcp.types import ClientCapabilities, ElicitationCapability, ElicitResult
from mcp_types import FormElicitationCapability, UrlElicitationCapability
from pydantic import ValidationError

from hostup_mcp.config import Remote
from hostup_mcp.sandbox import Sandbox
from hostup_mcp.server.app import build_server
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.writes import asking
from hostup_mcp.server.writes.asking import PlainYes, TypedName
from hostup_mcp.server.writes.proposal import Destructive, fingerprint
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import Record, RecordKey, RecordKind
from hostup_mcp.wording.questions import question_text
from hostup_mcp.wording.viewer import Viewer

from ..wiring import PATIENCE, SlowState, account, error_of, ids_of, settings
from .bench import (
    DECLINED,
    DESTRUCTIVE,
    HANDSHAKE,
    NAME,
    NOW,
    QUESTION,
    REVISIONS,
    STATELESS,
    TYPED,
    VPS,
    Bench,
    refused,
)
from .words import REFUSALS

both_revisions = pytest.mark.parametrize("revision", REVISIONS)

CLOSED = ElicitResult(action="cancel")
PLAIN = Destructive(
    vps_id=VPS,
    request=DESTRUCTIVE.request,
    facts={},
    question=replace(QUESTION, plain_yes=True),
    follow_up=DESTRUCTIVE.follow_up,
)


TEXT = question_text(QUESTION, Viewer())


def accept(**content: Any) -> ElicitResult:
    return ElicitResult.model_construct(action="accept", content=content)


# What counts as a yes -----------------------------------------------------------------------------

NO = {
    "declined": (DESTRUCTIVE, DECLINED, "declined"),
    "closed": (DESTRUCTIVE, CLOSED, "closed"),
    "another name": (DESTRUCTIVE, accept(serverName="web-02"), "wrong name"),
    "no name": (DESTRUCTIVE, accept(serverName=""), "wrong name"),
    "too long": (DESTRUCTIVE, accept(serverName="x" * 201), "does not fit"),
    "a plain yes": (DESTRUCTIVE, accept(yes=True), "does not fit"),
    "a number": (DESTRUCTIVE, accept(serverName=1), "does not fit"),
    "nothing": (DESTRUCTIVE, ElicitResult(action="accept"), "does not fit"),
    "plain: declined": (PLAIN, DECLINED, "declined"),
    "plain: no": (PLAIN, accept(yes=False), "no plain yes"),
    "plain: like a yes": (PLAIN, accept(yes="true"), "does not fit"),
    "plain: one": (PLAIN, accept(yes=1), "does not fit"),
    "plain: a name": (PLAIN, accept(serverName=NAME), "does not fit"),
    "plain: nothing": (PLAIN, accept(), "does not fit"),
}


@pytest.mark.parametrize(("proposal", "answer", "words"), NO.values(), ids=NO)
@both_revisions
async def test_anything_but_a_yes_is_refused(
    revision: str, proposal: Destructive, answer: ElicitResult, words: str
) -> None:
    bench = Bench(revision)
    bench.proposals, bench.answer = [proposal], answer
    refused(await bench.run(), words)
    assert "request" not in bench.events


@both_revisions
async def test_a_plain_yes_to_a_plain_question(revision: str) -> None:
    bench = Bench(revision)
    bench.proposals, bench.answer = [PLAIN], accept(yes=True)
    assert not (await bench.run()).is_error
    assert bench.log.entries[-1]["consent"] == {"by": "user", "how": "said yes to the question"}


@pytest.mark.parametrize("revision", [HANDSHAKE, None])
async def test_the_client_shows_question_and_form(revision: str | None) -> None:
    """Of an unknown revision too."""
    bench = Bench(revision)
    await bench.run()
    ((message, form, request_id),) = bench.shown
    assert message == TEXT
    assert isinstance(form, dict)
    assert form["properties"].keys() == {"serverName"}
    assert form["properties"]["serverName"].items() >= {
        ("title", "Server name"),
        ("description", "Type what the question's last line says, to go ahead."),
    }
    assert request_id == 1


@pytest.mark.parametrize("form", [TypedName, PlainYes])
def test_no_form_is_filled_in_beforehand(form: type[TypedName] | type[PlainYes]) -> None:
    """And it has no field that the protocol does not know."""
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
@both_revisions
async def test_a_client_that_shows_forms_is_asked(
    revision: str, elicitation: ElicitationCapability
) -> None:
    bench = Bench(revision)
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
@both_revisions
async def test_a_client_without_forms_is_a_no(
    revision: str, capabilities: ClientCapabilities | None
) -> None:
    bench = Bench(revision)
    bench.capabilities = capabilities
    refused(await bench.run(), "cannot ask")
    assert not {"asked", "request"} & set(bench.events)


async def test_replicas_name_the_revision() -> None:
    """They keep no session, and before that revision a question needs one."""
    bench = Bench(remote=Remote(state="redis://localhost"))
    bench.capabilities = None
    refused(await bench.run(), "cannot ask on replicas")


@pytest.mark.parametrize("shows_panel", [True, False])
@pytest.mark.parametrize("has_plan", [True, False])
async def test_a_plan_can_be_confirmed_in_the_panel(shows_panel: bool, has_plan: bool) -> None:
    """By a client that cannot ask, but shows the panel; only plans are confirmed there."""
    bench = Bench()
    extensions = {EXTENSION_ID: {"mimeTypes": [APP_MIME_TYPE]}} if shows_panel else {}
    bench.capabilities = ClientCapabilities(extensions=extensions)
    error = error_of(await bench.run({"planId": await bench.plan()} if has_plan else None))
    assert error["kind"] == "cannot_ask"
    named = "Tell the user: confirm the plan in the recovery panel, use a client with"
    assert (named in error["nextStep"]) is (shows_panel and has_plan)
    assert ("panel, use a client" in error["nextStep"]) is (shows_panel and has_plan)


def test_a_yes_in_the_panel_is_to_the_plan_as_it_was_shown() -> None:
    """Ages in the second proposal count from the same time, or it would be another one."""
    agreed = asking.agree_in_panel(DESTRUCTIVE, NAME, NOW, UTC)
    assert (agreed.vps_id, agreed.as_of) == (VPS, NOW)
    assert agreed.fingerprint == fingerprint(DESTRUCTIVE)


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
    "request failed": (MCPError(code=-32603, message="broken"), "not shown"),
    "no such method": (MCPError(code=-32601, message="what?"), "not shown"),
    "cancelled": (MCPError(code=-32800, message="cancelled"), "not shown"),
    "a code of its own": (MCPError(code=7, message="x"), "not shown"),
    "malformed": (malformed(), "does not fit"),
}


@pytest.mark.parametrize(("error", "words"), FAILURES.values(), ids=FAILURES)
async def test_a_client_that_fails_to_ask_is_a_no(error: Exception, words: str) -> None:
    bench = Bench()
    bench.answer = error
    refused(await bench.run(), words)
    assert "request" not in bench.events


BROKEN: tuple[tuple[Any, str], ...] = (
    (MCPError(code=-32000, message="broken"), "not shown"),
    (RuntimeError("broken"), "not shown"),
    (ElicitResult.model_construct(action="perhaps", content=None), "not shown"),
    (ElicitResult(action="accept", content={"yes": True}), "does not fit"),
)


async def test_a_real_client_that_fails_is_a_no() -> None:
    sandbox: Sandbox = account()
    server = build_server(settings(), transport=sandbox.transport(), now=sandbox.clock.now)
    answers = iter(BROKEN)

    async def ask(*_: object) -> Any:
        answer, _ = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with anyio.fail_after(PATIENCE):
        async with Client(server, mode="legacy", elicitation_callback=ask) as client:
            web = (await ids_of(client))["web-01"]
            listed = await client.call_tool("list_vps_backups", {"id": web})
            assert listed.structured_content is not None
            backup = listed.structured_content["backups"][0]["id"]
            for _, words in BROKEN:
                arguments = {"id": web, "backupId": backup}
                error = error_of(await client.call_tool("delete_vps_backup", arguments))
                why, _ = REFUSALS[words].message.split(" What was asked: ")
                asked = f'{why} What was asked: Permanently delete the backup of "web-01"'
                assert error["message"].startswith(asked)
    assert all(request.method == "GET" for request in sandbox.requests)


async def test_an_unanswered_question_is_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "QUESTION_SECONDS", 0.02)
    bench = Bench()

    async def wait() -> None:
        await anyio.sleep(PATIENCE)

    bench.while_asking = wait
    refused(await bench.run(), "not in time")
    assert bench.outcomes == ["refused: not_confirmed"]


async def test_only_the_answer_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "QUESTION_SECONDS", 0.3)
    bench = Bench()

    async def slow_the_second_time() -> None:
        if bench.proposed == 2:
            await anyio.sleep(0.4)

    bench.before_propose = slow_the_second_time
    assert not (await bench.run()).is_error


# A question that a later call answers -------------------------------------------------------------


async def test_a_question_is_stored_without_text() -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    (request,) = (question.input_requests or {}).values()
    assert request.params is not None
    assert request.params.message == TEXT
    state = json.loads(question.request_state or "")
    assert re.fullmatch("ask_[0-9a-z]{16}", state["question"])
    key = RecordKey(RecordKind.QUESTION, state["question"])
    record = await bench.services.state.get_record(LOCAL, key)
    assert record is not None
    assert TEXT.splitlines()[0] not in record.body


async def test_an_answer_sent_again_sends_nothing() -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    for answer in (TYPED, TYPED, DECLINED):
        bench.answer = answer
        result = await bench.reply(question)
        if answer is not TYPED or bench.events.count("request") != 1:
            refused(result, "already answered")
    refused(await bench.reply(question), "already answered")
    assert bench.events.count("request") == 1


@pytest.mark.parametrize(
    "state", ["", "{}", "[]", "null", "no JSON", '{"question": "ask_made_up"}', '{"other": 1}']
)
async def test_a_state_made_up_is_a_no(state: str) -> None:
    bench = Bench(STATELESS)
    result = await bench.call(state=state, answers={"confirm": TYPED})
    assert not bench.proposed
    refused(result, "no longer open")


@pytest.mark.parametrize("answers", [None, {}, {"another": TYPED}, {"confirm": object()}])
async def test_a_call_without_the_answer_is_a_no(answers: dict[str, Any] | None) -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    result = await bench.call(state=question.request_state, answers=answers)
    refused(result, "no answer")


async def test_a_client_that_drops_the_words_is_refused_all_the_same() -> None:
    """Nothing but words rests on what it brings back."""
    bench = Bench(STATELESS)
    named = json.loads((await bench.ask()).request_state or "")
    state = json.dumps({"question": named["question"]})
    error = error_of(await bench.call(state=state))
    assert error["message"] == (
        "This call did not bring an answer to the question. Nothing was changed."
    )


async def test_another_callers_question_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    monkeypatch.setattr("hostup_mcp.server.writes.pipeline.caller", lambda: "bob")
    await bench.services.state.remember_ids("bob", {VPS: ""})
    refused(await bench.reply(question), "no longer open")


async def test_a_question_expires() -> None:
    time = 0.0
    bench = Bench(STATELESS, state=InMemoryState(clock=lambda: time))
    question = await bench.ask()
    time = asking.QUESTION_SECONDS
    refused(await bench.reply(question), "no longer open")


async def test_the_oldest_question_makes_room() -> None:
    bench = Bench(STATELESS)
    oldest, *_, newest = [await bench.ask() for _ in range(asking.MAX_OPEN_QUESTIONS + 1)]
    refused(await bench.reply(oldest), "no longer open")
    assert not (await bench.reply(newest)).is_error


async def test_a_question_from_before_a_loss() -> None:
    """The store may have lost that it was answered."""

    class Restarted(SlowState):
        async def get_record(self, caller: str, key: RecordKey) -> Record | None:
            record = await super().get_record(caller, key)
            return None if record is None else Record(record.body, record.is_consumed, False)

    bench = Bench(STATELESS, state=Restarted())
    question = await bench.ask()
    refused(await bench.reply(question), "question lost")
    assert "request" not in bench.events
