"""The pages of the documentation as Markdown: blocks, code, links and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
# docs/clients.md is generated, and tested by tests/clients.
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != "clients.md"),
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the rest of its info string, and its text."""

    page: str
    line: int
    language: str
    about: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {self.language}"


Cell = tuple[str, ...]
"""The `code` spans of a cell, or its text if it has none."""


def parsed(page: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text("utf-8"))


def blocks() -> list[Block]:
    return [
        Block(name, (token.map or [0])[0] + 1, *_words(token.info), token.content)
        for name in NAMES
        for token in parsed(name)
        if token.type in ("fence", "code_block")
    ]


def code(page: str) -> list[str]:
    """The `code` spans in the text of `page`."""
    return [child.content for child in _inline(page) if child.type == "code_inline"]


def links(page: str) -> list[str]:
    """The targets of the links and images of `page`."""
    given = [child.attrs.get("href") or child.attrs.get("src") for child in _inline(page)]
    return [str(target) for target in given if target]


def anchors(page: str) -> set[str]:
    """The anchors of the headings of `page`."""
    tokens = parsed(page)
    titles = [
        tokens[place + 1].content
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def tables(page: str) -> list[list[list[Cell]]]:
    """The tables of `page`: rows of cells, the header first."""
    found: list[list[list[Cell]]] = []
    tokens = parsed(page)
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append(_cell(tokens[place + 1]))
    return found


def table(page: str, *head: str) -> list[list[Cell]]:
    """The rows of the tables of `page` with this header."""
    rows = [
        row for t in tables(page) if [" ".join(cell) for cell in t[0]] == [*head] for row in t[1:]
    ]
    assert rows, f"{page} has no table {head}"
    return rows


def _cell(token: Token) -> Cell:
    children = token.children or []
    inside = tuple(child.content for child in children if child.type == "code_inline")
    return inside or ("".join(child.content for child in children),)


def _inline(page: str) -> Iterator[Token]:
    for token in parsed(page):
        if token.type == "inline":
            yield from token.children or []


def _words(info: str) -> tuple[str, str]:
    language, _, about = info.strip().partition(" ")
    return language, about
