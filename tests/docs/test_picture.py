"""The picture in the README shows what the demo shows now."""

import html
import io
import re

from rich.console import Console

from hostup_mcp.cli.demo import demo

from .pages import ROOT


def timeless(text: str) -> str:
    """`text` whenever it was taken, and however wide: without dates, white space and frames."""
    dateless = re.sub(r"\d{4}[-_]\d\d[-_]\d\d[T-]\d\d[:_]\d\d[:_]\d\d(\.\d+Z)?", "DATE", text)
    return re.sub(r"[\s─│╭╮╰╯]", "", dateless)


def test_picture_shows_the_demo() -> None:
    svg = (ROOT / "docs" / "images" / "demo.svg").read_text("utf-8")
    lines: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r'<text class="\S+" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</', svg):
        lines.setdefault(float(y), []).append((float(x), html.unescape(text)))
    drawn = "\n".join("".join(t for _, t in sorted(line)) for _, line in sorted(lines.items()))

    console = Console(width=100, highlight=False, file=io.StringIO(), record=True)
    assert demo(console, only_looking=True) == 0
    assert timeless(drawn) == timeless(console.export_text())
