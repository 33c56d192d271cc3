"""Text for the model: facts as they are, somebody's words in quotes that they cannot close."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.server.result import to_result

from .wiring import text_of

OTHER_QUOTES = "“”„‟‘’«»‹›″＂"
"""Quotation marks that JSON does not escape."""


def test_a_success_has_text_and_data() -> None:
    result = to_result(["one", "two"], {"id": "a", "more": [1]})
    assert text_of(result) == "one\ntwo"
    assert result.structured_content == {"id": "a", "more": [1]}
    assert not result.is_error


@pytest.mark.parametrize(
    "text", ["active", "2026-04-27T02:00:00Z", "vps_abc", "1.5", "in-progress", "a+b", "x" * 64]
)
def test_a_plain_word_is_left_as_it_is(text: str) -> None:
    assert safe_word(text) == text


@pytest.mark.parametrize(
    "text", ["", "two words", "a\nb", "-x", "a;b", "x" * 65, "é", 'a"', "(a)", "ok · next"]
)
def test_other_text_is_quoted(text: str) -> None:
    assert safe_word(text) == quoted(text)


@given(st.text() | st.text(f'"\\{OTHER_QUOTES}'))
def test_quoted_text_cannot_end_its_quotes(text: str) -> None:
    inner = quoted(text)[1:-1]
    assert not set(re.sub(r"\\.", "", inner)) & {'"', "\n", *OTHER_QUOTES}
    as_json = re.sub(r"\\(.)", lambda e: e[1] if e[1] in OTHER_QUOTES else e[0], inner)
    assert json.loads(f'"{as_json}"') == text
    assert safe_word(text) in (text, quoted(text))


def test_non_ascii_letters_stay() -> None:
    assert quoted("Före uppgradering") == '"Före uppgradering"'
