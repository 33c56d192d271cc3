"""Write the table of tools in README.md from the tools.

    .venv/bin/python scripts/readme.py [--check]

With --check it changes nothing and fails if the table is stale.
"""

import re
import sys
from pathlib import Path

from hostup_mcp.server.catalog import READING, WRITING
from hostup_mcp.server.tool import describe

README = Path(__file__).parent.parent / "README.md"
MARKS = re.compile(r"(<!-- tools: [^>]*-->\n).*(<!-- /tools -->)", re.DOTALL)


def table() -> str:
    """The tools as a table, each with the first sentence of its description."""
    rows = ["| tool | what it does | unlocked by |", "| --- | --- | --- |"]
    rows += [row(name, describe(tool), "always available") for name, tool in READING.items()]
    rows += [
        row(name, describe(tool), f"`{tool.group}`")
        for name, tool in WRITING.items()
        if not tool.confirmed_in_panel
    ]
    return "\n".join(rows) + "\n"


def row(name: str, description: str, group: str) -> str:
    first = re.split(r"(?<=[.])\s", description)[0]
    return f"| `{name}` | {first} | {group} |"


def main() -> int:
    text = README.read_text(encoding="utf-8")
    wanted = MARKS.sub(lambda found: found[1] + table() + found[2], text)
    if "--check" in sys.argv:
        return 0 if text == wanted else print("README.md: run scripts/readme.py") or 1
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
