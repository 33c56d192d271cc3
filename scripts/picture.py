"""Draw docs/images/demo.svg: the reading half of the demo, as a terminal shows it.

.venv/bin/python scripts/picture.py
"""

import io
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from hostup_mcp.demo import demo

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"


def main() -> None:
    console = Console(
        record=True,
        width=100,
        highlight=False,
        file=io.StringIO(),
        color_system="truecolor",
        force_terminal=True,
    )
    demo(console, only_looking=True)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(
        title="hostup-mcp demo", theme=MONOKAI, font_aspect_ratio=0.61, unique_id="demo"
    )
    # The font of the template would be fetched from elsewhere; the viewer's own will do.
    PICTURE.write_text(without_fonts(svg))
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1000} kB")


def without_fonts(svg: str) -> str:
    while "@font-face" in svg:
        start = svg.index("@font-face")
        svg = svg[:start] + svg[svg.index("}", start) + 1 :]
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    main()
