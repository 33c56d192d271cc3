"""A session that is opened before the command line is parsed is the one that was asked for."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain, product

import pytest

from hostup_mcp.cli import opening
from hostup_mcp.cli.parser import make_parser, with_command

WORDS = (
    *("serve", "check", "--sandbox", "--allow", "--allow=create", "--allow=", "--allow=-x"),
    *("all", "", "-", "--allo", "--sand", "--transport", "sse", "stdio", "--version", "-h", "--"),
)
LINES = list(chain.from_iterable(product(WORDS, repeat=count) for count in range(4)))

STARTS = """
import os, sys
from hostup_mcp.stdio.opening import Opening

def start(self):
    sys.stderr.write("argparse" if "argparse" in sys.modules else "at once")
    sys.stderr.flush()
    os._exit(0)

Opening.start = start
from hostup_mcp.cli import main
main(sys.argv[1:])
"""


def test_it_is_the_session_that_the_parser_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str | None] = []
    monkeypatch.setattr(opening, "open_session", found.append)
    opened = 0
    for words in LINES:
        found.clear()
        opening.open_at_once(words)
        for allow in found:
            opened += 1
            parsed = make_parser().parse_args(with_command(words))
            assert (parsed.command, parsed.transport) == ("serve", "stdio"), words
            assert parsed.allow == allow, words
    assert opened > 50


@pytest.mark.parametrize(
    ("words", "is_at_once"),
    [
        ([], True),
        (["--sandbox"], True),
        (["serve", "--allow", "create,restore"], True),
        (["--sandbox", "--allow=all"], True),
        (["--audit-log", "x"], False),
        (["--transport", "stdio"], False),
        (["--nonsense"], False),
    ],
)
def test_a_usual_session_opens_before_the_parser_is_loaded(
    words: list[str], is_at_once: bool
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", STARTS, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stderr == ("at once" if is_at_once else "argparse")
