"""`scripts/generated.py` knows every generated file and finds stale ones.

That none is stale is a step of `dev.py check`.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from . import ROOT, load

generated = load("generated")
architecture = load("architecture")
picture = load("picture")


@pytest.mark.parametrize("one", generated.GENERATED, ids=lambda one: one.name)
def test_files_and_command_exist(one: object) -> None:
    for file in one.files:  # type: ignore[attr-defined]
        assert list(ROOT.glob(file)), file
    words = one.command.split()  # type: ignore[attr-defined]
    program = words[1] if words[0] == generated.PYTHON else words[0]
    assert program == "-m" or (ROOT / program).is_file()


def test_every_generated_file_is_known() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--", "*.md", "*.json"], cwd=ROOT, capture_output=True, text=True
    )
    if tracked.returncode:
        pytest.skip("not a clone")
    made = {
        name
        for name in tracked.stdout.split()
        if (ROOT / name).is_file()
        and re.search(r"<!-- .*\bmade by scripts/", (ROOT / name).read_text(encoding="utf-8"))
    }
    assert made <= {file for one in generated.GENERATED for file in one.files}
    assert "README.md" in made


def test_stale_file_names_its_command() -> None:
    one = generated.Generated("x", ("docs/x.md",), "make x", lambda: False)
    assert generated.check(one) == "docs/x.md is stale; run: make x"
    lacking = generated.Generated("x", ("docs/x.md",), "make x", lambda: True, lambda: "Node")
    with pytest.raises(generated.SkippedError, match="needs Node"):
        generated.check(lacking)


def test_icons_compare_by_pixels() -> None:
    made = generated.runpy.run_path(str(ROOT / "packaging" / "icon.py"))
    small = made["small"]()
    assert generated.pixels(small) == generated.pixels(made["small"]())
    assert generated.pixels(small) != generated.pixels(made["smooth"]())


def test_picture_ignores_dates() -> None:
    svg = '<text class="a" x="1" y="2" z="">{}</text>'
    assert picture.shown(svg.format("now 2026-01-02T03:04:05Z")) == picture.shown(
        svg.format("now 2027-02-03T04:05:06Z")
    )
    assert picture.shown(svg.format("possible")) != picture.shown(svg.format("blocked"))


# The picture of the rooms -------------------------------------------------------------------------


def package(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_arrows_are_the_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(
        tmp_path,
        {
            "top/__init__.py": "from hostup_mcp.middle import x",
            "middle/__init__.py": "",
            "middle/a.py": "def f():\n    from ..bottom.b import y",
            "bottom/__init__.py": "",
            "bottom/b.py": "import json",
            "cli.py": "import hostup_mcp.top\nfrom hostup_mcp import bottom",
        },
    )
    monkeypatch.setattr(architecture, "PACKAGE", tmp_path)
    assert architecture.arrows() == {
        "bottom": set(),
        "cli": {"bottom", "top"},
        "middle": {"bottom"},
        "top": {"middle"},
    }
    # From cli to bottom there is a longer way already.
    assert architecture.between_rooms(architecture.arrows())["cli"] == {"top"}
    assert "  cli --> top" in architecture.picture()


def test_inner_boxes_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(
        tmp_path,
        {
            "server/__init__.py": "from hostup_mcp.server.tools import a",
            "server/tools/__init__.py": "",
            "server/tools/a.py": "from hostup_mcp.state import s",
            "state/__init__.py": "",
        },
    )
    monkeypatch.setattr(architecture, "PACKAGE", tmp_path)
    drawn = architecture.picture()
    assert "    server_own --> server_tools\n" in drawn
    assert "  server --> state\n" in drawn
