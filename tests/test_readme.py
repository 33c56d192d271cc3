"""The README claims what is so."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_table_of_tools_is_what_the_tools_say() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/readme.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_every_kind_of_failure_is_explained() -> None:
    sources = [p.read_text() for p in (ROOT / "hostup_mcp" / "server").rglob("*.py")]
    kinds = {kind for text in sources for kind in re.findall(r'refuse\(\s*"([a-z_]+)"', text)}
    kinds |= {kind for text in sources for kind in re.findall(r'kind="([a-z_]+)"', text)}
    kinds |= set(
        re.findall(
            r'^ +(?:return )?\(?\n? *"([a-z_]+)",\n? *(?:f"|")',
            (ROOT / "hostup_mcp/server/failures.py").read_text(),
            re.MULTILINE,
        )
    )
    assert len(kinds) > 20
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in README] == []


def test_every_setting_is_explained_somewhere() -> None:
    config = (ROOT / "hostup_mcp" / "config.py").read_text()
    pages = README + (ROOT / "docs" / "operating.md").read_text()
    settings = set(re.findall(r"HOSTUP_[A-Z_]+[A-Z]", config))
    assert [name for name in sorted(settings) if name not in pages] == []


def test_every_file_that_is_linked_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
