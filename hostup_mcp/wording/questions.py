"""Questions to the user, always in the same form, the same in the client's window and the panel.

    what is asked, of which server
    what is lost, what else happens
    what it costs
    what is not known
    what others have written (names, notes, labels), quoted
    IDs: the server's, then the others
    To go ahead, type: TEXT

The last line is missing where a plain yes is enough. A question is made of sentences and facts; a
text that others chose fits in as a `Quote` only, which is quoted, comes after the facts, and is cut
where the question would become too long. Where that is not enough, details are left out, and ids
that are longer than any that HostUp documents lose their middle; never anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from re import compile as pattern
from string import Formatter
from typing import Any, TypeAlias

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.text import quoted, quoted_briefly, safe_word
from hostup_mcp.recovery.backups import LONGEST_NOTE
from hostup_mcp.recovery.costs import Money
from hostup_mcp.recovery.findings import Rarity
from hostup_mcp.wording import formats
from hostup_mcp.wording.question_texts import ENGLISH, Words
from hostup_mcp.wording.render import for_user
from hostup_mcp.wording.swedish.questions import QUESTIONS as SWEDISH
from hostup_mcp.wording.viewer import Language, Viewer
from hostup_mcp.wording.words import Word, address

TEXTS: Mapping[Language, Mapping[Words, str]] = {
    Language.ENGLISH: ENGLISH,
    Language.SWEDISH: SWEDISH,
}
"""The sentences in each language; scripts/translations.py prints them side by side."""

MAX_QUESTION = 600
"""Characters of a whole question."""

MAX_NUMBER = 999_999
"""Larger numbers are written as this one with a plus sign."""

_LONGEST_QUOTATIONS = (200, 160, 120, 90, 64, 48, 32, 20, 12, 6, 1)
_LONGEST_IDS = (128, 64, 32, 16, 8)

# Latin letters only: others can change the direction of what stands beside them.
_PLAIN_NAME = pattern(r"[0-9A-Za-zÀ-ɏ._-]{1,32}")

Fact: TypeAlias = "int | float | datetime | timedelta | Money | Word | Say | Words | None"
"""What a sentence is filled with: never a text that others chose."""


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence, or a part of one, and its facts by name."""

    words: Words
    facts: Mapping[str, Fact] = field(default_factory=dict)


Part: TypeAlias = Say | Words | Rarity
"""A sentence. What is a finding has no facts that others wrote."""


def say(words: Words, **facts: Fact) -> Say:
    """Return the sentence `words` with `facts`."""
    return Say(words, facts)


@dataclass(frozen=True, slots=True)
class Quote:
    """A text that somebody else chose, in the sentence `words`."""

    words: Words
    text: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Server:
    """The server that a question is about."""

    id: str
    name: str | None
    address: Word | None

    @classmethod
    def of(cls, vps: Vps) -> Server:
        """Return `vps` as far as a question names it."""
        return cls(vps.id, vps.name, address(vps.primary_ip))

    @property
    def has_plain_name(self) -> bool:
        """Whether the name is one word, so that it may stand before the facts."""
        return self.name is not None and _PLAIN_NAME.fullmatch(self.name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the user is asked before anything is sent, as data."""

    what: Say
    server: Server
    facts: tuple[Part, ...] = ()
    details: tuple[Part, ...] = ()
    """What is good to know besides, the most important first."""
    cost: Part | None = None
    unknown: tuple[Part, ...] = ()
    quotes: tuple[Quote, ...] = ()
    ids: tuple[str, ...] = ()
    """Ids beside the server's own."""
    to_type: str
    """What names the server: its name, or its id."""
    plain_yes: bool = False
    """Whether a plain yes is enough in the client's form. In the panel the name is always typed."""


def question_text(question: Question, viewer: Viewer) -> str:
    """Return `question` as the user reads it: at most `MAX_QUESTION` characters.

    Raises:
        ValueError: it does not fit, which no question does whose ids are as HostUp documents them.
    """
    speaker, details = _Speaker(question.server, viewer), len(question.details)
    cuts = [
        *((details, longest, _LONGEST_IDS[0]) for longest in _LONGEST_QUOTATIONS),
        *((kept, _LONGEST_QUOTATIONS[-1], _LONGEST_IDS[0]) for kept in reversed(range(details))),
        *((0, _LONGEST_QUOTATIONS[-1], longest) for longest in _LONGEST_IDS),
    ]
    texts = (_written(question, speaker, *cut) for cut in cuts)
    fitting = next((text for text in texts if len(text) <= MAX_QUESTION), None)
    if fitting is None:
        raise ValueError("the question is too long")
    return fitting


def _written(
    question: Question, speaker: _Speaker, details: int, longest_quotation: int, longest_id: int
) -> str:
    server, quotes = question.server, list(question.quotes)
    if server.name and not server.has_plain_name:
        quotes.insert(0, Quote(Words.SERVER_NAME, server.name))
    lines: list[tuple[Part, ...]] = [
        (question.what,),
        question.facts + question.details[:details],
        () if question.cost is None else (question.cost,),
        question.unknown,
    ]
    said = [" ".join(map(speaker.part, line)) for line in lines if line]
    if quotes:
        said.append(" ".join(speaker.quote(each, longest_quotation) for each in quotes))
    said.append(speaker.ids((server.id, *question.ids), longest_id))
    return "\n".join([*said, *([] if question.plain_yes else [speaker.typed(question.to_type)])])


def last_line(question: Question, viewer: Viewer) -> str:
    """Return the line that says what to type: the panel asks for that with a plain yes, too."""
    return _Speaker(question.server, viewer).typed(question.to_type)


def field_texts(question: Question, viewer: Viewer) -> dict[str, str]:
    """Return title and description of the form's one field."""
    speaker = _Speaker(question.server, viewer)
    if question.plain_yes:
        title, description = Words.YES_TITLE, Words.YES_HELP
    else:
        title, description = Words.NAME_TITLE, Words.NAME_HELP
    return {"title": speaker.part(title), "description": speaker.part(description)}


def what_text(question: Question, zone: tzinfo) -> str:
    """Return what `question` asks as a statement for a model."""
    return _Speaker(question.server, Viewer(zone)).part(question.what).removesuffix("?")


def asked_text(question: Question, zone: tzinfo) -> str:
    """Return the same with the ids, so that it says which server and backup were meant.

    Of a backup that HostUp may remove on its own, date and note follow.
    """
    speaker = _Speaker(question.server, Viewer(zone))
    ids = ", ".join((question.server.id, *question.ids))
    at_risk = [
        *(
            speaker.part(part)
            for part in question.facts
            if isinstance(part, Say) and part.words is Words.LIKELIEST
        ),
        *(
            speaker.quote(quote, LONGEST_NOTE)
            for quote in question.quotes
            if quote.words is Words.LIKELIEST_NOTE
        ),
    ]
    return " ".join([f"{what_text(question, zone)} ({ids}).", *at_risk]).removesuffix(".")


class _Speaker(Formatter):
    """Fills the sentences in with facts, in the viewer's language and time zone."""

    def __init__(self, server: Server, viewer: Viewer) -> None:
        self._viewer = viewer
        self._texts = TEXTS[viewer.language]
        self._server = server
        self._formats: Mapping[str, Callable[[Any], str]] = {
            "": self._plain,
            "ip": lambda known: known or self._texts[Words.NO_ADDRESS],
            "status": lambda known: known or self._texts[Words.STATUS_UNKNOWN],
            "part": self.part,
            "span": lambda span: formats.span(span, viewer.language),
            "moment": lambda when: formats.moment(when, viewer),
            "size": self._size,
            "money": lambda money: formats.price(money.amount, money.currency, viewer.language),
            "hour": lambda hour: f"{hour:02}:00",
            "weekday": lambda day: formats.weekday(day, viewer.language),
        }

    def part(self, part: Part) -> str:
        """Return a sentence with its facts."""
        match part:
            case Say(words, facts):
                return self._fill(words, **facts)
            case Words():
                return self._fill(part)
            case _:
                return for_user(part, self._viewer)

    def quote(self, quote: Quote, longest: int) -> str:
        """Return a sentence around a text that is cut to `longest` characters."""
        return self._fill(
            quote.words, text=Word(quoted_briefly(quote.text, longest)), **quote.facts
        )

    def ids(self, ids: Iterable[str], longest: int) -> str:
        """Return the line with the ids."""
        return self._fill(Words.IDS, ids=Word(", ".join(_shortened(id_, longest) for id_ in ids)))

    def typed(self, to_type: str) -> str:
        """Return the last line."""
        return self._fill(Words.TYPE_THIS, to_type=Word(to_type))

    def _plain(self, fact: int | Word | Server) -> str:
        if isinstance(fact, Server):
            return self._describe(fact)
        is_long = isinstance(fact, int) and fact > MAX_NUMBER
        return f"{MAX_NUMBER}+" if is_long else str(fact)

    def _describe(self, server: Server) -> str:
        if server.has_plain_name and server.name is not None:
            name = Word(quoted(server.name))
            return self._fill(Words.NAMED_SERVER, text=name, address=server.address)
        if server.address is None:
            return self._fill(Words.SERVER_SOMEWHERE)
        return self._fill(Words.SERVER_AT, address=server.address)

    def _fill(self, words: Words, **facts: Fact) -> str:
        return self.vformat(self._texts[words], (), {"server": self._server, **facts})

    def _size(self, gigabytes: float | None) -> str:
        if gigabytes is None or gigabytes > MAX_NUMBER:
            return formats.size(None, self._viewer.language)
        return formats.size(round(gigabytes, 2), self._viewer.language)

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._formats[format_spec](value)


def _shortened(id_: str, longest: int) -> str:
    """Return an id, without its middle if it is longer than `longest`."""
    half = (longest - 1) // 2
    return safe_word(id_ if len(id_) <= longest else f"{id_[:half]}…{id_[-half:]}")
