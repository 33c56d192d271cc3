"""The person's yes, asked for by this server itself. No argument of a tool can stand in for it."""

from __future__ import annotations

import unicodedata
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Elicit
from pydantic import BaseModel, ConfigDict, Field

from hostup_mcp.config import Confirm
from hostup_mcp.hostup.models import Vps, parse_time
from hostup_mcp.hostup.text import Json, clean_text, quoted
from hostup_mcp.server import failures
from hostup_mcp.server.services import Ctx, services

LONGEST_TYPED = 64
"""A longer name is not typed; the id is instead."""


answering: ContextVar[str | None] = ContextVar("answering", default=None)
"""The sealed state of the round that this request answers; None where it answers none.

A client may send an answered round again. Whatever was agreed to in it is agreed to once.
"""


@dataclass(frozen=True)
class Question:
    """What the person is asked, and the text to type as a yes (None: a plain yes is enough)."""

    message: str
    to_type: str | None


@dataclass(frozen=True)
class Change:
    """A change of settings about to be made: what is sent, and what the person is asked."""

    body: dict[str, Json]
    question: Question


class Consent(BaseModel):
    """Who said yes, and how."""

    by: Literal["person", "client"]
    how: str


def _fields_alone(schema: dict[str, Any]) -> None:
    # The protocol knows no words about the form as a whole, and Codex shows no form that has any.
    schema.pop("title", None)
    schema.pop("description", None)


class Form(BaseModel):
    """What the person fills in, as the protocol to the letter has it."""

    model_config = ConfigDict(json_schema_extra=_fields_alone)


class TypedName(Form):
    """The form for what destroys: the name of the server, typed."""

    serverName: str = Field(
        title="Server name", description="Type the server's name to go ahead.", max_length=200
    )


class PlainYes(Form):
    """The form for what does not destroy."""

    yes: bool = Field(title="Yes, do this", description="Leave it off to stop here.", strict=True)


def to_type(vps: Vps) -> str:
    """What the person types for this server: its name, or its id where there is no usable one."""
    name = (vps.name or "").strip()
    return name if 0 < len(name) <= LONGEST_TYPED else vps.id


def describe(vps: Vps) -> str:
    """A server in a question: name, id and address, so that the person knows which."""
    name = quoted(vps.name) if vps.name else "the server without a name"
    return f"{name} ({vps.id}, {vps.primary_ip or 'no IP'})"


def when(created_at: str | None) -> str:
    """A date in a question, to the minute."""
    moment = parse_time(created_at)
    if moment is None:
        return "an unknown date"
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def ask(ctx: Ctx, question: Question) -> Consent | Elicit[BaseModel]:
    """Put `question` to the person, unless the operator left the asking to the client.

    Raises:
        Refusal: this client has no way to ask; the answer is no.
    """
    if services(ctx).settings.confirm is Confirm.CLIENT:
        return Consent(by="client", how="HOSTUP_MCP_CONFIRM=client")
    if not _can_ask(ctx):
        # Replicas keep no session, and before that revision a question needed one.
        revision = " of revision 2026-07-28" if services(ctx).settings.remote.state else ""
        raise failures.refuse(
            "cannot_ask",
            "This needs the person's own yes, and this client cannot show them the question. "
            "Nothing was changed.",
            f"Tell the person the ways on: a client{revision} that supports MCP elicitation, "
            "HostUp's panel, "
            "or their operator's HOSTUP_MCP_CONFIRM setting. Do not try again in this client.",
        )
    form = PlainYes if question.to_type is None else TypedName
    return Elicit(question.message, form)


def require_yes(outcome: ElicitationResult[BaseModel], question: Question) -> Consent:
    """The consent that `outcome` holds.

    Raises:
        Refusal: it is anything but a yes to this very question.
    """
    if isinstance(outcome, AcceptedElicitation):
        match outcome.data:
            case Consent() as consent:
                return consent
            case TypedName(serverName=typed) if question.to_type is not None:
                if _same(typed, question.to_type):
                    return Consent(by="person", how="typed the server's name")
                raise _no("The name typed is not this server's")
            case PlainYes(yes=True) if question.to_type is None:
                return Consent(by="person", how="said yes to the question")
        raise _no("The person did not say yes")
    verb = "declined" if outcome.action == "decline" else "closed the question"
    raise _no(f"The person {verb}")


def yes_in_panel(typed: str, vps: Vps) -> Consent:
    """The consent of a person who typed `typed` into the panel.

    Raises:
        Refusal: it is not the name of this server.
    """
    if not _same(typed, to_type(vps)):
        raise _no("The name typed is not this server's")
    return Consent(by="person", how="typed the server's name in the panel")


def nobody_answered() -> failures.Refusal:
    """Why a question that stayed open too long counts as a no."""
    return _no("Nobody answered the question in time")


def yes_used() -> failures.Refusal:
    """Why a yes that comes a second time counts as a no."""
    return _no("This yes was used for a change before, and each is good for one")


def not_an_answer() -> failures.Refusal:
    """Why a reply that does not fit the question counts as a no."""
    return _no("The reply did not fit the question")


def _no(why: str) -> failures.Refusal:
    return failures.refuse(
        "not_confirmed",
        f"{why}. Nothing was changed.",
        "Tell the person so. Do not try again unless they ask for it themselves.",
    )


def _same(typed: str, name: str) -> bool:
    """Whether `typed` is `name`, however each spells its accents; look-alikes are not the same."""
    return unicodedata.normalize("NFC", clean_text(typed)) == unicodedata.normalize("NFC", name)


def _can_ask(ctx: Ctx) -> bool:
    try:
        capabilities = ctx.client_capabilities
        elicitation = capabilities.elicitation if capabilities is not None else None
        # A bare capability means forms; one that names only URLs does not.
        return elicitation is not None and (elicitation.form is not None or elicitation.url is None)
    except Exception:
        # Whatever broke in the check, the answer is no.
        return False
