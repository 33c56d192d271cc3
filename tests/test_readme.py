"""The README claims what is so. What all pages have in common is checked in `tests/docs`."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_table_of_tools_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_it_is_short_and_starts_with_why() -> None:
    assert len(README.splitlines()) <= 210
    first = README.split("\n\n")[1]
    assert len(first.splitlines()) == 3
    assert "whether a restore is possible" in first.replace("\n", " ")


def test_it_has_the_usual_sections() -> None:
    # The registry knows the package by this, the desktop directory wants a policy.
    assert re.search(r"<!-- mcp-name: io\.github\.[\w./-]+ -->", README)
    assert "\n## Privacy\n" in README
    for client in ("Claude Desktop", "Claude Code", "Cursor", "VS Code", "agent framework"):
        assert f"**{client}**" in README or f"**An {client}**" in README
