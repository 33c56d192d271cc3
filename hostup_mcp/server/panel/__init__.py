"""The recovery panel: one HTML file, built from `panel/` in the sources."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

PANEL_URI = "ui://hostup/recovery"
"""The resource by which hosts of MCP Apps get the panel."""


@cache
def html() -> str:
    """Return the panel as hosts of MCP Apps get it."""
    return files(__name__).joinpath("recovery.html").read_text(encoding="utf-8")
