"""The Swedish texts say what the English ones say, with the same facts in the same formats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Finding
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.wording.catalog import TEXTS
from hostup_mcp.wording.health import WORDS as HEALTH
from hostup_mcp.wording.question_texts import ENGLISH, Words
from hostup_mcp.wording.render import finding_code, for_user
from hostup_mcp.wording.swedish.errors import ERRORS
from hostup_mcp.wording.swedish.findings import FINDINGS
from hostup_mcp.wording.swedish.questions import QUESTIONS
from hostup_mcp.wording.viewer import Language, Viewer

from .test_catalog import WORDS as EXAMPLES

TABLES: dict[str, tuple[Mapping[Any, str], Mapping[Any, str]]] = {
    "findings": ({code: text.user for code, text in TEXTS.items()}, FINDINGS),
    "questions": (ENGLISH, QUESTIONS),
}
PAIRS = [
    pytest.param(english[key], swedish[key], id=f"{table}-{key}")
    for table, (english, swedish) in TABLES.items()
    for key in english
    if key in swedish
]


def facts(text: str) -> list[tuple[str, str | None]]:
    return sorted((name, form) for _, name, form, _ in Formatter().parse(text) if name)


@pytest.mark.parametrize(("english", "swedish"), PAIRS)
def test_both_languages_have_the_same_facts(english: str, swedish: str) -> None:
    assert set(facts(swedish)) == set(facts(english))


@pytest.mark.parametrize(("english", "swedish"), PAIRS)
def test_both_languages_have_the_same_form(english: str, swedish: str) -> None:
    assert swedish != english or english.startswith(("{text}", "Region:"))
    marks = (".", "?", ":", "”")
    assert swedish.endswith(marks) == english.endswith(marks)
    assert not re.search(r"“|\"|  | [.,:;?]", swedish)
    assert swedish.count("”") % 2 == 0
    # What is written in capitals must not be missed in either.
    loud = r"\b(?!(?:CPU|MCP|DNS|VPS|API|TLS|HTTP|VAT|IDs?|IP|GB|HOSTUP_\w+)\b)[A-ZÅÄÖ_]{2,}\b"
    assert bool(re.search(loud, swedish)) == bool(re.search(loud, english))


@pytest.mark.parametrize("text", ERRORS.values(), ids=ERRORS)
def test_errors_are_sentences(text: str) -> None:
    assert text.endswith(".")
    assert not re.search(r"[{}“\"]|  ", text)


@pytest.mark.parametrize(
    "finding", [finding for finding, *_ in EXAMPLES], ids=lambda each: str(finding_code(each))
)
def test_each_finding_is_told_in_swedish(finding: Finding) -> None:
    viewer = Viewer(ZoneInfo("Europe/Stockholm"), Language.SWEDISH)
    told = for_user(finding, viewer)
    assert not re.search(r"[{}]|\b(the|and|of|is|unknown)\b", _own(told)), told


def _own(text: str) -> str:
    """`text` without what HostUp or somebody else wrote, and without commands and settings."""
    return re.sub(r"”[^”]*”|\([^)]*\)|credentials-filen", "", text)


def test_the_check_has_the_same_words() -> None:
    english, swedish = HEALTH[Language.ENGLISH], HEALTH[Language.SWEDISH]
    assert set(swedish.severities) == set(english.severities)
    assert set(swedish.gaps) == set(english.gaps)
    assert facts(swedish.newest) == facts(english.newest)


@pytest.mark.parametrize(
    ("table", "swedish", "known"),
    [
        ("findings", FINDINGS, Code),
        ("questions", QUESTIONS, Words),
        ("errors", ERRORS, ErrorKind),
    ],
)
def test_nothing_is_said_in_english_only(
    table: str, swedish: Mapping[str, str], known: type[StrEnum]
) -> None:
    missing = [str(each) for each in known if each not in swedish]
    where = f"hostup_mcp/wording/swedish/{table}.py, or a table that it includes"
    assert missing == [], f"add what a user reads of these in Swedish to {where}"
    assert set(swedish) <= set(known), f"remove what no longer exists from {where}"
