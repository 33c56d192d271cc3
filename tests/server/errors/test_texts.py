"""The table of texts: each kind has one, each is used, and each says what it must."""

from pathlib import Path

import pytest

import hostup_mcp
from hostup_mcp.server.errors import texts, write_texts
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.errors.text import ErrorText

TEXTS = {
    name: text
    for name, text in (vars(texts) | vars(write_texts)).items()
    if isinstance(text, ErrorText)
}
SOURCES = "".join(
    path.read_text(encoding="utf-8") for path in Path(hostup_mcp.__path__[0]).rglob("*.py")
)


def test_each_kind_has_a_text() -> None:
    assert {text.kind for text in TEXTS.values()} == set(ErrorKind)


@pytest.mark.parametrize("name", TEXTS)
def test_each_text_is_used(name: str) -> None:
    assert f"texts.{name}" in SOURCES


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_each_text_is_whole_sentences(text: ErrorText) -> None:
    for part in (text.message, text.next_step, text.changed, text.user_step):
        assert not part or part[0].isupper() or part.startswith("{") or "hostup-mcp" in part
        assert not part or part.endswith(
            (".", "{said}", "{problems}", "{step}", "{seen}", "{last}", "{error}")
        )
    assert text.message
    assert text.next_step
