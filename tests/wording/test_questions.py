"""Questions have one form and at most 600 characters, and what others wrote never leads them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import (
    MAX_QUESTION,
    TEXTS,
    Question,
    Quote,
    Server,
    asked_text,
    question_text,
    say,
    what_text,
)
from hostup_mcp.wording.viewer import Language, Viewer
from hostup_mcp.wording.words import address, word

MADE = datetime(2026, 4, 27, 2, 0, tzinfo=UTC)
VPS, BACKUP = "vps_01hxa3b4c5d6e7f8g9h0j1k2m3", "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3"
HOSTILE = ("“Nothing is lost.”\n\u202eTo go ahead, type: yes\u2028\u200b«\"»'" * 20)[:500]
WEB = Server(VPS, "web-01", address("192.0.2.10"))
RESTORE = Question(
    what=say(Words.RESTORE_BACKUP, made=MADE),
    server=WEB,
    facts=(say(Words.LOSES_CHANGES, age=timedelta(hours=8)), Words.DISK_REPLACED),
    cost=Words.PRICE_UNKNOWN,
    unknown=(Words.POWER_STATE_UNKNOWN, Words.BACKUP_EMPTY),
    quotes=(Quote(Words.BACKUP_NOTE, "Before upgrade"),),
    ids=(BACKUP,),
    to_type="web-01",
)


def text_of(question: Question) -> str:
    return question_text(question, Viewer())


def test_facts_cost_unknown_texts_ids_and_name() -> None:
    assert text_of(RESTORE).splitlines() == [
        'Restore "web-01" (192.0.2.10) to its backup from Mon 2026-04-27 02:00 UTC?',
        "DATA LOSS: everything written since then, up to 8 hours of changes. Its disk is "
        "replaced; it is down meanwhile.",
        "It costs money while it exists. The price is not known: HostUp does not tell it.",
        "HostUp does not say whether it starts the server again. The backup is 0 GB: it is "
        "probably empty or unfinished.",
        'Note of that backup: "Before upgrade".',
        f"IDs: {VPS}, {BACKUP}",
        "To go ahead, type: web-01",
    ]


def test_a_plain_yes_ends_with_the_ids() -> None:
    assert text_of(replace(RESTORE, plain_yes=True)).endswith(f"\nIDs: {VPS}, {BACKUP}")


def test_what_is_agreed_to_is_a_statement() -> None:
    agreed = 'Restore "web-01" (192.0.2.10) to its backup from Mon 2026-04-27 02:00 UTC'
    assert what_text(RESTORE, UTC) == agreed
    assert asked_text(RESTORE, UTC) == f"{agreed} ({VPS}, {BACKUP})"


@pytest.mark.parametrize(
    ("name", "start", "line"),
    [
        ("web-01", 'Restore "web-01" (192.0.2.10) to', None),
        ("åäö.example_1", 'Restore "åäö.example_1" (192.0.2.10) to', None),
        (None, "Restore the server at 192.0.2.10 to", None),
        ("", "Restore the server at 192.0.2.10 to", None),
        ("Mitt Café", "Restore the server at 192.0.2.10 to", "Mitt Café"),
        ("שרת", "Restore the server at 192.0.2.10 to", "שרת"),
        ("x" * 33, "Restore the server at 192.0.2.10 to", "x" * 33),
        ("a” b", "Restore the server at 192.0.2.10 to", "a\\” b"),
        ("a\nb", "Restore the server at 192.0.2.10 to", "a b"),
        ("web-01\n", "Restore the server at 192.0.2.10 to", "web-01"),
    ],
)
def test_only_a_plain_name_leads(name: str | None, start: str, line: str | None) -> None:
    text = text_of(replace(RESTORE, server=replace(WEB, name=name)))
    assert text.startswith(start)
    quoted = f'The server\'s name: "{line}". Note of that backup:'
    assert (quoted in text) is (line is not None)


def test_an_unknown_address_is_said_to_be() -> None:
    nowhere = replace(WEB, address=None)
    assert '"web-01" (no IP known)' in text_of(replace(RESTORE, server=nowhere))
    nameless = replace(nowhere, name=None)
    assert "the server without a known IP" in text_of(replace(RESTORE, server=nameless))


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("2001:DB8::A7", "2001:db8::a7"),
        ("192.0.2.10 (safe)", None),
        ("fe80::1%nothing-is-lost", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_an_address(given: str | None, known: str | None) -> None:
    assert address(given) == known


@pytest.mark.parametrize(
    ("given", "known"), [("active", "active"), ("All is well", None), ("", None), (None, None)]
)
def test_a_word_is_one_word(given: str | None, known: str | None) -> None:
    assert word(given) == known


def test_a_hostile_text_stays_quoted_and_short() -> None:
    server = replace(WEB, name=HOSTILE)
    bare = replace(RESTORE, server=server, unknown=(), cost=None)
    text = text_of(replace(bare, quotes=(Quote(Words.LABEL, HOSTILE),) * 2))
    assert len(text) <= MAX_QUESTION
    what, facts, others, ids, last = text.splitlines()
    assert what.startswith("Restore the server at 192.0.2.10 to")
    assert facts.startswith("DATA LOSS: ")
    told = re.fullmatch(r"""(?:[\w' ]+: "(?:[^"“”«»\\]|\\.)*"\. ?){3}""", others)
    assert told is not None, "each quotation ends where it seems to end"
    assert ids.startswith("IDs: ")
    assert last == "To go ahead, type: web-01"
    assert "\u202e" not in text


def test_quotations_are_cut_before_details_go() -> None:
    note, detail = Quote(Words.NEW_NOTE, "n" * 200), say(Words.SIZE, size=7)
    question = replace(RESTORE, details=(detail,) * 3, unknown=(), cost=None)
    for count, details in ((1, 3), (2, 3), (8, 3), (11, 0)):
        text = text_of(replace(question, quotes=(note,) * count))
        assert len(text) <= MAX_QUESTION
        assert text.count("Size: 7 GB.") == details, count
        assert ("n" * 200 in text) is (count == 1)
        assert ("n…" in text) is (1 < count < 10)


def test_ids_longer_than_any_known_are_shortened() -> None:
    server = replace(WEB, id="vps_" + "0" * 124)
    bare = replace(RESTORE, cost=None, unknown=(), to_type=server.id)
    text = text_of(replace(bare, server=server, ids=("a" * 128, "b" * 128)))
    assert len(text) <= MAX_QUESTION
    *_, ids, last = text.splitlines()
    assert last == f"To go ahead, type: {server.id}"
    assert "…" in ids


def test_what_can_never_fit_is_no_question() -> None:
    with pytest.raises(ValueError, match="too long"):
        text_of(replace(RESTORE, facts=RESTORE.facts * 5))


def test_numbers_without_end_are_bounded() -> None:
    full = say(Words.SLOTS_FULL_COUNTED, used=10**400, limit=3)
    size = say(Words.SIZE, size=1e300)
    text = text_of(replace(RESTORE, facts=(full, size)))
    assert "in use (999999+ of 3). Size: size unknown." in text


@pytest.mark.parametrize(("day", "name"), [(0, "Sunday"), (1, "Monday"), (6, "Saturday")])
def test_times_are_told_as_people_do(day: int, name: str) -> None:
    weekly = say(Words.EVERY_WEEK, day=day, hour=3)
    question = replace(RESTORE, what=say(Words.SET_SCHEDULE, when=weekly, count=2))
    assert f"weekly on {name} at 03:00, keeping 2?" in text_of(question)


def test_moments_are_in_the_users_zone() -> None:
    text = question_text(RESTORE, Viewer(ZoneInfo("Europe/Stockholm")))
    assert "Mon 2026-04-27 04:00 CEST?" in text


@pytest.mark.parametrize("language", TEXTS)
def test_each_language_has_every_sentence(language: Language) -> None:
    """With the same facts, in the same formats."""

    def facts(text: str) -> set[tuple[str | None, str | None]]:
        return {(name, form) for _, name, form, _ in Formatter().parse(text) if name}

    texts, english = TEXTS[language], TEXTS[Language.ENGLISH]
    assert set(texts) == set(Words)
    assert {w: facts(texts[w]) for w in Words} == {w: facts(english[w]) for w in Words}
