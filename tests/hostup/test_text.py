"""Text from the API can neither hide nor reorder anything, and its length is bounded."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import anything

from hostup_mcp.hostup.text import (
    MAX_DEPTH,
    MAX_OPAQUE,
    MAX_TEXT,
    OPAQUE_KEYS,
    Json,
    clean_json,
    clean_text,
    safe_word,
)

# Unicode's Default_Ignorable_Code_Point: rendered as nothing.
IGNORABLE = [
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
]


def is_invisible(char: str) -> bool:
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return hidden or any(first <= ord(char) <= last for first, last in IGNORABLE)


@pytest.mark.parametrize(
    "char",
    [
        pytest.param(char, id=f"U+{ord(char):04X}")
        for char in (
            "\x00\x07\x08\x1b\x7f\x85\x9b"  # controls, terminal sequences
            "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # order
            "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e"  # no width
            "\ud800\udfff"  # half of a pair
            "\ue000\U000f0000"  # private
            "\U000e0001\U000e0041\U000e007f"  # letters that nobody sees
            "\u034f\u115f\u1160\u3164\uffa0\u17b4\u180b\ufe0f\ufe00\U000e0100\U000e01ef"
        )
    ],
)
def test_invisible_characters_are_removed(char: str) -> None:
    assert clean_text(f"back{char}up") == "backup"


@pytest.mark.parametrize(
    "text",
    [
        "Before upgrade",
        "Före uppgraderingen: åäö ÅÄÖ é ñ",
        "数据库 — «zálohy» 100 %",
        "vzdump-qemu-101.vma.zst",
        "1 < 2 && `x` \"y\" 'z' \\ {}",
        "e\u0301",
        "🙂",
    ],
)
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\ntwo", "one two"),
        ("one\r\n\r\ntwo\tthree", "one two three"),
        ("one\u2028two\u2029three", "one two three"),
        ("  one \u00a0\u3000 two  ", "one two"),
        ("\n\t \n", ""),
        ("", ""),
    ],
)
def test_text_becomes_one_line(text: str, line: str) -> None:
    assert clean_text(text) == line


def test_long_text_is_truncated() -> None:
    assert clean_text("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert clean_text("x" * (MAX_TEXT + 1)) == "x" * (MAX_TEXT - 1) + "…"
    assert clean_text("abcdef", 4) == "abc…"
    assert clean_text("x" * 5_000_000) == "x" * (MAX_TEXT - 1) + "…"


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=())), st.integers(1, 60))
@example("a b c", 3)
@example("\u200b" * 900 + "x", 100)
@example("x\ufe0f\U000e0101", 10)
def test_cleaning_is_bounded_and_idempotent(text: str, longest: int) -> None:
    cleaned = clean_text(text, longest)
    assert len(cleaned) <= longest
    assert not any(map(is_invisible, cleaned))
    assert cleaned == cleaned.strip()
    assert clean_text(cleaned, longest) == cleaned


def _texts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in _texts(item))]
    return []


@settings(max_examples=60)
@given(anything)
def test_every_text_in_a_document_is_cleaned(document: Json) -> None:
    cleaned = clean_json(document)
    assert not any(is_invisible(char) for text in _texts(cleaned) for char in text)
    assert clean_json(cleaned) == cleaned


def test_keys_are_cleaned() -> None:
    assert clean_json({"no\u202ete": 1}) == {"note": 1}
    assert [len(key) for key in clean_json({"k" * 5000: 1})] == [100]  # type: ignore[union-attr]


def test_a_cleaned_key_replaces_no_real_one() -> None:
    assert clean_json({"id": "bkp_real", "i\u200bd": "bkp_other"}) == {"id": "bkp_real"}
    assert clean_json({"i\u200bd": "bkp_other", "id": "bkp_real"}) == {"id": "bkp_real"}


@pytest.mark.parametrize("value", [None, True, False, 0, 3, 12.4, -(2**70)])
def test_other_values_are_unchanged(value: Json) -> None:
    assert clean_json([value]) == [value]


@pytest.mark.parametrize("key", sorted(OPAQUE_KEYS))
def test_tokens_are_not_truncated(key: str) -> None:
    assert clean_json({key: "c" * 4000}) == {key: "c" * 4000}
    assert clean_json({key: "c" * 9000}) == {key: "c" * (MAX_OPAQUE - 1) + "…"}
    assert clean_json({key: None}) == {key: None}
    assert clean_json({key: ["c" * 4000]}) == {key: ["c" * (MAX_TEXT - 1) + "…"]}


def _nested(levels: int, wrap: str) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value] if wrap == "list" else {"k": value}
    return value


@pytest.mark.parametrize("wrap", ["list", "dict"])
def test_nesting_is_bounded(wrap: str) -> None:
    at_the_bound = _nested(MAX_DEPTH, wrap)
    assert clean_json(at_the_bound) == at_the_bound
    with pytest.raises(ValueError, match="nested deeper"):
        clean_json(_nested(MAX_DEPTH + 1, wrap))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("vps_01hxa", "vps_01hxa"),
        ("2026-04-27T10:00:00.000Z", "2026-04-27T10:00:00.000Z"),
        ("/items/0/eppCode", "/items/0/eppCode"),
        ("", '""'),
        ("two words", '"two words"'),
        ('".', '"\\"."'),
        ("å", '"å"'),
        ("x" * 65, f'"{"x" * 65}"'),
    ],
)
def test_word_quotes_anything_unusual(text: str, shown: str) -> None:
    assert safe_word(text) == shown
