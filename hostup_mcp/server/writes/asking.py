"""Asking the user, in either revision of the protocol.

Up to revision 2025-11-25 the server sends the question in the middle of the call. From 2026-07-28
on the call ends with the question, and the client calls again with the answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

import anyio
from mcp.server.apps import client_supports_apps
from mcp.server.elicitation import render_elicitation_schema
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hostup_mcp.config import Confirm
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import RefusalError, refuse
from hostup_mcp.server.plans import plan_used
from hostup_mcp.server.services import Ctx
from hostup_mcp.server.writes.consent import THE_NAME, Yes, matches, not_confirmed
from hostup_mcp.server.writes.context import WriteContext
from hostup_mcp.server.writes.proposal import Destructive, fingerprint
from hostup_mcp.state.store import RecordKey, RecordKind, new_handle
from hostup_mcp.wording.questions import Question, asked_text, field_texts, question_text
from hostup_mcp.wording.viewer import Viewer

QUESTION_SECONDS = 600.0
"""How long a question may stay open."""

MAX_OPEN_QUESTIONS = 50
"""Per caller; one more replaces the oldest."""

_STATELESS = "2026-07-28"
_KEY = "confirm"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A proposal that may be carried out, and the yes to it."""

    vps_id: str
    fingerprint: str | None
    """Of the proposal; None if the tool is always harmless and has not proposed yet."""
    yes: Yes | None
    """None if nobody had to be asked."""
    as_of: datetime | None
    """The time that the proposal's ages were counted from; None if there was no proposal yet."""
    question: RecordKey | None = None
    """The stored question that is consumed with the yes, if it was stored."""


class _Form(BaseModel):
    """A form for the user, as the protocol defines it: fields only.

    The protocol has no title or description of a whole form, and Codex shows no form with one.
    """

    @staticmethod
    def _only_fields(schema: dict[str, Any]) -> None:
        del schema["title"], schema["description"]

    model_config = ConfigDict(json_schema_extra=_only_fields)


class TypedName(_Form):
    """The form for a destructive change: the user types the server's name."""

    serverName: str = Field(max_length=200)


class PlainYes(_Form):
    """The form for a change that destroys nothing."""

    yes: bool = Field(strict=True)


async def ask(
    ctx: Ctx, w: WriteContext, proposal: Destructive, as_of: datetime
) -> Agreement | InputRequiredResult:
    """Put the question of a proposal as of `as_of` to the user.

    Raises:
        RefusalError: no yes came, or this client cannot show the question.
    """
    subject = (proposal.vps_id, fingerprint(proposal))
    if w.services.settings.confirm is Confirm.CLIENT:
        return Agreement(*subject, Yes("client", "HOSTUP_MCP_CONFIRM=client"), as_of)
    if not can_ask(ctx):
        raise _cannot_ask(ctx, w)
    question = proposal.question
    asked = asked_text(question, w.services.viewer.zone)
    params = ElicitRequestFormParams(
        message=question_text(question, w.services.viewer),
        requested_schema=_schema(question, w.services.viewer),
    )
    version = ctx.protocol_version
    if version is not None and is_version_at_least(version, _STATELESS):
        key = RecordKey(RecordKind.QUESTION, new_handle("ask"))
        stored = _Stored(
            vps_id=proposal.vps_id,
            fingerprint=subject[1],
            as_of=as_of,
            to_type=question.to_type,
            plain_yes=question.plain_yes,
        )
        await w.services.state.put_record(
            w.caller,
            key,
            stored.model_dump_json(),
            seconds=QUESTION_SECONDS,
            at_most=MAX_OPEN_QUESTIONS,
        )
        return InputRequiredResult(
            input_requests={_KEY: ElicitRequest(params=params)},
            request_state=json.dumps({"question": key.id, "asked": asked}),
        )
    answer = await _ask_in_call(ctx, params, asked)
    return Agreement(*subject, _read(answer, question.to_type, question.plain_yes, asked), as_of)


async def answered(ctx: Ctx, w: WriteContext) -> Agreement | None:
    """Return the yes that this call carries to an earlier call's question; None without an answer.

    Raises:
        RefusalError: it carries an answer that is not a yes, or an answer to another question.
    """
    if ctx.request_state is None:
        return None
    named = _question_in(ctx.request_state)
    if named is None:
        raise no_longer_open()
    key, asked = named
    record = await w.services.state.get_record(w.caller, key)
    if record is None:
        raise no_longer_open()
    if record.is_consumed:
        # The plan was consumed with the yes, and its message names the next step.
        raise plan_used() if "planId" in w.ids else already_answered()
    if not record.is_current:
        raise made_in_other_generation(w.tool)
    stored = _Stored.model_validate_json(record.body)
    answer = (ctx.input_responses or {}).get(_KEY)
    if not isinstance(answer, ElicitResult):
        raise not_confirmed("This call did not bring an answer to the question", asked)
    yes = _read(answer, stored.to_type, stored.plain_yes, asked)
    return Agreement(stored.vps_id, stored.fingerprint, yes, stored.as_of, key)


def agree_in_panel(proposal: Destructive, typed: str, as_of: datetime, zone: tzinfo) -> Agreement:
    """Return the yes of a user who typed `typed` into the panel, to a proposal as of `as_of`.

    Raises:
        RefusalError: `typed` does not name the server.
    """
    if not matches(typed, proposal.question.to_type):
        raise _wrong_name(asked_text(proposal.question, zone))
    yes = Yes("user", f"typed {THE_NAME} in the panel")
    return Agreement(proposal.vps_id, fingerprint(proposal), yes, as_of)


def can_ask(ctx: Ctx) -> bool:
    """Return whether the client of this call can show a form to the user."""
    try:
        capabilities = ctx.client_capabilities
    except Exception:
        # If the client's capabilities cannot be read, do not ask.
        return False
    elicitation = capabilities.elicitation if capabilities is not None else None
    # A bare capability means forms; one that names only URLs does not.
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def no_longer_open() -> RefusalError:
    """Return the refusal for a question that expired, or was never asked."""
    return not_confirmed("This question is no longer open")


def already_answered() -> RefusalError:
    """Return the refusal for an answer that was sent before."""
    return not_confirmed("This yes was already used, and each yes allows one change")


def made_in_other_generation(tool: str) -> RefusalError:
    """Return the refusal for a question that was asked before stored state was lost."""
    return refuse(texts.QUESTION_OF_LOST_STATE, tool=tool)


class _Stored(BaseModel):
    """A question that was asked and not yet answered."""

    model_config = ConfigDict(frozen=True)

    vps_id: str
    fingerprint: str
    as_of: datetime
    to_type: str
    plain_yes: bool


def _question_in(request_state: str) -> tuple[RecordKey, str] | None:
    """Return the question that `request_state` names, if any, and what it asked, if it says so.

    The text went to the client only. It comes back from there, so nothing but words rests on it.
    """
    try:
        named = json.loads(request_state)
        key = RecordKey(RecordKind.QUESTION, str(named["question"]))
        return key, str(named.get("asked", ""))
    except (ValueError, KeyError, TypeError):
        return None


def _schema(question: Question, viewer: Viewer) -> dict[str, Any]:
    """Return the form with its one field labelled in the viewer's language."""
    schema = render_elicitation_schema(_form(question.plain_yes))
    [field] = schema["properties"].values()
    field |= field_texts(question, viewer)
    return schema


def _form(plain_yes: bool) -> type[_Form]:
    return PlainYes if plain_yes else TypedName


async def _ask_in_call(ctx: Ctx, params: ElicitRequestFormParams, asked: str) -> ElicitResult:
    try:
        with anyio.fail_after(QUESTION_SECONDS):
            answer: ElicitResult = await ctx.session.elicit_form(
                params.message, params.requested_schema, ctx.request_id
            )
            return answer
    except TimeoutError:
        raise not_confirmed("The user did not answer in time", asked) from None
    except ValidationError:
        raise _does_not_fit(asked) from None
    except MCPError:
        raise not_confirmed("The client could not show the question to the user", asked) from None


def _read(answer: ElicitResult, to_type: str, plain_yes: bool, asked: str) -> Yes:
    """Return the yes in `answer` to a question with this `to_type` and `plain_yes`.

    `asked` is what it asked, for the refusal.

    Raises:
        RefusalError: it is not a yes to this question.
    """
    if answer.action != "accept":
        verb = "declined" if answer.action == "decline" else "closed the question without an answer"
        raise not_confirmed(f"The user {verb}", asked)
    try:
        filled_in = _form(plain_yes).model_validate(answer.content)
    except ValidationError:
        raise _does_not_fit(asked) from None
    match filled_in:
        case TypedName(serverName=typed) if matches(typed, to_type):
            return Yes("user", f"typed {THE_NAME}")
        case TypedName():
            raise _wrong_name(asked)
        case PlainYes(yes=True):
            return Yes("user", "said yes to the question")
    raise not_confirmed("The user did not say yes", asked)


def _wrong_name(asked: str) -> RefusalError:
    return not_confirmed("The typed name is not the name of this VPS", asked)


def _does_not_fit(asked: str) -> RefusalError:
    return not_confirmed("The answer did not fit the question", asked)


def _cannot_ask(ctx: Ctx, w: WriteContext) -> RefusalError:
    # Replicas keep no session, and before that revision a question needed one.
    revision = f" of revision {_STATELESS}" if w.services.settings.remote.state else ""
    in_panel = "planId" in w.ids and client_supports_apps(ctx)
    panel = "confirm the plan in the recovery panel, " if in_panel else ""
    return refuse(texts.CANNOT_ASK, revision=revision, panel=panel)
