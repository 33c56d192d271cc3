"""Everything that the pages name exists: settings, flags, files, tools, commands, links."""

import argparse
import re
import shlex
from collections.abc import Iterator
from contextlib import nullcontext, suppress

import pytest

from hostup_mcp.cli.parser import make_parser

from .pages import NAMES, ROOT, anchors, blocks, code, links, parsed

SOURCES = {
    path: path.read_text("utf-8")
    for folder in ("hostup_mcp", "scripts", "benchmarks", "packaging", "panel", ".ci")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and path.suffix in (".py", ".sh", "") and "node_modules" not in path.parts
}
PRODUCT = "\n".join(text for path, text in SOURCES.items() if "hostup_mcp" in path.parts)
ALL = "\n".join([*SOURCES.values(), (ROOT / "Dockerfile").read_text("utf-8")])
FOLDERS = ("hostup_mcp", "tests", "panel", "packaging", "benchmarks", "scripts", "docs", ".ci")


def options(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Every flag of `parser` and of the commands below it."""
    for action in parser._actions:
        yield from ((parser, word) for word in action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from options(below)


FLAGS = {word for _, word in options(make_parser())}


def text_of(page: str) -> str:
    return "\n".join([token.content for token in parsed(page) if token.content])


@pytest.mark.parametrize("page", NAMES)
def test_settings_exist(page: str) -> None:
    named = set(re.findall(r"\b(?:HOSTUP|OTEL)_[A-Z_]*[A-Z]\b", text_of(page)))
    assert {name for name in named if f'"{name}"' not in PRODUCT} == set()


@pytest.mark.parametrize("page", NAMES)
def test_flags_exist(page: str) -> None:
    named = {
        flag for words in code(page) for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", words)
    }
    assert {f for f in named if f not in FLAGS and f not in ALL} == set()


@pytest.mark.parametrize("page", NAMES)
def test_commands_parse(page: str) -> None:
    for words in (shlex.split(text) for text in code(page) if re.search(r"^\S*hostup-mcp ", text)):
        while "=" in words[0]:
            words.pop(0)
        # --version exits with 0; everything else parses, or raises.
        with suppress(SystemExit) if "--version" in words else nullcontext():
            make_parser().parse_args(words[1:])


@pytest.mark.parametrize("page", NAMES)
def test_files_exist(page: str) -> None:
    for words in code(page):
        path = words.split()[0].rstrip("/") if words.split() else ""
        if path.split("/")[0] in FOLDERS and "/" in words:
            assert list(ROOT.glob(path)), words


@pytest.mark.parametrize("page", NAMES)
def test_names_exist(page: str) -> None:
    named = {word for word in code(page) if re.fullmatch(r"(?!test_)[a-z]+(_[a-z]+)+", word)}
    named |= {word for words in code(page) for word in re.findall(r"\bhostup_mcp_[a-z_]+", words)}
    # Prometheus appends this to the name of a counter.
    there_are = {word: word.removesuffix("_total") for word in named}
    assert {w for w, word in there_are.items() if not re.search(rf"\b{word}\b", PRODUCT)} == set()


@pytest.mark.parametrize("page", NAMES)
def test_links_lead_somewhere(page: str) -> None:
    here = (ROOT / page).parent
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        file, _, anchor = link.partition("#")
        target = (here / file).resolve() if file else ROOT / page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(str(target.relative_to(ROOT))), link


def test_readme_links_every_page() -> None:
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} | {"CHANGELOG.md"}
    assert pages <= {link.split("#")[0].rsplit("/")[-1] for link in links("README.md")}


def test_pages_are_found() -> None:
    assert len(NAMES) >= 8
    assert len(blocks()) >= 20
    assert all(code(page) for page in NAMES if page != "CHANGELOG.md")
