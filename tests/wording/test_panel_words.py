"""The recovery panel speaks with the words of the catalogue."""

import json
import subprocess
import sys
from pathlib import Path

PANEL = Path(__file__).parents[2] / "panel"


def test_panel_words_are_up_to_date() -> None:
    run = subprocess.run(
        [sys.executable, PANEL / "words.py", "--check"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr


def test_text_splits_into_words_and_facts() -> None:
    program = (
        "import json, words; print(json.dumps(words.pieces('A {backup_id} of {age:span}, {x}.')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=PANEL, capture_output=True, text=True, check=True
    )
    facts = [["backupId", ""], ["age", "span"], ["x", ""]]
    assert json.loads(run.stdout) == ["A ", facts[0], " of ", facts[1], ", ", facts[2], "."]


def test_panel_parses_no_sentence() -> None:
    for path in (PANEL / "src").rglob("*.ts"):
        source = path.read_text(encoding="utf-8")
        for reading in ("RegExp", ".match(", ".matchAll(", ".replace(", ".startsWith(", ".test("):
            assert reading not in source, path.name
