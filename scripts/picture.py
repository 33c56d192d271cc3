"""Draw docs/images/demo.svg: the read-only part of the demo as a terminal shows it.

    .venv/bin/python scripts/picture.py [--check]

With --check it changes nothing and fails if the picture is stale. Dates and widths, which differ
from run to run, are not compared.
"""

import html
import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from hostup_mcp.cli.demo import demo

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"


def main() -> int:
    svg = drawn()
    if "--check" in sys.argv:
        same = PICTURE.exists() and shown(PICTURE.read_text(encoding="utf-8")) == shown(svg)
        return 0 if same else print("docs/images/demo.svg: run scripts/picture.py") or 1
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(svg, encoding="utf-8")
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")
    return 0


def drawn() -> str:
    console = Console(
        record=True,
        width=100,
        highlight=False,
        file=io.StringIO(),
        color_system="truecolor",
        force_terminal=True,
    )
    demo(console, only_looking=True)
    svg = console.export_svg(
        title="hostup-mcp demo", theme=MONOKAI, font_aspect_ratio=0.61, unique_id="demo"
    )
    # The template's fonts would be fetched from another site; the viewer's own are enough.
    return without_fonts(svg)


def shown(svg: str) -> str:
    """The text of the picture, from top to bottom, without dates and white space."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="\S+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</', svg):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text)))
    text = "\n".join("".join(t for _, t in sorted(line)) for _, line in sorted(lines.items()))
    # A date may be broken over two lines, so white space goes first.
    joined = re.sub(r"[\s─│╭╮╰╯]", "", text)
    return _DATE.sub("", joined)


_DATE = re.compile(
    r"\d{4}[-_]\d\d[-_]\d\d[T-]\d\d[:_]\d\d[:_]\d\d(\.\d+Z)?"
    r"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\d{4}-\d\d-\d\d\d\d:\d\d"
    r"(UTC[+-]\d\d:\d\d|[A-Z]{3,5})(\([\d:-]*Z\))?"
)
"""A moment as HostUp writes it, and as users read it."""


def without_fonts(svg: str) -> str:
    while "@font-face" in svg:
        start = svg.index("@font-face")
        svg = svg[:start] + svg[svg.index("}", start) + 1 :]
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
