"""What must not be possible fails a check: each bad example for its one fault alone."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "bad_examples"
FILES = sorted(FOLDER.glob("*.py"))


@dataclass(frozen=True)
class Example:
    """One file: the check that must fail, its message, and the line that it must name."""

    path: Path
    check: str
    message: str
    line: int
    mended: str

    @classmethod
    def read(cls, path: Path) -> Example:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        [fault] = [n for n, line in enumerate(lines) if line.endswith("# FAULT")]
        indent, mended = lines[fault + 1].split("# MENDED ")
        return cls(
            path,
            re.search(r"^check: (.+)$", text, re.M)[1],  # type: ignore[index]
            re.search(r"^message: (.+)$", text, re.M)[1],  # type: ignore[index]
            fault + 1,
            "\n".join([*lines[:fault], indent + mended, *lines[fault + 2 :]]) + "\n",
        )


EXAMPLES = [Example.read(path) for path in FILES]


def of(check: str) -> list[Example]:
    found = [example for example in EXAMPLES if example.check == check]
    assert found
    return found


@pytest.mark.skipif(
    shutil.which("mypy", path=str(Path(sys.executable).parent)) is None, reason="needs mypy"
)
def test_only_the_planted_error_is_found(tmp_path: Path) -> None:
    examples = of("mypy")
    mended = tmp_path / "mended"
    mended.mkdir()
    for example in examples:
        (mended / f"mended_{example.path.name}").write_text(example.mended, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--no-pretty"]
    result = subprocess.run(
        [*command, *(str(e.path) for e in examples), *map(str, mended.iterdir())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in result.stdout.splitlines() if ": error:" in line]
    for example in examples:
        place = f"{example.path.relative_to(ROOT)}:{example.line}: error: {example.message}"
        assert any(line.startswith(place) for line in found), (place, result.stdout)
    assert len(found) == len(examples), result.stdout


@pytest.mark.skipif(
    shutil.which("ruff", path=str(Path(sys.executable).parent)) is None, reason="needs ruff"
)
@pytest.mark.parametrize("example", of("ruff"), ids=lambda e: e.path.stem)
def test_only_the_banned_import_is_found(example: Example) -> None:
    assert ruff(example.path.read_text(encoding="utf-8")) == [(example.message, example.line)]
    assert ruff(example.mended) == []


def ruff(text: str) -> list[tuple[str, int]]:
    """What ruff says of `text` as a tool of the product: codes and lines."""
    as_a_tool = ["--stdin-filename", "hostup_mcp/server/tools/example.py", "-"]
    selected = ["--select", "TID251,SLF001", "--output-format", "concise"]
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *selected, *as_a_tool],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return [(m[2], int(m[1])) for m in re.finditer(r":(\d+):\d+: ([A-Z]+\d+)", result.stdout)]
