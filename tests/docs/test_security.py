"""Each promise of the security page names the tests that show it, and they exist."""

import re
from functools import cache

import pytest

from .pages import ROOT, Cell, tables

PAGE = "docs/security.md"
TABLES = tables(PAGE)
ROWS = [row for table in TABLES for row in table[1:]]
NAMED = sorted({word for row in ROWS for word in row[-1] if word.startswith("test_")})


@cache
def defined() -> dict[str, list[str]]:
    """The names of all tests, and the files that define them."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text("utf-8"), re.M):
            found.setdefault(name, []).append(str(path.relative_to(ROOT)))
    return found


def test_every_table_names_tests() -> None:
    assert len(TABLES) >= 6
    assert {table[0][-1] for table in TABLES} == {("shown by",)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[0])[:40])
def test_every_promise_has_a_test(row: list[Cell]) -> None:
    promises_nothing = any("nothing here" in text for cell in row for text in cell)
    assert promises_nothing or row[-1] != ("",)
    assert all(word.startswith("test_") for word in row[-1] if word)


@pytest.mark.parametrize("name", NAMED)
def test_every_named_test_exists_once(name: str) -> None:
    assert len(defined().get(name, [])) == 1, defined().get(name)
